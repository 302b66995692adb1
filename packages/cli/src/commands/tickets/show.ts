import { command } from '../../command.ts'
import { clean, localTime } from '../../output.ts'
import { deskColumns, OWN, renderTicket, ticketId } from './shared.ts'

export const show = command<{ ticket: string; own: boolean }>({
  name: 'show <ticket>',
  summary: 'One ticket, with its conversation and notes',
  details: 'By number or by id.',
  options: [OWN],
  examples: [
    ['ward tickets show TKT-2026-00042', 'as an agent, internal notes included'],
    ['ward tickets show TKT-2026-00042 --own', 'one of your own'],
  ],
  parse: (typed) => ({ ticket: typed.arg(0), own: typed.flag('own') }),
  async run(context, { ticket, own }) {
    const client = await context.client()
    const { signal } = context.io
    const ticket_id = await ticketId(context, client, ticket, own)
    if (own) {
      const found = await client.tickets.get({ ticket_id }, { signal })
      context.record(found, [
        { key: 'number', value: (one) => one.ticket_number },
        { key: 'subject', value: (one) => one.subject },
        { key: 'status', value: (one) => one.status },
        { key: 'urgency', value: (one) => one.urgency },
        { key: 'created_at', value: (one) => localTime(one.created_at) },
        { key: 'body', value: (one) => one.body },
      ])
      if (context.format !== 'table') return
      for (const message of found.messages) {
        const who = message.is_from_support
          ? `${message.sender_name ?? 'Support'} (support)`
          : (message.sender_name ?? '')
        context.print(
          `\n${context.style.bold(clean(who))} ${localTime(message.created_at)}\n${clean(message.body)}\n`,
        )
      }
      return
    }
    const found = await client.supportDesk.get({ ticket_id }, { signal })
    if (context.format === 'table') context.print(renderTicket(found, context.style))
    else if (context.format === 'csv') context.list([found], deskColumns(context), '')
    else context.record(found, [])
  },
})
