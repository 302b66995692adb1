import type { StreamEvent, StreamStatus } from '@wardline/sdk'
import { command } from '../../command.ts'
import { Interrupted } from '../../exit.ts'
import { clean, due, type Style } from '../../output.ts'
import { showStatus } from '../events/tail.ts'
import { paintUrgency } from './shared.ts'

interface Options {
  mine: boolean
  bell: boolean
  presence: boolean
}

export const watch = command<Options>({
  name: 'watch',
  summary: 'The queue in one line a change, with an alarm for what is late',
  details:
    'The quiet variant of triage: changes go to stdout, the state of the connection and how the queue stands to stderr. Rings the terminal’s bell when a clock runs out. Ends with 130 at Ctrl-C, and with 4 and the reason when access is lost.',
  options: [
    { flags: '--mine', text: 'only tickets that are yours, or nobody’s' },
    { flags: '--presence', text: 'also who opens and leaves tickets' },
    { flags: '--bell', text: 'ring at an alarm, also when the output is no terminal' },
  ],
  examples: [
    ['ward tickets watch', 'beside your other work'],
    ['ward tickets watch --mine', 'what concerns you'],
    ['ward tickets watch -o ndjson', 'the events as they are, one a line'],
  ],
  parse: (typed) => ({
    mine: typed.flag('mine'),
    bell: typed.flag('bell'),
    presence: typed.flag('presence'),
  }),
  async run(context, options) {
    const client = await context.client()
    const { signal } = context.io
    const { id: me } = await client.users.me({}, { signal })
    const stand = async () => {
      const { all, mine, unassigned, breaching } = await client.supportDesk.counts({}, { signal })
      const late = breaching > 0 ? context.style.red(`${breaching} overdue`) : '0 overdue'
      context.status(`${all} open: ${mine} yours, ${unassigned} unassigned, ${late}`)
    }
    await stand()
    const types = [...TYPES, ...(options.presence ? ['ticket.presence'] : [])].join(',')
    const onStatus = (status: StreamStatus) => showStatus(context, status)
    try {
      for await (const event of client.events.stream({ types }, { signal, onStatus })) {
        if (options.mine && !concerns(event, me)) continue
        if (context.format === 'table') {
          const text = watchLine(event, me, new Date(), context.style)
          if (text !== undefined) context.print(`${text}\n`)
        } else context.print(`${JSON.stringify(event)}\n`)
        if (event.event !== 'ticket.overdue') continue
        if (options.bell || context.sheet.width !== undefined) context.io.stderr.write('\u0007')
        await stand()
      }
    } catch (error) {
      if (signal.aborted) throw new Interrupted('Interrupted')
      throw error
    }
  },
})

const TYPES = ['ticket.created', 'ticket.message', 'ticket.desk_message', 'ticket.updated', 'ticket.overdue']

/** Whether an event is about a ticket of this agent's, or of nobody's. A message does not say whose ticket it is. */
const concerns = ({ data }: StreamEvent, me: string): boolean =>
  !('assignee_id' in data) || data.assignee_id === null || data.assignee_id === me

/** One change on one line; undefined for what is no ticket's. */
export const watchLine = (event: StreamEvent, me: string, at: Date, style: Style): string | undefined => {
  const text = told(event, me, at, style)
  if (text === undefined || !('ticket_number' in event.data)) return undefined
  const number = style.bold(clean(event.data.ticket_number))
  return `${style.dim(at.toTimeString().slice(0, 8))} ${number} ${text}`
}

const told = (event: StreamEvent, me: string, at: Date, style: Style): string | undefined => {
  switch (event.event) {
    case 'ticket.created': {
      const { category, urgency, first_response_due_at } = event.data
      const when = due(first_response_due_at, at.getTime())
      return `${style.green('new')} ${paintUrgency(urgency, urgency, style)} ${category}, first response ${when}`
    }
    case 'ticket.message':
      return `${style.blue('requester wrote')}, ${event.data.status}`
    case 'ticket.desk_message': {
      const { is_internal_note, agent_id, status } = event.data
      const what = is_internal_note ? style.yellow('left a note') : style.blue('replied')
      return `${who(agent_id, me)} ${what}, ${status}`
    }
    case 'ticket.updated':
      return changes(event.data, me)
    case 'ticket.overdue': {
      const { clock, urgency, assignee_id } = event.data
      const what = clock === 'FIRST_RESPONSE' ? 'FIRST RESPONSE' : 'RESOLUTION'
      return style.bold(style.red(`‼ OVERDUE ${what} ${urgency}, with ${who(assignee_id, me)}`))
    }
    case 'ticket.presence':
      return style.dim(`${clean(event.data.agent_name)} is ${event.data.state.toLowerCase()}`)
    default:
      return undefined
  }
}

const who = (id: string | null, me: string): string =>
  id === null ? 'nobody' : id === me ? 'you' : 'a colleague'

const changes = (data: Extract<StreamEvent, { event: 'ticket.updated' }>['data'], me: string): string => {
  const parts = data.changed.map((field) => {
    if (field === 'assignee') return `with ${who(data.assignee_id, me)}`
    if (field === 'tags') return 'tags changed'
    return field === 'merge' ? 'merged, or taken apart' : `${field} ${data[field]}`
  })
  const by = data.changed_by === null ? 'the system' : who(data.changed_by, me)
  return `${parts.join(', ')} (by ${by})`
}
