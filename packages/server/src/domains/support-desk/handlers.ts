import { openPage } from '../../db/keyset.ts'
import type { SupportDeskHandlers } from '../../generated/handlers.ts'
import { versionOf } from '../../http/etag.ts'
import { notFound, Problem, problem } from '../../http/problem.ts'
import type { Services } from '../../services.ts'
import { insertTicketEvent } from '../support/queries.ts'
import { refuseClosed } from '../support/transitions.ts'
import { isRefusal, perform, planAct, staleVersion, tellChange } from './act.ts'
import { macroHandlers } from './macro-handlers.ts'
import { mergeHandlers } from './merge-handlers.ts'
import * as policy from './policy.ts'
import { agentPresence, PRESENCE_MS } from './presence.ts'
import * as queries from './queries.ts'
import * as statistics from './queries-stats.ts'
import { deskTicket, undoUntil } from './ticket.ts'

const DAY_MS = 24 * 3_600_000
const RECENT_MS = 30 * DAY_MS

const percentiles = (seconds: readonly number[] | null) => {
  const [p50 = null, p90 = null, p99 = null] = seconds ?? []
  return { p50, p90, p99 }
}

export const supportDeskHandlers = (services: Services): SupportDeskHandlers => {
  const { clock, cursors, newId } = services
  const goneSince = (now: Date) => new Date(now.getTime() - PRESENCE_MS)
  return {
    ...macroHandlers(services),
    ...mergeHandlers(services),

    async listAllTickets({ db, actor }, { query }) {
      const now = clock.now()
      const page = openPage(cursors, 'listAllTickets', { ...query, agent: actor.userId }, query)
      if (page instanceof Problem) return page
      const filter = policy.queueFilter(query, actor.userId, now)
      const total = query.include_total ? await queries.countQueue(db, filter) : undefined
      const rows = await queries.listQueue(db, filter, page)
      return page.close(
        rows.map((row) => deskTicket(row, now)),
        (row) =>
          row.first_responded_at === null
            ? [false, row.first_response_due_at, row.id]
            : [true, row.resolution_due_at, row.id],
        total,
      )
    },

    async getTicketForAgent({ db, actor }, { params }) {
      const now = clock.now()
      const row = await queries.findTicketDetail(db, params.ticket_id, new Date(now.getTime() - RECENT_MS))
      if (!row) return notFound('ticket')
      const {
        requester_email: email,
        requester_timezone: timezone,
        requester_last_login_at: last_login_at,
        requester_last_seen_at: last_seen_at,
        requester_device: device,
        requester_open_tickets: open_tickets,
        requester_recent_tickets: recent_tickets,
        requester_organizations: organizations,
        body,
        context,
        ...rest
      } = row
      const ticket = deskTicket(rest, now)
      const merged = await queries.listMerged(db, ticket.id)
      const present = await queries.listPresence(db, ticket.id, actor.userId, goneSince(now))
      return {
        ...ticket,
        body,
        context,
        requester: {
          ...ticket.requester,
          email,
          timezone,
          locale: context.locale ?? null,
          last_login_at,
          last_seen_at,
          device,
          open_tickets,
          recent_tickets,
          organizations,
        },
        merged_tickets: merged.map(({ requester_id, requester_name, ...one }) => ({
          ...one,
          requester: { id: requester_id, display_name: requester_name },
          undo_until: undoUntil(one.merged_at),
        })),
        presence: present.map(agentPresence),
        messages: await queries.listConversation(db, [ticket.id, ...merged.map(({ id }) => id)]),
      }
    },

    async updateTicket({ db, actor, emit, enqueue }, { params, headers, body }) {
      const now = clock.now()
      const seen = versionOf(headers['if-match'])
      const ticket = await queries.lockForChange(db, params.ticket_id)
      if (!ticket) return notFound('ticket')
      if (ticket.version !== seen) return await staleVersion(db, ticket, seen)
      const plan = planAct(ticket, { wish: body }, now)
      if (isRefusal(plan)) return plan
      const { assignee_id } = plan.changes
      if (assignee_id) {
        const unfit = policy.refuseAssignee(await queries.isAgent(db, assignee_id))
        if (unfit) return unfit
      }
      const by = { agentId: actor.userId, now }
      await perform(db, { emit, enqueue, newId }, ticket, { wish: body }, plan, by)
      const row = await queries.findTicket(db, ticket.id)
      return row ? deskTicket(row, now) : notFound('ticket')
    },

    async replyToTicket({ db, actor, emit, enqueue }, { params, body }) {
      const now = clock.now()
      const ticket = await queries.lockForChange(db, params.ticket_id)
      if (!ticket) return notFound('ticket')
      const { body: text, is_internal_note, status } = body
      const act = { wish: status === undefined ? {} : { status }, message: { body: text, is_internal_note } }
      const plan = planAct(ticket, act, now)
      if (isRefusal(plan)) return plan
      const by = { agentId: actor.userId, now }
      const { ticket: moved, messageId } = await perform(db, { emit, enqueue, newId }, ticket, act, plan, by)
      return {
        id: messageId ?? '',
        ticket_id: ticket.id,
        sender_id: actor.userId,
        sender_name: actor.displayName,
        is_from_support: true,
        is_internal_note,
        body: text,
        created_at: now.toISOString(),
        ticket_status: moved.status,
        ticket_version: moved.version,
      }
    },

    async claimTicket({ db, actor, emit }, { params }) {
      const now = clock.now()
      const claimed = await queries.claimTicket(db, params.ticket_id, actor.userId)
      if (claimed) {
        const changes = [{ field: 'assignee', from: null, to: actor.userId }] as const
        const { id: ticket_id, version } = claimed
        await insertTicketEvent(db, {
          id: newId(),
          ticket_id,
          type: 'CHANGED',
          actor_id: actor.userId,
          version,
          changes,
          created_at: now,
        })
        tellChange(emit, claimed, changes, actor.userId)
      }
      const row = await queries.findTicket(db, params.ticket_id)
      if (!row) return notFound('ticket')
      if (row.assignee_id !== actor.userId) {
        const closed = refuseClosed(row.status)
        if (closed) return closed
        return problem('CONFLICT', 'Somebody else has this ticket.', { assignee: row.assignee_name ?? '' })
      }
      return deskTicket(row, now)
    },

    async getTicketTimeline({ db }, { params, query }) {
      const page = openPage(cursors, 'getTicketTimeline', { ...query, ticket: params.ticket_id }, query)
      if (page instanceof Problem) return page
      if (!(await queries.findForChange(db, params.ticket_id))) return notFound('ticket')
      const rows = await queries.listTimeline(db, params.ticket_id, page)
      const entries = rows.map((row) => {
        const {
          actor_id,
          actor_name,
          macro_id,
          macro_title,
          other_ticket_id,
          other_ticket_number,
          ...entry
        } = row
        return {
          ...entry,
          actor: actor_id === null || actor_name === null ? null : { id: actor_id, display_name: actor_name },
          macro: macro_id === null || macro_title === null ? null : { id: macro_id, title: macro_title },
          other_ticket:
            other_ticket_id === null || other_ticket_number === null
              ? null
              : { id: other_ticket_id, ticket_number: other_ticket_number },
        }
      })
      return page.close(entries, ({ at, id }) => [at, id], undefined)
    },

    async searchTickets({ db }, { query }) {
      const now = clock.now()
      const page = openPage(cursors, 'searchTickets', query, query)
      if (page instanceof Problem) return page
      const rows = await queries.searchTickets(db, query.q, page)
      const { items, next_cursor } = page.close(rows, ({ rank, id }) => [rank, id], undefined)
      return {
        items: items.map(({ rank: _, matched_in, snippet, ...row }) => ({
          ticket: deskTicket(row, now),
          matched_in,
          snippet,
        })),
        next_cursor,
      }
    },

    async touchTicketPresence({ db, actor, emit }, { params, body }) {
      const now = clock.now()
      const ticket = await queries.findForChange(db, params.ticket_id)
      if (!ticket) return notFound('ticket')
      const { id: ticketId, ticket_number } = ticket
      const { state } = body
      const agentId = actor.userId
      const isNews =
        state === 'GONE'
          ? await queries.leavePresence(db, ticketId, agentId, goneSince(now))
          : await queries.touchPresence(db, { ticketId, agentId, state, now, goneSince: goneSince(now) })
      if (isNews)
        emit({
          type: 'ticket.presence',
          audience: { support: true },
          data: {
            ticket_id: ticketId,
            ticket_number,
            agent_id: agentId,
            agent_name: actor.displayName,
            state,
          },
        })
      const others = await queries.listPresence(db, ticketId, agentId, goneSince(now))
      return {
        ticket_id: ticketId,
        expires_at: state === 'GONE' ? null : new Date(now.getTime() + PRESENCE_MS).toISOString(),
        others: others.map(agentPresence),
      }
    },

    getTicketCounts: ({ db, actor }) => statistics.countViews(db, actor.userId, clock.now()),

    async getSupportStats({ db }, { query }) {
      const now = clock.now()
      const since = new Date(now.getTime() - query.days * DAY_MS)
      const { low, normal, high, urgent, ...counts } = await statistics.countQueueNow(db, now)
      const loads = await statistics.listLoads(db, now, since)
      return {
        open_by_urgency: { LOW: low, NORMAL: normal, HIGH: high, URGENT: urgent },
        ...counts,
        first_response_seconds: percentiles((await statistics.readFirstResponses(db, since)).seconds),
        resolution_seconds: percentiles((await statistics.readResolutions(db, since)).seconds),
        days: await statistics.readDays(db, now, query.days),
        agents: loads.map(({ id, display_name, ...load }) => ({ agent: { id, display_name }, ...load })),
      }
    },
  }
}
