import { command } from '../../command.ts'
import { URGENCIES } from './shared.ts'

export const stats = command<void>({
  name: 'stats',
  summary: 'How the queue stands',
  examples: [['ward tickets stats', 'counts, and how fast first answers come']],
  parse: () => undefined,
  async run(context) {
    const client = await context.client()
    const numbers = await client.supportDesk.stats({}, { signal: context.io.signal })
    const minutes = (seconds: number | null) => (seconds === null ? '-' : `${Math.round(seconds / 60)} min`)
    context.record(numbers, [
      ...URGENCIES.toReversed().map((urgency) => ({
        key: urgency.toLowerCase(),
        value: (one: typeof numbers) => one.open_by_urgency[urgency],
      })),
      { key: 'unassigned', value: (one) => one.unassigned },
      {
        key: 'overdue',
        value: (one) => one.overdue,
        paint: (text, one, style) => (one.overdue > 0 ? style.red(text) : text),
      },
      { key: 'first_response_p50', value: (one) => minutes(one.first_response_seconds.p50) },
      { key: 'first_response_p90', value: (one) => minutes(one.first_response_seconds.p90) },
      { key: 'first_response_p99', value: (one) => minutes(one.first_response_seconds.p99) },
    ])
  },
})
