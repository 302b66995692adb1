import type { components } from '../../generated/contract.ts'
import { type Problem, problem } from '../../http/problem.ts'

/** Care here begins anew. */
export const restored = (now: Date) => ({ status: 'ACTIVE', enrolled_at: now, discharged_at: null }) as const

/** What a change of the status brings along. */
export const changed = (status: 'ACTIVE' | 'DISCHARGED', now: Date) =>
  status === 'ACTIVE' ? restored(now) : ({ status, discharged_at: now } as const)

/** Who is new here is named as the patient tells it: last name and date of birth. */
export function readIdentity({
  last_name,
  dob,
}: components['schemas']['EnrollmentCreate']):
  | { readonly lastName: string; readonly dob: string }
  | Problem<'VALIDATION_ERROR'> {
  if (last_name !== undefined && dob !== undefined) return { lastName: last_name, dob }
  const missing = [...(last_name === undefined ? ['/last_name'] : []), ...(dob === undefined ? ['/dob'] : [])]
  return problem('VALIDATION_ERROR', 'The patient is not enrolled here.', {
    errors: missing.map((pointer) => ({ pointer, message: 'is required for a patient who is new here' })),
  })
}
