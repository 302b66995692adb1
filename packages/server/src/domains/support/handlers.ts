import { openPage } from '../../db/keyset.ts'
import type { SupportHandlers } from '../../generated/handlers.ts'
import type { Person } from '../../http/actor.ts'
import { notFound, Problem } from '../../http/problem.ts'
import type { Services } from '../../services.ts'
import { firstResponseDue, movedClocks, resolutionDue } from './due.ts'
import * as queries from './queries.ts'
import { afterOwnersMessage, refuseClosed, resolvedAt } from './transitions.ts'

const USER_AGENT_MAX = 500

const ownerOf = ({ userId, impersonation }: Person): queries.Owner => ({
  userId,
  within: impersonation?.organizationId ?? null,
})

export const supportHandlers = ({ clock, cursors, newId }: Services): SupportHandlers => ({
  async createTicket({ db, actor, emit }, { body }) {
    const now = clock.now()
    // An impersonation reaches no further than its organization, so what it opens belongs there.
    const within = actor.impersonation?.organizationId
    const organizationId = body.organization_id ?? within ?? null
    if (within !== undefined && organizationId !== within) return notFound('organization')
    if (organizationId !== null && !(await queries.belongsTo(db, actor.userId, organizationId, now)))
      return notFound('organization')
    const userAgent = actor.origin.userAgent?.slice(0, USER_AGENT_MAX)
    const ticket = await queries.insertTicket(db, {
      id: newId(),
      user_id: actor.userId,
      organization_id: organizationId,
      category: body.category,
      subject: body.subject,
      body: body.body,
      urgency: body.urgency,
      context: { ...(userAgent ? { user_agent: userAgent } : {}), ...body.context },
      first_response_due_at: firstResponseDue(body.urgency, now),
      resolution_due_at: resolutionDue(body.urgency, now),
      created_at: now,
    })
    await queries.insertTicketEvent(db, {
      id: newId(),
      ticket_id: ticket.id,
      type: 'CREATED',
      actor_id: actor.userId,
      version: ticket.version,
      created_at: now,
    })
    emit({
      type: 'ticket.created',
      audience: { support: true },
      data: {
        ticket_id: ticket.id,
        ticket_number: ticket.ticket_number,
        category: ticket.category,
        urgency: ticket.urgency,
        organization_id: ticket.organization_id,
        first_response_due_at: ticket.first_response_due_at,
      },
    })
    return { ...ticket, merged_into: null, merged_tickets: [], messages: [] }
  },

  async listTickets({ db, actor }, { query }) {
    const page = openPage(cursors, 'listTickets', { ...query, ...ownerOf(actor) }, query)
    if (page instanceof Problem) return page
    const total = query.include_total
      ? await queries.countTickets(db, ownerOf(actor), query.status)
      : undefined
    const rows = await queries.listTickets(db, ownerOf(actor), query.status, page)
    return page.close(rows, (row) => [row.created_at, row.id], total)
  },

  async getTicket({ db, actor }, { params }) {
    const owner = ownerOf(actor)
    const found = await queries.findTicket(db, owner, params.ticket_id)
    if (!found) return notFound('ticket')
    const { merged_into_id, ...ticket } = found
    const merged = await queries.listMerged(db, owner, ticket.id)
    const ids = [ticket.id, ...merged.map(({ id }) => id)]
    return {
      ...ticket,
      merged_into: (await queries.findReference(db, owner, merged_into_id)) ?? null,
      merged_tickets: merged,
      messages: await queries.listMessages(db, ids, actor.userId),
    }
  },

  async addTicketMessage({ db, actor, emit }, { params, body }) {
    const now = clock.now()
    const ticket = await queries.lockTicket(db, ownerOf(actor), params.ticket_id)
    if (!ticket) return notFound('ticket')
    const closed = refuseClosed(ticket.status)
    if (closed) return closed
    const id = newId()
    await queries.insertMessage(db, {
      id,
      ticket_id: ticket.id,
      sender_id: actor.userId,
      body: body.body,
      is_internal_note: false,
      created_at: now,
    })
    const status = afterOwnersMessage(ticket.status)
    const isMoved = status !== ticket.status
    const moved = isMoved
      ? await queries.moveTicket(db, ticket.id, {
          status,
          resolved_at: resolvedAt(ticket.status, status, ticket.resolved_at, now),
          ...movedClocks(ticket, status, now),
        })
      : ticket
    await queries.insertTicketEvent(db, {
      id: newId(),
      ticket_id: ticket.id,
      type: 'MESSAGE',
      actor_id: actor.userId,
      message_id: id,
      created_at: now,
      ...(isMoved
        ? { version: moved.version, changes: [{ field: 'status', from: ticket.status, to: status }] }
        : {}),
    })
    emit({
      type: 'ticket.message',
      audience: { support: true },
      data: {
        ticket_id: ticket.id,
        ticket_number: ticket.ticket_number,
        message_id: id,
        status: moved.status,
        version: moved.version,
      },
    })
    return {
      id,
      ticket_id: ticket.id,
      sender_name: actor.displayName,
      is_from_support: false,
      body: body.body,
      created_at: now.toISOString(),
      ticket_status: moved.status,
      ticket_version: moved.version,
    }
  },
})
