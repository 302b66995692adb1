import { firstResponseDue } from '../support/due.ts'
import { resolvedAt, type TicketStatus } from '../support/transitions.ts'
import type { TicketChanges } from './queries.ts'

type Field = 'status' | 'urgency' | 'category' | 'assignee'

interface Ticket extends Required<Pick<TicketChanges, 'urgency' | 'category' | 'assignee_id'>> {
  readonly status: TicketStatus
  readonly resolved_at: string | null
  readonly first_responded_at: string | null
  readonly created_at: string
}

type Wish = Pick<TicketChanges, 'status' | 'urgency' | 'category' | 'assignee_id'>

/**
 * What a wish really changes of a ticket, with all that follows from it: a resolution is stamped, and a new urgency
 * counts its due time from the opening, as long as nobody has answered.
 */
export function changesOf(
  ticket: Ticket,
  wish: Wish,
  now: Date,
): { changes: TicketChanges; changed: Field[] } {
  const { status = ticket.status, urgency = ticket.urgency, category = ticket.category } = wish
  const assignee = wish.assignee_id === undefined ? ticket.assignee_id : wish.assignee_id
  const unanswered = ticket.first_responded_at === null
  const due = unanswered && { first_response_due_at: firstResponseDue(urgency, new Date(ticket.created_at)) }
  const parts: { field: Field; is: boolean; changes: TicketChanges }[] = [
    {
      field: 'status',
      is: status !== ticket.status,
      changes: { status, resolved_at: resolvedAt(ticket.status, status, ticket.resolved_at, now) },
    },
    { field: 'urgency', is: urgency !== ticket.urgency, changes: { urgency, ...due } },
    { field: 'category', is: category !== ticket.category, changes: { category } },
    { field: 'assignee', is: assignee !== ticket.assignee_id, changes: { assignee_id: assignee } },
  ]
  const real = parts.filter(({ is }) => is)
  return {
    changes: Object.assign({}, ...real.map(({ changes }) => changes)),
    changed: real.map(({ field }) => field),
  }
}
