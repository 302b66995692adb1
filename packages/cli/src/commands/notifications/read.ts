import { command } from '../../command.ts'
import { UsageError } from '../../exit.ts'

interface Options {
  notification_id: string | undefined
  before: string | undefined
}

export const read = command<Options>({
  name: 'read [notification-id]',
  summary: 'Mark one read, or all of them',
  details: 'Without an id: all of them.',
  options: [{ flags: '--before <instant>', text: 'all up to this instant, as in 2026-03-02T14:30:00Z' }],
  examples: [
    ['ward notifications read', 'all'],
    ['ward notifications read 01934f6e-8d2a-7c41-9a57-0f6f2b7c1d70', 'one'],
  ],
  parse: (typed) => {
    const notification_id = typed.optionalArg(0)
    const before = typed.text('before')
    if (notification_id !== undefined && before !== undefined)
      throw new UsageError('Give an id or --before, not both')
    return { notification_id, before }
  },
  async run(context, { notification_id, before }) {
    const client = await context.client()
    const { signal } = context.io
    if (notification_id !== undefined) {
      const changed = await client.notifications.update({ notification_id, is_read: true }, { signal })
      if (context.format !== 'table') return context.record(changed, [])
      return context.status('It is marked read.')
    }
    const marked = await client.notifications.markAllRead({ before }, { signal })
    if (context.format !== 'table') return context.record(marked, [])
    context.status(`${marked.marked_count} marked read.`)
  },
})
