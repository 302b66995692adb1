import type { components } from '../../generated/contract.ts'
import { type Problem, problem } from '../../http/problem.ts'

export type TicketStatus = components['schemas']['TicketStatus']

/** What an agent may do. Going back to IN_PROGRESS from RESOLVED is the owner's, by writing. */
const byAgent: Readonly<Record<TicketStatus, readonly TicketStatus[]>> = {
  OPEN: ['IN_PROGRESS'],
  IN_PROGRESS: ['WAITING_ON_USER', 'RESOLVED'],
  WAITING_ON_USER: ['IN_PROGRESS'],
  RESOLVED: ['CLOSED'],
  CLOSED: [],
}

/** Refuses what the machine does not know; staying is no transition. */
export function refuseTransition(
  from: TicketStatus,
  to: TicketStatus,
): Problem<'INVALID_TRANSITION'> | undefined {
  if (from === to || byAgent[from].includes(to)) return undefined
  const next = byAgent[from].join(' or ')
  return problem(
    'INVALID_TRANSITION',
    next ? `From ${from} a ticket goes to ${next}.` : `A ${from} ticket does not change.`,
  )
}

/** A CLOSED ticket is final: it takes no message and no change. */
export const refuseClosed = (status: TicketStatus): Problem<'INVALID_TRANSITION'> | undefined =>
  status === 'CLOSED' ? problem('INVALID_TRANSITION', 'The ticket is closed. Open a new one.') : undefined

/** Where the owner's message takes the ticket. */
export const afterOwnersMessage = (status: TicketStatus): TicketStatus =>
  status === 'WAITING_ON_USER' || status === 'RESOLVED' ? 'IN_PROGRESS' : status

/** Where an agent's reply takes the ticket by itself: answering is work in progress. A note changes nothing. */
export const afterReply = (status: TicketStatus, isInternalNote: boolean): TicketStatus =>
  status === 'OPEN' && !isInternalNote ? 'IN_PROGRESS' : status

/** When the ticket was resolved, after it went from one status to another. */
export function resolvedAt(
  from: TicketStatus,
  to: TicketStatus,
  was: string | null,
  now: Date,
): string | null {
  if (to === 'RESOLVED') return from === 'RESOLVED' ? was : now.toISOString()
  return to === 'CLOSED' ? was : null
}
