import { type RawBuilder, sql } from 'kysely'
import { rowAfter, type Slice } from '../../db/keyset.ts'
import type { Db } from '../../db/scope.ts'

type AppointmentStatus = 'SCHEDULED' | 'CONFIRMED' | 'COMPLETED' | 'CANCELLED' | 'NO_SHOW'

interface AppointmentFilter {
  readonly organizationId: string
  /** Days in the organization's time zone, both included. */
  readonly firstDay?: string | undefined
  readonly lastDay?: string | undefined
  readonly status?: AppointmentStatus | undefined
  readonly patientId?: string | undefined
  readonly providerId?: string | undefined
}

/** When a day begins in the organization's time zone, whatever daylight saving does that night. */
const dayStart = (organizationId: string, day: string, plus: 0 | 1): RawBuilder<string> =>
  sql<string>`(select (${day}::date + ${sql.lit(plus)})::timestamp at time zone o.timezone
    from organizations o where o.id = ${organizationId})`

const filtered = (
  db: Db,
  { organizationId, firstDay, lastDay, status, patientId, providerId }: AppointmentFilter,
) => {
  let query = db
    .selectFrom('appointments as a')
    .where('a.organization_id', '=', organizationId)
    .where('a.deleted_at', 'is', null)
  if (firstDay !== undefined)
    query = query.where('a.scheduled_at', '>=', dayStart(organizationId, firstDay, 0))
  if (lastDay !== undefined) query = query.where('a.scheduled_at', '<', dayStart(organizationId, lastDay, 1))
  if (status !== undefined) query = query.where('a.status', '=', status)
  if (patientId !== undefined) query = query.where('a.patient_id', '=', patientId)
  if (providerId !== undefined) query = query.where('a.provider_id', '=', providerId)
  return query
}

const columns = [
  'id',
  'organization_id',
  'patient_id',
  'provider_id',
  'appointment_type',
  'status',
  'scheduled_at',
  'duration_minutes',
  'reason',
  'location',
  'telehealth_url',
  'cancellation_reason',
  'version',
  'created_at',
  'updated_at',
] as const

const shown = columns.map((column) => `a.${column}` as const)

/** By start, then id. The page is cut first: names are looked up for its rows alone. */
export const listAppointments = (db: Db, filter: AppointmentFilter, { after, limit }: Slice) =>
  db
    .selectFrom(
      filtered(db, filter)
        .$if(after !== null, (query) =>
          query.where(rowAfter(['a.scheduled_at', 'a.id'], 'ascending', after ?? [])),
        )
        .select(shown)
        .orderBy('a.scheduled_at')
        .orderBy('a.id')
        .limit(limit)
        .as('a'),
    )
    .innerJoin('organization_patients as e', (join) =>
      join.onRef('e.patient_id', '=', 'a.patient_id').onRef('e.organization_id', '=', 'a.organization_id'),
    )
    .innerJoin('providers as r', 'r.id', 'a.provider_id')
    .innerJoin('users as u', 'u.id', 'r.user_id')
    .select(shown)
    .select(['u.display_name as provider_name'])
    .select(sql<string>`e.first_name || ' ' || e.last_name`.as('patient_name'))
    .orderBy('a.scheduled_at')
    .orderBy('a.id')
    .execute()

export async function countAppointments(db: Db, filter: AppointmentFilter): Promise<number> {
  const { total } = await filtered(db, filter)
    .select(sql<number>`count(*)`.as('total'))
    .executeTakeFirstOrThrow()
  return total
}

/** Who is to be seen, and stays so until the booking is there: undefined when the patient is not of this organization. */
export const findPatientToBook = (db: Db, organizationId: string, patientId: string) =>
  db
    .selectFrom('organization_patients as e')
    .innerJoin('patients as p', 'p.id', 'e.patient_id')
    .where('e.organization_id', '=', organizationId)
    .where('e.patient_id', '=', patientId)
    .where('e.deleted_at', 'is', null)
    .where('p.deleted_at', 'is', null)
    .select(['e.status', 'p.user_id', sql<string>`e.first_name || ' ' || e.last_name`.as('name')])
    // Whoever discharges or deletes the patient meanwhile waits, and finds the booking.
    .forShare('e')
    .executeTakeFirst()

/** Who is to see them, and whether any licence holds today; undefined when nobody of that id works here. */
export const findProviderToBook = (db: Db, organizationId: string, providerId: string, now: Date) =>
  db
    .selectFrom('providers as r')
    .innerJoin('users as u', 'u.id', 'r.user_id')
    .innerJoin('organization_memberships as m', 'm.user_id', 'r.user_id')
    .innerJoin('organizations as o', 'o.id', 'm.organization_id')
    .where('m.organization_id', '=', organizationId)
    .where('m.deleted_at', 'is', null)
    .where('r.id', '=', providerId)
    .where('r.deleted_at', 'is', null)
    .where('u.deleted_at', 'is', null)
    .select(['r.user_id', 'u.display_name as name'])
    .select(
      sql<boolean>`exists (select from jsonb_array_elements(r.state_licenses) l
        where (l ->> 'expiry')::date >= (${now}::timestamptz at time zone o.timezone)::date)`.as('licensed'),
    )
    // Whoever deletes the profile meanwhile waits, and finds the booking.
    .forKeyShare('r')
    .executeTakeFirst()

interface NewAppointment {
  readonly id: string
  readonly organization_id: string
  readonly patient_id: string
  readonly provider_id: string
  readonly appointment_type: 'IN_PERSON' | 'TELEHEALTH'
  readonly scheduled_at: string
  readonly duration_minutes: number
  readonly reason: string | null
  readonly location: string | null
  readonly telehealth_url: string | null
}

/**
 * Books; undefined when the provider is not free. ON CONFLICT waits for a rival booking to commit or roll back
 * without the deadlock that two plain inserts under an exclusion constraint can run into.
 */
export const insertAppointment = (db: Db, appointment: NewAppointment) =>
  db
    .insertInto('appointments')
    // ends_at is set by trigger.
    .values({ ...appointment, ends_at: appointment.scheduled_at })
    .onConflict((conflict) => conflict.constraint('appointments_no_overlap').doNothing())
    .returning(columns)
    .executeTakeFirst()
