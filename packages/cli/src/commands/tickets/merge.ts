import { command } from '../../command.ts'
import { localTime } from '../../output.ts'
import { ticketId } from './shared.ts'

export const merge = command<{ ticket: string; into: string }>({
  name: 'merge <ticket> <into>',
  summary: 'Merge a ticket into another one of the same person or organization',
  details:
    'The first is closed and shown in the second; both keep their numbers. ward tickets unmerge takes it back within 10 minutes.',
  examples: [['ward tickets merge TKT-2026-00043 TKT-2026-00042', 'asked twice']],
  parse: (typed) => ({ ticket: typed.arg(0), into: typed.arg(1) }),
  async run(context, options) {
    const client = await context.client()
    const ticket_id = await ticketId(context, client, options.ticket)
    const into_ticket_id = await ticketId(context, client, options.into)
    const merged = await client.supportDesk.merge(
      { ticket_id, into_ticket_id },
      { signal: context.io.signal },
    )
    if (context.format !== 'table') return context.record(merged, [])
    const { merged_into } = merged
    const until =
      merged_into === null ? '' : `; it can be taken back until ${localTime(merged_into.undo_until)}`
    context.status(`${merged.ticket_number} is merged into ${merged_into?.ticket_number ?? ''}${until}.`)
  },
})

export const unmerge = command<{ ticket: string }>({
  name: 'unmerge <ticket>',
  summary: 'Take a merge back, within 10 minutes',
  examples: [['ward tickets unmerge TKT-2026-00043', 'it stands where it stood']],
  parse: (typed) => ({ ticket: typed.arg(0) }),
  async run(context, { ticket }) {
    const client = await context.client()
    const ticket_id = await ticketId(context, client, ticket)
    const undone = await client.supportDesk.unmerge({ ticket_id }, { signal: context.io.signal })
    if (context.format !== 'table') return context.record(undone, [])
    context.status(`${undone.ticket_number} is ${undone.status} again; version ${undone.version}.`)
  },
})
