import type { components } from '@wardline/sdk'
import { command } from '../../command.ts'
import { localTime } from '../../output.ts'
import { ticketId } from './shared.ts'

type Entry = components['schemas']['TicketTimelineEntry']

export const timeline = command<{ ticket: string; limit: number }>({
  name: 'timeline <ticket>',
  summary: 'Every change of a ticket, who and when',
  options: [{ flags: '-L, --limit <n>', text: 'at most so many (1000)', integer: [1, 10_000] }],
  examples: [
    ['ward tickets timeline TKT-2026-00042', 'from the beginning'],
    ['ward tickets timeline TKT-2026-00042 -o csv', 'for a report'],
  ],
  parse: (typed) => ({ ticket: typed.arg(0), limit: typed.number('limit') ?? 1000 }),
  async run(context, { ticket, limit }) {
    const client = await context.client()
    const ticket_id = await ticketId(context, client, ticket)
    const entries = await context.collect(
      client.supportDesk.timeline({ ticket_id, limit: Math.min(limit, 100) }, { signal: context.io.signal }),
      limit,
    )
    context.list(
      entries,
      [
        { key: 'at', value: ({ at }) => (context.format === 'table' ? localTime(at) : at) },
        { key: 'who', value: ({ actor }) => actor?.display_name ?? 'the system' },
        { key: 'what', value: ({ type }) => type },
        { key: 'version', value: ({ version }) => version },
        { key: 'details', value: detailsOf, shrink: true },
      ],
      'Nothing has happened.',
    )
  },
})

/** What changed, in words. */
const detailsOf = ({ changes, clock, macro, other_ticket }: Entry): string =>
  [
    ...changes.map(({ field, from, to }) => `${field}: ${from ?? 'nothing'} → ${to ?? 'nothing'}`),
    ...(clock === null ? [] : [clock]),
    ...(macro === null ? [] : [`macro "${macro.title}"`]),
    ...(other_ticket === null ? [] : [other_ticket.ticket_number]),
  ].join(', ')
