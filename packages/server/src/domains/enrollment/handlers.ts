import { openPage } from '../../db/keyset.ts'
import type { EnrollmentHandlers } from '../../generated/handlers.ts'
import { notFound, Problem, problem } from '../../http/problem.ts'
import type { Services } from '../../services.ts'
import { notify } from '../notifications/notify.ts'
import { makeMedicalRecordNumber } from '../patients/policy.ts'
import * as policy from './policy.ts'
import * as queries from './queries.ts'

export const enrollmentHandlers = ({ clock, cursors, newId }: Services): EnrollmentHandlers => ({
  async getEnrollment({ db }, { params }) {
    return (await queries.findEnrollment(db, params.org_id, params.patient_id)) ?? notFound('patient')
  },

  async enrollPatient({ db, emit, enqueue }, { params, body }) {
    const now = clock.now()
    const { org_id, patient_id } = params
    const here = await queries.lockEnrollment(db, org_id, patient_id)
    if (here) {
      if (here.status === 'ACTIVE') return problem('CONFLICT', 'The patient is in care here already.')
      const number = body.medical_record_number
      return (
        (await queries.updateEnrollment(db, org_id, patient_id, {
          ...policy.restored(now),
          ...(number !== undefined && { medical_record_number: number }),
        })) ?? notFound('patient')
      )
    }
    const identity = policy.readIdentity(body)
    if (identity instanceof Problem) return identity
    const outcome = await queries.enrollKnown(
      db,
      {
        ...identity,
        patientId: patient_id,
        medicalRecordNumber: body.medical_record_number ?? makeMedicalRecordNumber(newId()),
      },
      now,
    )
    // A wrong try must stay counted.
    if (outcome === 'UNKNOWN') return notFound('patient').keepEffects()
    if (outcome === 'DUPLICATE_MRN') return queries.duplicate
    const login = (await queries.lockEnrollment(db, org_id, patient_id))?.user_id
    // Which organization it is may say what for: the text does not.
    await notify(db, { emit, enqueue, newId }, login ? [login] : [], {
      organization_id: org_id,
      type: 'system',
      title: 'You are a patient of another organization',
      body: 'A care organization enrolled you with your name and date of birth. If you did not ask for it, tell them.',
      action_url: '/account',
      created_at: now,
    })
    return (await queries.findEnrollment(db, org_id, patient_id)) ?? notFound('patient')
  },

  async updateEnrollment({ db }, { params, body }) {
    const { org_id, patient_id } = params
    const before = await queries.lockEnrollment(db, org_id, patient_id)
    if (!before) return notFound('patient')
    const { status, medical_record_number: number } = body
    const changes = {
      ...(status !== undefined && status !== before.status && policy.changed(status, clock.now())),
      ...(number !== undefined && { medical_record_number: number }),
    }
    const same = Object.keys(changes).length === 0
    const after = same
      ? await queries.findEnrollment(db, org_id, patient_id)
      : await queries.updateEnrollment(db, org_id, patient_id, changes)
    return after ?? notFound('patient')
  },

  async listPatientOrganizations({ db, actor }, { params, query }) {
    const page = openPage(cursors, 'listPatientOrganizations', { ...query, ...params }, query)
    if (page instanceof Problem) return page
    // Whoever looks as the patient came for one organization; the others are not theirs to see.
    const only = actor.impersonation?.organizationId ?? null
    const total = query.include_total
      ? await queries.countOrganizations(db, params.patient_id, only)
      : undefined
    return page.close(
      await queries.listOrganizations(db, params.patient_id, only, page),
      (row) => [row.organization_name, row.organization_id],
      total,
    )
  },
})
