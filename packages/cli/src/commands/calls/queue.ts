import { command } from '../../command.ts'
import { ORG } from '../../organization.ts'
import { span, whoOf } from './shared.ts'

export const queue = command<{ org: string | undefined; limit: number }>({
  name: 'queue',
  summary: 'Who waits, the first comer first',
  options: [ORG, { flags: '-L, --limit <n>', text: 'at most so many (50)', integer: [1, 10_000] }],
  examples: [
    ['ward calls queue', 'who waits, and how long callers wait on average'],
    ['ward calls watch', 'the same, live'],
  ],
  parse: (typed) => ({ org: typed.text('org'), limit: typed.number('limit') ?? 50 }),
  async run(context, { org, limit }) {
    const organization_id = await context.organization(org)
    const client = await context.client()
    const list = client.calls.queue(
      { organization_id, limit: Math.min(limit, 100) },
      { signal: context.io.signal },
    )
    const { waiting, free_agents, average_wait_seconds: average } = await list
    const items = await context.collect(list, limit)
    context.list(
      items,
      [
        { key: 'position', value: (one) => one.position },
        { key: 'id', value: (one) => one.id },
        {
          key: 'waiting',
          value: (one) => (context.format === 'table' ? span(one.waiting_seconds) : one.waiting_seconds),
        },
        { key: 'who', value: whoOf, shrink: true },
        { key: 'reason', value: (one) => one.reason, shrink: true },
      ],
      'Nobody waits.',
    )
    const mean = average === null ? '' : `, ${span(average)} on average in the last 24 hours`
    context.status(`${waiting} waiting, ${free_agents} free${mean}`)
  },
})
