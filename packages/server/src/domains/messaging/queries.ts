import { type Expression, type SqlBool, sql } from 'kysely'
import { jsonArrayFrom } from 'kysely/helpers/postgres'
import { rowAfter, type Slice } from '../../db/keyset.ts'
import type { Db } from '../../db/scope.ts'

interface ThreadFilter {
  readonly organizationId: string
  readonly userId: string
  /** Only threads about these patients; null: about any. */
  readonly patientIds: readonly string[] | null
  readonly filter?: 'unread' | 'archived' | undefined
  readonly search?: string | undefined
  /** This thread alone, archived or not. */
  readonly threadId?: string | undefined
}

// Read up to and with last_read_at. Message times rise strictly within a thread: see bumpThread.
const unread = sql<SqlBool>`m.thread_id = t.id and m.sender_id <> me.user_id
  and m.created_at > coalesce(me.last_read_at, '-infinity')`

const mine = (db: Db, { organizationId, userId, patientIds, filter, search, threadId }: ThreadFilter) => {
  let query = db
    .selectFrom('message_participants as me')
    .innerJoin('message_threads as t', 't.id', 'me.thread_id')
    .where('me.user_id', '=', userId)
    .where('t.organization_id', '=', organizationId)
    .where('t.deleted_at', 'is', null)
  query =
    threadId === undefined
      ? query.where('me.is_archived', '=', filter === 'archived')
      : query.where('t.id', '=', threadId)
  if (patientIds !== null)
    query = query.where('t.patient_id', '=', sql<string>`any(${sql.val(patientIds)}::uuid[])`)
  if (filter === 'unread') query = query.where(sql<SqlBool>`exists (select from messages m where ${unread})`)
  if (search !== undefined)
    query = query.where(
      't.id',
      'in',
      sql<string>`(select search_threads(${organizationId}, ${userId}, ${search}))`,
    )
  return query
}

const participantsOf = (thread: Expression<string>, db: Db) =>
  jsonArrayFrom(
    db
      .selectFrom('message_participants as p')
      .innerJoin('users as u', 'u.id', 'p.user_id')
      .where('p.thread_id', '=', thread)
      .select(['p.user_id', 'u.display_name'])
      .orderBy('p.joined_at')
      .orderBy('p.id'),
  )

/** The caller's threads, latest first, with the last message and what is unread: one statement a page. */
export const listThreads = (db: Db, filter: ThreadFilter, { after, limit }: Slice) =>
  db
    .selectFrom(
      mine(db, filter)
        .$if(after !== null, (query) =>
          query.where(rowAfter(['t.updated_at', 't.id'], 'descending', after ?? [])),
        )
        .select(['t.id', 't.patient_id', 't.subject', 't.created_at', 't.updated_at'])
        .select(['me.is_archived', 'me.user_id', 'me.last_read_at'])
        .orderBy('t.updated_at', 'desc')
        .orderBy('t.id', 'desc')
        .limit(limit)
        .as('t'),
    )
    .innerJoinLateral(
      (eb) =>
        eb
          .selectFrom('messages as m')
          .innerJoin('users as s', 's.id', 'm.sender_id')
          .whereRef('m.thread_id', '=', 't.id')
          .select(['m.id', 'm.sender_id', 's.display_name as sender_name', 'm.created_at'])
          .select(sql<string>`left(m.body, 140)`.as('preview'))
          .orderBy('m.created_at', 'desc')
          .orderBy('m.id', 'desc')
          .limit(1)
          .as('last'),
      (join) => join.onTrue(),
    )
    .select(['t.id', 't.patient_id', 't.subject', 't.created_at', 't.updated_at', 't.is_archived'])
    .select([
      'last.id as last_id',
      'last.sender_id as last_sender_id',
      'last.sender_name as last_sender_name',
      'last.preview as last_preview',
      'last.created_at as last_created_at',
    ])
    .select(
      sql<number>`(select count(*) from messages m where m.thread_id = t.id and m.sender_id <> t.user_id
        and m.created_at > coalesce(t.last_read_at, '-infinity'))`.as('unread_count'),
    )
    .select((eb) => participantsOf(eb.ref('t.id'), db).as('participants'))
    .orderBy('t.updated_at', 'desc')
    .orderBy('t.id', 'desc')
    .execute()

export async function countThreads(db: Db, filter: ThreadFilter): Promise<number> {
  const { total } = await mine(db, filter).select(sql<number>`count(*)`.as('total')).executeTakeFirstOrThrow()
  return total
}

/** A thread that this user takes part in, with everybody's reading position; undefined when there is none. */
export const findThread = (db: Db, organizationId: string, threadId: string, userId: string) =>
  db
    .selectFrom('message_threads as t')
    .innerJoin('message_participants as me', 'me.thread_id', 't.id')
    .innerJoin('organization_patients as e', (join) =>
      join.onRef('e.patient_id', '=', 't.patient_id').onRef('e.organization_id', '=', 't.organization_id'),
    )
    .where('t.organization_id', '=', organizationId)
    .where('t.id', '=', threadId)
    .where('t.deleted_at', 'is', null)
    .where('me.user_id', '=', userId)
    .select([
      't.id',
      't.patient_id',
      't.subject',
      't.created_at',
      't.updated_at',
      'me.is_archived',
      'me.last_read_at',
    ])
    .select('e.status as patient_status')
    .select((eb) => participantsOf(eb.ref('t.id'), db).as('participants'))
    .executeTakeFirst()

const LATEST = 500

/** The latest messages, oldest first, each with those who have read it. */
export const listMessages = (db: Db, threadId: string) =>
  db
    .selectFrom(
      db
        .selectFrom('messages')
        .where('thread_id', '=', threadId)
        .selectAll()
        .orderBy('created_at', 'desc')
        .orderBy('id', 'desc')
        .limit(LATEST)
        .as('m'),
    )
    .innerJoin('users as s', 's.id', 'm.sender_id')
    .select(['m.id', 'm.thread_id', 'm.sender_id', 's.display_name as sender_name', 'm.body', 'm.created_at'])
    .select(sql<string[]>`m.attachments`.as('attachments'))
    .select(
      sql<
        string[]
      >`(select coalesce(jsonb_agg(p.user_id order by p.joined_at, p.id), '[]') from message_participants p
        where p.thread_id = m.thread_id and p.user_id <> m.sender_id and p.last_read_at >= m.created_at)`.as(
        'read_by',
      ),
    )
    .orderBy('m.created_at')
    .orderBy('m.id')
    .execute()

/** The patient's enrollment here; undefined when there is none. */
export const findEnrollment = (db: Db, organizationId: string, patientId: string) =>
  db
    .selectFrom('organization_patients')
    .where('organization_id', '=', organizationId)
    .where('patient_id', '=', patientId)
    .where('deleted_at', 'is', null)
    .select('status')
    .executeTakeFirst()

/** Which of these people may read about the patient: the patient, live proxies who may, and caring members. */
export const listAdmissible = (
  db: Db,
  organizationId: string,
  patientId: string,
  userIds: readonly string[],
  now: Date,
) =>
  db
    .selectFrom('users as u')
    .where('u.id', 'in', userIds)
    .where('u.deleted_at', 'is', null)
    .where((eb) =>
      eb.or([
        eb.exists(
          eb
            .selectFrom('organization_memberships as m')
            .whereRef('m.user_id', '=', 'u.id')
            .where('m.organization_id', '=', organizationId)
            .where('m.role', 'in', ['ADMIN', 'PROVIDER', 'STAFF'])
            .where('m.deleted_at', 'is', null),
        ),
        eb.exists(
          eb
            .selectFrom('patients as p')
            .whereRef('p.user_id', '=', 'u.id')
            .where('p.id', '=', patientId)
            .where('p.deleted_at', 'is', null),
        ),
        eb.exists(
          eb
            .selectFrom('patient_proxy_assignments as a')
            .innerJoin('proxies as x', 'x.id', 'a.proxy_id')
            .whereRef('x.user_id', '=', 'u.id')
            .where('x.deleted_at', 'is', null)
            .where('a.patient_id', '=', patientId)
            .where('a.can_view_clinical_notes', '=', true)
            .where('a.deleted_at', 'is', null)
            .where((inner) =>
              inner.or([inner('a.expires_at', 'is', null), inner('a.expires_at', '>', now.toISOString())]),
            ),
        ),
      ]),
    )
    .select(['u.id', 'u.display_name'])
    .execute()

/**
 * Which of these documents may be attached: of this patient in this organization, uploaded, and not found infected.
 * Whoever may take part in a thread about a patient may see these.
 */
export async function listAttachable(
  db: Db,
  organizationId: string,
  patientId: string,
  ids: readonly string[],
): Promise<string[]> {
  if (ids.length === 0) return []
  const rows = await db
    .selectFrom('documents')
    .where('organization_id', '=', organizationId)
    .where('patient_id', '=', patientId)
    .where('id', 'in', ids)
    .where('uploaded_at', 'is not', null)
    .where('deleted_at', 'is', null)
    .where('scan_status', '<>', 'INFECTED')
    .select('id')
    .execute()
  return rows.map(({ id }) => id)
}

interface NewThread {
  readonly id: string
  readonly organization_id: string
  readonly patient_id: string
  readonly subject: string
}

export const insertThread = (db: Db, thread: NewThread, now: Date) =>
  db
    .insertInto('message_threads')
    .values({ ...thread, created_at: now, updated_at: now })
    .execute()

interface NewParticipant {
  readonly id: string
  readonly organization_id: string
  readonly thread_id: string
  readonly user_id: string
  readonly last_read_at: Date | null
}

export const insertParticipants = (db: Db, participants: readonly NewParticipant[], now: Date) =>
  db
    .insertInto('message_participants')
    .values(participants.map((participant) => ({ ...participant, joined_at: now })))
    .execute()

/**
 * Moves a thread to the top and locks it until the message commits. Answers the message's time: later than any
 * message before it, so that "read up to" is never passed by one that commits late.
 */
export async function bumpThread(db: Db, threadId: string, now: Date): Promise<string> {
  const { updated_at } = await db
    .updateTable('message_threads')
    .set({ updated_at: sql<string>`greatest(${now}::timestamptz, updated_at + interval '1 millisecond')` })
    .where('id', '=', threadId)
    .returning('updated_at')
    .executeTakeFirstOrThrow()
  return updated_at
}

interface NewMessage {
  readonly id: string
  readonly organization_id: string
  readonly thread_id: string
  readonly sender_id: string
  readonly body: string
  /** Ids of documents. */
  readonly attachments: readonly string[]
  readonly created_at: string | Date
}

export const insertMessage = (db: Db, { attachments, ...message }: NewMessage) =>
  db
    .insertInto('messages')
    .values({ ...message, attachments: JSON.stringify(attachments) })
    .execute()

/**
 * For the others an archived thread comes back. Writing is not reading: what came in while the writer wrote stays
 * unread.
 */
export const unarchiveForOthers = (db: Db, threadId: string, senderId: string) =>
  db
    .updateTable('message_participants')
    .set({ is_archived: false })
    .where('thread_id', '=', threadId)
    .where('user_id', '<>', senderId)
    .where('is_archived', '=', true)
    .execute()

/** Puts a thread out of one participant's way, or back. */
export const archiveThread = (
  db: Db,
  organizationId: string,
  threadId: string,
  userId: string,
  archived: boolean,
) =>
  db
    .updateTable('message_participants')
    .set({ is_archived: archived })
    .where('organization_id', '=', organizationId)
    .where('thread_id', '=', threadId)
    .where('user_id', '=', userId)
    .execute()

/** Makes the latest message of somebody else unread for one participant. Without one there is nothing to read. */
export const markThreadUnread = (db: Db, organizationId: string, threadId: string, userId: string) =>
  db
    .updateTable('message_participants as me')
    .from('messages as latest')
    .set({ last_read_at: sql<string>`latest.created_at - interval '1 millisecond'` })
    .where('me.organization_id', '=', organizationId)
    .where('me.thread_id', '=', threadId)
    .where('me.user_id', '=', userId)
    .where('latest.id', '=', (eb) =>
      eb
        .selectFrom('messages as m')
        .where('m.thread_id', '=', threadId)
        .where('m.sender_id', '<>', userId)
        .orderBy('m.created_at', 'desc')
        .orderBy('m.id', 'desc')
        .limit(1)
        .select('m.id'),
    )
    .where(sql<SqlBool>`me.last_read_at >= latest.created_at`)
    .execute()

/** Marks a thread read for one participant up to the message that was shown; never back. */
export const markThreadRead = (
  db: Db,
  organizationId: string,
  threadId: string,
  userId: string,
  readTo: string,
) =>
  db
    .updateTable('message_participants')
    .set({ last_read_at: readTo })
    .where('organization_id', '=', organizationId)
    .where('thread_id', '=', threadId)
    .where('user_id', '=', userId)
    .where(sql<SqlBool>`coalesce(last_read_at, '-infinity') < ${readTo}`)
    .execute()
