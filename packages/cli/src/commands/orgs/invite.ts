import { command } from '../../command.ts'
import { UsageError } from '../../exit.ts'
import { clean, localTime } from '../../output.ts'
import { ROLES } from './roles.ts'

interface Options {
  email: string
  role: (typeof ROLES)[number]
  org: string | undefined
}

export const invite = command<Options>({
  name: 'invite <email>',
  summary: 'Invite somebody into an organization',
  details: 'Mails a link that is good for 7 days. For ADMINs.',
  options: [
    { flags: '--role <role>', text: 'what they will be', choices: ROLES },
    { flags: '--org <id>', text: 'the organization, when you belong to several' },
  ],
  examples: [['ward orgs invite ada@example.com --role STAFF', 'she joins by opening the link']],
  parse: (typed) => {
    const role = typed.choice('role', ROLES)
    if (role === undefined) throw new UsageError(`--role is required: one of ${ROLES.join(', ')}`)
    return { email: typed.arg(0), role, org: typed.text('org') }
  },
  async run(context, { email, role, org }) {
    const org_id = await context.organization(org)
    const client = await context.client()
    const made = await client.members.invite({ org_id, email, role }, { signal: context.io.signal })
    if (context.format !== 'table') return context.record(made, [])
    context.print(`${made.id}\n`)
    context.status(
      `Invited ${clean(made.email)} as ${made.role}; the link is good until ${localTime(made.expires_at)}.`,
    )
  },
})
