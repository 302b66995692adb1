import { due, type Style } from '../../../../output.ts'
import type { DeskTicket, DeskTicketDetail } from '../../shared.ts'
import { flow } from './measure.ts'

type Ticket = DeskTicket | DeskTicketDetail

/** The clock that counts now: in `40 min`, late in red, or why none runs. Ticks between the server's answers. */
export const dueNow = (ticket: Ticket, now: number, style: Style): string => {
  if (ticket.status === 'RESOLVED' || ticket.status === 'CLOSED')
    return style.dim(ticket.status.toLowerCase())
  if (ticket.clock_paused_at !== null) return style.dim('paused')
  const at = ticket.first_responded_at === null ? ticket.first_response_due_at : ticket.resolution_due_at
  // This computer's clock may be behind; the server has the last word.
  if (ticket.overdue && Date.parse(at) >= now) return style.bold(style.red('late'))
  return span(at, now, style)
}

/** A due time: yellow in its last half hour, red and marked when it has passed. */
const span = (iso: string, now: number, style: Style): string => {
  const left = Date.parse(iso) - now
  if (left < 0) return style.bold(style.red(due(iso, now).replace(/^in (.*)$/, '$1 late')))
  return left < 30 * 60_000 ? style.yellow(due(iso, now)) : due(iso, now)
}

/** Both clocks, in as many lines as they need. */
export const clocks = (ticket: DeskTicketDetail, now: number, width: number, style: Style): string[] => {
  const pieces = [
    `first response ${one(ticket.first_response_clock, ticket.first_response_due_at, now, style)}`,
    `resolution ${one(ticket.resolution_clock, ticket.resolution_due_at, now, style)}`,
  ]
  if (ticket.clock_paused_at !== null) pieces.push(style.dim('waits for the owner'))
  return flow(pieces, width)
}

const one = (clock: DeskTicket['resolution_clock'], iso: string, now: number, style: Style): string => {
  if (clock === 'MET') return style.green('met')
  if (clock === 'STOPPED') return style.dim('stopped')
  if (clock === 'PAUSED') return style.dim('paused')
  if (clock === 'BREACHED' && Date.parse(iso) > now) return style.red('BREACHED')
  const text = span(iso, now, style)
  return clock === 'BREACHED' || Date.parse(iso) < now ? `${style.red('BREACHED')} ${text}` : text
}
