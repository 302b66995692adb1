import { command } from '../../command.ts'
import { localTime } from '../../output.ts'

const TYPES = ['appointment', 'message', 'billing', 'system', 'admin'] as const

interface Options {
  unread: boolean
  type: (typeof TYPES)[number] | undefined
  limit: number
}

export const list = command<Options>({
  name: 'list',
  summary: 'What you were told, the newest first',
  options: [
    { flags: '--unread', text: 'only what you have not read' },
    { flags: '--type <type>', text: 'only this kind', choices: TYPES },
    { flags: '-L, --limit <n>', text: 'at most so many (50)', integer: [1, 10_000] },
  ],
  examples: [['ward notifications list --unread', 'what is new']],
  parse: (typed) => ({
    unread: typed.flag('unread'),
    type: typed.choice('type', TYPES),
    limit: typed.number('limit') ?? 50,
  }),
  async run(context, { unread, type, limit }) {
    const client = await context.client()
    const items = await context.collect(
      client.notifications.list(
        { filter: unread ? 'unread' : undefined, type, limit: Math.min(limit, 100) },
        { signal: context.io.signal },
      ),
      limit,
    )
    context.list(
      items,
      [
        { key: 'id', value: (one) => one.id },
        {
          key: 'created_at',
          value: ({ created_at }) => (context.format === 'table' ? localTime(created_at) : created_at),
        },
        { key: 'type', value: (one) => one.type },
        { key: 'read', value: (one) => (one.is_read ? 'yes' : 'no') },
        {
          key: 'title',
          value: (one) => one.title,
          paint: (text, one, style) => (one.is_read ? text : style.bold(text)),
        },
        { key: 'body', value: (one) => one.body, shrink: true },
      ],
      unread ? 'Nothing is unread.' : 'There are no notifications.',
    )
  },
})
