import { command } from '../../command.ts'
import { USER_STATUSES, userColumns } from './shared.ts'

interface Options {
  search: string | undefined
  status: (typeof USER_STATUSES)[number] | undefined
  mfa: boolean | undefined
  limit: number
}

const MFA = ['on', 'off'] as const

export const list = command<Options>({
  name: 'list',
  summary: 'Every account, the newest first',
  options: [
    { flags: '--search <text>', text: 'part of the name or of the e-mail address' },
    { flags: '--status <status>', text: 'only these', choices: USER_STATUSES },
    {
      flags: '--mfa <on-or-off>',
      text: 'only with, or only without, multi-factor authentication',
      choices: MFA,
    },
    { flags: '-L, --limit <n>', text: 'at most so many (50)', integer: [1, 10_000] },
  ],
  examples: [
    ['ward users list --status LOCKED', 'who is locked out now'],
    ['ward users list --search okafor', 'somebody'],
    ['ward users list --mfa off --output csv', 'who has no second factor, for a spreadsheet'],
  ],
  parse: (typed) => {
    const mfa = typed.choice('mfa', MFA)
    return {
      search: typed.text('search'),
      status: typed.choice('status', USER_STATUSES),
      mfa: mfa === undefined ? undefined : mfa === 'on',
      limit: typed.number('limit') ?? 50,
    }
  },
  async run(context, { search, status, mfa, limit }) {
    const client = await context.client()
    const rows = await context.collect(
      client.superAdmin.users(
        { search, status, mfa_enabled: mfa, limit: Math.min(limit, 100) },
        { signal: context.io.signal },
      ),
      limit,
    )
    context.list(rows, userColumns(context), 'No account matches.')
  },
})
