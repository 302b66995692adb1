import { type Clocked, dueAfter, movedClocks } from '../support/due.ts'
import type { FieldChange } from '../support/queries.ts'
import { resolvedAt } from '../support/transitions.ts'
import type { TicketChanges } from './queries.ts'

export interface ChangeableTicket
  extends Clocked,
    Required<Pick<TicketChanges, 'urgency' | 'category' | 'assignee_id'>> {
  readonly paused_ms: number
  readonly tags: readonly string[]
  readonly created_at: string
}

/** What an agent, or a macro, wants of a ticket. */
export interface Wish extends Pick<TicketChanges, 'status' | 'urgency' | 'category' | 'assignee_id'> {
  readonly add_tags?: readonly string[] | undefined
  readonly remove_tags?: readonly string[] | undefined
}

/** Tags in alphabetical order: what is both added and removed stays away. */
function tagsAfter(tags: readonly string[], { add_tags = [], remove_tags = [] }: Wish): string[] {
  return [...new Set([...tags, ...add_tags])].filter((tag) => !remove_tags.includes(tag)).toSorted()
}

const listed = (tags: readonly string[]): string | null => (tags.length === 0 ? null : tags.join(', '))

/**
 * What a wish really changes of a ticket, with all that follows from it: a resolution is stamped, the clocks stop and go
 * on, and a new urgency counts its due times from the opening (the first response's only as long as nobody has answered).
 */
export function changesOf(
  ticket: ChangeableTicket,
  wish: Wish,
  now: Date,
): { changes: TicketChanges; changed: FieldChange[] } {
  const { status = ticket.status, urgency = ticket.urgency, category = ticket.category } = wish
  const assignee = wish.assignee_id === undefined ? ticket.assignee_id : wish.assignee_id
  const due = urgency === ticket.urgency ? {} : dueAfter(urgency, ticket)
  const [had, tags] = [listed(ticket.tags), tagsAfter(ticket.tags, wish)]
  const parts: (FieldChange & { changes: TicketChanges })[] = [
    {
      field: 'status',
      from: ticket.status,
      to: status,
      changes: {
        status,
        resolved_at: resolvedAt(ticket.status, status, ticket.resolved_at, now),
        ...movedClocks({ ...ticket, ...due }, status, now),
      },
    },
    { field: 'urgency', from: ticket.urgency, to: urgency, changes: { urgency, ...due } },
    { field: 'category', from: ticket.category, to: category, changes: { category } },
    { field: 'assignee', from: ticket.assignee_id, to: assignee, changes: { assignee_id: assignee } },
    { field: 'tags', from: had, to: listed(tags), changes: { tags } },
  ]
  const real = parts.filter(({ from, to }) => from !== to)
  // The clocks' move comes last: it begins at the due times of the new urgency.
  const merged = Object.assign({}, ...real.toReversed().map(({ changes }) => changes))
  return { changes: merged, changed: real.map(({ field, from, to }) => ({ field, from, to })) }
}
