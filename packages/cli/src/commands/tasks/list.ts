import { command } from '../../command.ts'
import { instant } from '../../instants.ts'
import { localTime } from '../../output.ts'

const STATUSES = ['PENDING', 'COMPLETED', 'CANCELLED'] as const

interface Options {
  org: string | undefined
  mine: boolean
  assignee: string | undefined
  status: (typeof STATUSES)[number] | undefined
  dueBefore: string | undefined
  limit: number
}

export const list = command<Options>({
  name: 'list',
  summary: 'What is to do, what is due first',
  details: 'What is open, unless you say --all or --status.',
  options: [
    { flags: '--org <id>', text: 'the organization, when you belong to several' },
    { flags: '--mine', text: 'only yours' },
    { flags: '--assignee <user-id>', text: 'only this member’s' },
    { flags: '--status <status>', text: 'only these', choices: STATUSES },
    { flags: '--all', text: 'whatever the status' },
    { flags: '--due-before <time>', text: 'only those due before, as in 2026-03-09T17:00-04:00' },
    { flags: '-L, --limit <n>', text: 'at most so many (50)', integer: [1, 10_000] },
  ],
  examples: [
    ['ward tasks list --mine', 'what you have to do'],
    ['ward tasks list --due-before 2026-03-09T17:00-04:00', 'what is pressing'],
  ],
  parse: (typed) => ({
    org: typed.text('org'),
    mine: typed.flag('mine'),
    assignee: typed.text('assignee'),
    status: typed.flag('all') ? undefined : (typed.choice('status', STATUSES) ?? 'PENDING'),
    dueBefore: instant(typed.text('dueBefore'), '--due-before'),
    limit: typed.number('limit') ?? 50,
  }),
  async run(context, { org, mine, assignee, status, dueBefore, limit }) {
    const org_id = await context.organization(org)
    const client = await context.client()
    const { signal } = context.io
    const assignee_id = mine ? (await client.users.me({}, { signal })).id : assignee
    const items = await context.collect(
      client.tasks.list(
        { org_id, assignee_id, status, due_before: dueBefore, limit: Math.min(limit, 100) },
        { signal },
      ),
      limit,
    )
    context.list(
      items,
      [
        { key: 'id', value: (one) => one.id },
        {
          key: 'due',
          value: ({ due_at }) =>
            due_at === null ? '' : context.format === 'table' ? localTime(due_at) : due_at,
        },
        { key: 'status', value: (one) => one.status },
        { key: 'assignee', value: (one) => one.assignee?.display_name ?? '' },
        { key: 'description', value: (one) => one.description, shrink: true },
        {
          key: 'about',
          value: ({ related_resource: about }) => (about === null ? '' : `${about.type} ${about.id}`),
        },
      ],
      'Nothing to do.',
    )
  },
})
