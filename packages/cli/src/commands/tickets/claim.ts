import { command } from '../../command.ts'
import { ticketId } from './shared.ts'

export const claim = command<{ ticket: string }>({
  name: 'claim <ticket>',
  summary: 'Take a ticket that nobody has',
  details: 'Of two agents who claim at once one gets it; the other exits with 5 and learns who has it.',
  examples: [['ward tickets claim TKT-2026-00042', 'it is yours']],
  parse: (typed) => ({ ticket: typed.arg(0) }),
  async run(context, { ticket }) {
    const client = await context.client()
    const ticket_id = await ticketId(context, client, ticket)
    const taken = await client.supportDesk.claim({ ticket_id }, { signal: context.io.signal })
    if (context.format !== 'table') return context.record(taken, [])
    context.status(`${taken.ticket_number} is yours; it is ${taken.status}, version ${taken.version}.`)
  },
})
