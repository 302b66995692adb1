import { openPage } from '../../db/keyset.ts'
import type { SupportDeskHandlers } from '../../generated/handlers.ts'
import { versionOf } from '../../http/etag.ts'
import type { Emit } from '../../http/handler.ts'
import { notFound, Problem, problem } from '../../http/problem.ts'
import type { Services } from '../../services.ts'
import { notify } from '../notifications/notify.ts'
import { isOverdue } from '../support/due.ts'
import * as ownerQueries from '../support/queries.ts'
import { afterReply, refuseClosed, refuseTransition } from '../support/transitions.ts'
import { changesOf } from './changes.ts'
import * as policy from './policy.ts'
import * as queries from './queries.ts'

type QueueRow = NonNullable<Awaited<ReturnType<typeof queries.findTicket>>>
type ChangedTicket = NonNullable<Awaited<ReturnType<typeof queries.updateTicket>>>

const STATS_WINDOW_MS = 30 * 24 * 3_600_000

const assigneeOf = ({ assignee_id, assignee_name }: Pick<QueueRow, 'assignee_id' | 'assignee_name'>) =>
  assignee_id === null || assignee_name === null ? null : { id: assignee_id, display_name: assignee_name }

const deskTicket = (row: QueueRow, now: Date) => {
  const { requester_id, requester_name, assignee_id, assignee_name, ...ticket } = row
  return {
    ...ticket,
    overdue: isOverdue(ticket, now),
    requester: { id: requester_id, display_name: requester_name },
    assignee: assigneeOf({ assignee_id, assignee_name }),
  }
}

/** The desk hears of every change, the owner of a resolution. */
function tellChange(
  emit: Emit,
  ticket: ChangedTicket,
  changed: ReturnType<typeof changesOf>['changed'],
  changedBy: string,
): void {
  const {
    id: ticket_id,
    ticket_number,
    status,
    urgency,
    category,
    assignee_id,
    version,
    resolved_at,
  } = ticket
  emit({
    type: 'ticket.updated',
    audience: { support: true },
    data: {
      ticket_id,
      ticket_number,
      status,
      urgency,
      category,
      assignee_id,
      version,
      changed,
      changed_by: changedBy,
    },
  })
  if (changed.includes('status') && status === 'RESOLVED' && resolved_at !== null)
    emit({
      type: 'ticket.resolved',
      audience: { user: ticket.user_id },
      data: { ticket_id, ticket_number, resolved_at },
    })
}

export const supportDeskHandlers = ({ clock, cursors, newId }: Services): SupportDeskHandlers => ({
  async listAllTickets({ db, actor }, { query }) {
    const now = clock.now()
    const page = openPage(cursors, 'listAllTickets', { ...query, agent: actor.userId }, query)
    if (page instanceof Problem) return page
    const filter = policy.queueFilter(query, actor.userId, now)
    const total = query.include_total ? await queries.countQueue(db, filter) : undefined
    const rows = await queries.listQueue(db, filter, page)
    return page.close(
      rows.map((row) => deskTicket(row, now)),
      (row) => [row.first_responded_at !== null, row.first_response_due_at, row.id],
      total,
    )
  },

  async getTicketForAgent({ db }, { params }) {
    const row = await queries.findTicketDetail(db, params.ticket_id)
    if (!row) return notFound('ticket')
    const { requester_email, requester_organizations, body, context, ...rest } = row
    const ticket = deskTicket(rest, clock.now())
    return {
      ...ticket,
      body,
      context,
      requester: { ...ticket.requester, email: requester_email, organizations: requester_organizations },
      messages: await queries.listConversation(db, ticket.id, ticket.requester.id),
    }
  },

  async updateTicket({ db, actor, emit }, { params, headers, body }) {
    const now = clock.now()
    const seen = versionOf(headers['if-match'])
    const ticket = await queries.findForChange(db, params.ticket_id)
    if (!ticket) return notFound('ticket')
    if (ticket.version !== seen)
      return problem('PRECONDITION_FAILED', undefined, { current_version: ticket.version })
    const { changes, changed } = changesOf(ticket, body, now)
    const refusal =
      (changed.length > 0 && body.status === undefined ? refuseClosed(ticket.status) : undefined) ??
      refuseTransition(ticket.status, body.status ?? ticket.status)
    if (refusal) return refusal
    const { assignee_id } = changes
    if (assignee_id) {
      const unfit = policy.refuseAssignee(await queries.isAgent(db, assignee_id))
      if (unfit) return unfit
    }
    if (changed.length > 0) {
      const updated = await queries.updateTicket(db, ticket.id, seen, changes)
      if (!updated) {
        const current = await queries.findForChange(db, ticket.id)
        return current
          ? problem('PRECONDITION_FAILED', undefined, { current_version: current.version })
          : notFound('ticket')
      }
      tellChange(emit, updated, changed, actor.userId)
    }
    const row = await queries.findTicket(db, ticket.id)
    return row ? deskTicket(row, now) : notFound('ticket')
  },

  async replyToTicket({ db, actor, emit, enqueue }, { params, body }) {
    const now = clock.now()
    const ticket = await queries.lockForChange(db, params.ticket_id)
    if (!ticket) return notFound('ticket')
    const isReply = !body.is_internal_note
    const working = afterReply(ticket.status, body.is_internal_note)
    const refusal =
      (isReply ? refuseClosed(ticket.status) : undefined) ?? refuseTransition(working, body.status ?? working)
    if (refusal) return refusal

    const id = newId()
    await ownerQueries.insertMessage(db, {
      id,
      ticket_id: ticket.id,
      sender_id: actor.userId,
      body: body.body,
      is_internal_note: body.is_internal_note,
      created_at: now,
    })
    const { changes, changed } = changesOf(ticket, { status: body.status ?? working }, now)
    const first = isReply && ticket.first_responded_at === null ? { first_responded_at: now } : {}
    // A note alone leaves the ticket untouched: its version and time would tell the owner that there is one.
    const moved =
      changed.length > 0 || 'first_responded_at' in first
        ? await queries.updateTicket(db, ticket.id, ticket.version, { ...changes, ...first })
        : ticket
    if (!moved) return notFound('ticket')
    if (changed.length > 0) tellChange(emit, moved, changed, actor.userId)
    if (isReply) {
      emit({
        type: 'ticket.reply',
        audience: { user: ticket.user_id },
        data: {
          ticket_id: ticket.id,
          ticket_number: ticket.ticket_number,
          message_id: id,
          status: moved.status,
        },
      })
      await notify(db, { emit, enqueue, newId }, [ticket.user_id], {
        organization_id: ticket.organization_id,
        type: 'system',
        title: 'Support has answered',
        body: `There is an answer to your ticket ${ticket.ticket_number}.`,
        action_url: `/support/tickets/${ticket.id}`,
        created_at: now,
      })
    }
    return {
      id,
      ticket_id: ticket.id,
      sender_id: actor.userId,
      sender_name: actor.displayName,
      is_from_support: true,
      is_internal_note: body.is_internal_note,
      body: body.body,
      created_at: now.toISOString(),
      ticket_status: moved.status,
      ticket_version: moved.version,
    }
  },

  async claimTicket({ db, actor, emit }, { params }) {
    const claimed = await queries.claimTicket(db, params.ticket_id, actor.userId)
    if (claimed) tellChange(emit, claimed, ['assignee'], actor.userId)
    const row = await queries.findTicket(db, params.ticket_id)
    if (!row) return notFound('ticket')
    if (row.assignee_id !== actor.userId) {
      const closed = refuseClosed(row.status)
      if (closed) return closed
      return problem('CONFLICT', 'Somebody else has this ticket.', { assignee: row.assignee_name ?? '' })
    }
    return deskTicket(row, clock.now())
  },

  async getSupportStats({ db }) {
    const now = clock.now()
    const stats = await queries.readStats(db, now, new Date(now.getTime() - STATS_WINDOW_MS))
    const [p50 = null, p90 = null, p99 = null] = stats.seconds ?? []
    return {
      open_by_urgency: { LOW: stats.low, NORMAL: stats.normal, HIGH: stats.high, URGENT: stats.urgent },
      unassigned: stats.unassigned,
      overdue: stats.overdue,
      first_response_seconds: { p50, p90, p99 },
    }
  },
})
