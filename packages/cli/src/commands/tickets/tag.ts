import { command } from '../../command.ts'
import { UsageError } from '../../exit.ts'
import { IF_VERSION, ticketId } from './shared.ts'

interface Options {
  ticket: string
  add: string[]
  remove: string[]
  version: number | undefined
}

export const tag = command<Options>({
  name: 'tag <ticket> [tags...]',
  summary: 'Add tags to a ticket, or take them away',
  details: 'Small letters, digits and dashes, at most 20 a ticket.',
  options: [
    { flags: '-r, --remove <tag>', text: 'take this one away; may be given several times', repeated: true },
    IF_VERSION,
  ],
  examples: [
    ['ward tickets tag TKT-2026-00042 billing vip', 'two more'],
    ['ward tickets tag TKT-2026-00042 --remove vip', 'one less'],
  ],
  parse: (typed) => {
    const add = typed.args(1).map((one) => one.toLowerCase())
    const remove = typed.texts('remove').map((one) => one.toLowerCase())
    if (add.length + remove.length === 0) throw new UsageError('Name a tag to add, or one to --remove')
    return { ticket: typed.arg(0), add, remove, version: typed.number('ifVersion') }
  },
  async run(context, options) {
    const client = await context.client()
    const { signal } = context.io
    const ticket_id = await ticketId(context, client, options.ticket)
    const if_match = options.version ?? (await client.supportDesk.get({ ticket_id }, { signal })).version
    const changed = await client.supportDesk.update(
      { ticket_id, if_match, add_tags: options.add, remove_tags: options.remove },
      { signal },
    )
    if (context.format !== 'table') return context.record(changed, [])
    context.status(
      `${changed.ticket_number} has ${changed.tags.join(', ') || 'no tags'}; version ${changed.version}.`,
    )
  },
})
