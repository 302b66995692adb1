import { openPage } from '../../db/keyset.ts'
import type { ContactMethodsHandlers } from '../../generated/handlers.ts'
import { versionOf } from '../../http/etag.ts'
import { notFound, Problem, problem } from '../../http/problem.ts'
import type { Services } from '../../services.ts'
import { findEnrollment } from '../enrollment/queries.ts'
import * as policy from './policy.ts'
import * as queries from './queries.ts'

/** What an answer about a patient holds, as the contract says. */
const MOST = 50

const noPatient = () => notFound('patient')
const noContact = () => notFound('contact method')

export const contactMethodsHandlers = ({ cursors, newId }: Services): ContactMethodsHandlers => ({
  async listContactMethods({ db }, { params, query }) {
    const { org_id, patient_id } = params
    const page = openPage(cursors, 'listContactMethods', { ...query, ...params }, query)
    if (page instanceof Problem) return page
    if (!(await findEnrollment(db, org_id, patient_id))) return noPatient()
    const total = query.include_total ? await queries.countContacts(db, org_id, patient_id) : undefined
    return page.close(
      await queries.listContacts(db, org_id, patient_id, page),
      (row) => [row.type, !row.is_primary, row.id],
      total,
    )
  },

  async createContactMethod({ db }, { params, body }) {
    const { org_id, patient_id } = params
    const country = await queries.holdPatient(db, org_id, patient_id)
    if (country === undefined) return noPatient()
    const { type, is_primary = false, is_safe_for_voicemail = false } = body
    const value = policy.normalizeContact(type, body.value, country, '/value')
    if (value instanceof Problem) return value
    if ((await queries.countContacts(db, org_id, patient_id)) >= MOST)
      return problem('CONFLICT', `A patient has at most ${MOST} contact methods.`)
    if (is_primary) await queries.demotePrimary(db, patient_id, type)
    return queries.insertContact(db, patient_id, {
      id: newId(),
      type,
      value,
      is_primary,
      is_safe_for_voicemail,
    })
  },

  async updateContactMethod({ db }, { params, headers, body }) {
    const { org_id, patient_id, contact_id } = params
    const country = await queries.holdPatient(db, org_id, patient_id)
    if (country === undefined) return noPatient()
    const contact = await queries.findContact(db, patient_id, contact_id)
    if (!contact) return noContact()
    const ifMatch = headers['if-match']
    if (ifMatch !== undefined && versionOf(ifMatch) !== contact.version)
      return problem('PRECONDITION_FAILED', undefined, { current_version: contact.version })
    const { value: given, ...flags } = body
    const value =
      given === undefined ? undefined : policy.normalizeContact(contact.type, given, country, '/value')
    if (value instanceof Problem) return value
    if (flags.is_primary && !contact.is_primary) await queries.demotePrimary(db, patient_id, contact.type)
    return queries.updateContact(db, contact.id, { ...flags, ...(value !== undefined && { value }) })
  },

  async deleteContactMethod({ db }, { params }) {
    const { org_id, patient_id, contact_id } = params
    if ((await queries.holdPatient(db, org_id, patient_id)) === undefined) return noPatient()
    const contact = await queries.findContact(db, patient_id, contact_id)
    if (!contact) return noContact()
    // Nobody adds or takes away meanwhile: the patient is held.
    if ((await queries.countOthers(db, patient_id, contact_id)) === 0)
      return problem('CONFLICT', 'It is the last one: add another first.')
    await queries.deleteContact(db, contact_id)
    return undefined
  },
})
