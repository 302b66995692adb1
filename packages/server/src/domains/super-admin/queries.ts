import { type SqlBool, sql, type Updateable } from 'kysely'
import { jsonArrayFrom } from 'kysely/helpers/postgres'
import { rowAfter, type Slice } from '../../db/keyset.ts'
import type { Db } from '../../db/scope.ts'
import { containing, instantText } from '../../db/wire.ts'
import type { operations } from '../../generated/contract.ts'
import type { UsersTable } from '../../generated/database.ts'

type OrganizationFilters = NonNullable<operations['listAllOrganizations']['parameters']['query']>
type UserFilters = NonNullable<operations['listAllUsers']['parameters']['query']>
type PlatformRole = 'SUPER_ADMIN' | 'SUPPORT_AGENT'

const organizationColumns = [
  'id',
  'name',
  'timezone',
  'suspended_at',
  'suspended_reason',
  'subscription_status',
  'member_count',
  'patient_count',
  'created_at',
] as const

const organizationStatus = sql<
  'ACTIVE' | 'SUSPENDED'
>`case when suspended_at is null then 'ACTIVE' else 'SUSPENDED' end`

const organizations = (db: Db, { search, status, subscription_status }: OrganizationFilters) => {
  let query = db.selectFrom('organizations').where('deleted_at', 'is', null)
  if (search !== undefined)
    query = query.where(sql<SqlBool>`search_form(name) like search_form(${containing(search)})`)
  if (status !== undefined) query = query.where('suspended_at', status === 'ACTIVE' ? 'is' : 'is not', null)
  if (subscription_status !== undefined) query = query.where('subscription_status', '=', subscription_status)
  return query
}

/** By name. */
export const listOrganizations = (db: Db, filters: OrganizationFilters, { after, limit }: Slice) =>
  organizations(db, filters)
    .select(organizationColumns)
    .select(organizationStatus.as('status'))
    .$if(after !== null, (query) => query.where(rowAfter(['name', 'id'], 'ascending', after ?? [])))
    .orderBy('name')
    .orderBy('id')
    .limit(limit)
    .execute()

export const countOrganizations = async (db: Db, filters: OrganizationFilters): Promise<number> =>
  (
    await organizations(db, filters)
      .select((eb) => eb.fn.countAll<number>().as('n'))
      .executeTakeFirstOrThrow()
  ).n

export const findOrganization = (db: Db, id: string) =>
  organizations(db, {})
    .select(organizationColumns)
    .select(organizationStatus.as('status'))
    .where('id', '=', id)
    .executeTakeFirst()

/** Suspends from an instant, for a reason; or lets in again, with neither. Answers whether that changed anything. */
export async function setSuspension(
  db: Db,
  id: string,
  at: Date | null,
  reason: string | null,
): Promise<boolean> {
  const { rows } = await sql<{ changed: boolean }>`
    select set_organization_suspension(${id}, ${at}, ${reason}) as changed`.execute(db)
  return rows[0]?.changed ?? false
}

// What counts most: a suspended account that is also locked is suspended.
const accountStatus = (now: Date) =>
  sql<'ACTIVE' | 'LOCKED' | 'SUSPENDED'>`case when suspended_at is not null then 'SUSPENDED'
    when locked_until > ${now} then 'LOCKED' else 'ACTIVE' end`

const platformRoles = sql<
  PlatformRole[]
>`array_remove(array[case when is_super_admin then 'SUPER_ADMIN' end, case when is_support_agent then 'SUPPORT_AGENT' end], null)`

const userColumns = [
  'id',
  'email',
  'display_name',
  'mfa_enabled',
  'must_reset_password',
  'last_login_at',
  'created_at',
] as const

const users = (db: Db, { search, status, mfa_enabled }: UserFilters, now: Date) => {
  let query = db.selectFrom('users').where('deleted_at', 'is', null)
  if (search !== undefined)
    query = query.where(
      sql<SqlBool>`search_form(display_name || ' ' || email::text) like search_form(${containing(search)})`,
    )
  if (status !== undefined) query = query.where(accountStatus(now), '=', status)
  if (mfa_enabled !== undefined) query = query.where('mfa_enabled', '=', mfa_enabled)
  return query
}

/** Newest first. */
export const listUsers = (db: Db, filters: UserFilters, now: Date, { after, limit }: Slice) =>
  users(db, filters, now)
    .select(userColumns)
    .select([accountStatus(now).as('status'), platformRoles.as('platform_roles')])
    .$if(after !== null, (query) => query.where(rowAfter(['created_at', 'id'], 'descending', after ?? [])))
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit)
    .execute()

export const countUsers = async (db: Db, filters: UserFilters, now: Date): Promise<number> =>
  (
    await users(db, filters, now)
      .select((eb) => eb.fn.countAll<number>().as('n'))
      .executeTakeFirstOrThrow()
  ).n

/** The account with where the person works and the sessions that are still open. */
export const findUser = (db: Db, id: string, now: Date) =>
  users(db, {}, now)
    .select([...userColumns, 'timezone', 'suspended_at', 'suspended_reason', 'failed_login_attempts'])
    .select([accountStatus(now).as('status'), platformRoles.as('platform_roles')])
    .select((eb) => [
      eb
        .case()
        .when('locked_until', '>', now.toISOString())
        .then(eb.ref('locked_until'))
        .else(null)
        .end()
        .as('locked_until'),
      jsonArrayFrom(
        eb
          .selectFrom('organization_memberships as m')
          .innerJoin('organizations as o', 'o.id', 'm.organization_id')
          .select(['m.organization_id', 'o.name as organization_name', 'm.role'])
          .whereRef('m.user_id', '=', 'users.id')
          .where('m.deleted_at', 'is', null)
          .where('o.deleted_at', 'is', null)
          .orderBy('o.name')
          .orderBy('o.id')
          .limit(1000),
      ).as('organizations'),
      jsonArrayFrom(
        eb
          .selectFrom('user_sessions as s')
          .select([
            's.id',
            's.device',
            's.user_agent',
            sql<string | null>`host(s.ip_address)`.as('ip_address'),
            sql<boolean>`s.impersonation_id is not null`.as('is_impersonation'),
            instantText(sql.ref('s.created_at')).as('created_at'),
            instantText(sql.ref('s.last_active_at')).as('last_active_at'),
            instantText(sql.ref('s.expires_at')).as('expires_at'),
          ])
          .whereRef('s.user_id', '=', 'users.id')
          .where('s.revoked_at', 'is', null)
          .where('s.expires_at', '>', now.toISOString())
          .where(sql<SqlBool>`s.last_active_at + make_interval(secs => s.idle_seconds) > ${now}`)
          .orderBy('s.last_active_at', 'desc')
          .orderBy('s.id', 'desc')
          .limit(100),
      ).as('sessions'),
    ])
    .where('id', '=', id)
    .executeTakeFirst()

/** The account, locked until the transaction ends. */
export const lockUser = (db: Db, id: string) =>
  db
    .selectFrom('users')
    .select(['id', 'email', 'is_super_admin', 'suspended_at'])
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
    .forUpdate()
    .executeTakeFirst()

/**
 * The super-admins that can still act, locked in one order: of two who suspend each other at once, the second
 * sees what the first did.
 */
export const lockSuperAdmins = async (db: Db): Promise<readonly string[]> => {
  const rows = await db
    .selectFrom('users')
    .select('id')
    .where('is_super_admin', '=', true)
    .where('deleted_at', 'is', null)
    .where('suspended_at', 'is', null)
    .orderBy('id')
    .forUpdate()
    .execute()
  return rows.map(({ id }) => id)
}

export const updateUser = (db: Db, id: string, changes: Updateable<UsersTable>) =>
  db.updateTable('users').set(changes).where('id', '=', id).execute()
