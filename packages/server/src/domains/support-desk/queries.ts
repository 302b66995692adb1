import { type SqlBool, sql } from 'kysely'
import { jsonArrayFrom } from 'kysely/helpers/postgres'
import { rowAfter, type Slice } from '../../db/keyset.ts'
import type { Db } from '../../db/scope.ts'
import type { components } from '../../generated/contract.ts'
import type { ClockChanges, TicketUrgency } from '../support/due.ts'
import type { FieldChange } from '../support/queries.ts'
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
  /** All of them. */
  readonly tags: readonly string[]
  readonly search?: string | undefined
  /** Only those that are overdue at this instant. */
  readonly breachedAt?: Date | undefined
}

// Literals, as in the partial index support_tickets_live.
export const live = sql<SqlBool>`t.status in ('OPEN', 'IN_PROGRESS', 'WAITING_ON_USER')`

/** Past the time of the clock that runs, pauses not counted; see isOverdue. */
export const overdueAt = (now: Date) => sql<SqlBool>`t.next_due_at < coalesce(t.clock_paused_at, ${now})`

const queue = (db: Db, filter: QueueFilter) => {
  const { statuses, urgency, category, assignees, organizationId, tags, search, breachedAt } = filter
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
  if (tags.length > 0) query = query.where(sql<SqlBool>`t.tags @> ${tags}::text[]`)
  if (search !== undefined)
    query = query.where(sql<SqlBool>`t.id in (select ticket_id from search_tickets(${search}))`)
  if (breachedAt !== undefined) query = query.where(live).where(overdueAt(breachedAt))
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
  'resolution_due_at',
  'resolved_at',
  'clock_paused_at',
  'tags',
  'created_at',
  'updated_at',
] as const

const shown = columns.map((column) => `t.${column}` as const)

const people = [
  't.user_id as requester_id',
  'owner.display_name as requester_name',
  't.assignee_id',
  'agent.display_name as assignee_name',
  't.merged_into_id',
  't.merged_at',
  'target.ticket_number as merged_into_number',
] as const

/** The unanswered first, by when the answer is due; then the others, by when the resolution is. The page is cut first: names are looked up for its rows alone. */
export const listQueue = (db: Db, filter: QueueFilter, { after, limit }: Slice) =>
  db
    .selectFrom(
      queue(db, filter)
        .$if(after !== null, (query) =>
          query.where(rowAfter(['t.is_answered', 't.next_due_at', 't.id'], 'ascending', after ?? [])),
        )
        .select([...shown, 't.user_id', 't.assignee_id', 't.is_answered', 't.next_due_at'])
        .select(['t.merged_into_id', 't.merged_at'])
        .orderBy('t.is_answered')
        .orderBy('t.next_due_at')
        .orderBy('t.id')
        .limit(limit)
        .as('t'),
    )
    .innerJoin('users as owner', 'owner.id', 't.user_id')
    .leftJoin('users as agent', 'agent.id', 't.assignee_id')
    .leftJoin('support_tickets as target', 'target.id', 't.merged_into_id')
    .select([...shown, ...people])
    .orderBy('t.is_answered')
    .orderBy('t.next_due_at')
    .orderBy('t.id')
    .execute()

export async function countQueue(db: Db, filter: QueueFilter): Promise<number> {
  const { total } = await queue(db, filter)
    .select(sql<number>`count(*)`.as('total'))
    .executeTakeFirstOrThrow()
  return total
}

const rows = (db: Db) =>
  db
    .selectFrom('support_tickets as t')
    .innerJoin('users as owner', 'owner.id', 't.user_id')
    .leftJoin('users as agent', 'agent.id', 't.assignee_id')
    .leftJoin('support_tickets as target', 'target.id', 't.merged_into_id')

/** A ticket as the queue shows it. */
export const findTicket = (db: Db, ticketId: string) =>
  rows(db)
    .where('t.id', '=', ticketId)
    .select([...shown, ...people])
    .executeTakeFirst()

/** Some tickets as the queue shows them, in any order. */
export const listTicketsById = (db: Db, ticketIds: readonly string[]) =>
  ticketIds.length === 0
    ? Promise.resolve([])
    : rows(db)
        .where('t.id', 'in', ticketIds)
        .select([...shown, ...people])
        .execute()

export type DeskRow = NonNullable<Awaited<ReturnType<typeof findTicket>>>

/** A ticket with all that an agent sees of it, except the conversation. */
export const findTicketDetail = (db: Db, ticketId: string, recent: Date) =>
  rows(db)
    .where('t.id', '=', ticketId)
    .leftJoinLateral(
      (eb) =>
        eb
          .selectFrom('user_sessions as s')
          .whereRef('s.user_id', '=', 't.user_id')
          // Somebody else's, in the person's name.
          .where('s.impersonation_id', 'is', null)
          .select(['s.last_active_at', 's.device', 's.user_agent'])
          .orderBy('s.last_active_at', 'desc')
          .limit(1)
          .as('session'),
      (join) => join.onTrue(),
    )
    .select([...shown, ...people, 't.body', 'owner.email as requester_email'])
    .select(['owner.timezone as requester_timezone', 'owner.last_login_at as requester_last_login_at'])
    .select('session.last_active_at as requester_last_seen_at')
    .select((eb) => eb.fn.coalesce('session.device', 'session.user_agent').as('requester_device'))
    .select((eb) => [
      eb
        .selectFrom('support_tickets as o')
        .whereRef('o.user_id', '=', 't.user_id')
        .where('o.status', 'in', ['OPEN', 'IN_PROGRESS', 'WAITING_ON_USER'])
        .select(sql<number>`count(*)`.as('n'))
        .$asScalar()
        .$notNull()
        .as('requester_open_tickets'),
      eb
        .selectFrom('support_tickets as o')
        .whereRef('o.user_id', '=', 't.user_id')
        .where('o.created_at', '>=', recent.toISOString())
        .select(sql<number>`count(*)`.as('n'))
        .$asScalar()
        .$notNull()
        .as('requester_recent_tickets'),
    ])
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

/** Messages and notes of a ticket and of what was merged into it: the latest, oldest first. */
export const listConversation = (db: Db, ticketIds: readonly string[]) =>
  db
    .selectFrom(
      db
        .selectFrom('support_messages')
        .where('ticket_id', 'in', ticketIds)
        .select(['id', 'ticket_id', 'sender_id', 'is_internal_note', 'body', 'created_at'])
        .orderBy('created_at', 'desc')
        .orderBy('id', 'desc')
        .limit(LATEST)
        .as('m'),
    )
    .innerJoin('support_tickets as t', 't.id', 'm.ticket_id')
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
    .select(sql<boolean>`m.sender_id is distinct from t.user_id`.as('is_from_support'))
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
  'resolution_due_at',
  'resolved_at',
  'clock_paused_at',
  'paused_ms',
  'tags',
  'merged_into_id',
  'merged_at',
  'version',
  'created_at',
] as const

/** A ticket as rules read it, without a lock: for a look ahead. */
export const findForChange = (db: Db, ticketId: string) =>
  db.selectFrom('support_tickets').where('id', '=', ticketId).select(forChange).executeTakeFirst()

/** A ticket as rules read it before a change, locked until the transaction ends. */
export const lockForChange = (db: Db, ticketId: string) =>
  db.selectFrom('support_tickets').where('id', '=', ticketId).select(forChange).forUpdate().executeTakeFirst()

/** Several, locked in one order, whoever locks them: nobody waits in a circle. */
export const lockSeveral = (db: Db, ticketIds: readonly string[]) =>
  db
    .selectFrom('support_tickets')
    .where('id', 'in', ticketIds)
    .select(forChange)
    .orderBy('id')
    .forUpdate()
    .execute()

export interface TicketChanges extends Omit<ClockChanges, 'first_response_due_at'> {
  readonly status?: TicketStatus
  readonly urgency?: TicketUrgency
  readonly category?: TicketCategory
  readonly assignee_id?: string | null
  readonly tags?: string[]
  readonly first_response_due_at?: string
  readonly first_responded_at?: Date
  readonly resolved_at?: string | null
  readonly merged_into_id?: string | null
  readonly merged_at?: Date | null
}

/** Changes a locked ticket; counts as one version. */
export const updateTicket = (db: Db, ticketId: string, changes: TicketChanges) =>
  db
    .updateTable('support_tickets')
    .set((eb) => ({ ...changes, version: eb('version', '+', 1) }))
    .where('id', '=', ticketId)
    .returning(forChange)
    .executeTakeFirstOrThrow()

export type ChangedTicket = Awaited<ReturnType<typeof updateTicket>>

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

/** Changes of a field as they are kept: an assignee by id. */
interface KeptEvent {
  readonly changes: readonly FieldChange[]
}

/** Puts the names of assignees where their ids are kept: one query, however many. */
async function named<Row extends KeptEvent>(db: Db, rows: readonly Row[]): Promise<Row[]> {
  const ids = rows.flatMap(({ changes }) =>
    changes.flatMap(({ field, from, to }) => (field === 'assignee' ? [from, to] : [])),
  )
  const users = await db
    .selectFrom('users')
    .where(sql<SqlBool>`id = any(${ids.filter((id) => id !== null)}::uuid[])`)
    .select(['id', 'display_name'])
    .execute()
  const names = new Map(users.map(({ id, display_name }) => [id, display_name]))
  const nameOf = (id: string | null) => (id === null ? null : (names.get(id) ?? id))
  return rows.map((row) => ({
    ...row,
    changes: row.changes.map((change) =>
      change.field === 'assignee' ? { ...change, from: nameOf(change.from), to: nameOf(change.to) } : change,
    ),
  }))
}

const MOST_MISSED = 100

/** Who changed what of a ticket after a version, the oldest first. */
export async function listMissedChanges(db: Db, ticketId: string, seen: number) {
  const rows = await db
    .selectFrom('support_ticket_events as e')
    .leftJoin('users as u', 'u.id', 'e.actor_id')
    .where('e.ticket_id', '=', ticketId)
    .where('e.version', '>', seen)
    .select(['e.version', 'u.display_name as changed_by', 'e.created_at as changed_at'])
    .select(sql<FieldChange[]>`e.changes`.as('changes'))
    .orderBy('e.created_at')
    .orderBy('e.id')
    .limit(MOST_MISSED)
    .execute()
  return (await named(db, rows))
    .flatMap(({ changes, version, ...row }) =>
      changes.map((change) => ({ ...row, version: version ?? seen + 1, ...change })),
    )
    .slice(0, MOST_MISSED)
}

/** A page of a ticket's timeline, the oldest first. */
export async function listTimeline(db: Db, ticketId: string, { after, limit }: Slice) {
  const rows = await db
    .selectFrom('support_ticket_events as e')
    .leftJoin('users as u', 'u.id', 'e.actor_id')
    .leftJoin('support_macros as m', 'm.id', 'e.macro_id')
    .leftJoin('support_tickets as o', 'o.id', 'e.other_ticket_id')
    .where('e.ticket_id', '=', ticketId)
    .$if(after !== null, (query) => query.where(rowAfter(['e.created_at', 'e.id'], 'ascending', after ?? [])))
    .select(['e.id', 'e.type', 'e.created_at as at', 'e.actor_id', 'u.display_name as actor_name'])
    .select(['e.version', 'e.message_id', 'e.macro_id', 'm.title as macro_title', 'e.clock'])
    .select(['e.other_ticket_id', 'o.ticket_number as other_ticket_number'])
    .select(sql<FieldChange[]>`e.changes`.as('changes'))
    .orderBy('e.created_at')
    .orderBy('e.id')
    .limit(limit)
    .execute()
  return await named(db, rows)
}

/** What was merged into a ticket, directly or by way of another one, by number. */
export const listMerged = (db: Db, ticketId: string) =>
  db
    .withRecursive('merged', (cte) =>
      cte
        .selectFrom('support_tickets')
        .where('merged_into_id', '=', ticketId)
        .select('id')
        .union(
          cte
            .selectFrom('support_tickets as t')
            .innerJoin('merged', 'merged.id', 't.merged_into_id')
            .select('t.id'),
        ),
    )
    .selectFrom('merged')
    .innerJoin('support_tickets as t', 't.id', 'merged.id')
    .innerJoin('users as owner', 'owner.id', 't.user_id')
    .select(['t.id', 't.ticket_number', 't.subject', 't.body', 't.created_at'])
    .select(['owner.id as requester_id', 'owner.display_name as requester_name'])
    .select((eb) => eb.ref('t.merged_at').$notNull().as('merged_at'))
    .orderBy('t.ticket_number')
    .limit(MOST_MERGED)
    .execute()

const MOST_MERGED = 100

/** Where a ticket stood before it was merged. */
export interface BeforeMerge {
  readonly status: TicketStatus
  readonly resolved_at: string | null
  readonly clock_paused_at: string | null
}

/** Keeps where a locked ticket stands, for an undo; null forgets it. */
export const keepBeforeMerge = (db: Db, ticketId: string, before: BeforeMerge | null) =>
  db
    .updateTable('support_tickets')
    .set({ before_merge: before === null ? null : JSON.stringify(before) })
    .where('id', '=', ticketId)
    .execute()

/** Where a ticket stood before it was merged. */
export async function findBeforeMerge(db: Db, ticketId: string): Promise<BeforeMerge | null> {
  const row = await db
    .selectFrom('support_tickets')
    .where('id', '=', ticketId)
    .select(sql<BeforeMerge | null>`before_merge`.as('before'))
    .executeTakeFirst()
  return row?.before ?? null
}

/** Tickets that a search finds, the best first. What matched is looked up for the page's rows alone. */
export const searchTickets = (db: Db, text: string, { after, limit }: Slice) =>
  db
    .with('found', (cte) =>
      cte
        .selectFrom(sql<{ ticket_id: string; rank: number }>`search_tickets(${text})`.as('f'))
        .select(['f.ticket_id', 'f.rank'])
        .$if(after !== null, (query) => {
          const [rank, id] = after ?? []
          return query.where(
            sql<SqlBool>`(f.rank < ${rank}::real or (f.rank = ${rank}::real and f.ticket_id > ${id}::uuid))`,
          )
        })
        .orderBy('f.rank', 'desc')
        .orderBy('f.ticket_id')
        .limit(limit),
    )
    .selectFrom('found')
    .innerJoin('support_tickets as t', 't.id', 'found.ticket_id')
    .innerJoin('users as owner', 'owner.id', 't.user_id')
    .leftJoin('users as agent', 'agent.id', 't.assignee_id')
    .leftJoin('support_tickets as target', 'target.id', 't.merged_into_id')
    .innerJoinLateral(
      sql<{ terms: string; in_subject: boolean; in_body: boolean }>`(
        select terms, search_words(t.subject) @@ terms as in_subject, search_words(t.body) @@ terms as in_body
          from search_terms(${text}) terms)`.as('q'),
      (join) => join.onTrue(),
    )
    .leftJoinLateral(
      sql<{ text: string; is_internal_note: boolean }>`(
        select m.body as text, m.is_internal_note from support_messages m
          where m.ticket_id = t.id and m.search_words @@ q.terms
          order by ts_rank(m.search_words, q.terms) desc, m.id limit 1)`.as('said'),
      (join) => join.onTrue(),
    )
    .select([...shown, ...people, 'found.rank'])
    .select(
      sql<'NUMBER' | 'SUBJECT' | 'BODY' | 'MESSAGE' | 'NOTE'>`case when found.rank = 2 then 'NUMBER'
        when q.in_subject then 'SUBJECT' when q.in_body then 'BODY'
        when said.is_internal_note then 'NOTE' when said.text is not null then 'MESSAGE' else 'BODY' end`.as(
        'matched_in',
      ),
    )
    .select(
      sql<string | null>`case when found.rank = 2 then null else left(ts_headline('pg_catalog.english',
        case when q.in_subject then t.subject when q.in_body or said.text is null then t.body else said.text end,
        q.terms, 'MaxWords=20, MinWords=8, StartSel="", StopSel=""'), 1000) end`.as('snippet'),
    )
    .orderBy('found.rank', 'desc')
    .orderBy('found.ticket_id')
    .execute()

/** Who has a ticket open since that instant, but one agent; who came first first. */
export const listPresence = (db: Db, ticketId: string, agentId: string, since: Date) =>
  db
    .selectFrom('support_presence as p')
    .innerJoin('users as u', 'u.id', 'p.agent_id')
    .where('p.ticket_id', '=', ticketId)
    .where('p.agent_id', '<>', agentId)
    .where('p.seen_at', '>', since.toISOString())
    .select(['p.agent_id', 'u.display_name as agent_name', 'p.state', 'p.since', 'p.seen_at'])
    .orderBy('p.since')
    .orderBy('p.agent_id')
    .limit(100)
    .execute()

interface Presence {
  readonly ticketId: string
  readonly agentId: string
  readonly state: 'VIEWING' | 'REPLYING'
  readonly now: Date
  /** Who was not seen since then counts as gone. */
  readonly goneSince: Date
}

/** Notes that an agent has a ticket open; answers whether that is news. */
export async function touchPresence(db: Db, { ticketId, agentId, state, now, goneSince }: Presence) {
  const { rows } = await sql<{ is_news: boolean }>`
    with before as (
      select state from support_presence
        where ticket_id = ${ticketId} and agent_id = ${agentId} and seen_at > ${goneSince}
    )
    insert into support_presence as p (ticket_id, agent_id, state, since, seen_at)
      values (${ticketId}, ${agentId}, ${state}, ${now}, ${now})
      on conflict (ticket_id, agent_id) do update set state = excluded.state, seen_at = excluded.seen_at,
        since = case when p.seen_at > ${goneSince} then p.since else excluded.since end
      returning (select state from before) is distinct from ${state} as is_news`.execute(db)
  return rows[0]?.is_news ?? false
}

/** Forgets that an agent has a ticket open; answers whether anybody would have thought so. */
export async function leavePresence(db: Db, ticketId: string, agentId: string, goneSince: Date) {
  const gone = await db
    .deleteFrom('support_presence')
    .where('ticket_id', '=', ticketId)
    .where('agent_id', '=', agentId)
    .returning('seen_at')
    .executeTakeFirst()
  return gone !== undefined && Date.parse(gone.seen_at) > goneSince.getTime()
}

/** Forgets who stopped saying that a ticket is open. */
export async function forgetPresence(db: Db, goneSince: Date) {
  const { rows } = await sql<{
    ticket_id: string
    ticket_number: string
    agent_id: string
    agent_name: string
  }>`
    delete from support_presence p using support_tickets t, users u
      where p.seen_at <= ${goneSince} and t.id = p.ticket_id and u.id = p.agent_id
      returning p.ticket_id, t.ticket_number, p.agent_id, u.display_name as agent_name`.execute(db)
  return rows
}

export interface Overdue {
  readonly ticket_id: string
  readonly ticket_number: string
  readonly urgency: TicketUrgency
  readonly assignee_id: string | null
  readonly clock: 'FIRST_RESPONSE' | 'RESOLUTION'
  readonly due_at: string
}

/** Clocks that ran out and were not reported yet, the longest first. */
export async function listUnreportedOverdue(db: Db, now: Date, limit: number): Promise<Overdue[]> {
  const { rows } = await sql<Overdue>`
    select t.id as ticket_id, t.ticket_number, t.urgency, t.assignee_id, c.clock, c.due_at
      from support_tickets t
      cross join lateral (values ('FIRST_RESPONSE', t.first_response_due_at, t.first_responded_at is null),
        ('RESOLUTION', t.resolution_due_at, true)) c (clock, due_at, is_open)
      where ${live} and c.is_open and c.due_at < coalesce(t.clock_paused_at, ${now})
        and not exists (select from support_ticket_events e
          where e.ticket_id = t.id and e.type = 'OVERDUE' and e.clock = c.clock)
      order by c.due_at, t.id limit ${limit}`.execute(db)
  return rows
}

/** Notes in the timeline that a clock ran out; false when another worker was faster. */
export async function markOverdue(
  db: Db,
  id: string,
  { ticket_id, clock }: Overdue,
  now: Date,
): Promise<boolean> {
  const row = await db
    .insertInto('support_ticket_events')
    .values({ id, ticket_id, type: 'OVERDUE', clock, created_at: now })
    .onConflict((conflict) =>
      conflict.columns(['ticket_id', 'clock']).where('type', '=', 'OVERDUE').doNothing(),
    )
    .returning('id')
    .executeTakeFirst()
  return row !== undefined
}

/** Closes tickets that were resolved before an instant; what another worker has in hand is left to it. */
export const closeResolved = (db: Db, before: Date, limit: number) =>
  db
    .updateTable('support_tickets')
    .set((eb) => ({ status: 'CLOSED' as const, version: eb('version', '+', 1) }))
    .where('id', 'in', (eb) =>
      eb
        .selectFrom('support_tickets')
        .where('status', '=', 'RESOLVED')
        .where('resolved_at', '<=', before.toISOString())
        .select('id')
        .orderBy('resolved_at')
        .limit(limit)
        .forUpdate()
        .skipLocked(),
    )
    .returning(forChange)
    .execute()
