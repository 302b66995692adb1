import { sql } from 'kysely'
import { jsonArrayFrom } from 'kysely/helpers/postgres'
import { type After, rowAfter, type Slice } from '../../db/keyset.ts'
import type { Db } from '../../db/scope.ts'
import { instantText } from '../../db/wire.ts'
import { teamOf } from '../care-team/queries.ts'
import type { NewContact } from '../contact-methods/queries.ts'

type EnrollmentStatus = 'ACTIVE' | 'DISCHARGED'

interface PatientFilter {
  readonly organizationId: string
  readonly status: EnrollmentStatus
}

const listed = [
  'e.patient_id as id',
  'e.first_name',
  'e.last_name',
  'e.dob',
  'e.medical_record_number',
  'e.status',
  'e.enrolled_at',
] as const

/** By last name, first name, id: the order of organization_patients_status_order. */
export const listPatients = (db: Db, { organizationId, status }: PatientFilter, { after, limit }: Slice) =>
  db
    .selectFrom('organization_patients as e')
    .select(listed)
    .where('e.organization_id', '=', organizationId)
    .where('e.status', '=', status)
    .where('e.deleted_at', 'is', null)
    .$if(after !== null, (query) =>
      query.where(rowAfter(['e.last_name', 'e.first_name', 'e.patient_id'], 'ascending', after ?? [])),
    )
    .orderBy('e.last_name')
    .orderBy('e.first_name')
    .orderBy('e.patient_id')
    .limit(limit)
    .execute()

const ALL = 2_147_483_647

const matches = ({ organizationId, status }: PatientFilter, search: string, after: After, limit: number) => {
  const [kind, place, id] = after ?? [null, null, null]
  return sql<{
    patient_id: string
    kind: number
    place: string
  }>`search_patients(${organizationId}, ${search},
    ${status}, ${limit}, ${kind}, ${place}, ${id}::uuid)`
}

/** The best match first. Each row carries its kind of match and its place within it, for the cursor. */
export const searchPatients = (db: Db, filter: PatientFilter, search: string, { after, limit }: Slice) =>
  db
    .selectFrom(matches(filter, search, after, limit).as('found'))
    .innerJoin('organization_patients as e', (join) =>
      join.onRef('e.patient_id', '=', 'found.patient_id').on('e.organization_id', '=', filter.organizationId),
    )
    .select([...listed, 'found.kind', 'found.place'])
    .orderBy('found.kind')
    .orderBy(sql`found.place collate "C"`)
    .orderBy('found.patient_id')
    .execute()

/** How many patients match, exactly. */
export async function countPatients(
  db: Db,
  filter: PatientFilter,
  search: string | undefined,
): Promise<number> {
  const counted =
    search === undefined
      ? db
          .selectFrom('organization_patients as e')
          .where('e.organization_id', '=', filter.organizationId)
          .where('e.status', '=', filter.status)
          .where('e.deleted_at', 'is', null)
          .select(sql<number>`count(*)`.as('total'))
      : db
          .selectFrom(matches(filter, search, null, ALL).as('found'))
          .select(sql<number>`count(*)`.as('total'))
  const { total } = await counted.executeTakeFirstOrThrow()
  return total
}

/** One patient of the organization with contacts and care team, as the wire wants it. */
export const findPatient = (db: Db, organizationId: string, patientId: string) =>
  db
    .selectFrom('organization_patients as e')
    .innerJoin('patients as p', 'p.id', 'e.patient_id')
    .where('e.organization_id', '=', organizationId)
    .where('e.patient_id', '=', patientId)
    .where('e.deleted_at', 'is', null)
    .where('p.deleted_at', 'is', null)
    .select([...listed, 'e.discharged_at', 'p.legal_sex', 'p.version', 'p.created_at', 'p.updated_at'])
    .select((eb) => [
      eb('p.user_id', 'is not', null).$castTo<boolean>().as('has_login'),
      'p.transactional_consent',
      jsonArrayFrom(
        eb
          .selectFrom('contact_methods as c')
          .whereRef('c.patient_id', '=', 'e.patient_id')
          .select(['c.id', 'c.type', 'c.value', 'c.is_primary', 'c.is_safe_for_voicemail', 'c.version'])
          .orderBy('c.type')
          .orderBy('c.is_primary', 'desc')
          .orderBy('c.id'),
      ).as('contact_methods'),
      jsonArrayFrom(
        teamOf(db, eb.ref('e.organization_id'), eb.ref('e.patient_id'))
          .select((inner) => instantText(inner.ref('t.assigned_at')).as('assigned_at'))
          .orderBy('t.is_primary_provider', 'desc')
          .orderBy('t.assigned_at')
          .orderBy('t.id'),
      ).as('care_team'),
    ])
    .executeTakeFirst()

interface NewPatient {
  readonly id: string
  readonly first_name: string
  readonly last_name: string
  readonly dob: string
  readonly legal_sex: 'FEMALE' | 'MALE' | 'NON_BINARY' | 'UNKNOWN'
}

/** What may be changed of the one record that all organizations see. */
interface PatientChanges extends Partial<Omit<NewPatient, 'id'>> {
  readonly transactional_consent?: boolean
}

/** Inserts the person; invisible until enrolled. */
export const insertPatient = (db: Db, patient: NewPatient) =>
  db.insertInto('patients').values(patient).execute()

/** Enrolls a patient; false when the medical record number is taken. Names are filled in by trigger. */
export async function enrollPatient(
  db: Db,
  enrollment: { organizationId: string; patientId: string; medicalRecordNumber: string; now: Date },
): Promise<boolean> {
  const row = await db
    .insertInto('organization_patients')
    .values({
      organization_id: enrollment.organizationId,
      patient_id: enrollment.patientId,
      medical_record_number: enrollment.medicalRecordNumber,
      enrolled_at: enrollment.now,
      first_name: '',
      last_name: '',
      dob: '1900-01-01',
      search_text: '',
    })
    .onConflict((conflict) =>
      conflict
        .columns(['organization_id', 'medical_record_number'])
        .where('deleted_at', 'is', null)
        .doNothing(),
    )
    .returning('patient_id')
    .executeTakeFirst()
  return row !== undefined
}

export const insertContactMethods = (db: Db, patientId: string, contacts: readonly NewContact[]) =>
  db
    .insertInto('contact_methods')
    .values(contacts.map((contact) => ({ ...contact, patient_id: patientId })))
    .execute()

/**
 * Changes demographics, only if the version still is `version` (null: whichever it is).
 * @returns the new version; undefined when there is no such patient here, or the version is another.
 */
export const updatePatient = (
  db: Db,
  organizationId: string,
  patientId: string,
  version: number | null,
  changes: PatientChanges,
) =>
  db
    .updateTable('patients as p')
    .set((eb) => ({ ...changes, version: eb('p.version', '+', 1) }))
    .where('p.id', '=', patientId)
    .where('p.deleted_at', 'is', null)
    .$if(version !== null, (query) => query.where('p.version', '=', version))
    .where((eb) =>
      eb.exists(
        eb
          .selectFrom('organization_patients as e')
          .whereRef('e.patient_id', '=', 'p.id')
          .where('e.organization_id', '=', organizationId)
          .where('e.deleted_at', 'is', null),
      ),
    )
    .returning('p.version')
    .executeTakeFirst()

/** What a proxy's or patient's link to a patient is worth, whether live or not; undefined without any. */
export const findProxyAccess = (db: Db, organizationId: string, userId: string, patientId: string) =>
  db
    .selectFrom('patient_proxy_assignments as a')
    .innerJoin('proxies as x', 'x.id', 'a.proxy_id')
    .innerJoin('organization_patients as e', 'e.patient_id', 'a.patient_id')
    .where('e.organization_id', '=', organizationId)
    .where('e.deleted_at', 'is', null)
    .where('x.user_id', '=', userId)
    .where('x.deleted_at', 'is', null)
    .where('a.patient_id', '=', patientId)
    .where('a.deleted_at', 'is', null)
    .select('a.expires_at')
    .executeTakeFirst()
