import { command } from '../../command.ts'

export const list = command<{ limit: number }>({
  name: 'list',
  summary: 'The canned answers, by title',
  options: [{ flags: '-L, --limit <n>', text: 'at most so many (200)', integer: [1, 10_000] }],
  examples: [
    ['ward macros list', 'all of them'],
    ['ward macros list -o json', 'with their texts as they are'],
  ],
  parse: (typed) => ({ limit: typed.number('limit') ?? 200 }),
  async run(context, { limit }) {
    const client = await context.client()
    const macros = await context.collect(
      client.macros.list({ limit: Math.min(limit, 100) }, { signal: context.io.signal }),
      limit,
    )
    context.list(
      macros,
      [
        { key: 'title', value: ({ title }) => title, paint: (text, _, style) => style.bold(text) },
        {
          key: 'writes',
          value: ({ body, is_internal_note }) => (body === null ? '' : is_internal_note ? 'NOTE' : 'REPLY'),
          paint: (text, { is_internal_note }, style) => (is_internal_note ? style.yellow(text) : text),
        },
        { key: 'status', value: ({ status }) => status },
        { key: 'urgency', value: ({ urgency }) => urgency },
        {
          key: 'tags',
          value: ({ add_tags, remove_tags }) =>
            [...add_tags.map((tag) => `+${tag}`), ...remove_tags.map((tag) => `-${tag}`)].join(' '),
        },
        { key: 'text', value: ({ body }) => body, shrink: true },
      ],
      'There are no macros. Make one with: ward macros create',
    )
  },
})
