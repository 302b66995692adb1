import { clockStates, isOverdue } from '../support/due.ts'
import type { DeskRow } from './queries.ts'

/** How long a merge can be taken back. */
export const UNDO_MS = 10 * 60_000

/** Until when a merge can be taken back. */
export const undoUntil = (mergedAt: string): string => new Date(Date.parse(mergedAt) + UNDO_MS).toISOString()

const person = (id: string | null, name: string | null) =>
  id === null || name === null ? null : { id, display_name: name }

/** A row of the queue as the contract shows it. */
export function deskTicket(row: DeskRow, now: Date) {
  const {
    requester_id,
    requester_name,
    assignee_id,
    assignee_name,
    merged_into_id,
    merged_into_number,
    merged_at,
    ...ticket
  } = row
  return {
    ...ticket,
    ...clockStates(ticket, now),
    overdue: isOverdue(ticket, now),
    requester: { id: requester_id, display_name: requester_name },
    assignee: person(assignee_id, assignee_name),
    merged_into:
      merged_into_id === null || merged_into_number === null || merged_at === null
        ? null
        : {
            id: merged_into_id,
            ticket_number: merged_into_number,
            merged_at,
            undo_until: undoUntil(merged_at),
          },
  }
}
