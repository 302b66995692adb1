import { sql } from 'kysely'
import { rowAfter, type Slice } from '../../db/keyset.ts'
import { attempt, type Db } from '../../db/scope.ts'
import { problem } from '../../http/problem.ts'

const shown = [
  'organization_id',
  'patient_id',
  'medical_record_number',
  'status',
  'enrolled_at',
  'discharged_at',
] as const

export const findEnrollment = (db: Db, organizationId: string, patientId: string) =>
  db
    .selectFrom('organization_patients')
    .select(shown)
    .where('organization_id', '=', organizationId)
    .where('patient_id', '=', patientId)
    .where('deleted_at', 'is', null)
    .executeTakeFirst()

/**
 * The enrollment, held until the end with the patient behind it: whoever changes either waits, and so does a booking
 * that asks whether the patient is ACTIVE (`for share`). The patient first: everything locks in this order.
 */
export const lockEnrollment = (db: Db, organizationId: string, patientId: string) =>
  db
    .selectFrom('patients as p')
    .innerJoin('organization_patients as e', 'e.patient_id', 'p.id')
    .select(['e.status', 'e.discharged_at', 'p.user_id'])
    .where('e.organization_id', '=', organizationId)
    .where('p.id', '=', patientId)
    .where('e.deleted_at', 'is', null)
    .where('p.deleted_at', 'is', null)
    .forNoKeyUpdate(['p', 'e'])
    .executeTakeFirst()

interface Changes {
  readonly status?: 'ACTIVE' | 'DISCHARGED'
  readonly enrolled_at?: Date
  readonly discharged_at?: Date | null
  readonly medical_record_number?: string
}

export const duplicate = problem('DUPLICATE_MRN', 'Another patient here has this medical record number.')

/** The enrollment as it is now; DUPLICATE_MRN for a number that another patient here has. */
export const updateEnrollment = (db: Db, organizationId: string, patientId: string, changes: Changes) =>
  attempt(db, { organization_patients_mrn: duplicate }, () =>
    db
      .updateTable('organization_patients')
      .set(changes)
      .where('organization_id', '=', organizationId)
      .where('patient_id', '=', patientId)
      .where('deleted_at', 'is', null)
      .returning(shown)
      .executeTakeFirst(),
  )

interface Identity {
  readonly patientId: string
  readonly lastName: string
  readonly dob: string
  readonly medicalRecordNumber: string
}

/** Enrolls somebody of other organizations, who told the name and date of birth; the function is a door in the wall. */
export async function enrollKnown(
  db: Db,
  { patientId, lastName, dob, medicalRecordNumber }: Identity,
  now: Date,
): Promise<'ENROLLED' | 'UNKNOWN' | 'DUPLICATE_MRN'> {
  const { rows } = await sql<{ outcome: 'ENROLLED' | 'UNKNOWN' | 'DUPLICATE_MRN' }>`
    select enroll_known_patient(${patientId}, ${lastName}, ${dob}, ${medicalRecordNumber}, ${now}) as outcome`.execute(
    db,
  )
  return rows[0]?.outcome ?? 'UNKNOWN'
}

/** Deletes the patient here, and altogether when nobody else has them. False without such a patient. */
export async function deletePatient(db: Db, patientId: string, now: Date): Promise<boolean> {
  const { rows } = await sql<{ done: boolean }>`select delete_patient(${patientId}, ${now}) as done`.execute(
    db,
  )
  return rows[0]?.done ?? false
}

interface PatientOrganization {
  readonly organization_id: string
  readonly organization_name: string
  readonly status: 'ACTIVE' | 'DISCHARGED'
}

const everywhere = (db: Db, patientId: string, only: string | null) =>
  db
    .selectFrom(sql<PatientOrganization>`list_patient_organizations(${patientId})`.as('o'))
    .$if(only !== null, (query) => query.where('o.organization_id', '=', only ?? ''))

/**
 * Where a patient is in care, by name.
 * @param only the one organization that shows, or null for all
 */
export const listOrganizations = (db: Db, patientId: string, only: string | null, { after, limit }: Slice) =>
  everywhere(db, patientId, only)
    .select(['o.organization_id', 'o.organization_name', 'o.status'])
    .$if(after !== null, (query) =>
      query.where(rowAfter(['o.organization_name', 'o.organization_id'], 'ascending', after ?? [])),
    )
    .orderBy('o.organization_name')
    .orderBy('o.organization_id')
    .limit(limit)
    .execute()

export const countOrganizations = async (db: Db, patientId: string, only: string | null): Promise<number> =>
  (
    await everywhere(db, patientId, only)
      .select((eb) => eb.fn.countAll<number>().as('n'))
      .executeTakeFirstOrThrow()
  ).n
