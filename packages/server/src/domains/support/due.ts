import type { components } from '../../generated/contract.ts'

export type TicketUrgency = components['schemas']['TicketUrgency']

const hoursToFirstResponse: Readonly<Record<TicketUrgency, number>> = {
  URGENT: 1,
  HIGH: 4,
  NORMAL: 24,
  LOW: 72,
}

/** When a first response is due to a ticket of this urgency that was opened at `openedAt`. */
export const firstResponseDue = (urgency: TicketUrgency, openedAt: Date): Date =>
  new Date(openedAt.getTime() + hoursToFirstResponse[urgency] * 3_600_000)

/** Neither finished nor answered, and its due time has passed. */
export const isOverdue = (
  ticket: {
    readonly status: string
    readonly first_responded_at: string | null
    readonly first_response_due_at: string
  },
  now: Date,
): boolean =>
  ticket.first_responded_at === null &&
  ticket.status !== 'RESOLVED' &&
  ticket.status !== 'CLOSED' &&
  Date.parse(ticket.first_response_due_at) < now.getTime()
