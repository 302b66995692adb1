import type { ApiKey, Person } from '../../http/actor.ts'
import { type Problem, problem } from '../../http/problem.ts'
import type { SafeContacts } from '../contact-methods/queries.ts'

const ATTEMPTS_A_DAY = 3

interface Call {
  readonly call_type: 'INBOUND' | 'OUTBOUND'
  readonly status: string
  readonly agent_id: string | null
}

const invalid = (pointer: string, message: string) =>
  problem('VALIDATION_ERROR', undefined, { errors: [{ pointer, message }] })

/** An agent changes the own calls and those of nobody; ADMIN and API keys every one. */
export function refuseColleague(actor: Person | ApiKey, call: Call): Problem<'FORBIDDEN'> | undefined {
  if (actor.kind === 'api-key' || call.agent_id === null || call.agent_id === actor.userId) return undefined
  if (actor.as.kind === 'member' && actor.as.role === 'ADMIN') return undefined
  return problem('FORBIDDEN', 'This is a call of another agent.')
}

/** Whose an outbound call is was decided by dialling: else nobody could count how often a patient is called. */
export const refuseReassignment = (
  call: Call,
  patientId: string | null | undefined,
  isHere: boolean,
): Problem<'VALIDATION_ERROR'> | undefined => {
  if (patientId === undefined) return undefined
  if (call.call_type === 'OUTBOUND') return invalid('/patient_id', 'an outbound call stays with its patient')
  return isHere ? undefined : invalid('/patient_id', 'must be a patient of this organization')
}

/** Only what rings can be answered. */
export const refuseAnswer = (call: Call): Problem<'INVALID_TRANSITION'> | undefined =>
  call.status === 'INITIATING' ? undefined : problem('INVALID_TRANSITION', `The call is ${call.status}.`)

/** Only what goes on can end, and only an outbound call without anybody at the other end. */
export function refuseEnd(call: Call, status: string): Problem<'INVALID_TRANSITION'> | undefined {
  if (call.status !== 'INITIATING' && call.status !== 'IN_PROGRESS')
    return problem('INVALID_TRANSITION', `The call is ${call.status}.`)
  return call.call_type === 'INBOUND' && status !== 'COMPLETED'
    ? problem('INVALID_TRANSITION', `An inbound call that was accepted cannot end as ${status}.`)
    : undefined
}

/** Whether a patient may be called at a number of theirs. */
export function refuseOutbound(
  contact: { readonly id: string; readonly type: string },
  { contacts, consents, status }: SafeContacts,
):
  | Problem<'VALIDATION_ERROR' | 'VOICEMAIL_UNSAFE' | 'CONSENT_NOT_GRANTED' | 'PATIENT_DISCHARGED'>
  | undefined {
  if (contact.type === 'EMAIL') return invalid('/contact_id', 'must be a telephone number')
  if (!contacts.some(({ id }) => id === contact.id)) return problem('VOICEMAIL_UNSAFE')
  if (!consents) return problem('CONSENT_NOT_GRANTED')
  return status === 'ACTIVE' ? undefined : problem('PATIENT_DISCHARGED')
}

/** @param attempts how often the patient was called today */
export const refuseAttempt = (attempts: number): Problem<'CALL_LIMIT_EXCEEDED'> | undefined =>
  attempts < ATTEMPTS_A_DAY
    ? undefined
    : problem('CALL_LIMIT_EXCEEDED', `A patient is called at most ${ATTEMPTS_A_DAY} times a day.`)
