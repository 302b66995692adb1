import { type Insertable, type SqlBool, sql } from 'kysely'
import { streamed } from '../../db/cursor.ts'
import { rowAfter, type Slice } from '../../db/keyset.ts'
import type { Db } from '../../db/scope.ts'
import type { operations } from '../../generated/contract.ts'
import type { ImpersonationsTable, UserSessionsTable } from '../../generated/database.ts'

/** Which rows of the trail are asked for. */
export type AuditFilters = NonNullable<operations['exportAuditLogs']['parameters']['query']>

/** The patient as enrolled here, with the login if there is a live one. */
export const findTarget = (db: Db, organizationId: string, patientId: string) =>
  db
    .selectFrom('organization_patients as e')
    .innerJoin('organizations as o', 'o.id', 'e.organization_id')
    .innerJoin('patients as p', 'p.id', 'e.patient_id')
    .leftJoin('users as u', (join) => join.onRef('u.id', '=', 'p.user_id').on('u.deleted_at', 'is', null))
    .where('o.deleted_at', 'is', null)
    .select(['p.id', 'p.first_name', 'p.last_name', 'e.status', 'u.id as user_id'])
    .where('e.organization_id', '=', organizationId)
    .where('e.patient_id', '=', patientId)
    .where('e.deleted_at', 'is', null)
    .where('p.deleted_at', 'is', null)
    .executeTakeFirst()

export async function insertImpersonation(
  db: Db,
  impersonation: Insertable<ImpersonationsTable>,
  session: Insertable<UserSessionsTable>,
): Promise<void> {
  await db.insertInto('impersonations').values(impersonation).execute()
  await db.insertInto('user_sessions').values(session).execute()
}

export const lockImpersonation = (db: Db, organizationId: string, id: string) =>
  db
    .selectFrom('impersonations as i')
    .innerJoin('patients as p', 'p.id', 'i.patient_id')
    .select(['i.id', 'i.patient_id', 'i.admin_user_id', 'i.expires_at', 'i.ended_at', 'p.user_id'])
    .where('i.organization_id', '=', organizationId)
    .where('i.id', '=', id)
    .forUpdate('i')
    .executeTakeFirst()

/** Ends it and its session, so that its token dies at once. */
export async function endImpersonation(db: Db, id: string, endedBy: string, now: Date): Promise<void> {
  await db
    .updateTable('impersonations')
    .set({ ended_at: now, ended_by: endedBy })
    .where('id', '=', id)
    .execute()
  await db
    .updateTable('user_sessions')
    .set({ revoked_at: now, revoked_reason: 'IMPERSONATION_ENDED' })
    .where('impersonation_id', '=', id)
    .where('revoked_at', 'is', null)
    .execute()
}

interface ImpersonationFilters {
  readonly status?: 'ACTIVE' | 'ENDED'
  readonly patient_id?: string
}

const matchingImpersonations = (
  db: Db,
  organizationId: string | null,
  filters: ImpersonationFilters,
  now: Date,
) => {
  const running = sql<SqlBool>`(i.ended_at is null and i.expires_at > ${now})`
  let query = db.selectFrom('impersonations as i')
  if (organizationId !== null) query = query.where('i.organization_id', '=', organizationId)
  if (filters.patient_id !== undefined) query = query.where('i.patient_id', '=', filters.patient_id)
  if (filters.status !== undefined)
    query = query.where(filters.status === 'ACTIVE' ? running : sql<SqlBool>`not ${running}`)
  return query
}

/** Newest first. Patients are out of sight for a caller without an organization: their names are null then. */
export const listImpersonations = (
  db: Db,
  organizationId: string | null,
  filters: ImpersonationFilters,
  now: Date,
  { after, limit }: Slice,
) =>
  matchingImpersonations(db, organizationId, filters, now)
    .innerJoin('users as u', 'u.id', 'i.admin_user_id')
    .leftJoin('patients as p', 'p.id', 'i.patient_id')
    .select([
      'i.id',
      'i.organization_id',
      'i.patient_id',
      sql<string | null>`p.first_name || ' ' || p.last_name`.as('patient_name'),
      'i.admin_user_id',
      'u.display_name as admin_name',
      'i.reason',
      'i.started_at',
      'i.expires_at',
      'i.ended_at',
    ])
    .$if(after !== null, (query) =>
      query.where(rowAfter(['i.started_at', 'i.id'], 'descending', after ?? [])),
    )
    .orderBy('i.started_at', 'desc')
    .orderBy('i.id', 'desc')
    .limit(limit)
    .execute()

export const countImpersonations = async (
  db: Db,
  organizationId: string | null,
  filters: ImpersonationFilters,
  now: Date,
): Promise<number> =>
  (
    await matchingImpersonations(db, organizationId, filters, now)
      .select((eb) => eb.fn.countAll<number>().as('n'))
      .executeTakeFirstOrThrow()
  ).n

/** The zone that a date of a filter is meant in. */
export const findTimeZone = async (db: Db, organizationId: string): Promise<string | undefined> =>
  (
    await db
      .selectFrom('organizations')
      .select('timezone')
      .where('id', '=', organizationId)
      .where('deleted_at', 'is', null)
      .executeTakeFirst()
  )?.timezone

const matchingAuditLogs = (
  db: Db,
  organizationId: string | null,
  filters: AuditFilters,
  timezone: string,
) => {
  const { actor, resource_type, resource_id, action_type, outcome, start_date, end_date } = filters
  let query = db.selectFrom('audit_logs as a')
  if (organizationId !== null) query = query.where('a.organization_id', '=', organizationId)
  if (actor !== undefined)
    query = query.where((eb) =>
      eb.or([eb('a.actor_user_id', '=', actor), eb('a.impersonator_id', '=', actor)]),
    )
  if (resource_type !== undefined) query = query.where('a.resource_type', '=', resource_type)
  if (resource_id !== undefined) query = query.where('a.resource_id', '=', resource_id)
  if (action_type !== undefined) query = query.where('a.action_type', '=', action_type)
  if (outcome !== undefined) query = query.where('a.outcome', '=', outcome)
  if (start_date !== undefined)
    query = query.where(
      sql<SqlBool>`a.occurred_at >= ${start_date}::date::timestamp at time zone ${timezone}`,
    )
  if (end_date !== undefined)
    query = query.where(
      sql<SqlBool>`a.occurred_at < (${end_date}::date + 1)::timestamp at time zone ${timezone}`,
    )
  return query
}

/** Newest first. */
const orderedAuditLogs = (db: Db, organizationId: string | null, filters: AuditFilters, timezone: string) =>
  matchingAuditLogs(db, organizationId, filters, timezone)
    .leftJoin('users as u', 'u.id', 'a.actor_user_id')
    .leftJoin('api_keys as k', 'k.id', 'a.actor_user_id')
    .select((eb) => [
      'a.id',
      'a.occurred_at',
      'a.actor_type',
      'a.actor_user_id',
      eb.fn.coalesce('u.display_name', 'k.name').as('actor_name'),
      'a.impersonator_id',
      'a.organization_id',
      'a.operation_id',
      'a.action_type',
      'a.resource_type',
      'a.resource_id',
      'a.outcome',
      'a.problem_code',
      'a.reason',
      'a.request_id',
      'a.ip_address',
      'a.user_agent',
      'a.changes',
    ])
    .orderBy('a.occurred_at', 'desc')
    .orderBy('a.id', 'desc')

export const listAuditLogs = (
  db: Db,
  organizationId: string | null,
  filters: AuditFilters,
  timezone: string,
  { after, limit }: Slice,
) =>
  orderedAuditLogs(db, organizationId, filters, timezone)
    .$if(after !== null, (query) =>
      query.where(rowAfter(['a.occurred_at', 'a.id'], 'descending', after ?? [])),
    )
    .limit(limit)
    .execute()

/** A row as it is kept, with the actor's name of today. */
export type AuditRow = Awaited<ReturnType<typeof listAuditLogs>>[number]

/** All of them, as the trail is at this instant, a few at a time. */
export const streamAuditLogs = (
  db: Db,
  organizationId: string | null,
  filters: AuditFilters,
  timezone: string,
) => streamed(db, orderedAuditLogs(db, organizationId, filters, timezone))

export const countAuditLogs = async (
  db: Db,
  organizationId: string | null,
  filters: AuditFilters,
  timezone: string,
): Promise<number> =>
  (
    await matchingAuditLogs(db, organizationId, filters, timezone)
      .select((eb) => eb.fn.countAll<number>().as('n'))
      .executeTakeFirstOrThrow()
  ).n
