import type { Updateable } from 'kysely'
import { rowAfter, type Slice } from '../../db/keyset.ts'
import type { Db } from '../../db/scope.ts'
import type { UsersTable } from '../../generated/database.ts'

export const findUser = (db: Db, id: string) =>
  db
    .selectFrom('users')
    .select(['id', 'email', 'display_name', 'timezone', 'mfa_enabled', 'created_at'])
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
    .executeTakeFirst()

export const updateUser = (db: Db, id: string, changes: Updateable<UsersTable>) =>
  db.updateTable('users').set(changes).where('id', '=', id).execute()

/** What the person may be contacted about; unchanged since the account was made until stated. */
export const findPreferences = (db: Db, id: string) =>
  db
    .selectFrom('users')
    .select((eb) => [
      'transactional_consent',
      'marketing_consent',
      eb.fn.coalesce('preferences_updated_at', 'created_at').as('updated_at'),
    ])
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
    .executeTakeFirst()

/** Where the person works, with the record behind the role. */
export const listMemberships = (db: Db, userId: string) =>
  db
    .selectFrom('organization_memberships as m')
    .innerJoin('organizations as o', 'o.id', 'm.organization_id')
    .leftJoin('providers as p', (join) =>
      join.onRef('p.user_id', '=', 'm.user_id').on('p.deleted_at', 'is', null),
    )
    .leftJoin('staff as s', (join) =>
      join.onRef('s.user_id', '=', 'm.user_id').on('s.deleted_at', 'is', null),
    )
    .select((eb) => [
      'm.organization_id',
      'o.name as organization_name',
      'm.role',
      eb
        .case()
        .when('m.role', '=', 'PROVIDER')
        .then(eb.ref('p.id'))
        .when('m.role', 'in', ['STAFF', 'CALL_CENTER_AGENT'])
        .then(eb.ref('s.id'))
        .else(null)
        .end()
        .as('role_entity_id'),
    ])
    .where('m.user_id', '=', userId)
    .where('m.deleted_at', 'is', null)
    .where('o.deleted_at', 'is', null)
    .orderBy('o.name')
    .orderBy('o.id')
    .execute()

export const findOwnPatient = (db: Db, userId: string) =>
  db
    .selectFrom('patients')
    .select(['id as patient_id', 'first_name', 'last_name'])
    .where('user_id', '=', userId)
    .where('deleted_at', 'is', null)
    .executeTakeFirst()

export const findProxy = (db: Db, userId: string) =>
  db
    .selectFrom('proxies')
    .select('id')
    .where('user_id', '=', userId)
    .where('deleted_at', 'is', null)
    .executeTakeFirst()

const managed = (db: Db, proxyId: string, now: Date) =>
  db
    .selectFrom('patient_proxy_assignments as a')
    .innerJoin('patients as p', 'p.id', 'a.patient_id')
    .where('a.proxy_id', '=', proxyId)
    .where('a.deleted_at', 'is', null)
    .where('p.deleted_at', 'is', null)
    .where((eb) => eb.or([eb('a.expires_at', 'is', null), eb('a.expires_at', '>', now.toISOString())]))

/** Whom the proxy acts for now, by name. */
export const listManagedPatients = (db: Db, proxyId: string, now: Date, { after, limit }: Slice) =>
  managed(db, proxyId, now)
    .select([
      'a.patient_id',
      'p.first_name',
      'p.last_name',
      'a.relationship_type',
      'a.can_view_clinical_notes',
      'a.can_view_billing',
      'a.can_schedule_appointments',
      'a.expires_at',
    ])
    .$if(after !== null, (query) =>
      query.where(rowAfter(['p.last_name', 'p.first_name', 'p.id'], 'ascending', after ?? [])),
    )
    .orderBy('p.last_name')
    .orderBy('p.first_name')
    .orderBy('p.id')
    .limit(limit)
    .execute()

export const countManagedPatients = async (db: Db, proxyId: string, now: Date): Promise<number> =>
  (
    await managed(db, proxyId, now)
      .select((eb) => eb.fn.countAll<number>().as('n'))
      .executeTakeFirstOrThrow()
  ).n

/** Where the patients are in care. */
export const listEnrollments = (db: Db, patientIds: readonly string[]) =>
  db
    .selectFrom('organization_patients as e')
    .innerJoin('organizations as o', 'o.id', 'e.organization_id')
    .select([
      'e.patient_id',
      'e.organization_id',
      'o.name as organization_name',
      'e.status',
      'e.medical_record_number',
    ])
    .where('e.patient_id', 'in', patientIds)
    .where('e.deleted_at', 'is', null)
    .where('o.deleted_at', 'is', null)
    .orderBy('o.name')
    .orderBy('o.id')
    .execute()
