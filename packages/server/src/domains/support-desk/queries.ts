import { type SqlBool, sql } from 'kysely'
import { jsonArrayFrom } from 'kysely/helpers/postgres'
import { rowAfter, type Slice } from '../../db/keyset.ts'
import type { Db } from '../../db/scope.ts'
import { containing } from '../../db/wire.ts'
import type { components } from '../../generated/contract.ts'
import type { TicketUrgency } from '../support/due.ts'
import type { TicketStatus } from '../support/transitions.ts'

type TicketCategory = components['schemas']['TicketCategory']
type TicketContext = components['schemas']['TicketContext']

export interface QueueFilter {
  /** null: those that are neither resolved nor closed. */
  readonly statuses: readonly TicketStatus[] | null
  readonly urgency?: TicketUrgency | undefined
  readonly category?: TicketCategory | undefined
  /** Each must hold: an agent's id, or null for nobody's. */
  readonly assignees: readonly (string | null)[]
  readonly organizationId?: string | undefined
  readonly search?: string | undefined
  /** Only those unanswered whose due time lies before this instant. */
  readonly breachedAt?: Date | undefined
}

// Literals, as in the partial index support_tickets_live.
const live = sql<SqlBool>`t.status in ('OPEN', 'IN_PROGRESS', 'WAITING_ON_USER')`

const queue = (db: Db, filter: QueueFilter) => {
  const { statuses, urgency, category, assignees, organizationId, search, breachedAt } = filter
  let query = db.selectFrom('support_tickets as t')
  query = statuses === null ? query.where(live) : query.where('t.status', 'in', statuses)
  if (urgency !== undefined) query = query.where('t.urgency', '=', urgency)
  if (category !== undefined) query = query.where('t.category', '=', category)
  if (organizationId !== undefined) query = query.where('t.organization_id', '=', organizationId)
  for (const assignee of assignees)
    query =
      assignee === null
        ? query.where('t.assignee_id', 'is', null)
        : query.where('t.assignee_id', '=', assignee)
  if (search !== undefined)
    query = query.where((eb) =>
      eb.or([
        eb('t.subject', 'ilike', containing(search)),
        eb('t.ticket_number', 'ilike', containing(search)),
      ]),
    )
  if (breachedAt !== undefined)
    query = query
      .where(live)
      .where('t.first_responded_at', 'is', null)
      .where('t.first_response_due_at', '<', breachedAt.toISOString())
  return query
}

const columns = [
  'id',
  'ticket_number',
  'category',
  'subject',
  'status',
  'urgency',
  'organization_id',
  'version',
  'first_response_due_at',
  'first_responded_at',
  'resolved_at',
  'created_at',
  'updated_at',
] as const

const shown = columns.map((column) => `t.${column}` as const)

const people = [
  't.user_id as requester_id',
  'owner.display_name as requester_name',
  't.assignee_id',
  'agent.display_name as assignee_name',
] as const

/** The unanswered first, by when the answer is due; then the others, likewise. The page is cut first: names are looked up for its rows alone. */
export const listQueue = (db: Db, filter: QueueFilter, { after, limit }: Slice) =>
  db
    .selectFrom(
      queue(db, filter)
        .$if(after !== null, (query) =>
          query.where(
            rowAfter(['t.is_answered', 't.first_response_due_at', 't.id'], 'ascending', after ?? []),
          ),
        )
        .select([...shown, 't.user_id', 't.assignee_id', 't.is_answered'])
        .orderBy('t.is_answered')
        .orderBy('t.first_response_due_at')
        .orderBy('t.id')
        .limit(limit)
        .as('t'),
    )
    .innerJoin('users as owner', 'owner.id', 't.user_id')
    .leftJoin('users as agent', 'agent.id', 't.assignee_id')
    .select([...shown, ...people])
    .orderBy('t.is_answered')
    .orderBy('t.first_response_due_at')
    .orderBy('t.id')
    .execute()

export async function countQueue(db: Db, filter: QueueFilter): Promise<number> {
  const { total } = await queue(db, filter)
    .select(sql<number>`count(*)`.as('total'))
    .executeTakeFirstOrThrow()
  return total
}

/** A ticket as the queue shows it. */
export const findTicket = (db: Db, ticketId: string) =>
  db
    .selectFrom('support_tickets as t')
    .innerJoin('users as owner', 'owner.id', 't.user_id')
    .leftJoin('users as agent', 'agent.id', 't.assignee_id')
    .where('t.id', '=', ticketId)
    .select([...shown, ...people])
    .executeTakeFirst()

/** A ticket with all that an agent sees of it, except the conversation. */
export const findTicketDetail = (db: Db, ticketId: string) =>
  db
    .selectFrom('support_tickets as t')
    .innerJoin('users as owner', 'owner.id', 't.user_id')
    .leftJoin('users as agent', 'agent.id', 't.assignee_id')
    .where('t.id', '=', ticketId)
    .select([...shown, ...people, 't.body', 'owner.email as requester_email'])
    .select(sql<TicketContext>`t.context`.as('context'))
    .select((eb) =>
      jsonArrayFrom(
        eb
          .selectFrom('organization_memberships as m')
          .innerJoin('organizations as o', 'o.id', 'm.organization_id')
          .whereRef('m.user_id', '=', 't.user_id')
          .where('m.deleted_at', 'is', null)
          .where('o.deleted_at', 'is', null)
          .select(['o.id', 'o.name', 'm.role'])
          .orderBy('o.name')
          .orderBy('o.id'),
      ).as('requester_organizations'),
    )
    .executeTakeFirst()

const LATEST = 500

/** Messages and notes: the latest, oldest first. */
export const listConversation = (db: Db, ticketId: string, ownerId: string) =>
  db
    .selectFrom(
      db
        .selectFrom('support_messages')
        .where('ticket_id', '=', ticketId)
        .select(['id', 'ticket_id', 'sender_id', 'is_internal_note', 'body', 'created_at'])
        .orderBy('created_at', 'desc')
        .orderBy('id', 'desc')
        .limit(LATEST)
        .as('m'),
    )
    .leftJoin('users as s', 's.id', 'm.sender_id')
    .select([
      'm.id',
      'm.ticket_id',
      'm.sender_id',
      's.display_name as sender_name',
      'm.is_internal_note',
      'm.body',
    ])
    .select('m.created_at')
    .select(sql<boolean>`m.sender_id is distinct from ${ownerId}`.as('is_from_support'))
    .orderBy('m.created_at')
    .orderBy('m.id')
    .execute()

const forChange = [
  'id',
  'user_id',
  'organization_id',
  'ticket_number',
  'status',
  'urgency',
  'category',
  'assignee_id',
  'first_response_due_at',
  'first_responded_at',
  'resolved_at',
  'version',
  'created_at',
] as const

/** A ticket as rules read it before a change. */
export const findForChange = (db: Db, ticketId: string) =>
  db.selectFrom('support_tickets').where('id', '=', ticketId).select(forChange).executeTakeFirst()

/** The same, locked until the transaction ends. */
export const lockForChange = (db: Db, ticketId: string) =>
  db.selectFrom('support_tickets').where('id', '=', ticketId).select(forChange).forUpdate().executeTakeFirst()

export interface TicketChanges {
  readonly status?: TicketStatus
  readonly urgency?: TicketUrgency
  readonly category?: TicketCategory
  readonly assignee_id?: string | null
  readonly first_response_due_at?: Date
  readonly first_responded_at?: Date
  readonly resolved_at?: string | null
}

/** Changes a ticket only if its version still is `version`; undefined when somebody was faster. */
export const updateTicket = (db: Db, ticketId: string, version: number, changes: TicketChanges) =>
  db
    .updateTable('support_tickets')
    .set((eb) => ({ ...changes, version: eb('version', '+', 1) }))
    .where('id', '=', ticketId)
    .where('version', '=', version)
    .returning(forChange)
    .executeTakeFirst()

/** Gives a ticket that nobody has, and that is not closed, to an agent; undefined when it is not to be had. */
export const claimTicket = (db: Db, ticketId: string, agentId: string) =>
  db
    .updateTable('support_tickets')
    .set((eb) => ({ assignee_id: agentId, version: eb('version', '+', 1) }))
    .where('id', '=', ticketId)
    .where('assignee_id', 'is', null)
    .where('status', '<>', 'CLOSED')
    .returning(forChange)
    .executeTakeFirst()

/** Whether this user works at the desk now. */
export async function isAgent(db: Db, userId: string): Promise<boolean> {
  const agent = await db
    .selectFrom('users')
    .where('id', '=', userId)
    .where((eb) => eb.or([eb('is_support_agent', '=', true), eb('is_super_admin', '=', true)]))
    .where('deleted_at', 'is', null)
    .where('suspended_at', 'is', null)
    .select('id')
    .executeTakeFirst()
  return agent !== undefined
}

/** How the queue stands; percentiles over the tickets first answered since `since`, in seconds. */
export const readStats = (db: Db, now: Date, since: Date) =>
  db
    .selectFrom(
      db
        .selectFrom('support_tickets as t')
        .where(live)
        .select([
          sql<number>`count(*) filter (where t.urgency = 'LOW')`.as('low'),
          sql<number>`count(*) filter (where t.urgency = 'NORMAL')`.as('normal'),
          sql<number>`count(*) filter (where t.urgency = 'HIGH')`.as('high'),
          sql<number>`count(*) filter (where t.urgency = 'URGENT')`.as('urgent'),
          sql<number>`count(*) filter (where t.assignee_id is null)`.as('unassigned'),
          sql<number>`count(*) filter (where t.first_responded_at is null and t.first_response_due_at < ${now})`.as(
            'overdue',
          ),
        ])
        .as('q'),
    )
    .innerJoin(
      db
        .selectFrom('support_tickets as t')
        .where('t.first_responded_at', '>=', since.toISOString())
        .select(
          sql<number[] | null>`percentile_cont(array[0.5, 0.9, 0.99]) within group
            (order by extract(epoch from t.first_responded_at - t.created_at))`.as('seconds'),
        )
        .as('r'),
      (join) => join.onTrue(),
    )
    .selectAll()
    .executeTakeFirstOrThrow()
