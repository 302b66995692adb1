import { STEP_UP_SECONDS } from '../../security/step-up.ts'
import { problem } from '../problem.ts'
import { type Gate, personOf } from '../request-state.ts'

/** Needs an MFA code given in the last 10 minutes (`x-step-up`). */
export const stepUp: Gate = (state) => {
  const person = personOf(state)
  if (!state.operation.gates.stepUp || !person) return
  const given = person.mfaVerifiedAt === null ? Number.NEGATIVE_INFINITY : Date.parse(person.mfaVerifiedAt)
  if (state.now.getTime() - given > STEP_UP_SECONDS * 1000)
    throw problem('STEP_UP_REQUIRED', 'Confirm with a fresh MFA code: POST /api/auth/step-up.')
}
