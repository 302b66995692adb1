import { type RawBuilder, type SqlBool, sql } from 'kysely'
import { jsonArrayFrom } from 'kysely/helpers/postgres'
import { rowAfter, type Slice } from '../../db/keyset.ts'
import type { Db } from '../../db/scope.ts'
import { instantText } from '../../db/wire.ts'
import { LONGEST_RANGE } from './availability.ts'
import type { AppointmentStatus } from './policy.ts'

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
  'notes',
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

/** One visit with its people's names and the times that it had; undefined when there is none here. */
export const findAppointment = (db: Db, organizationId: string, id: string) =>
  db
    .selectFrom('appointments as a')
    .innerJoin('organization_patients as e', (join) =>
      join.onRef('e.patient_id', '=', 'a.patient_id').onRef('e.organization_id', '=', 'a.organization_id'),
    )
    .innerJoin('providers as r', 'r.id', 'a.provider_id')
    .innerJoin('users as u', 'u.id', 'r.user_id')
    .where('a.organization_id', '=', organizationId)
    .where('a.id', '=', id)
    .where('a.deleted_at', 'is', null)
    .select(shown)
    .select(['u.display_name as provider_name'])
    .select(sql<string>`e.first_name || ' ' || e.last_name`.as('patient_name'))
    .select((eb) =>
      jsonArrayFrom(
        eb
          .selectFrom('appointment_reschedules as p')
          .leftJoin('users as by', 'by.id', 'p.rescheduled_by')
          .whereRef('p.appointment_id', '=', 'a.id')
          .select((one) => [
            instantText(one.ref('p.previous_scheduled_at')).as('scheduled_at'),
            'p.previous_duration_minutes as duration_minutes',
            'p.reason',
            instantText(one.ref('p.rescheduled_at')).as('rescheduled_at'),
            'by.display_name as rescheduled_by',
          ])
          .orderBy('p.rescheduled_at', 'desc')
          .orderBy('p.id', 'desc')
          .limit(50),
      ).as('reschedules'),
    )
    .executeTakeFirst()

/**
 * The visit as it stands, locked until the transaction ends. Its provider's row is locked first: two visits that take
 * each other's time at once would deadlock under the exclusion constraint, so changes of one provider's visits queue up.
 * Bookings do not wait for it.
 */
export const lockAppointment = (db: Db, organizationId: string, id: string) =>
  db
    .selectFrom('providers as r')
    .innerJoin('appointments as a', 'a.provider_id', 'r.id')
    .where('a.organization_id', '=', organizationId)
    .where('a.id', '=', id)
    .where('a.deleted_at', 'is', null)
    .select(shown)
    .forNoKeyUpdate(['r', 'a'])
    .executeTakeFirst()

interface AppointmentChanges {
  readonly status?: AppointmentStatus | undefined
  readonly cancellation_reason?: string | undefined
  readonly scheduled_at?: string
  readonly duration_minutes?: number
  readonly reason?: string | null | undefined
  readonly notes?: string | null | undefined
  readonly location?: string | null | undefined
  readonly telehealth_url?: string | null | undefined
}

/** Changes a visit that is locked. */
export const updateAppointment = (db: Db, organizationId: string, id: string, changes: AppointmentChanges) =>
  db
    .updateTable('appointments')
    .set({ ...changes, version: sql<number>`version + 1` })
    .where('organization_id', '=', organizationId)
    .where('id', '=', id)
    .execute()

interface PastTime {
  readonly id: string
  readonly organization_id: string
  readonly appointment_id: string
  readonly previous_scheduled_at: string
  readonly previous_duration_minutes: number
  readonly reason: string | null
  readonly rescheduled_by: string | null
  readonly rescheduled_at: Date
}

export const insertPastTime = (db: Db, past: PastTime) =>
  db.insertInto('appointment_reschedules').values(past).execute()

/** Minutes before the start. */
const LEADS = [24 * 60, 2 * 60] as const
const CHANNELS = ['IN_APP', 'EMAIL'] as const

/** What of a visit is still to be reminded of is off. */
export const dropReminders = (db: Db, organizationId: string, appointmentId: string) =>
  db
    .deleteFrom('appointment_reminders')
    .where('organization_id', '=', organizationId)
    .where('appointment_id', '=', appointmentId)
    .where('sent_at', 'is', null)
    .where('skipped_at', 'is', null)
    .execute()

/** Plans those reminders that are not too late by now. */
export async function planReminders(
  db: Db,
  newId: () => string,
  visit: { readonly id: string; readonly organization_id: string; readonly scheduled_at: string },
  now: Date,
): Promise<void> {
  const start = Date.parse(visit.scheduled_at)
  const planned = LEADS.flatMap((lead_minutes) => {
    const due_at = new Date(start - lead_minutes * 60_000)
    if (due_at <= now) return []
    return CHANNELS.map((channel) => ({
      id: newId(),
      organization_id: visit.organization_id,
      appointment_id: visit.id,
      channel,
      lead_minutes,
      due_at,
    }))
  })
  if (planned.length === 0) return
  await db
    .insertInto('appointment_reminders')
    .values(planned)
    .onConflict((conflict) => conflict.constraint('appointment_reminders_once').doNothing())
    .execute()
}

/** The sign-ins of the patient, of live proxies and of the provider, each once. */
export async function listConcerned(
  db: Db,
  patientId: string,
  providerId: string,
  now: Date,
): Promise<string[]> {
  const { rows } = await sql<{ user_id: string }>`
    select user_id from patients where id = ${patientId} and user_id is not null and deleted_at is null
    union
    select x.user_id from patient_proxy_assignments s join proxies x on x.id = s.proxy_id
      where s.patient_id = ${patientId} and s.deleted_at is null and x.deleted_at is null
        and (s.expires_at is null or s.expires_at > ${now})
    union
    select user_id from providers where id = ${providerId} and deleted_at is null
    order by user_id`.execute(db)
  return rows.map(({ user_id }) => user_id)
}

interface ProviderCalendar {
  readonly timezone: string
  readonly settings: {
    readonly opening_hours?: readonly { weekday: number; opens: string; closes: string }[]
  }
  readonly licensed: boolean
  readonly first_day: string
  readonly last_day: string
  /** Start and end in milliseconds; none when the range is too long. */
  readonly busy: readonly (readonly [number, number])[]
}

/** All that decides when a provider can be booked, in one statement; undefined when nobody of that id works here. */
export async function findProviderCalendar(
  db: Db,
  organizationId: string,
  providerId: string,
  days: { readonly start_date?: string; readonly end_date?: string },
  now: Date,
): Promise<ProviderCalendar | undefined> {
  const { rows } =
    await sql<ProviderCalendar>`select * from provider_calendar(${organizationId}, ${providerId},
    ${days.start_date ?? null}::date, ${days.end_date ?? null}::date, ${LONGEST_RANGE}, ${now})`.execute(db)
  return rows[0]
}

interface MineFilter {
  readonly userId: string
  readonly now: Date
  /** Whoever looks as somebody else sees this patient in this organization, and nothing else. */
  readonly only: { readonly patientId: string; readonly organizationId: string } | null
  readonly firstDay?: string | undefined
  readonly lastDay?: string | undefined
  readonly status?: AppointmentStatus | undefined
  readonly patientId?: string | undefined
}

/** Visits of the person in scope and of the patients to whom the access is live. */
const mine = (db: Db, { userId, now, only, firstDay, lastDay, status, patientId }: MineFilter) => {
  let query = db
    .selectFrom('appointments as a')
    .innerJoin('organizations as o', 'o.id', 'a.organization_id')
    .innerJoin('patients as p', 'p.id', 'a.patient_id')
    .where('a.deleted_at', 'is', null)
    .where('o.deleted_at', 'is', null)
    .where('o.suspended_at', 'is', null)
    .where('p.deleted_at', 'is', null)
    .where((eb) =>
      eb(
        'a.patient_id',
        'in',
        eb
          .selectFrom('patients as own')
          .where('own.user_id', '=', userId)
          .select('own.id')
          .union(
            eb
              .selectFrom('patient_proxy_assignments as s')
              .innerJoin('proxies as x', 'x.id', 's.proxy_id')
              .where('x.user_id', '=', userId)
              .where('x.deleted_at', 'is', null)
              .where('s.deleted_at', 'is', null)
              .where((inner) =>
                inner.or([inner('s.expires_at', 'is', null), inner('s.expires_at', '>', now.toISOString())]),
              )
              .select('s.patient_id as id'),
          ),
      ),
    )
  if (only)
    query = query
      .where('a.patient_id', '=', only.patientId)
      .where('a.organization_id', '=', only.organizationId)
  if (firstDay !== undefined)
    query = query.where(
      sql<SqlBool>`a.scheduled_at >= (${firstDay}::date)::timestamp at time zone o.timezone`,
    )
  if (lastDay !== undefined)
    query = query.where(
      sql<SqlBool>`a.scheduled_at < (${lastDay}::date + 1)::timestamp at time zone o.timezone`,
    )
  if (status !== undefined) query = query.where('a.status', '=', status)
  if (patientId !== undefined) query = query.where('a.patient_id', '=', patientId)
  return query
}

/** By start, then id. */
export const listMine = (db: Db, filter: MineFilter, { after, limit }: Slice) =>
  mine(db, filter)
    .innerJoin('providers as r', 'r.id', 'a.provider_id')
    .innerJoin('users as u', 'u.id', 'r.user_id')
    .$if(after !== null, (query) =>
      query.where(rowAfter(['a.scheduled_at', 'a.id'], 'ascending', after ?? [])),
    )
    .select(shown)
    .select(['o.name as organization_name', 'o.timezone', 'u.display_name as provider_name'])
    .select(sql<string>`p.first_name || ' ' || p.last_name`.as('patient_name'))
    .select(sql<boolean>`p.user_id is not distinct from ${filter.userId}`.as('is_own'))
    .orderBy('a.scheduled_at')
    .orderBy('a.id')
    .limit(limit)
    .execute()

export async function countMine(db: Db, filter: MineFilter): Promise<number> {
  const { total } = await mine(db, filter).select(sql<number>`count(*)`.as('total')).executeTakeFirstOrThrow()
  return total
}

/** Where reminders are due; the one question here that is asked outside of any organization. */
export async function listOrganizationsToRemind(db: Db, now: Date): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`select organizations_to_remind(${now}) as id`.execute(db)
  return rows.map(({ id }) => id)
}

/**
 * Reminders that are due, locked until the transaction ends; another server's are left out. One holds unless its visit
 * is cancelled, was moved or has begun, the organization is suspended, or the nearer reminder is due as well.
 */
export async function takeDueReminders(db: Db, organizationId: string, now: Date, limit: number) {
  const taken = await db
    .selectFrom('appointment_reminders')
    .where('organization_id', '=', organizationId)
    .where('sent_at', 'is', null)
    .where('skipped_at', 'is', null)
    .where('due_at', '<=', now.toISOString())
    .orderBy('due_at')
    .orderBy('id')
    .limit(limit)
    .forUpdate()
    .skipLocked()
    .select('id')
    .execute()
  if (taken.length === 0) return []
  return db
    .selectFrom('appointment_reminders as d')
    .innerJoin('appointments as a', 'a.id', 'd.appointment_id')
    .innerJoin('organizations as o', 'o.id', 'd.organization_id')
    .where('d.organization_id', '=', organizationId)
    .where(
      'd.id',
      'in',
      taken.map(({ id }) => id),
    )
    .select(['d.id', 'd.organization_id', 'd.appointment_id', 'd.channel', 'a.patient_id', 'a.provider_id'])
    .select(
      sql<boolean>`a.deleted_at is null and a.status in ('SCHEDULED', 'CONFIRMED') and a.scheduled_at > ${now}
        and a.scheduled_at - make_interval(mins => d.lead_minutes) = d.due_at
        and o.suspended_at is null and o.deleted_at is null
        and not exists (select from appointment_reminders n where n.appointment_id = d.appointment_id
          and n.channel = d.channel and n.due_at > d.due_at and n.due_at <= ${now})`.as('holds'),
    )
    .execute()
}

/** Reminders that were taken are sent, or skipped: never due again. */
export const settleReminders = async (
  db: Db,
  organizationId: string,
  taken: readonly string[],
  sent: readonly string[],
  now: Date,
): Promise<void> => {
  if (taken.length === 0) return
  const told = sql<boolean>`id = any(${sql.val(sent)}::uuid[])`
  await db
    .updateTable('appointment_reminders')
    .set({
      sent_at: sql<string>`case when ${told} then ${now}::timestamptz end`,
      skipped_at: sql<string>`case when not ${told} then ${now}::timestamptz end`,
    })
    .where('organization_id', '=', organizationId)
    .where('id', 'in', taken)
    .execute()
}

/**
 * Who is reminded of a patient's visits: the patient and live proxies, those apart who declined automated messages.
 * Nobody, when the patient's own record declines them.
 */
export async function listRemindable(db: Db, patientId: string, now: Date): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select u.id from users u
      where u.deleted_at is null and u.transactional_consent
        and exists (select from patients p where p.id = ${patientId} and p.transactional_consent and p.deleted_at is null)
        and u.id in (
          select p.user_id from patients p where p.id = ${patientId}
          union
          select x.user_id from patient_proxy_assignments s join proxies x on x.id = s.proxy_id
            where s.patient_id = ${patientId} and s.deleted_at is null and x.deleted_at is null
              and (s.expires_at is null or s.expires_at > ${now}))
      order by u.id`.execute(db)
  return rows.map(({ id }) => id)
}
