import { type SqlBool, sql } from 'kysely'
import { rowAfter, type Slice } from '../../db/keyset.ts'
import { attempt, type Db } from '../../db/scope.ts'
import { containing } from '../../db/wire.ts'
import type { components } from '../../generated/contract.ts'
import { problem } from '../../http/problem.ts'

type Licenses = components['schemas']['StateLicenses']

interface ProviderFilter {
  readonly organizationId: string
  readonly specialty?: string | undefined
  /** Part of the name, or the beginning of the NPI. */
  readonly search?: string | undefined
}

const filtered = (db: Db, { organizationId, specialty, search }: ProviderFilter) => {
  let query = db
    .selectFrom('organization_memberships as m')
    .innerJoin('providers as r', 'r.user_id', 'm.user_id')
    .innerJoin('users as u', 'u.id', 'r.user_id')
    .innerJoin('organizations as o', 'o.id', 'm.organization_id')
    .where('m.organization_id', '=', organizationId)
    .where('m.deleted_at', 'is', null)
    .where('r.deleted_at', 'is', null)
    .where('u.deleted_at', 'is', null)
  if (specialty !== undefined)
    query = query.where(sql<SqlBool>`lower(r.specialty) = lower(${specialty.trim()})`)
  if (search !== undefined) {
    const text = search.trim()
    query = query.where(
      sql<SqlBool>`(search_form(u.display_name) like search_form(${containing(text)}) or starts_with(r.npi_number, ${text}))`,
    )
  }
  return query
}

/** Whether any licence holds today, where the organization is. */
const licensed = (now: Date) =>
  sql<boolean>`exists (select from jsonb_array_elements(r.state_licenses) l
    where (l ->> 'expiry')::date >= (${now}::timestamptz at time zone o.timezone)::date)`.as('is_licensed')

const shown = ['r.id', 'r.user_id', 'u.display_name', 'r.npi_number', 'r.specialty'] as const

// Written only through the contract's StateLicenses.
const licenses = sql<Licenses>`r.state_licenses`.as('state_licenses')

/** In the order in which they joined: ids of memberships are ordered by time. */
export const listProviders = (db: Db, filter: ProviderFilter, now: Date, { after, limit }: Slice) =>
  filtered(db, filter)
    .select([...shown, licenses, licensed(now), 'm.id as member_id'])
    .$if(after !== null, (query) => query.where(rowAfter(['m.id'], 'ascending', after ?? [])))
    .orderBy('m.id')
    .limit(limit)
    .execute()

export const countProviders = async (db: Db, filter: ProviderFilter): Promise<number> =>
  (
    await filtered(db, filter)
      .select((eb) => eb.fn.countAll<number>().as('n'))
      .executeTakeFirstOrThrow()
  ).n

export const findProvider = (db: Db, organizationId: string, id: string, now: Date) =>
  filtered(db, { organizationId })
    .select([...shown, licenses, licensed(now)])
    .select(['r.dea_number', 'r.version', 'r.created_at', 'r.updated_at'])
    .where('r.id', '=', id)
    .executeTakeFirst()

/** Locked, so that nobody changes it meanwhile, nor books: a booking holds the profile until it is there. */
export const lockProvider = (db: Db, organizationId: string, id: string) =>
  filtered(db, { organizationId })
    .select(['r.id', 'r.user_id', 'r.version'])
    .where('r.id', '=', id)
    .forUpdate('r')
    .executeTakeFirst()

/** Whether the person is a member here. */
export const isMember = async (db: Db, organizationId: string, userId: string): Promise<boolean> =>
  (await db
    .selectFrom('organization_memberships as m')
    .innerJoin('users as u', 'u.id', 'm.user_id')
    .select('m.id')
    .where('m.organization_id', '=', organizationId)
    .where('m.user_id', '=', userId)
    .where('m.deleted_at', 'is', null)
    .where('u.deleted_at', 'is', null)
    .executeTakeFirst()) !== undefined

const taken = {
  providers_npi: problem('CONFLICT', 'Another provider has this NPI.'),
  providers_user: problem('CONFLICT', 'This member is a provider already.'),
}

interface NewProvider {
  readonly id: string
  readonly user_id: string
  readonly npi_number: string
  readonly dea_number: string | null
  readonly specialty: string | null
  readonly state_licenses: Licenses
}

/** CONFLICT for an NPI that is another's, and for somebody who is a provider already. */
export const insertProvider = (db: Db, { state_licenses, ...provider }: NewProvider) =>
  attempt(db, taken, () =>
    db
      .insertInto('providers')
      .values({ ...provider, state_licenses: JSON.stringify(state_licenses) })
      .execute(),
  )

export const updateProvider = (
  db: Db,
  id: string,
  { state_licenses, ...changes }: Partial<Omit<NewProvider, 'id' | 'user_id'>>,
) =>
  attempt(db, taken, () =>
    db
      .updateTable('providers')
      .set((eb) => ({
        ...changes,
        ...(state_licenses !== undefined && { state_licenses: JSON.stringify(state_licenses) }),
        version: eb('version', '+', 1),
      }))
      .where('id', '=', id)
      .execute(),
  )

export const deleteProvider = (db: Db, id: string, now: Date) =>
  db.updateTable('providers').set({ deleted_at: now }).where('id', '=', id).execute()

/** Whether the person works in another organization too; the function looks over the wall and says no more. */
export async function worksElsewhere(db: Db, userId: string): Promise<boolean> {
  const { rows } = await sql<{ answer: boolean }>`select works_elsewhere(${userId}) as answer`.execute(db)
  return rows[0]?.answer ?? false
}
