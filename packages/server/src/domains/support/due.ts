import type { components } from '../../generated/contract.ts'
import type { TicketStatus } from './transitions.ts'

export type TicketUrgency = components['schemas']['TicketUrgency']
type ClockState = components['schemas']['TicketClock']

const HOUR_MS = 3_600_000

const hoursToFirstResponse: Readonly<Record<TicketUrgency, number>> = {
  URGENT: 1,
  HIGH: 4,
  NORMAL: 24,
  LOW: 72,
}

const hoursToResolution: Readonly<Record<TicketUrgency, number>> = {
  URGENT: 8,
  HIGH: 24,
  NORMAL: 72,
  LOW: 7 * 24,
}

/** When a first response is due to a ticket of this urgency that was opened at `openedAt`. */
export const firstResponseDue = (urgency: TicketUrgency, openedAt: Date): Date =>
  new Date(openedAt.getTime() + hoursToFirstResponse[urgency] * HOUR_MS)

/** When its resolution is due. */
export const resolutionDue = (urgency: TicketUrgency, openedAt: Date): Date =>
  new Date(openedAt.getTime() + hoursToResolution[urgency] * HOUR_MS)

/** Both clocks of a ticket, as its row has them. */
export interface Clocked {
  readonly status: TicketStatus
  readonly first_response_due_at: string
  readonly first_responded_at: string | null
  readonly resolution_due_at: string
  readonly resolved_at: string | null
  /** Since when they stand still. */
  readonly clock_paused_at: string | null
}

/** What a change moves of the clocks. */
export interface ClockChanges {
  readonly clock_paused_at?: string | null
  readonly paused_ms?: number
  readonly first_response_due_at?: string
  readonly resolution_due_at?: string
}

const runs = (status: TicketStatus): boolean => status === 'OPEN' || status === 'IN_PROGRESS'

const later = (instant: string, ms: number): string => new Date(Date.parse(instant) + ms).toISOString()

/**
 * What becomes of the clocks when a ticket goes to a status: they stop where the desk has nothing to do, and go on where
 * they stopped. The due times move by the pause, so that the database can order by them and find what is late.
 */
export function movedClocks(
  ticket: Clocked & { readonly paused_ms: number },
  to: TicketStatus,
  now: Date,
): ClockChanges {
  if (!runs(to)) return ticket.clock_paused_at === null ? { clock_paused_at: now.toISOString() } : {}
  if (ticket.clock_paused_at === null) return {}
  const pause = Math.max(0, now.getTime() - Date.parse(ticket.clock_paused_at))
  return {
    clock_paused_at: null,
    paused_ms: ticket.paused_ms + pause,
    resolution_due_at: later(ticket.resolution_due_at, pause),
    ...(ticket.first_responded_at === null
      ? { first_response_due_at: later(ticket.first_response_due_at, pause) }
      : {}),
  }
}

/** The due times of a new urgency, counted from the opening; an answered ticket keeps when its answer was due. */
export const dueAfter = (
  urgency: TicketUrgency,
  ticket: {
    readonly created_at: string
    readonly first_responded_at: string | null
    readonly paused_ms: number
  },
): ClockChanges => {
  const start = new Date(Date.parse(ticket.created_at) + ticket.paused_ms)
  return {
    resolution_due_at: resolutionDue(urgency, start).toISOString(),
    ...(ticket.first_responded_at === null
      ? { first_response_due_at: firstResponseDue(urgency, start).toISOString() }
      : {}),
  }
}

const isFinished = (status: TicketStatus): boolean => status === 'RESOLVED' || status === 'CLOSED'

/** Unfinished, and the clock that runs (first response, then resolution) is past its time. A pause does not count. */
export function isOverdue(ticket: Clocked, now: Date): boolean {
  const due = ticket.first_responded_at === null ? ticket.first_response_due_at : ticket.resolution_due_at
  return !isFinished(ticket.status) && Date.parse(due) < stoppedAt(ticket, now)
}

const stoppedAt = ({ clock_paused_at }: Clocked, now: Date): number =>
  clock_paused_at === null ? now.getTime() : Date.parse(clock_paused_at)

/** How one clock stands. */
function stateOf(ticket: Clocked, due: string, done: string | null, now: Date): ClockState {
  if (done !== null) return Date.parse(done) <= Date.parse(due) ? 'MET' : 'BREACHED'
  if (isFinished(ticket.status)) return 'STOPPED'
  if (Date.parse(due) < stoppedAt(ticket, now)) return 'BREACHED'
  return ticket.clock_paused_at === null ? 'RUNNING' : 'PAUSED'
}

/** How both clocks stand. */
export const clockStates = (ticket: Clocked, now: Date) => ({
  first_response_clock: stateOf(ticket, ticket.first_response_due_at, ticket.first_responded_at, now),
  resolution_clock: stateOf(ticket, ticket.resolution_due_at, ticket.resolved_at, now),
})
