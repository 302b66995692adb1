import { problem } from '../problem.ts'
import { type Gate, personOf } from '../request-state.ts'

/**
 * Whoever holds an organization or platform role needs a second factor here (`x-mfa: required`). So does whoever has one
 * and signed in elsewhere: our own sign-in would have asked for it. An issuer's factor counts where configuration says so.
 */
export const mfa: Gate = (state) => {
  const person = personOf(state)
  if (state.operation.gates.mfa !== 'required' || !person) return
  const external = state.session?.external ?? null
  const holdsRole = person.memberships.length > 0 || person.platformRoles.length > 0
  const isNeeded = holdsRole || (external !== null && person.mfaEnabled)
  const isGiven = (person.mfaEnabled && person.mfaVerifiedAt !== null) || external?.mfa === true
  if (!isNeeded || isGiven) return
  const next = !person.mfaEnabled
    ? 'Set up multi-factor authentication first.'
    : external === null
      ? 'Sign in again with your MFA code.'
      : 'Confirm with your MFA code: POST /api/auth/step-up.'
  throw problem('MFA_REQUIRED', next)
}
