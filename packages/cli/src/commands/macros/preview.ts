import { command } from '../../command.ts'
import { ticketId } from '../tickets/shared.ts'
import { findMacro, renderPreview } from './shared.ts'

export const preview = command<{ macro: string; ticket: string }>({
  name: 'preview <macro> <ticket>',
  summary: 'What a macro would do to a ticket',
  details: 'Changes nothing.',
  examples: [['ward macros preview "Ask for the browser" TKT-2026-00042', 'as the requester would read it']],
  parse: (typed) => ({ macro: typed.arg(0), ticket: typed.arg(1) }),
  async run(context, { macro, ticket }) {
    const client = await context.client()
    const { id: macro_id } = await findMacro(context, client, macro)
    const ticket_id = await ticketId(context, client, ticket)
    const shown = await client.macros.preview({ macro_id, ticket_id }, { signal: context.io.signal })
    if (context.format !== 'table') return context.record(shown, [])
    context.print(renderPreview(shown, context.style))
  },
})
