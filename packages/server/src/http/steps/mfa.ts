import { problem } from '../problem.ts'
import { type Gate, personOf } from '../request-state.ts'

/** Whoever holds an organization or platform role needs a second factor here (`x-mfa: required`). */
export const mfa: Gate = (state) => {
  const person = personOf(state)
  if (state.operation.gates.mfa !== 'required' || !person) return
  const holdsRole = person.memberships.length > 0 || person.platformRoles.length > 0
  if (!holdsRole || (person.mfaEnabled && person.mfaVerifiedAt !== null)) return
  const next = person.mfaEnabled
    ? 'Sign in again with your MFA code.'
    : 'Set up multi-factor authentication first.'
  throw problem('MFA_REQUIRED', next)
}
