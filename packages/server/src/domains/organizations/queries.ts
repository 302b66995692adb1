import { sql } from 'kysely'
import { rowAfter, type Slice } from '../../db/keyset.ts'
import type { Db } from '../../db/scope.ts'

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
