import { command } from '../../command.ts'
import { UsageError } from '../../exit.ts'
import { MFA_CODE, withStepUp } from '../../prompts.ts'
import { ROLES } from '../orgs/roles.ts'

interface Options {
  name: string
  role: (typeof ROLES)[number]
  readOnly: boolean
  days: number | undefined
  org: string | undefined
  mfaCode: string | undefined
}

export const create = command<Options>({
  name: 'create <name>',
  summary: 'Make an API key; its secret is printed this once',
  details:
    'It acts with its role inside the organization. Needs a fresh MFA code. The secret is all that goes to stdout.',
  options: [
    { flags: '--role <role>', text: 'what it may do', choices: ROLES },
    { flags: '--read-only', text: 'it changes nothing' },
    { flags: '--days <n>', text: 'ends by itself after so many days', integer: [1, 3650] },
    { flags: '--org <id>', text: 'the organization, when you belong to several' },
    MFA_CODE,
  ],
  examples: [
    ['ward api-keys create "Laboratory feed" --role STAFF --days 365', 'asks for a code'],
    ['ward api-keys create Export --role AUDITOR --read-only > key', 'straight into a file'],
  ],
  parse: (typed) => {
    const role = typed.choice('role', ROLES)
    if (role === undefined) throw new UsageError(`--role is required: one of ${ROLES.join(', ')}`)
    return {
      name: typed.arg(0),
      role,
      readOnly: typed.flag('readOnly'),
      days: typed.number('days'),
      org: typed.text('org'),
      mfaCode: typed.text('mfaCode'),
    }
  },
  async run(context, { name, role, readOnly, days, org, mfaCode }) {
    const org_id = await context.organization(org)
    const client = await context.client()
    const expires_at = days === undefined ? undefined : new Date(Date.now() + days * 86_400_000).toISOString()
    const made = await withStepUp(context, mfaCode, () =>
      client.apiKeys.create(
        { org_id, name, role, expires_at, ...(readOnly && { scopes: ['read'] }) },
        { signal: context.io.signal },
      ),
    )
    if (context.format !== 'table') return context.record(made, [])
    context.print(`${made.secret}\n`)
    context.status(`This is ${made.id}. Keep the secret now: it is not shown again.`)
  },
})
