import { type Insertable, type SqlBool, sql, type Updateable } from 'kysely'
import { jsonObjectFrom } from 'kysely/helpers/postgres'
import { rowAfter, type Slice } from '../../db/keyset.ts'
import { attempt, type Db } from '../../db/scope.ts'
import type { CallsTable } from '../../generated/database.ts'
import { problem } from '../../http/problem.ts'

const OPEN = ['INITIATING', 'IN_PROGRESS'] as const
const DAY_MS = 24 * 3_600_000

const calls = (db: Db, organizationId: string) =>
  db.selectFrom('calls as c').where('c.organization_id', '=', organizationId)

const columns = [
  'c.id',
  'c.organization_id',
  'c.call_type',
  'c.status',
  'c.caller_id',
  'c.reason',
  'c.outcome',
  'c.notes',
  'c.entered_queue_at',
  'c.started_at',
  'c.ended_at',
  'c.wait_time_seconds',
  'c.duration_seconds',
  'c.version',
  'c.created_at',
  'c.updated_at',
] as const

const patientOf = (db: Db) =>
  jsonObjectFrom(
    db
      .selectFrom('organization_patients as e')
      .whereRef('e.organization_id', '=', sql.ref('c.organization_id'))
      .whereRef('e.patient_id', '=', sql.ref('c.patient_id'))
      .select(['e.patient_id as id', 'e.first_name', 'e.last_name']),
  )

const shown = (db: Db, rows: ReturnType<typeof calls>) =>
  rows.select(columns).select((eb) => [
    patientOf(db).as('patient'),
    jsonObjectFrom(
      eb.selectFrom('users as u').whereRef('u.id', '=', 'c.agent_id').select(['u.id', 'u.display_name']),
    ).as('agent'),
    sql<'NONE' | 'AVAILABLE' | 'REDACTED'>`case when c.recording_redacted_at is not null then 'REDACTED'
        when c.recording_key is not null then 'AVAILABLE' else 'NONE' end`.as('recording'),
  ])

export const findCall = (db: Db, organizationId: string, id: string) =>
  shown(db, calls(db, organizationId).where('c.id', '=', id)).executeTakeFirst()

/** The call as it stands, locked until the transaction ends. */
export const lockCall = (db: Db, organizationId: string, id: string) =>
  calls(db, organizationId)
    .where('c.id', '=', id)
    .select([
      'c.id',
      'c.call_type',
      'c.status',
      'c.agent_id',
      'c.entered_queue_at',
      'c.started_at',
      'c.version',
    ])
    .forUpdate()
    .executeTakeFirst()

const waiting = (db: Db, organizationId: string) => calls(db, organizationId).where('c.status', '=', 'QUEUED')

/** Who waits, the first comer first. */
export const listQueue = (db: Db, organizationId: string, { after, limit }: Slice) =>
  waiting(db, organizationId)
    .select(['c.id', 'c.caller_id', 'c.reason', 'c.entered_queue_at'])
    .select(patientOf(db).as('patient'))
    .$narrowType<{ entered_queue_at: string }>()
    .$if(after !== null, (query) =>
      query.where(rowAfter(['c.entered_queue_at', 'c.id'], 'ascending', after ?? [])),
    )
    .orderBy('c.entered_queue_at')
    .orderBy('c.id')
    .limit(limit)
    .execute()

/** How many wait no shorter than whoever is at this place in the order. */
export async function countUpTo(db: Db, organizationId: string, place: Slice['after']): Promise<number> {
  if (place === null) return 0
  const { n } = await waiting(db, organizationId)
    .where(sql<SqlBool>`(c.entered_queue_at, c.id) <= (${sql.join(place)})`)
    .select((eb) => eb.fn.countAll<number>().as('n'))
    .executeTakeFirstOrThrow()
  return n
}

/** How the queue does: who waits now, and the averages of the calls answered in the last 24 hours. */
export const readQueue = (db: Db, organizationId: string, now: Date) =>
  db
    .selectNoFrom([
      waiting(db, organizationId)
        .select((eb) => eb.fn.countAll<number>().as('n'))
        .as('waiting'),
      waiting(db, organizationId).select(sql<string | null>`min(c.entered_queue_at)`.as('at')).as('first_at'),
      answered(db, organizationId, now)
        .select(sql<number | null>`round(avg(c.wait_time_seconds))::integer`.as('s'))
        .as('average_wait_seconds'),
      answered(db, organizationId, now)
        .select(sql<number | null>`round(avg(c.duration_seconds))::integer`.as('s'))
        .as('average_duration_seconds'),
    ])
    .executeTakeFirstOrThrow()

const answered = (db: Db, organizationId: string, now: Date) =>
  calls(db, organizationId)
    .where('c.call_type', '=', 'INBOUND')
    .where('c.started_at', '>=', new Date(now.getTime() - DAY_MS).toISOString())

/** Who answers calls here, and whether they are in one. */
export const listAgents = (db: Db, organizationId: string) =>
  db
    .selectFrom('organization_memberships as m')
    .innerJoin('users as u', 'u.id', 'm.user_id')
    .where('m.organization_id', '=', organizationId)
    .where('m.role', '=', 'CALL_CENTER_AGENT')
    .where('m.deleted_at', 'is', null)
    .where('u.deleted_at', 'is', null)
    .where('u.suspended_at', 'is', null)
    .select('m.user_id')
    .select(({ exists }) =>
      exists(
        calls(db, organizationId)
          .whereRef('c.agent_id', '=', sql.ref('m.user_id'))
          .where('c.status', 'in', OPEN)
          .select('c.id'),
      ).as('busy'),
    )
    .orderBy('m.user_id')
    .execute()

/** Whose call it may be: patients here who have this number. */
export const listCandidates = (db: Db, organizationId: string, number: string, limit: number) =>
  db
    .selectFrom('organization_patients as e')
    .innerJoin('patients as p', 'p.id', 'e.patient_id')
    .where('e.organization_id', '=', organizationId)
    .where('e.deleted_at', 'is', null)
    .where('p.deleted_at', 'is', null)
    .where('e.patient_id', 'in', (eb) =>
      eb
        .selectFrom('contact_methods as m')
        .where('m.value', '=', number)
        .where('m.type', '<>', 'EMAIL')
        .select('m.patient_id'),
    )
    .select(['e.patient_id as id', 'e.first_name', 'e.last_name'])
    .orderBy('e.last_name')
    .orderBy('e.first_name')
    .orderBy('e.patient_id')
    .limit(limit)
    .execute()

type NewCall = Insertable<CallsTable>

export const insertCall = (db: Db, call: NewCall) => db.insertInto('calls').values(call).execute()

const busy = problem('CONFLICT', 'You are in another call: complete it first.')

/** CONFLICT when its agent is in a call already. */
export const insertAgentsCall = (db: Db, call: NewCall) =>
  attempt(db, { calls_one_at_a_time: busy }, () => insertCall(db, call))

/** One at a time takes from an organization's queue: whoever comes meanwhile waits until the transaction ends. */
export const holdQueue = (db: Db, organizationId: string) =>
  sql`select pg_advisory_xact_lock(hashtextextended(${`call-queue ${organizationId}`}, 0))`.execute(db)

/** Whose turn it is. */
export async function findFirst(db: Db, organizationId: string): Promise<string | undefined> {
  const first = await waiting(db, organizationId)
    .select('c.id')
    .orderBy('c.entered_queue_at')
    .orderBy('c.id')
    .limit(1)
    .executeTakeFirst()
  return first?.id
}

/** Gives a waiting call to an agent. False when it waits no longer; CONFLICT when the agent is in a call already. */
export const takeCall = (db: Db, organizationId: string, id: string, agentId: string, now: Date) =>
  attempt(db, { calls_one_at_a_time: busy }, async () => {
    const { numUpdatedRows } = await db
      .updateTable('calls')
      .set({
        agent_id: agentId,
        status: 'IN_PROGRESS',
        started_at: now,
        wait_time_seconds: waited(now),
        version: sql<number>`version + 1`,
      })
      .where('organization_id', '=', organizationId)
      .where('id', '=', id)
      .where('status', '=', 'QUEUED')
      .executeTakeFirst()
    return numUpdatedRows > 0n
  })

const waited = (now: Date) =>
  sql<number>`greatest(0, floor(extract(epoch from ${now}::timestamptz - entered_queue_at)))::integer`

/** Changes a call that is locked. */
export const updateCall = (db: Db, organizationId: string, id: string, changes: Updateable<CallsTable>) =>
  db
    .updateTable('calls')
    .set({ ...changes, version: sql<number>`version + 1` })
    .where('organization_id', '=', organizationId)
    .where('id', '=', id)
    .execute()

/** Nobody answered: these calls wait no longer. */
const missed = (db: Db, organizationId: string, now: Date) =>
  db
    .updateTable('calls')
    .set({
      status: 'MISSED',
      ended_at: now,
      wait_time_seconds: waited(now),
      version: sql<number>`version + 1`,
    })
    .where('organization_id', '=', organizationId)
    .where('status', '=', 'QUEUED')

export const missCall = (db: Db, organizationId: string, id: string, now: Date) =>
  missed(db, organizationId, now).where('id', '=', id).execute()

/** Gives up on whoever entered the queue before `before`, at most so many; answers their ids. */
export const missStaleCalls = (db: Db, organizationId: string, before: Date, now: Date, limit: number) =>
  missed(db, organizationId, now)
    .where('id', 'in', (eb) =>
      eb
        .selectFrom('calls as s')
        .where('s.organization_id', '=', organizationId)
        .where('s.status', '=', 'QUEUED')
        .where('s.entered_queue_at', '<', before.toISOString())
        .select('s.id')
        .orderBy('s.entered_queue_at')
        .limit(limit)
        .forUpdate()
        .skipLocked(),
    )
    .returning('id')
    .execute()

/** Organizations where somebody has waited since before `before`. */
export async function listOrganizationsWithStale(db: Db, before: Date): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select id from organizations_with_stale_calls(${before}) id`.execute(db)
  return rows.map(({ id }) => id)
}

interface CallFilter {
  readonly agentId?: string
  readonly patientId?: string
}

const filtered = (db: Db, organizationId: string, { agentId, patientId }: CallFilter) => {
  let query = calls(db, organizationId)
  if (agentId !== undefined) query = query.where('c.agent_id', '=', agentId)
  if (patientId !== undefined) query = query.where('c.patient_id', '=', patientId)
  return query
}

/** The newest first. */
export const listCalls = (db: Db, organizationId: string, filter: CallFilter, { after, limit }: Slice) =>
  shown(db, filtered(db, organizationId, filter))
    .$if(after !== null, (query) =>
      query.where(rowAfter(['c.created_at', 'c.id'], 'descending', after ?? [])),
    )
    .orderBy('c.created_at', 'desc')
    .orderBy('c.id', 'desc')
    .limit(limit)
    .execute()

export async function countCalls(db: Db, organizationId: string, filter: CallFilter): Promise<number> {
  const { n } = await filtered(db, organizationId, filter)
    .select((eb) => eb.fn.countAll<number>().as('n'))
    .executeTakeFirstOrThrow()
  return n
}

/** The patient's enrollment, held until the end: of two who call the same patient, the second counts the first. */
export const holdEnrollment = (db: Db, organizationId: string, patientId: string) =>
  db
    .selectFrom('organization_patients')
    .where('organization_id', '=', organizationId)
    .where('patient_id', '=', patientId)
    .where('deleted_at', 'is', null)
    .select('patient_id')
    .forNoKeyUpdate()
    .executeTakeFirst()

/** How often the patient was called since the day began where the organization is. */
export async function countAttempts(
  db: Db,
  organizationId: string,
  patientId: string,
  now: Date,
): Promise<number> {
  const { n } = await calls(db, organizationId)
    .innerJoin('organizations as o', 'o.id', 'c.organization_id')
    .where('c.patient_id', '=', patientId)
    .where('c.call_type', '=', 'OUTBOUND')
    .where(
      sql<SqlBool>`c.created_at >= date_trunc('day', ${now}::timestamptz at time zone o.timezone) at time zone o.timezone`,
    )
    .select((eb) => eb.fn.countAll<number>().as('n'))
    .executeTakeFirstOrThrow()
  return n
}

export const findRecording = (db: Db, organizationId: string, id: string) =>
  calls(db, organizationId)
    .where('c.id', '=', id)
    .select(['c.recording_key', 'c.recording_type', 'c.recording_redacted_at'])
    .executeTakeFirst()

/** The same, locked until the transaction ends. */
export const lockRecording = (db: Db, organizationId: string, id: string) =>
  calls(db, organizationId)
    .where('c.id', '=', id)
    .select(['c.recording_key', 'c.recording_redacted_at'])
    .forUpdate()
    .executeTakeFirst()
