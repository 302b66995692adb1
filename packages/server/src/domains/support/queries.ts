import { type ExpressionBuilder, sql } from 'kysely'
import { rowAfter, type Slice } from '../../db/keyset.ts'
import type { Db } from '../../db/scope.ts'
import type { components } from '../../generated/contract.ts'
import type { Tables } from '../../generated/database.ts'
import type { ClockChanges, TicketUrgency } from './due.ts'
import type { TicketStatus } from './transitions.ts'

type TicketContext = components['schemas']['TicketContext']

const listed = [
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

/** Whose tickets. Under impersonation only those of the one organization: the rest of a person's life is told in others. */
export interface Owner {
  readonly userId: string
  readonly within: string | null
}

const ownedBy =
  ({ userId, within }: Owner) =>
  (eb: ExpressionBuilder<Tables, 'support_tickets'>) =>
    eb.and([eb('user_id', '=', userId), ...(within === null ? [] : [eb('organization_id', '=', within)])])

const own = (db: Db, owner: Owner, status: TicketStatus | undefined) => {
  const query = db.selectFrom('support_tickets').where(ownedBy(owner))
  return status === undefined ? query : query.where('status', '=', status)
}

/** A person's own tickets, latest first. */
export const listTickets = (
  db: Db,
  owner: Owner,
  status: TicketStatus | undefined,
  { after, limit }: Slice,
) =>
  own(db, owner, status)
    .$if(after !== null, (query) => query.where(rowAfter(['created_at', 'id'], 'descending', after ?? [])))
    .select(listed)
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit)
    .execute()

export async function countTickets(db: Db, owner: Owner, status: TicketStatus | undefined): Promise<number> {
  const { total } = await own(db, owner, status)
    .select(sql<number>`count(*)`.as('total'))
    .executeTakeFirstOrThrow()
  return total
}

/** One of a person's own tickets; somebody else's is undefined. */
export const findTicket = (db: Db, owner: Owner, ticketId: string) =>
  db
    .selectFrom('support_tickets')
    .where('id', '=', ticketId)
    .where(ownedBy(owner))
    .select([...listed, 'body', 'merged_into_id'])
    .select(sql<TicketContext>`context`.as('context'))
    .executeTakeFirst()

/** A person's own ticket by its number; somebody else's is undefined. */
export const findReference = (db: Db, owner: Owner, ticketId: string | null) =>
  db
    .selectFrom('support_tickets')
    .where('id', '=', ticketId)
    .where(ownedBy(owner))
    .select(['id', 'ticket_number'])
    .executeTakeFirst()

/** A person's own tickets that were merged into one of theirs, directly or by way of another one. */
export const listMerged = (db: Db, owner: Owner, ticketId: string) =>
  db
    .withRecursive('merged', (cte) =>
      cte
        .selectFrom('support_tickets')
        .where('merged_into_id', '=', ticketId)
        .where(ownedBy(owner))
        .select(['id', 'ticket_number'])
        .union(
          cte
            .selectFrom('support_tickets as t')
            .innerJoin('merged', 'merged.id', 't.merged_into_id')
            .where('t.user_id', '=', owner.userId)
            .$if(owner.within !== null, (query) => query.where('t.organization_id', '=', owner.within))
            .select(['t.id', 't.ticket_number']),
        ),
    )
    .selectFrom('merged')
    .select(['id', 'ticket_number'])
    .orderBy('ticket_number')
    .limit(MOST_MERGED)
    .execute()

const MOST_MERGED = 100
const LATEST = 500

/** What owner and desk both see of the conversation: the latest messages, oldest first, never a note. */
export const listMessages = (db: Db, ticketIds: readonly string[], ownerId: string) =>
  db
    .selectFrom(
      db
        .selectFrom('support_messages')
        .where('ticket_id', 'in', ticketIds)
        .where('is_internal_note', '=', false)
        .select(['id', 'ticket_id', 'sender_id', 'body', 'created_at'])
        .orderBy('created_at', 'desc')
        .orderBy('id', 'desc')
        .limit(LATEST)
        .as('m'),
    )
    .leftJoin('users as s', 's.id', 'm.sender_id')
    .select(['m.id', 'm.ticket_id', 's.display_name as sender_name', 'm.body', 'm.created_at'])
    .select(sql<boolean>`m.sender_id is distinct from ${ownerId}`.as('is_from_support'))
    .orderBy('m.created_at')
    .orderBy('m.id')
    .execute()

interface NewTicket {
  readonly id: string
  readonly user_id: string
  readonly organization_id: string | null
  readonly category: components['schemas']['TicketCategory']
  readonly subject: string
  readonly body: string
  readonly urgency: TicketUrgency
  readonly context: TicketContext
  readonly first_response_due_at: Date
  readonly resolution_due_at: Date
  readonly created_at: Date
}

/**
 * Opens a ticket under the next number of its year. The counter's row stays locked until the transaction ends:
 * one that rolls back leaves no gap.
 */
export const insertTicket = (db: Db, { context, ...ticket }: NewTicket) =>
  db
    .with('counter', (cte) =>
      cte
        .insertInto('support_ticket_counters')
        .values({ year: ticket.created_at.getUTCFullYear(), last_number: 1 })
        .onConflict((conflict) =>
          conflict
            .column('year')
            .doUpdateSet({ last_number: sql<number>`support_ticket_counters.last_number + 1` }),
        )
        .returning(
          sql<string>`'TKT-' || year || '-' || lpad(last_number::text, greatest(5, length(last_number::text)), '0')`.as(
            'number',
          ),
        ),
    )
    .insertInto('support_tickets')
    .values((eb) => ({
      ...ticket,
      context: JSON.stringify(context),
      ticket_number: eb.selectFrom('counter').select('number').$asScalar().$notNull(),
    }))
    .returning([...listed, 'body'])
    .returning(sql<TicketContext>`context`.as('context'))
    .executeTakeFirstOrThrow()

/** Locks a person's own ticket until the transaction ends. */
export const lockTicket = (db: Db, owner: Owner, ticketId: string) =>
  db
    .selectFrom('support_tickets')
    .where('id', '=', ticketId)
    .where(ownedBy(owner))
    .select([
      'id',
      'ticket_number',
      'status',
      'resolved_at',
      'version',
      'first_response_due_at',
      'first_responded_at',
      'resolution_due_at',
      'clock_paused_at',
      'paused_ms',
    ])
    .forUpdate()
    .executeTakeFirst()

/** Moves a locked ticket; counts as a change. */
export const moveTicket = (
  db: Db,
  ticketId: string,
  to: ClockChanges & { status: TicketStatus; resolved_at: string | null },
) =>
  db
    .updateTable('support_tickets')
    .set((eb) => ({ ...to, version: eb('version', '+', 1) }))
    .where('id', '=', ticketId)
    .returning(['status', 'version'])
    .executeTakeFirstOrThrow()

interface NewSupportMessage {
  readonly id: string
  readonly ticket_id: string
  readonly sender_id: string
  readonly body: string
  readonly is_internal_note: boolean
  readonly created_at: Date
}

export const insertMessage = (db: Db, message: NewSupportMessage) =>
  db.insertInto('support_messages').values(message).execute()

/** A field of a ticket that changed; assignees by id. */
export interface FieldChange {
  readonly field: components['schemas']['TicketField']
  readonly from: string | null
  readonly to: string | null
}

/** Something that happened to a ticket. The text of a message or a note is no part of it. */
export interface NewTicketEvent {
  readonly id: string
  readonly ticket_id: string
  readonly type: components['schemas']['TicketTimelineEntry']['type']
  /** null: the system. */
  readonly actor_id: string | null
  /** The version that it made; left out when it made none. */
  readonly version?: number
  readonly changes?: readonly FieldChange[]
  readonly message_id?: string
  readonly macro_id?: string
  readonly other_ticket_id?: string
  readonly created_at: Date
}

/** Adds to a ticket's timeline, which is never changed. */
export const insertTicketEvent = (db: Db, { changes = [], ...event }: NewTicketEvent) =>
  db
    .insertInto('support_ticket_events')
    .values({ ...event, changes: JSON.stringify(changes) })
    .execute()

/** Whether the person works in the organization, is its patient or acts for one. */
export async function belongsTo(db: Db, userId: string, organizationId: string, now: Date): Promise<boolean> {
  const { belongs } = await db
    .selectNoFrom((eb) =>
      eb
        .or([
          eb.exists(
            eb
              .selectFrom('organization_memberships as m')
              .innerJoin('organizations as o', 'o.id', 'm.organization_id')
              .where('m.organization_id', '=', organizationId)
              .where('m.user_id', '=', userId)
              .where('m.deleted_at', 'is', null)
              .where('o.deleted_at', 'is', null),
          ),
          eb.exists(
            eb
              .selectFrom('organization_patients as e')
              .innerJoin('patients as p', 'p.id', 'e.patient_id')
              .where('e.organization_id', '=', organizationId)
              .where('e.deleted_at', 'is', null)
              .where('p.deleted_at', 'is', null)
              .where((inner) =>
                inner.or([
                  inner('p.user_id', '=', userId),
                  inner.exists(
                    inner
                      .selectFrom('patient_proxy_assignments as a')
                      .innerJoin('proxies as x', 'x.id', 'a.proxy_id')
                      .whereRef('a.patient_id', '=', 'p.id')
                      .where('a.deleted_at', 'is', null)
                      .where('x.user_id', '=', userId)
                      .where('x.deleted_at', 'is', null)
                      .where((live) =>
                        live.or([
                          live('a.expires_at', 'is', null),
                          live('a.expires_at', '>', now.toISOString()),
                        ]),
                      ),
                  ),
                ]),
              ),
          ),
        ])
        .as('belongs'),
    )
    .executeTakeFirstOrThrow()
  return Boolean(belongs)
}
