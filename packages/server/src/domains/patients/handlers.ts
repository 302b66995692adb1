import { openPage } from '../../db/keyset.ts'
import { attempt } from '../../db/scope.ts'
import type { PatientsHandlers } from '../../generated/handlers.ts'
import { versionOf } from '../../http/etag.ts'
import { notFound, Problem, problem } from '../../http/problem.ts'
import type { Services } from '../../services.ts'
import * as policy from './policy.ts'
import * as queries from './queries.ts'

const taken = () => problem('DUPLICATE_MRN', 'Another patient here has this medical record number.')

/** Within the organization; forty-eight random bits of the id. */
const makeMedicalRecordNumber = (patientId: string): string => `MRN-${patientId.slice(-12).toUpperCase()}`

export const patientsHandlers = ({ clock, cursors, newId }: Services): PatientsHandlers => ({
  async listPatients({ db }, { params, query }) {
    const { search } = query
    const page = openPage(cursors, 'listPatients', { ...query, ...params }, query)
    if (page instanceof Problem) return page
    const filter = { organizationId: params.org_id, status: query.status ?? 'ACTIVE' }
    const total = query.include_total ? await queries.countPatients(db, filter, search) : undefined
    if (search === undefined)
      return page.close(
        await queries.listPatients(db, filter, page),
        (row) => [row.last_name, row.first_name, row.id],
        total,
      )
    return page.close(
      await queries.searchPatients(db, filter, search, page),
      (row) => [row.rank, row.id],
      total,
    )
  },

  async createPatient({ db }, { params, body }) {
    const now = clock.now()
    const contacts = (body.contact_methods ?? []).map((contact) => ({ ...contact, id: newId() }))
    const refusal = policy.refuseBirth(body.dob, now) ?? policy.refuseContacts(contacts)
    if (refusal) return refusal
    const id = newId()
    await queries.insertPatient(db, {
      id,
      first_name: body.first_name,
      last_name: body.last_name,
      dob: body.dob,
      legal_sex: body.legal_sex ?? 'UNKNOWN',
    })
    const medicalRecordNumber = body.medical_record_number ?? makeMedicalRecordNumber(id)
    const enrolled = await queries.enrollPatient(db, {
      organizationId: params.org_id,
      patientId: id,
      medicalRecordNumber,
      now,
    })
    if (!enrolled) return taken()
    if (contacts.length > 0) await queries.insertContactMethods(db, id, contacts)
    return (await queries.findPatient(db, params.org_id, id)) ?? notFound('patient')
  },

  async getPatient({ db }, { params }) {
    return (await queries.findPatient(db, params.org_id, params.patient_id)) ?? notFound('patient')
  },

  async updatePatient({ db, actor }, { params, headers, body }) {
    const refusal = policy.refuseOwnUpdate(actor.as, body) ?? policy.refuseBirth(body.dob, clock.now())
    if (refusal) return refusal
    const { org_id, patient_id } = params
    const { medical_record_number: number, ...demographics } = body
    const ifMatch = headers['if-match']
    const seen = ifMatch === undefined ? null : versionOf(ifMatch)
    const updated = await queries.updatePatient(db, org_id, patient_id, seen, demographics)
    if (!updated) {
      const current = await queries.findPatient(db, org_id, patient_id)
      if (!current) return notFound('patient')
      return problem('PRECONDITION_FAILED', undefined, { current_version: current.version })
    }
    if (number !== undefined) {
      const refused = await attempt(db, { organization_patients_mrn: taken() }, () =>
        queries.updateMedicalRecordNumber(db, org_id, patient_id, number),
      )
      if (refused instanceof Problem) return refused
    }
    return (await queries.findPatient(db, org_id, patient_id)) ?? notFound('patient')
  },
})
