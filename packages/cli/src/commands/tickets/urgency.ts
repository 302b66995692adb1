import { command } from '../../command.ts'
import { UsageError } from '../../exit.ts'
import { IF_VERSION, ticketId, URGENCIES, type Urgency } from './shared.ts'

interface Options {
  ticket: string
  urgency: Urgency
  version: number | undefined
}

export const urgency = command<Options>({
  name: 'urgency <ticket> <urgency>',
  summary: 'Say how urgent a ticket is',
  details:
    'LOW, NORMAL, HIGH or URGENT. Its due times are counted anew from its opening; that of the first response only as long as nobody has answered.',
  options: [IF_VERSION],
  examples: [['ward tickets urgency TKT-2026-00042 URGENT', 'a first response within the hour']],
  parse: (typed) => {
    const wanted = typed.arg(1).toUpperCase()
    const known = URGENCIES.find((one) => one === wanted)
    if (known === undefined)
      throw new UsageError(`<urgency> is one of ${URGENCIES.join(', ')}, not "${typed.arg(1)}"`)
    return { ticket: typed.arg(0), urgency: known, version: typed.number('ifVersion') }
  },
  async run(context, options) {
    const client = await context.client()
    const { signal } = context.io
    const ticket_id = await ticketId(context, client, options.ticket)
    const if_match = options.version ?? (await client.supportDesk.get({ ticket_id }, { signal })).version
    const changed = await client.supportDesk.update(
      { ticket_id, if_match, urgency: options.urgency },
      { signal },
    )
    if (context.format !== 'table') return context.record(changed, [])
    context.status(`${changed.ticket_number} is ${changed.urgency}; version ${changed.version}.`)
  },
})
