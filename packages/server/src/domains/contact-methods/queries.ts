import { type SqlBool, sql } from 'kysely'
import { jsonArrayFrom } from 'kysely/helpers/postgres'
import type { Slice } from '../../db/keyset.ts'
import { attempt, type Db } from '../../db/scope.ts'
import { problem } from '../../http/problem.ts'

export type ContactType = 'MOBILE' | 'HOME' | 'WORK' | 'EMAIL'

export interface SafeContact {
  readonly id: string
  readonly type: ContactType
  readonly value: string
  readonly is_primary: boolean
}

/** What decides whether something automated may reach a patient, and where. */
export interface SafeContacts {
  readonly status: 'ACTIVE' | 'DISCHARGED'
  /** Neither the patient's record nor the patient's sign-in refuses automated messages. */
  readonly consents: boolean
  /** Only those that are safe, the primaries first. */
  readonly contacts: readonly SafeContact[]
}

/**
 * Where automated messages and calls may go: contacts marked safe, and no value that is marked unsafe under another
 * type. Says `status` and `consents` beside them, for who must name what is in the way; who only sends wants
 * `findSafeContact`. Undefined when the patient is not of this organization.
 */
export const findSafeContacts = (
  db: Db,
  organizationId: string,
  patientId: string,
): Promise<SafeContacts | undefined> =>
  db
    .selectFrom('organization_patients as e')
    .innerJoin('patients as p', 'p.id', 'e.patient_id')
    .leftJoin('users as u', 'u.id', 'p.user_id')
    .where('e.organization_id', '=', organizationId)
    .where('e.patient_id', '=', patientId)
    .where('e.deleted_at', 'is', null)
    .where('p.deleted_at', 'is', null)
    .select('e.status')
    .select(sql<boolean>`p.transactional_consent and coalesce(u.transactional_consent, true)`.as('consents'))
    .select((eb) =>
      jsonArrayFrom(
        eb
          .selectFrom('contact_methods as c')
          .whereRef('c.patient_id', '=', 'p.id')
          .where('c.is_safe_for_voicemail', '=', true)
          .where(({ not, exists, selectFrom }) =>
            not(
              exists(
                selectFrom('contact_methods as other')
                  .whereRef('other.patient_id', '=', 'c.patient_id')
                  .where('other.is_safe_for_voicemail', '=', false)
                  .where(sql<boolean>`lower(other.value) = lower(c.value)`),
              ),
            ),
          )
          .select(['c.id', 'c.type', 'c.value', 'c.is_primary'])
          .orderBy('c.is_primary', 'desc')
          .orderBy('c.id'),
      ).as('contacts'),
    )
    .executeTakeFirst()

/**
 * The one contact that something automated (a reminder, a call) goes to: of the first of these types that has a safe
 * one. Undefined when nothing may go out: no safe contact, no consent, a discharged patient, or none of this organization.
 */
export async function findSafeContact(
  db: Db,
  organizationId: string,
  patientId: string,
  types: readonly ContactType[],
): Promise<SafeContact | undefined> {
  const found = await findSafeContacts(db, organizationId, patientId)
  if (!found?.consents || found.status !== 'ACTIVE') return undefined
  const [first] = types.flatMap((type) => found.contacts.filter((contact) => contact.type === type))
  return first
}

const shown = ['id', 'type', 'value', 'is_primary', 'is_safe_for_voicemail', 'version'] as const

const of = (db: Db, organizationId: string, patientId: string) =>
  db
    .selectFrom('contact_methods as c')
    .innerJoin('organization_patients as e', 'e.patient_id', 'c.patient_id')
    .where('e.organization_id', '=', organizationId)
    .where('e.deleted_at', 'is', null)
    .where('c.patient_id', '=', patientId)

/** By type, the primary first, then in the order of their making. */
export const listContacts = (db: Db, organizationId: string, patientId: string, { after, limit }: Slice) =>
  of(db, organizationId, patientId)
    .select(shown.map((column) => `c.${column}` as const))
    .$if(after !== null, (query) =>
      query.where(sql<SqlBool>`(c.type, not c.is_primary, c.id) > (${sql.join(after ?? [])})`),
    )
    .orderBy('c.type')
    .orderBy('c.is_primary', 'desc')
    .orderBy('c.id')
    .limit(limit)
    .execute()

export const countContacts = async (db: Db, organizationId: string, patientId: string): Promise<number> =>
  (
    await of(db, organizationId, patientId)
      .select((eb) => eb.fn.countAll<number>().as('n'))
      .executeTakeFirstOrThrow()
  ).n

const country = sql<string>`coalesce(o.settings ->> 'country', 'US')`

/** The country whose numbers the organization writes without a code. */
export const findCountry = async (db: Db, organizationId: string): Promise<string> =>
  (
    await db
      .selectFrom('organizations as o')
      .select(country.as('country'))
      .where('o.id', '=', organizationId)
      .executeTakeFirstOrThrow()
  ).country

/**
 * Counts the patient's version up, and holds the patient until the end: whoever changes contacts at the same time waits.
 * @returns the country whose numbers the organization writes without a code; undefined without such a patient here.
 */
export async function holdPatient(
  db: Db,
  organizationId: string,
  patientId: string,
): Promise<string | undefined> {
  const held = await db
    .updateTable('patients as p')
    .from('organization_patients as e')
    .innerJoin('organizations as o', 'o.id', 'e.organization_id')
    .set((eb) => ({ version: eb('p.version', '+', 1) }))
    .whereRef('e.patient_id', '=', 'p.id')
    .where('e.organization_id', '=', organizationId)
    .where('e.deleted_at', 'is', null)
    .where('p.id', '=', patientId)
    .where('p.deleted_at', 'is', null)
    .returning(country.as('country'))
    .executeTakeFirst()
  return held?.country
}

export const findContact = (db: Db, patientId: string, id: string) =>
  db
    .selectFrom('contact_methods')
    .select(shown)
    .where('patient_id', '=', patientId)
    .where('id', '=', id)
    .executeTakeFirst()

export const countOthers = async (db: Db, patientId: string, id: string): Promise<number> =>
  (
    await db
      .selectFrom('contact_methods')
      .select((eb) => eb.fn.countAll<number>().as('n'))
      .where('patient_id', '=', patientId)
      .where('id', '<>', id)
      .executeTakeFirstOrThrow()
  ).n

/** The primary of a type is not one any more. */
export const demotePrimary = (db: Db, patientId: string, type: ContactType) =>
  db
    .updateTable('contact_methods')
    .set((eb) => ({ is_primary: false, version: eb('version', '+', 1) }))
    .where('patient_id', '=', patientId)
    .where('type', '=', type)
    .where('is_primary', '=', true)
    .execute()

export interface NewContact {
  readonly id: string
  readonly type: ContactType
  readonly value: string
  readonly is_primary: boolean
  readonly is_safe_for_voicemail: boolean
}

const twice = problem('CONFLICT', 'The patient has this contact already.')

/** The contact; CONFLICT for one that is there already. */
export const insertContact = (db: Db, patientId: string, contact: NewContact) =>
  attempt(db, { contact_methods_value: twice }, () =>
    db
      .insertInto('contact_methods')
      .values({ ...contact, patient_id: patientId })
      .returning(shown)
      .executeTakeFirstOrThrow(),
  )

/** The contact as it is now; CONFLICT when it became the same as another. */
export const updateContact = (
  db: Db,
  id: string,
  changes: Partial<Pick<NewContact, 'value' | 'is_primary' | 'is_safe_for_voicemail'>>,
) =>
  attempt(db, { contact_methods_value: twice }, () =>
    db
      .updateTable('contact_methods')
      .set((eb) => ({ ...changes, version: eb('version', '+', 1) }))
      .where('id', '=', id)
      .returning(shown)
      .executeTakeFirstOrThrow(),
  )

export const deleteContact = (db: Db, id: string) =>
  db.deleteFrom('contact_methods').where('id', '=', id).execute()

/** Whether the patient has this contact and it is marked unsafe. */
export const isUnsafe = async (db: Db, patientId: string, value: string): Promise<boolean> =>
  (await db
    .selectFrom('contact_methods')
    .select('id')
    .where('patient_id', '=', patientId)
    .where(sql<SqlBool>`lower(value) = lower(${value})`)
    .where('is_safe_for_voicemail', '=', false)
    .executeTakeFirst()) !== undefined
