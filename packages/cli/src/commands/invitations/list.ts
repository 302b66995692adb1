import { command } from '../../command.ts'
import { localTime } from '../../output.ts'

const STATUSES = ['PENDING', 'ACCEPTED', 'DECLINED', 'EXPIRED', 'CANCELLED', 'ALL'] as const

interface Options {
  org: string | undefined
  status: (typeof STATUSES)[number] | undefined
  limit: number
}

export const list = command<Options>({
  name: 'list',
  summary: 'Invitations that are open, or were',
  details: 'The newest first. For ADMINs. To invite somebody: ward orgs invite.',
  options: [
    { flags: '--org <id>', text: 'the organization, when you belong to several' },
    { flags: '--status <status>', text: 'only these (PENDING)', choices: STATUSES },
    { flags: '-L, --limit <n>', text: 'at most so many (50)', integer: [1, 10_000] },
  ],
  examples: [
    ['ward invitations list', 'who has not answered yet'],
    ['ward invitations list --status EXPIRED', 'whose link ran out'],
    ['ward invitations list --status ALL -o csv', 'for a spreadsheet'],
  ],
  parse: (typed) => ({
    org: typed.text('org'),
    status: typed.choice('status', STATUSES),
    limit: typed.number('limit') ?? 50,
  }),
  async run(context, { org, status, limit }) {
    const org_id = await context.organization(org)
    const client = await context.client()
    const items = await context.collect(
      client.invitations.list({ org_id, status, limit: Math.min(limit, 100) }, { signal: context.io.signal }),
      limit,
    )
    context.list(
      items,
      [
        { key: 'id', value: (one) => one.id },
        { key: 'email', value: (one) => one.email, shrink: true },
        { key: 'role', value: (one) => one.role },
        { key: 'status', value: (one) => one.status },
        { key: 'invited_by', value: (one) => one.inviter.display_name, shrink: true },
        { key: 'resent', value: (one) => one.resend_count },
        { key: 'expires', value: (one) => localTime(one.expires_at) },
      ],
      'None.',
    )
  },
})
