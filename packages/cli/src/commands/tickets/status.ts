import { command } from '../../command.ts'
import { UsageError } from '../../exit.ts'
import { IF_VERSION, STATUSES, type Status, ticketId } from './shared.ts'

interface Options {
  ticket: string
  status: Status
  version: number | undefined
}

export const status = command<Options>({
  name: 'status <ticket> <status>',
  summary: 'Move a ticket on',
  details:
    'OPEN to IN_PROGRESS; IN_PROGRESS to WAITING_ON_USER or RESOLVED; WAITING_ON_USER to IN_PROGRESS; RESOLVED to CLOSED. Exits with 5 for any other step, and when a colleague changed the ticket meanwhile.',
  options: [IF_VERSION],
  examples: [
    ['ward tickets status TKT-2026-00042 RESOLVED', 'done'],
    ['ward tickets status TKT-2026-00042 IN_PROGRESS --if-version 3', 'in a script that has looked at it'],
  ],
  parse: (typed) => {
    const wanted = typed.arg(1).toUpperCase().replaceAll('-', '_')
    const known = STATUSES.find((one) => one === wanted)
    if (known === undefined)
      throw new UsageError(`<status> is one of ${STATUSES.join(', ')}, not "${typed.arg(1)}"`)
    return { ticket: typed.arg(0), status: known, version: typed.number('ifVersion') }
  },
  async run(context, options) {
    const client = await context.client()
    const { signal } = context.io
    const ticket_id = await ticketId(context, client, options.ticket)
    const if_match = options.version ?? (await client.supportDesk.get({ ticket_id }, { signal })).version
    const changed = await client.supportDesk.update(
      { ticket_id, if_match, status: options.status },
      { signal },
    )
    if (context.format !== 'table') return context.record(changed, [])
    context.status(`${changed.ticket_number} is ${changed.status}; version ${changed.version}.`)
  },
})
