import { command } from '../../command.ts'
import { localTime } from '../../output.ts'

const STATES = ['WAITING', 'RETRYING', 'RUNNING', 'COMPLETED', 'CANCELLED', 'FAILED', 'ALL'] as const

interface Options {
  state: (typeof STATES)[number] | undefined
  queue: string | undefined
  limit: number
}

export const list = command<Options>({
  name: 'list',
  summary: 'Jobs that failed for good, or others; what they carry is not shown',
  details: 'For super-admins.',
  options: [
    { flags: '--state <state>', text: 'other ones than FAILED', choices: STATES },
    { flags: '--queue <name>', text: 'only this kind of job' },
    { flags: '-L, --limit <n>', text: 'at most so many (50)', integer: [1, 10_000] },
  ],
  examples: [
    ['ward jobs list', 'what waits for ward jobs retry'],
    ['ward jobs list --state ALL --queue document-scan', 'how the scans are doing'],
  ],
  parse: (typed) => ({
    state: typed.choice('state', STATES),
    queue: typed.text('queue'),
    limit: typed.number('limit') ?? 50,
  }),
  async run(context, { state, queue, limit }) {
    const client = await context.client()
    const pages = client.jobs.list(
      { state, queue, limit: Math.min(limit, 100) },
      { signal: context.io.signal },
    )
    context.list(
      await context.collect(pages, limit),
      [
        { key: 'id', value: (one) => one.id },
        { key: 'queue', value: (one) => one.queue },
        { key: 'state', value: (one) => one.state },
        { key: 'attempts', value: (one) => `${one.attempts}/${one.max_attempts}` },
        { key: 'last_error', value: (one) => one.last_error, shrink: true },
        { key: 'created_at', value: (one) => localTime(one.created_at) },
        {
          key: 'next_attempt_at',
          value: (one) => (one.next_attempt_at === null ? null : localTime(one.next_attempt_at)),
        },
      ],
      'No such jobs.',
    )
  },
})
