import { openPage } from '../../db/keyset.ts'
import type { AppointmentsHandlers } from '../../generated/handlers.ts'
import { notFound, Problem, problem } from '../../http/problem.ts'
import type { Services } from '../../services.ts'
import { refuseUnreachable } from '../patients/policy.ts'
import * as policy from './policy.ts'
import * as queries from './queries.ts'

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

  async createAppointment({ db, actor, emit }, { params, body }) {
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
    if (!appointment) return problem('APPOINTMENT_CONFLICT', 'The provider has another visit then.')
    const data = {
      organization_id: appointment.organization_id,
      appointment_id: appointment.id,
      patient_id: appointment.patient_id,
      provider_id: appointment.provider_id,
    }
    const people = new Set([provider.user_id, ...(patient.user_id === null ? [] : [patient.user_id])])
    for (const user of people) emit({ type: 'appointment.created', audience: { user }, data })
    return { ...appointment, patient_name: patient.name, provider_name: provider.name }
  },
})
