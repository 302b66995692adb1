import { command } from '../../command.ts'

export const remove = command<{ member_id: string; org: string | undefined }>({
  name: 'remove <member-id>',
  summary: 'Take somebody out of an organization; access ends at once',
  details:
    'Their account stays. The last ADMIN cannot be removed. API keys that they made are refused from then on: make new ones first where something runs on them (ward api-keys list). For ADMINs.',
  options: [{ flags: '--org <id>', text: 'the organization, when you belong to several' }],
  examples: [['ward members remove 01934f6e-8d2a-7c41-9a57-0f6f2b7c1d66', 'ids: ward members list']],
  parse: (typed) => ({ member_id: typed.arg(0), org: typed.text('org') }),
  async run(context, { member_id, org }) {
    const org_id = await context.organization(org)
    const client = await context.client()
    await client.members.remove({ org_id, member_id }, { signal: context.io.signal })
    context.status('They are no member any more.')
  },
})
