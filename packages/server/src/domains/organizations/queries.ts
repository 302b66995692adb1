import { sql, type Updateable } from 'kysely'
import { rowAfter, type Slice } from '../../db/keyset.ts'
import type { Db } from '../../db/scope.ts'
import type { OrganizationsTable } from '../../generated/database.ts'
import type { EndedImpersonation } from '../admin/ended.ts'

const ofMember = (db: Db, userId: string) =>
  db
    .selectFrom('organization_memberships as m')
    .innerJoin('organizations as o', 'o.id', 'm.organization_id')
    .where('m.user_id', '=', userId)
    .where('m.deleted_at', 'is', null)
    .where('o.deleted_at', 'is', null)

/** Where the person is a member, by name. */
export const listOrganizations = (db: Db, userId: string, { after, limit }: Slice) =>
  ofMember(db, userId)
    .select(['o.id', 'o.name', 'o.timezone', 'o.subscription_status', 'm.role', 'o.created_at'])
    .$if(after !== null, (query) => query.where(rowAfter(['o.name', 'o.id'], 'ascending', after ?? [])))
    .orderBy('o.name')
    .orderBy('o.id')
    .limit(limit)
    .execute()

export const countOrganizations = async (db: Db, userId: string): Promise<number> =>
  (
    await ofMember(db, userId)
      .select((eb) => eb.fn.countAll<number>().as('n'))
      .executeTakeFirstOrThrow()
  ).n

export const findOrganization = (db: Db, id: string) =>
  db
    .selectFrom('organizations')
    .select([
      'id',
      'name',
      'tax_id',
      'timezone',
      'settings',
      'subscription_status',
      'member_count',
      'patient_count',
      'created_at',
      'updated_at',
    ])
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
    .executeTakeFirst()

/** Makes the organization and its first ADMIN, the person in scope. */
export const createOrganization = (
  db: Db,
  organization: {
    readonly id: string
    readonly membershipId: string
    readonly name: string
    readonly taxId: string | null
    readonly timezone: string
    readonly settings: object
  },
) =>
  sql`select create_organization(${organization.id}, ${organization.membershipId}, ${organization.name},
    ${organization.taxId}, ${organization.timezone}, ${JSON.stringify(organization.settings)}::jsonb)`.execute(
    db,
  )

export const updateOrganization = (db: Db, id: string, changes: Updateable<OrganizationsTable>) =>
  db.updateTable('organizations').set(changes).where('id', '=', id).where('deleted_at', 'is', null).execute()

/** From now on nothing in it answers: the gates and the functions around them know no deleted organization. */
export const deleteOrganization = (db: Db, id: string, now: Date) =>
  db
    .updateTable('organizations')
    .set({ deleted_at: now })
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
    .execute()

/** Ends whatever impersonations still run there, and their sessions. */
export async function endImpersonations(db: Db, id: string, now: Date): Promise<EndedImpersonation[]> {
  const { rows } = await sql<EndedImpersonation>`
    with ended as (
      update impersonations i set ended_at = ${now}
        where i.organization_id = ${id} and i.ended_at is null and i.expires_at > ${now}
        returning i.id, i.organization_id, i.patient_id, i.admin_user_id
    ), sessions as (
      update user_sessions s set revoked_at = ${now}, revoked_reason = 'IMPERSONATION_ENDED'
        from ended e where s.impersonation_id = e.id and s.revoked_at is null
    )
    select e.*, p.user_id from ended e join patients p on p.id = e.patient_id`.execute(db)
  return rows
}
