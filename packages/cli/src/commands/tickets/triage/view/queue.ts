import type { Style } from '../../../../output.ts'
import type { DeskTicket } from '../../shared.ts'
import type { State } from '../state.ts'
import { dueNow } from './clock.ts'
import { fit, oneLine, spread } from './measure.ts'

/** The queue beside the conversation, two lines a ticket; above it, one. The open ticket is always among them. */
export const queueLines = (
  state: State,
  { width, height, tall }: { width: number; height: number; tall: boolean },
  style: Style,
): string[] => {
  const { queue, at, openId } = state
  if (queue.length === 0) return [style.dim(state.filter.search === '' ? 'Nothing waits.' : 'Nothing found.')]
  const each = tall ? 2 : 1
  const room = Math.max(1, Math.floor(height / each))
  const from = Math.max(0, Math.min(at - Math.floor(room / 2), queue.length - room))
  return queue.slice(from, from + room).flatMap((ticket) => {
    const open = ticket.id === openId
    return tall
      ? twoLines(state, ticket, open, width, style)
      : [singleLine(state, ticket, open, width, style)]
  })
}

const twoLines = (state: State, ticket: DeskTicket, open: boolean, width: number, style: Style): string[] => {
  const number = open ? style.inverse(style.bold(` ${ticket.ticket_number} `)) : ` ${ticket.ticket_number} `
  return [
    spread(`${marker(open)}${number}`, dueNow(ticket, state.now, style), width),
    spread(`  ${mark(ticket, style)} ${subject(ticket, open, style)}`, who(state, ticket, style), width),
  ]
}

const singleLine = (state: State, ticket: DeskTicket, open: boolean, width: number, style: Style): string => {
  const number = ticket.ticket_number.slice(-5)
  const head = `${marker(open)} ${open ? style.inverse(number) : number} ${mark(ticket, style)} `
  return spread(
    `${head}${fit(dueNow(ticket, state.now, style), 9)} ${subject(ticket, open, style)}`,
    who(state, ticket, style),
    width,
  )
}

const marker = (open: boolean): string => (open ? '▶' : ' ')

const subject = (ticket: DeskTicket, open: boolean, style: Style): string => {
  const text = oneLine(ticket.subject)
  return open ? style.bold(text) : text
}

/** Urgency without words, told apart without colours too. */
const mark = ({ urgency }: DeskTicket, style: Style): string =>
  ({ URGENT: style.bold(style.red('!!')), HIGH: style.yellow('! '), NORMAL: '  ', LOW: style.dim('↓ ') })[
    urgency
  ]

/** Whose it is: `me`, initials, or nothing. */
const who = ({ me }: State, { assignee }: DeskTicket, style: Style): string => {
  if (assignee === null) return '  '
  if (assignee.id === me.id) return style.blue('me')
  const initials = oneLine(assignee.display_name)
    .split(' ')
    .map((name) => [...name][0] ?? '')
  return style.blue(fit(initials.slice(0, 2).join(''), 2))
}
