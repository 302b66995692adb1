import { command } from '../../command.ts'
import { UsageError } from '../../exit.ts'
import { IF_VERSION, ticketId } from './shared.ts'

interface Options {
  ticket: string
  who: string
  version: number | undefined
}

export const assign = command<Options>({
  name: 'assign <ticket> <who>',
  summary: 'Give a ticket to an agent, to yourself, or back to the queue',
  details:
    'Who is me, none, or the id of an agent. Exits with 5 when a colleague changed the ticket meanwhile.',
  options: [IF_VERSION],
  examples: [
    ['ward tickets assign TKT-2026-00042 me', 'take it over'],
    ['ward tickets assign TKT-2026-00042 none', 'back to the queue'],
  ],
  parse: (typed) => {
    const who = typed.arg(1)
    if (!/^(me|none|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i.test(who)) {
      throw new UsageError(`<who> is me, none, or the id of an agent, not "${who}"`)
    }
    return { ticket: typed.arg(0), who, version: typed.number('ifVersion') }
  },
  async run(context, { ticket, who, version }) {
    const client = await context.client()
    const { signal } = context.io
    const ticket_id = await ticketId(context, client, ticket)
    const assignee_id =
      who === 'none' ? null : who === 'me' ? (await client.users.me({}, { signal })).id : who
    const if_match = version ?? (await client.supportDesk.get({ ticket_id }, { signal })).version
    const changed = await client.supportDesk.update({ ticket_id, if_match, assignee_id }, { signal })
    if (context.format !== 'table') return context.record(changed, [])
    context.status(
      `${changed.ticket_number} is with ${changed.assignee?.display_name ?? 'nobody'}; version ${changed.version}.`,
    )
  },
})
