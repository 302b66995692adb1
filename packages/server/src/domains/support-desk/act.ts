import type { Db } from '../../db/scope.ts'
import type { Emit } from '../../http/handler.ts'
import { Problem, problem } from '../../http/problem.ts'
import { type NotifyTools, notify } from '../notifications/notify.ts'
import * as ownerQueries from '../support/queries.ts'
import { afterReply, refuseClosed, refuseTransition } from '../support/transitions.ts'
import { changesOf, type Wish } from './changes.ts'
import * as queries from './queries.ts'

export type LockedTicket = NonNullable<Awaited<ReturnType<typeof queries.lockForChange>>>

/** What somebody at the desk does to a ticket, by hand or by a macro. */
export interface Act {
  readonly wish: Wish
  readonly message?: { readonly body: string; readonly is_internal_note: boolean }
  readonly macroId?: string
}

interface Plan extends ReturnType<typeof changesOf> {
  readonly isFirstReply: boolean
}

const MOST_TAGS = 20

/**
 * What an act would change of a ticket, or why the ticket refuses. A reply takes an OPEN ticket up and is judged from
 * there; a CLOSED ticket takes notes, and nothing else.
 */
export function planAct(
  ticket: LockedTicket,
  { wish, message }: Act,
  now: Date,
): Plan | Problem<'INVALID_TRANSITION' | 'VALIDATION_ERROR'> {
  const isReply = message !== undefined && !message.is_internal_note
  const working = isReply ? afterReply(ticket.status, false) : ticket.status
  const plan = changesOf(ticket, { ...wish, status: wish.status ?? working }, now)
  const isChange = plan.changed.some(({ field }) => field !== 'status')
  const refusal =
    (isReply || (isChange && wish.status === undefined) ? refuseClosed(ticket.status) : undefined) ??
    refuseTransition(working, wish.status ?? working)
  if (refusal) return refusal
  if ((plan.changes.tags?.length ?? 0) > MOST_TAGS)
    return problem('VALIDATION_ERROR', `A ticket has at most ${MOST_TAGS} tags.`, {
      errors: [{ pointer: '/add_tags', message: `makes more than ${MOST_TAGS} tags` }],
    })
  return { ...plan, isFirstReply: isReply && ticket.first_responded_at === null }
}

/** The desk hears of every change, the owner of a resolution. */
export function tellChange(
  emit: Emit,
  ticket: queries.ChangedTicket,
  changed: readonly ownerQueries.FieldChange[],
  changedBy: string | null,
): void {
  const { id: ticket_id, ticket_number, status, urgency, category, assignee_id, version } = ticket
  const fields = changed.map(({ field }) => field)
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
      changed: fields,
      changed_by: changedBy,
    },
  })
  if (fields.includes('status') && status === 'RESOLVED' && ticket.resolved_at !== null)
    emit({
      type: 'ticket.resolved',
      audience: { user: ticket.user_id },
      data: { ticket_id, ticket_number, resolved_at: ticket.resolved_at },
    })
}

/** Whoever else has the ticket open sees what a colleague wrote; the words are not in it. */
function tellDesk(
  emit: Emit,
  { id: ticket_id, ticket_number, assignee_id, status, version }: queries.ChangedTicket,
  message: { readonly id: string; readonly is_internal_note: boolean; readonly agentId: string },
): void {
  const { id: message_id, is_internal_note, agentId: agent_id } = message
  emit({
    type: 'ticket.desk_message',
    audience: { support: true },
    data: {
      ticket_id,
      ticket_number,
      message_id,
      is_internal_note,
      agent_id,
      assignee_id,
      status,
      version,
    },
  })
}

/** Tells the owner that there is an answer, never what it says. */
async function tellReply(db: Db, tools: NotifyTools, ticket: queries.ChangedTicket, id: string, now: Date) {
  tools.emit({
    type: 'ticket.reply',
    audience: { user: ticket.user_id },
    data: {
      ticket_id: ticket.id,
      ticket_number: ticket.ticket_number,
      message_id: id,
      status: ticket.status,
    },
  })
  await notify(db, tools, [ticket.user_id], {
    organization_id: ticket.organization_id,
    type: 'system',
    title: 'Support has answered',
    body: `There is an answer to your ticket ${ticket.ticket_number}.`,
    action_url: `/support/tickets/${ticket.id}`,
    created_at: now,
  })
}

/** Whether an act with this plan would leave a trace. */
export const isIdle = ({ message }: Act, plan: Plan): boolean =>
  message === undefined && plan.changed.length === 0

/**
 * Does what was planned to a locked ticket: message, change, timeline, events and notice are of one transaction.
 * Does nothing, and says so by the same version, when there is nothing to do.
 */
export async function perform(
  db: Db,
  tools: NotifyTools,
  ticket: LockedTicket,
  act: Act,
  plan: Plan,
  { agentId, now }: { readonly agentId: string; readonly now: Date },
): Promise<{ ticket: queries.ChangedTicket; messageId: string | null }> {
  if (isIdle(act, plan)) return { ticket, messageId: null }
  const { message, macroId } = act
  const messageId = message ? tools.newId() : null
  if (message && messageId !== null)
    await ownerQueries.insertMessage(db, {
      id: messageId,
      ticket_id: ticket.id,
      sender_id: agentId,
      ...message,
      created_at: now,
    })
  const first = plan.isFirstReply ? { first_responded_at: now } : {}
  // A note alone leaves the ticket untouched: its version and time would tell the owner that there is one.
  const isMoved = plan.changed.length > 0 || plan.isFirstReply
  const moved = isMoved ? await queries.updateTicket(db, ticket.id, { ...plan.changes, ...first }) : ticket
  await ownerQueries.insertTicketEvent(db, {
    id: tools.newId(),
    ticket_id: ticket.id,
    type: message ? (message.is_internal_note ? 'NOTE' : 'REPLY') : 'CHANGED',
    actor_id: agentId,
    changes: plan.changed,
    created_at: now,
    ...(isMoved ? { version: moved.version } : {}),
    ...(messageId === null ? {} : { message_id: messageId }),
    ...(macroId === undefined ? {} : { macro_id: macroId }),
  })
  if (plan.changed.length > 0) tellChange(tools.emit, moved, plan.changed, agentId)
  if (message && messageId !== null)
    tellDesk(tools.emit, moved, { id: messageId, is_internal_note: message.is_internal_note, agentId })
  if (message && !message.is_internal_note && messageId !== null)
    await tellReply(db, tools, moved, messageId, now)
  return { ticket: moved, messageId }
}

/** PRECONDITION_FAILED that says who changed what since the caller's version. */
export async function staleVersion(
  db: Db,
  ticket: { readonly id: string; readonly version: number },
  seen: number,
): Promise<Problem<'PRECONDITION_FAILED'>> {
  const changes = await queries.listMissedChanges(db, ticket.id, seen)
  const [latest] = changes.toReversed()
  const who = latest && (latest.changed_by ?? 'The system')
  return problem('PRECONDITION_FAILED', who && `${who} changed its ${latest.field} meanwhile.`, {
    current_version: ticket.version,
    changes,
  })
}

/** Narrows a plan. */
export const isRefusal = (plan: Plan | Problem): plan is Problem<'INVALID_TRANSITION' | 'VALIDATION_ERROR'> =>
  plan instanceof Problem
