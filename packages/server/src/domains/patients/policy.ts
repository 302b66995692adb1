import type { Db } from '../../db/scope.ts'
import type { Admission, ApiKey, Person } from '../../http/actor.ts'
import { notFound, Problem, problem } from '../../http/problem.ts'
import { normalizeContact } from '../contact-methods/policy.ts'
import type { NewContact } from '../contact-methods/queries.ts'
import * as queries from './queries.ts'

type FieldError = NonNullable<Problem['extra']['errors']>[number]

/** Forty-eight random bits of a new id; another one in each organization. */
export const makeMedicalRecordNumber = (id: string): string => `MRN-${id.slice(-12).toUpperCase()}`

const ownFields = new Set(['first_name', 'last_name'])

/** Patients may change their own name and nothing else of the record. */
export function refuseOwnUpdate(as: Admission, changes: object): Problem<'FORBIDDEN'> | undefined {
  if (as.kind !== 'patient') return undefined
  const other = Object.keys(changes).find((field) => !ownFields.has(field))
  return other ? problem('FORBIDDEN', `Ask the practice to change ${other}.`) : undefined
}

/**
 * A patient named in the body must be one whom the caller reaches. Members reach every patient of the organization;
 * a proxy learns whether access has ended or does not cover this, a stranger nothing.
 */
export async function refuseUnreachable(
  db: Db,
  actor: Person | ApiKey,
  patientId: string,
  now: Date,
): Promise<Problem<'NOT_FOUND' | 'PROXY_ACCESS_EXPIRED' | 'PROXY_PERMISSION_DENIED'> | undefined> {
  const { as } = actor
  if (
    actor.kind !== 'person' ||
    as.kind !== 'patient' ||
    as.patients.some((patient) => patient.patientId === patientId)
  )
    return undefined
  const access = await queries.findProxyAccess(db, as.organizationId, actor.userId, patientId)
  if (!access) return notFound('patient')
  return access.expires_at !== null && Date.parse(access.expires_at) <= now.getTime()
    ? problem('PROXY_ACCESS_EXPIRED', 'Your access to this patient has ended.')
    : problem('PROXY_PERMISSION_DENIED', 'Your access to this patient does not cover this.')
}

/** Contact methods of a new patient as they are kept: each valid, none twice, one primary of each type. */
export function readContacts(
  contacts: readonly NewContact[],
  country: string,
): NewContact[] | Problem<'VALIDATION_ERROR'> {
  const primaries = new Set<string>()
  const known = new Set<string>()
  const read = contacts.map((contact, index): NewContact | FieldError[] => {
    const pointer = `/contact_methods/${index}`
    const { type, is_primary } = contact
    const value = normalizeContact(type, contact.value, country, `${pointer}/value`)
    if (value instanceof Problem) return [...(value.extra.errors ?? [])]
    const same = `${type} ${value.toLowerCase()}`
    if (known.has(same)) return [{ pointer: `${pointer}/value`, message: 'is there already' }]
    known.add(same)
    if (is_primary && primaries.has(type))
      return [{ pointer: `${pointer}/is_primary`, message: `there is a primary ${type} already` }]
    if (is_primary) primaries.add(type)
    return { ...contact, value }
  })
  const errors = read.flatMap((one) => (Array.isArray(one) ? one : []))
  if (errors.length > 0) return problem('VALIDATION_ERROR', undefined, { errors })
  return read.flatMap((one) => (Array.isArray(one) ? [] : [one]))
}

/** A date of birth lies in the past, wherever on earth "today" is. */
export function refuseBirth(dob: string | undefined, now: Date): Problem<'VALIDATION_ERROR'> | undefined {
  if (dob === undefined) return undefined
  const latest = new Date(now.getTime() + 14 * 3_600_000).toISOString().slice(0, 10)
  if (dob <= latest && dob >= '1875-01-01') return undefined
  return problem('VALIDATION_ERROR', undefined, {
    errors: [{ pointer: '/dob', message: 'must be a date of birth' }],
  })
}

/** Without an address of the patient that automated mail may go to, one must be named. */
export const noAddress = () =>
  problem('VALIDATION_ERROR', undefined, {
    errors: [{ pointer: '/email', message: 'is required: no e-mail contact of the patient is safe' }],
  })
