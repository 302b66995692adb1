import { openPage } from '../../db/keyset.ts'
import type { PatientsHandlers } from '../../generated/handlers.ts'
import { versionOf } from '../../http/etag.ts'
import { notFound, Problem, problem } from '../../http/problem.ts'
import type { Services } from '../../services.ts'
import { findPatient as findPayer } from '../billing/queries.ts'
import { isBooked } from '../care-team/queries.ts'
import { findCountry, findSafeContacts, isUnsafe } from '../contact-methods/queries.ts'
import { deletePatient, duplicate, lockEnrollment, updateEnrollment } from '../enrollment/queries.ts'
import { inviteToPortal } from '../portal-invitations/invite.ts'
import { accept, cancelInvitations } from '../portal-invitations/queries.ts'
import * as policy from './policy.ts'
import * as queries from './queries.ts'

export const patientsHandlers = (services: Services): PatientsHandlers => {
  const { billing, clock, cursors, newId } = services
  return {
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
        (row) => [row.kind, row.place, row.id],
        total,
      )
    },

    async createPatient({ db }, { params, body }) {
      const now = clock.now()
      const refusal = policy.refuseBirth(body.dob, now)
      if (refusal) return refusal
      const given = (body.contact_methods ?? []).map((contact) => ({ ...contact, id: newId() }))
      const contacts = policy.readContacts(given, await findCountry(db, params.org_id))
      if (contacts instanceof Problem) return contacts
      const id = newId()
      await queries.insertPatient(db, {
        id,
        first_name: body.first_name,
        last_name: body.last_name,
        dob: body.dob,
        legal_sex: body.legal_sex ?? 'UNKNOWN',
      })
      const medicalRecordNumber = body.medical_record_number ?? policy.makeMedicalRecordNumber(newId())
      const enrolled = await queries.enrollPatient(db, {
        organizationId: params.org_id,
        patientId: id,
        medicalRecordNumber,
        now,
      })
      if (!enrolled) return duplicate
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
        const refused = await updateEnrollment(db, org_id, patient_id, { medical_record_number: number })
        if (refused instanceof Problem) return refused
      }
      return (await queries.findPatient(db, org_id, patient_id)) ?? notFound('patient')
    },

    async deletePatient({ db, enqueue }, { params }) {
      const now = clock.now()
      const { org_id, patient_id } = params
      if (!(await lockEnrollment(db, org_id, patient_id))) return notFound('patient')
      await cancelInvitations(db, org_id, patient_id, 'all', now)
      if (await isBooked(db, org_id, { patientId: patient_id }, now))
        return problem('CONFLICT', 'Appointments are booked: cancel them first.')
      const customer = billing && (await findPayer(db, org_id, patient_id))?.stripe_customer_id
      if (!(await deletePatient(db, patient_id, now))) return notFound('patient')
      // It ends what a deleted patient would go on paying for; who is in care elsewhere stays.
      if (customer) enqueue('billing-sync', { customer_id: customer })
      return undefined
    },

    async invitePatientToPortal({ db, actor, enqueue }, { params, body }) {
      const { org_id, patient_id } = params
      const patient = await lockEnrollment(db, org_id, patient_id)
      if (!patient) return notFound('patient')
      if (patient.user_id !== null) return problem('CONFLICT', 'The patient has a sign-in already.')
      const known = await findSafeContacts(db, org_id, patient_id)
      const email = body.email ?? known?.contacts.find(({ type }) => type === 'EMAIL')?.value
      if (email === undefined) return policy.noAddress()
      if (await isUnsafe(db, patient_id, email)) return problem('VOICEMAIL_UNSAFE')
      await cancelInvitations(db, org_id, patient_id, 'PATIENT', clock.now())
      const invitation = await inviteToPortal(db, services, enqueue, {
        organization_id: org_id,
        patient_id,
        purpose: 'PATIENT',
        email,
        inviter_user_id: actor.userId,
      })
      return { ...invitation, patient_id, email }
    },

    async acceptPortalInvitation({ db }, { params, body }) {
      const given = { token: params.token, dob: body.dob }
      const done = await accept(db, given, { proxy: newId(), assignment: newId() }, clock.now())
      switch (done?.outcome) {
        case 'LINKED': {
          const { organization_id, patient_id, purpose } = done
          return { organization_id, patient_id, role: purpose }
        }
        case 'TAKEN':
          return problem('CONFLICT', 'The patient has a sign-in already, or you have this access.')
        case 'OTHER':
          return problem('CONFLICT', 'Your account is that of another patient.')
        default:
          // A wrong try must stay counted.
          return notFound('invitation').keepEffects()
      }
    },
  }
}
