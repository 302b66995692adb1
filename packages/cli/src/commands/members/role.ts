import { command } from '../../command.ts'
import { UsageError } from '../../exit.ts'
import { clean } from '../../output.ts'
import { ROLES } from '../orgs/roles.ts'

interface Options {
  member_id: string
  role: (typeof ROLES)[number]
  org: string | undefined
}

const isRole = (text: string): text is Options['role'] => ROLES.some((role) => role === text)

export const role = command<Options>({
  name: 'role <member-id> <role>',
  summary: 'Change what a member is',
  details: `Takes effect on their next request. The last ADMIN stays one, and API keys of somebody who is no ADMIN any more are refused. Roles: ${ROLES.join(', ')}. For ADMINs.`,
  options: [{ flags: '--org <id>', text: 'the organization, when you belong to several' }],
  examples: [['ward members role 01934f6e-8d2a-7c41-9a57-0f6f2b7c1d66 AUDITOR', 'ids: ward members list']],
  parse: (typed) => {
    const wanted = typed.arg(1).toUpperCase()
    if (!isRole(wanted)) throw new UsageError(`The role is one of ${ROLES.join(', ')}`)
    return { member_id: typed.arg(0), role: wanted, org: typed.text('org') }
  },
  async run(context, { member_id, role: wanted, org }) {
    const org_id = await context.organization(org)
    const client = await context.client()
    const changed = await client.members.update(
      { org_id, member_id, role: wanted },
      { signal: context.io.signal },
    )
    if (context.format !== 'table') return context.record(changed, [])
    context.status(`${clean(changed.display_name)} is ${changed.role} now.`)
  },
})
