import { command } from '../../command.ts'
import type { Context } from '../../context.ts'
import { confirmed, findMacro, renderPreview } from '../macros/shared.ts'
import { ticketId } from './shared.ts'

interface Options {
  macro: string
  tickets: readonly string[]
  preview: boolean
  yes: boolean
}

export const macro = command<Options>({
  name: 'macro <macro> <tickets...>',
  summary: 'Use a macro on one ticket or up to 100',
  details:
    'The macro by its title or id. Each ticket stands for itself: exits with 5 when one of them refused, with the reason. Shows what would happen first, and asks.',
  options: [
    { flags: '--preview', text: 'only show what would happen' },
    { flags: '-y, --yes', text: 'do not ask' },
  ],
  examples: [
    ['ward tickets macro "Ask for the browser" TKT-2026-00042', 'with a look at it first'],
    ['ward tickets macro Outage TKT-2026-00042 TKT-2026-00043 --yes', 'several at once'],
  ],
  parse: (typed) => ({
    macro: typed.arg(0),
    tickets: typed.args(1),
    preview: typed.flag('preview'),
    yes: typed.flag('yes'),
  }),
  async run(context, options) {
    const client = await context.client()
    const { signal } = context.io
    const found = await findMacro(context, client, options.macro)
    const ids: string[] = []
    for (const ticket of options.tickets) ids.push(await ticketId(context, client, ticket))
    const [first = ''] = ids
    if (options.preview || !options.yes) {
      const preview = await client.macros.preview({ macro_id: found.id, ticket_id: first }, { signal })
      if (options.preview && context.format !== 'table') return context.record(preview, [])
      const shown = renderPreview(preview, context.style)
      if (options.preview) return context.print(shown)
      context.status(shown.trimEnd())
      const many = ids.length === 1 ? 'it' : `it on ${ids.length} tickets, of which this is the first`
      if (!(await confirmed(context, `Use ${many}?`))) return context.status('Nothing was done.')
    }
    const { results } = await client.macros.apply(
      { macro_id: found.id, tickets: ids.map((ticket_id) => ({ ticket_id })) },
      { signal },
    )
    report(context, results)
  },
})

type Results = Awaited<ReturnType<Awaited<ReturnType<Context['client']>>['macros']['apply']>>['results']

const report = (context: Context, results: Results): void => {
  context.list(
    results,
    [
      { key: 'ticket', value: (one) => one.ticket?.ticket_number ?? one.ticket_id },
      {
        key: 'outcome',
        value: (one) => one.outcome,
        paint: (text, one, style) => (one.outcome === 'REFUSED' ? style.red(text) : text),
      },
      { key: 'status', value: (one) => one.ticket?.status },
      { key: 'why', value: (one) => one.detail, shrink: true },
    ],
    '',
  )
  if (results.some(({ outcome }) => outcome === 'REFUSED')) context.exitCode = 5
}
