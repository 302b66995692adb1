import { command } from '../../command.ts'
import { clean, localTime } from '../../output.ts'

export const resend = command<{ invitation_id: string; org: string | undefined }>({
  name: 'resend <invitation-id>',
  summary: 'Mail an invitation again, with a new link',
  details: 'The new link is good for 7 days, and the old one is void. At most 5 times. For ADMINs.',
  options: [{ flags: '--org <id>', text: 'the organization, when you belong to several' }],
  examples: [['ward invitations resend 01934f6e-8d2a-7c41-9a57-0f6f2b7c1d70', 'ids: ward invitations list']],
  parse: (typed) => ({ invitation_id: typed.arg(0), org: typed.text('org') }),
  async run(context, { invitation_id, org }) {
    const org_id = await context.organization(org)
    const client = await context.client()
    const sent = await client.invitations.resend({ org_id, invitation_id }, { signal: context.io.signal })
    if (context.format !== 'table') return context.record(sent, [])
    context.status(`Sent to ${clean(sent.email)}; the link is good until ${localTime(sent.expires_at)}.`)
  },
})
