import { problem } from '../problem.ts'
import { type Gate, keyOf, type RequestState } from '../request-state.ts'

/** Whether the organization acted in is past its grace: said by what the credential was loaded with. */
function isLapsed(state: RequestState): boolean {
  const { organizationId, session } = state
  const key = keyOf(state)
  if (key) return key.organizationLapsed
  if (!session || organizationId === null) return false
  return (
    session.memberships.some((row) => row.organization_id === organizationId && row.lapsed) ||
    session.patients.some((row) => row.lapsed.includes(organizationId))
  )
}

/**
 * Where nothing was paid for longer than the grace of seven days, health information is read but no longer written
 * (`x-subscription: required`). Without Stripe nobody can pay, so nobody has to.
 */
export const createSubscription =
  (isBilled: boolean): Gate =>
  (state) => {
    if (!isBilled || state.operation.gates.subscription !== 'required' || !isLapsed(state)) return
    throw problem(
      'SUBSCRIPTION_REQUIRED',
      'The subscription of this organization has lapsed: everything can be read, nothing of patients written. An ADMIN can renew it.',
    )
  }
