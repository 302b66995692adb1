import { openPage } from '../../db/keyset.ts'
import { attempt, type Db } from '../../db/scope.ts'
import type { AppointmentsHandlers } from '../../generated/handlers.ts'
import type { Admission, ApiKey, Person } from '../../http/actor.ts'
import { versionOf } from '../../http/etag.ts'
import { notFound, Problem, problem } from '../../http/problem.ts'
import type { Services } from '../../services.ts'
import { refuseUnreachable } from '../patients/policy.ts'
import { freeSlots } from './availability.ts'
import { calendarOf } from './calendar.ts'
import * as policy from './policy.ts'
import * as queries from './queries.ts'
import { tellConcerned } from './tell.ts'

const taken = () => problem('APPOINTMENT_CONFLICT', 'The provider has another visit then.')

/** The practice's notes are not for the patient. */
const shownTo = <Visit extends { readonly notes: string | null }>(as: Admission, visit: Visit): Visit =>
  as.kind === 'patient' ? { ...visit, notes: null } : visit

const userOf = (actor: Person | ApiKey): string | null => (actor.kind === 'person' ? actor.userId : null)

const seenVersion = (ifMatch: string | undefined): number | undefined =>
  ifMatch === undefined ? undefined : versionOf(ifMatch)

/** A visit of a patient whom the caller does not reach is not there, unless its access is what has ended or falls short. */
async function refuseForeign(db: Db, actor: Person | ApiKey, patientId: string, now: Date) {
  const refusal = await refuseUnreachable(db, actor, patientId, now)
  return refusal?.code === 'NOT_FOUND' ? notFound('appointment') : refusal
}

export const appointmentsHandlers = ({ clock, cursors, newId }: Services): AppointmentsHandlers => ({
  async listAppointments({ db }, { params, query }) {
    const refusal = policy.refuseDays(query)
    if (refusal) return refusal
    const page = openPage(cursors, 'listAppointments', { ...query, ...params }, query)
    if (page instanceof Problem) return page
    const filter = {
      organizationId: params.org_id,
      firstDay: query.date ?? query.start_date,
      lastDay: query.date ?? query.end_date,
      status: query.status,
      patientId: query.patient_id,
      providerId: query.provider_id,
    }
    const total = query.include_total ? await queries.countAppointments(db, filter) : undefined
    return page.close(
      await queries.listAppointments(db, filter, page),
      (row) => [row.scheduled_at, row.id],
      total,
    )
  },

  async createAppointment({ db, actor, emit, enqueue }, { params, body }) {
    const now = clock.now()
    const refusal =
      policy.refusePast(body.scheduled_at, now) ?? (await refuseUnreachable(db, actor, body.patient_id, now))
    if (refusal) return refusal
    const patient = await queries.findPatientToBook(db, params.org_id, body.patient_id)
    if (!patient) return notFound('patient')
    const provider = await queries.findProviderToBook(db, params.org_id, body.provider_id, now)
    if (!provider) return notFound('provider')
    const unfit = policy.refuseCare(patient, provider)
    if (unfit) return unfit
    const appointment = await queries.insertAppointment(db, {
      id: newId(),
      organization_id: params.org_id,
      patient_id: body.patient_id,
      provider_id: body.provider_id,
      appointment_type: body.appointment_type,
      scheduled_at: new Date(body.scheduled_at).toISOString(),
      duration_minutes: body.duration_minutes,
      reason: body.reason ?? null,
      location: body.location ?? null,
      telehealth_url: body.telehealth_url ?? null,
    })
    if (!appointment) return taken()
    await queries.planReminders(db, newId, appointment, now)
    await tellConcerned(db, { emit, enqueue, newId }, appointment, {
      type: 'appointment.created',
      notice: 'booked',
      by: userOf(actor),
      at: now,
    })
    return { ...appointment, patient_name: patient.name, provider_name: provider.name }
  },

  async getAppointment({ db, actor }, { params }) {
    const visit = await queries.findAppointment(db, params.org_id, params.appointment_id)
    if (!visit) return notFound('appointment')
    const refusal = await refuseForeign(db, actor, visit.patient_id, clock.now())
    if (refusal) return refusal
    const { as } = actor
    const own =
      as.kind === 'patient' && as.patients.some((one) => one.self && one.patientId === visit.patient_id)
    return {
      'application/json': () => shownTo(as, visit),
      'text/calendar': () => calendarOf([visit], () => own),
    }
  },

  async updateAppointment({ db, actor, emit, enqueue }, { params, headers, body }) {
    const now = clock.now()
    const { org_id, appointment_id } = params
    const unclear = policy.refuseReason(body)
    if (unclear) return unclear
    const visit = await queries.lockAppointment(db, org_id, appointment_id)
    if (!visit) return notFound('appointment')
    const { status = visit.status, notes: _, ...rest } = body
    const refusal =
      policy.refuseStale(seenVersion(headers['if-match']), visit.version) ??
      policy.refuseTransition(visit.status, status) ??
      (Object.keys(rest).length > 0 || body.status !== undefined
        ? policy.refuseFinal(visit.status)
        : undefined)
    if (refusal) return refusal
    const changes = policy.changesOf(visit, body)
    if (changes === undefined)
      return (await queries.findAppointment(db, org_id, visit.id)) ?? notFound('appointment')
    await queries.updateAppointment(db, org_id, visit.id, changes)
    if (policy.isFinal(status)) await queries.dropReminders(db, org_id, visit.id)
    await tellConcerned(db, { emit, enqueue, newId }, visit, {
      type: 'appointment.updated',
      notice: status === 'CANCELLED' && visit.status !== status ? 'cancelled' : undefined,
      by: userOf(actor),
      at: now,
    })
    return (await queries.findAppointment(db, org_id, visit.id)) ?? notFound('appointment')
  },

  async rescheduleAppointment({ db, actor, emit, enqueue }, { params, headers, body }) {
    const now = clock.now()
    const { org_id, appointment_id } = params
    const past = policy.refusePast(body.scheduled_at, now)
    if (past) return past
    const visit = await queries.lockAppointment(db, org_id, appointment_id)
    if (!visit) return notFound('appointment')
    const refusal =
      (await refuseForeign(db, actor, visit.patient_id, now)) ??
      policy.refuseStale(seenVersion(headers['if-match']), visit.version) ??
      policy.refuseFinal(visit.status) ??
      policy.refuseBegun(actor.as, visit.scheduled_at, now)
    if (refusal) return refusal
    const patient = await queries.findPatientToBook(db, org_id, visit.patient_id)
    if (!patient) return notFound('patient')
    const provider = await queries.findProviderToBook(db, org_id, visit.provider_id, now)
    if (!provider) return notFound('provider')
    const unfit = policy.refuseCare(patient, provider)
    if (unfit) return unfit
    const moved = {
      status: 'SCHEDULED',
      scheduled_at: new Date(body.scheduled_at).toISOString(),
      duration_minutes: body.duration_minutes ?? visit.duration_minutes,
    } as const
    const conflict = await attempt(db, { appointments_no_overlap: taken() }, () =>
      queries.updateAppointment(db, org_id, visit.id, moved),
    )
    if (conflict instanceof Problem) return conflict
    await queries.insertPastTime(db, {
      id: newId(),
      organization_id: org_id,
      appointment_id: visit.id,
      previous_scheduled_at: visit.scheduled_at,
      previous_duration_minutes: visit.duration_minutes,
      reason: body.reason ?? null,
      rescheduled_by: userOf(actor),
      rescheduled_at: now,
    })
    await queries.dropReminders(db, org_id, visit.id)
    await queries.planReminders(db, newId, { ...visit, ...moved }, now)
    await tellConcerned(db, { emit, enqueue, newId }, visit, {
      type: 'appointment.updated',
      notice: 'moved',
      by: userOf(actor),
      at: now,
    })
    const after = await queries.findAppointment(db, org_id, visit.id)
    return after ? shownTo(actor.as, after) : notFound('appointment')
  },

  async cancelAppointment({ db, actor, emit, enqueue }, { params, headers, body }) {
    const now = clock.now()
    const { org_id, appointment_id } = params
    const visit = await queries.lockAppointment(db, org_id, appointment_id)
    if (!visit) return notFound('appointment')
    const refusal =
      (await refuseForeign(db, actor, visit.patient_id, now)) ??
      policy.refuseStale(seenVersion(headers['if-match']), visit.version) ??
      policy.refuseFinal(visit.status) ??
      policy.refuseBegun(actor.as, visit.scheduled_at, now)
    if (refusal) return refusal
    await queries.updateAppointment(db, org_id, visit.id, { ...body, status: 'CANCELLED' })
    await queries.dropReminders(db, org_id, visit.id)
    await tellConcerned(db, { emit, enqueue, newId }, visit, {
      type: 'appointment.updated',
      notice: 'cancelled',
      by: userOf(actor),
      at: now,
    })
    const after = await queries.findAppointment(db, org_id, visit.id)
    return after ? shownTo(actor.as, after) : notFound('appointment')
  },

  async listMyAppointments({ db, actor }, { query }) {
    const refusal = policy.refuseDays(query)
    if (refusal) return refusal
    const page = openPage(cursors, 'listMyAppointments', { ...query, user: actor.userId }, query)
    if (page instanceof Problem) return page
    const filter = {
      userId: actor.userId,
      now: clock.now(),
      only: actor.impersonation,
      firstDay: query.start_date,
      lastDay: query.end_date,
      status: query.status,
      patientId: query.patient_id,
    }
    const total = query.include_total ? await queries.countMine(db, filter) : undefined
    const rows = await queries.listMine(db, filter, page)
    const answer = page.close(rows, (row) => [row.scheduled_at, row.id], total)
    return {
      'application/json': () => answer,
      'text/calendar': () => calendarOf(answer.items, ({ is_own }) => is_own),
    }
  },

  async getProviderAvailability({ db }, { params, query }) {
    const now = clock.now()
    const { org_id, provider_id } = params
    const found = await queries.findProviderCalendar(db, org_id, provider_id, query, now)
    if (!found) return notFound('provider')
    const refusal = policy.refuseRange(found.first_day, found.last_day)
    if (refusal) return refusal
    const calendar = {
      timezone: found.timezone,
      openingHours: found.settings.opening_hours,
      firstDay: found.first_day,
      lastDay: found.last_day,
      busy: found.busy,
    }
    return {
      provider_id,
      timezone: found.timezone,
      start_date: found.first_day,
      end_date: found.last_day,
      duration_minutes: query.duration_minutes,
      takes_appointments: found.licensed,
      slots: found.licensed ? freeSlots(calendar, query.duration_minutes, now) : [],
    }
  },
})
