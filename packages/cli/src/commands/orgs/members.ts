import { command } from '../../command.ts'
import { localTime } from '../../output.ts'
import { ROLES } from './roles.ts'

interface Options {
  org: string | undefined
  role: (typeof ROLES)[number] | undefined
  search: string | undefined
  limit: number
}

export const members = command<Options>({
  name: 'members',
  summary: 'Who works in an organization',
  options: [
    { flags: '--org <id>', text: 'the organization, when you belong to several' },
    { flags: '--role <role>', text: 'only these', choices: ROLES },
    { flags: '--search <text>', text: 'part of the name or the e-mail address' },
    { flags: '-L, --limit <n>', text: 'at most so many (50)', integer: [1, 10_000] },
  ],
  examples: [
    ['ward orgs members', 'in the order of joining'],
    ['ward orgs members --role ADMIN -o csv', 'for a spreadsheet'],
  ],
  parse: (typed) => ({
    org: typed.text('org'),
    role: typed.choice('role', ROLES),
    search: typed.text('search'),
    limit: typed.number('limit') ?? 50,
  }),
  async run(context, { org, role, search, limit }) {
    const org_id = await context.organization(org)
    const client = await context.client()
    const items = await context.collect(
      client.members.list(
        { org_id, role, search, limit: Math.min(limit, 100) },
        { signal: context.io.signal },
      ),
      limit,
    )
    context.list(
      items,
      [
        { key: 'id', value: (one) => one.id },
        { key: 'name', value: (one) => one.display_name, shrink: true },
        { key: 'email', value: (one) => one.email },
        { key: 'role', value: (one) => one.role },
        { key: 'joined', value: (one) => localTime(one.joined_at) },
      ],
      'Nobody.',
    )
  },
})
