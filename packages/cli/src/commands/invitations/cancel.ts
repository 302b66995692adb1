import { command } from '../../command.ts'

export const cancel = command<{ invitation_id: string; org: string | undefined }>({
  name: 'cancel <invitation-id>',
  summary: 'Cancel an open invitation; its link is void at once',
  details: 'For ADMINs.',
  options: [{ flags: '--org <id>', text: 'the organization, when you belong to several' }],
  examples: [['ward invitations cancel 01934f6e-8d2a-7c41-9a57-0f6f2b7c1d70', 'ids: ward invitations list']],
  parse: (typed) => ({ invitation_id: typed.arg(0), org: typed.text('org') }),
  async run(context, { invitation_id, org }) {
    const org_id = await context.organization(org)
    const client = await context.client()
    await client.invitations.cancel({ org_id, invitation_id }, { signal: context.io.signal })
    context.status('It is cancelled.')
  },
})
