import type { components } from '@wardline/sdk'
import { command } from '../../command.ts'
import type { Column } from '../../output.ts'

export const fields: readonly Column<components['schemas']['OrganizationDetail']>[] = [
  { key: 'id', value: (one) => one.id },
  { key: 'name', value: (one) => one.name, paint: (text, _, style) => style.bold(text) },
  { key: 'tax_id', value: (one) => one.tax_id },
  { key: 'timezone', value: (one) => one.timezone },
  { key: 'subscription', value: (one) => one.subscription_status },
  { key: 'members', value: (one) => one.member_count },
  { key: 'patients', value: (one) => one.patient_count },
  { key: 'role', value: (one) => one.role },
]

export const show = command<{ org: string | undefined }>({
  name: 'show [org-id]',
  summary: 'One organization',
  details: 'Without an id, the profile’s or the only one that you belong to.',
  examples: [['ward orgs show', 'your own']],
  parse: (typed) => ({ org: typed.optionalArg(0) }),
  async run(context, { org }) {
    const org_id = await context.organization(org)
    const client = await context.client()
    context.record(await client.organizations.get({ org_id }, { signal: context.io.signal }), fields)
  },
})
