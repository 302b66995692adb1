import type { components } from '@wardline/sdk'
import { command } from '../../command.ts'
import { UsageError } from '../../exit.ts'
import type { Column } from '../../output.ts'

const STATUSES = ['ACTIVE', 'SUSPENDED'] as const

interface Options {
  all: boolean
  search: string | undefined
  status: (typeof STATUSES)[number] | undefined
  limit: number
}

export const accountColumns: readonly Column<components['schemas']['OrganizationAccount']>[] = [
  { key: 'id', value: (one) => one.id },
  { key: 'name', value: (one) => one.name, shrink: true },
  {
    key: 'status',
    value: (one) => one.status,
    paint: (text, one, style) => (one.status === 'ACTIVE' ? text : style.red(text)),
  },
  { key: 'subscription', value: (one) => one.subscription_status },
  { key: 'members', value: (one) => one.member_count },
  { key: 'patients', value: (one) => one.patient_count },
]

export const list = command<Options>({
  name: 'list',
  summary: 'The organizations that you belong to',
  options: [
    { flags: '--all', text: 'every organization there is (super-admins)' },
    { flags: '--search <text>', text: 'with --all: part of the name' },
    { flags: '--status <status>', text: 'with --all: only these', choices: STATUSES },
    { flags: '-L, --limit <n>', text: 'at most so many (50)', integer: [1, 10_000] },
  ],
  examples: [
    ['ward orgs list', 'with your role in each'],
    ['ward orgs list --all --status SUSPENDED', 'what is closed, as a super-admin'],
  ],
  parse: (typed) => {
    const options = {
      all: typed.flag('all'),
      search: typed.text('search'),
      status: typed.choice('status', STATUSES),
      limit: typed.number('limit') ?? 50,
    }
    if (!options.all && (options.search ?? options.status) !== undefined)
      throw new UsageError('--search and --status go with --all')
    return options
  },
  async run(context, { all, search, status, limit }) {
    const client = await context.client()
    const { signal } = context.io
    const page = Math.min(limit, 100)
    if (all) {
      const accounts = client.superAdmin.organizations({ search, status, limit: page }, { signal })
      return context.list(await context.collect(accounts, limit), accountColumns, 'No organization matches.')
    }
    const items = await context.collect(client.organizations.list({ limit: page }, { signal }), limit)
    context.list(
      items,
      [
        { key: 'id', value: (one) => one.id },
        { key: 'name', value: (one) => one.name, shrink: true },
        { key: 'role', value: (one) => one.role },
        { key: 'timezone', value: (one) => one.timezone },
        { key: 'subscription', value: (one) => one.subscription_status },
      ],
      'You belong to no organization.',
    )
  },
})
