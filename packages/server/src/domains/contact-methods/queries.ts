import { sql } from 'kysely'
import { jsonArrayFrom } from 'kysely/helpers/postgres'
import type { Db } from '../../db/scope.ts'

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
