import { command } from '../../command.ts'

export const search = command<{ words: string; limit: number }>({
  name: 'search <words...>',
  summary: 'Find tickets by the words of subject, body, messages and notes',
  details: 'Tickets of every status, the best match first. The last word may be unfinished; "…" is a phrase.',
  options: [{ flags: '-L, --limit <n>', text: 'at most so many (20)', integer: [1, 1000] }],
  examples: [
    ['ward tickets search white page', 'both words'],
    ['ward tickets search 00042', 'part of a number'],
  ],
  parse: (typed) => ({ words: typed.args().join(' '), limit: typed.number('limit') ?? 20 }),
  async run(context, { words, limit }) {
    const client = await context.client()
    const found = await context.collect(
      client.supportDesk.search({ q: words, limit: Math.min(limit, 100) }, { signal: context.io.signal }),
      limit,
    )
    context.list(
      found,
      [
        {
          key: 'number',
          value: ({ ticket }) => ticket.ticket_number,
          paint: (text, _, style) => style.bold(text),
        },
        { key: 'status', value: ({ ticket }) => ticket.status },
        { key: 'subject', value: ({ ticket }) => ticket.subject },
        {
          key: 'in',
          value: ({ matched_in }) => matched_in,
          paint: (text, { matched_in }, style) => (matched_in === 'NOTE' ? style.yellow(text) : text),
        },
        { key: 'text', value: ({ snippet }) => snippet, shrink: true },
      ],
      'Nothing is like that.',
    )
  },
})
