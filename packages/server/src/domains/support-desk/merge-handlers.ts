import type { SupportDeskHandlers } from '../../generated/handlers.ts'
import { notFound, problem } from '../../http/problem.ts'
import type { Services } from '../../services.ts'
import { notify } from '../notifications/notify.ts'
import { insertTicketEvent } from '../support/queries.ts'
import { type LockedTicket, tellChange } from './act.ts'
import * as policy from './policy.ts'
import * as queries from './queries.ts'
import { deskTicket, UNDO_MS } from './ticket.ts'

/** What is said of the ticket that stays: never what the other one is about. */
const noticeOf = (source: LockedTicket, target: LockedTicket): string =>
  source.user_id === target.user_id
    ? `Your ticket ${source.ticket_number} goes on in ${target.ticket_number}.`
    : `Your ticket ${source.ticket_number} is handled together with another one and is closed.`

export const mergeHandlers = ({
  clock,
  newId,
}: Services): Pick<SupportDeskHandlers, 'mergeTicket' | 'unmergeTicket'> => ({
  async mergeTicket({ db, actor, emit, enqueue }, { params, body }) {
    const now = clock.now()
    const into = body.into_ticket_id
    if (into === params.ticket_id)
      return problem('VALIDATION_ERROR', undefined, {
        errors: [{ pointer: '/into_ticket_id', message: 'must be another ticket' }],
      })
    const locked = await queries.lockSeveral(db, [params.ticket_id, into])
    const source = locked.find(({ id }) => id === params.ticket_id)
    const target = locked.find(({ id }) => id === into)
    if (!source || !target) return notFound('ticket')
    const closed = [source, target].find(({ status }) => status === 'CLOSED')
    if (closed) return problem('INVALID_TRANSITION', `${closed.ticket_number} is closed.`)
    const strangers = policy.refuseMerge(source, target)
    if (strangers) return strangers

    const { status, resolved_at, clock_paused_at } = source
    await queries.keepBeforeMerge(db, source.id, { status, resolved_at, clock_paused_at })
    const merged = await queries.updateTicket(db, source.id, {
      status: 'CLOSED',
      merged_into_id: target.id,
      merged_at: now,
      clock_paused_at: clock_paused_at ?? now.toISOString(),
    })
    const grown = await queries.updateTicket(db, target.id, {})
    const changes = [
      { field: 'status', from: status, to: 'CLOSED' },
      { field: 'merge', from: null, to: target.ticket_number },
    ] as const
    const grownBy = [{ field: 'merge', from: null, to: source.ticket_number }] as const
    const by = { actor_id: actor.userId, created_at: now }
    await insertTicketEvent(db, {
      ...by,
      id: newId(),
      ticket_id: source.id,
      type: 'MERGED',
      version: merged.version,
      changes,
      other_ticket_id: target.id,
    })
    await insertTicketEvent(db, {
      ...by,
      id: newId(),
      ticket_id: target.id,
      type: 'MERGED_IN',
      version: grown.version,
      changes: grownBy,
      other_ticket_id: source.id,
    })
    tellChange(emit, merged, changes, actor.userId)
    tellChange(emit, grown, grownBy, actor.userId)
    await notify(db, { emit, enqueue, newId }, [source.user_id], {
      organization_id: source.organization_id,
      type: 'system',
      title: 'Your tickets were put together',
      body: noticeOf(source, target),
      action_url: `/support/tickets/${source.user_id === target.user_id ? target.id : source.id}`,
      created_at: now,
    })
    const row = await queries.findTicket(db, source.id)
    return row ? deskTicket(row, now) : notFound('ticket')
  },

  async unmergeTicket({ db, actor, emit }, { params }) {
    const now = clock.now()
    const found = await queries.findForChange(db, params.ticket_id)
    if (!found) return notFound('ticket')
    const notMerged = problem('CONFLICT', 'The ticket is not merged.')
    if (found.merged_into_id === null) return notMerged
    const locked = await queries.lockSeveral(db, [found.id, found.merged_into_id])
    const source = locked.find(({ id }) => id === found.id)
    const target = locked.find(({ id }) => id === source?.merged_into_id)
    const before = await queries.findBeforeMerge(db, found.id)
    if (!source || !target || source.merged_at === null || before === null) return notMerged
    if (now.getTime() - Date.parse(source.merged_at) > UNDO_MS)
      return problem('CONFLICT', 'It was merged more than 10 minutes ago.')

    const undone = await queries.updateTicket(db, source.id, {
      ...before,
      merged_into_id: null,
      merged_at: null,
    })
    await queries.keepBeforeMerge(db, source.id, null)
    const shrunk = await queries.updateTicket(db, target.id, {})
    const changes = [
      { field: 'status', from: 'CLOSED', to: before.status },
      { field: 'merge', from: target.ticket_number, to: null },
    ] as const
    const shrunkBy = [{ field: 'merge', from: source.ticket_number, to: null }] as const
    const by = { actor_id: actor.userId, created_at: now }
    await insertTicketEvent(db, {
      ...by,
      id: newId(),
      ticket_id: source.id,
      type: 'UNMERGED',
      version: undone.version,
      changes,
      other_ticket_id: target.id,
    })
    await insertTicketEvent(db, {
      ...by,
      id: newId(),
      ticket_id: target.id,
      type: 'UNMERGED_OUT',
      version: shrunk.version,
      changes: shrunkBy,
      other_ticket_id: source.id,
    })
    // A status that comes back is none that was just reached: the owner hears of no resolution again.
    tellChange(emit, undone, [changes[1]], actor.userId)
    tellChange(emit, shrunk, shrunkBy, actor.userId)
    const row = await queries.findTicket(db, source.id)
    return row ? deskTicket(row, now) : notFound('ticket')
  },
})
