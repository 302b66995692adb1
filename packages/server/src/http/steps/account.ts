import { problem } from '../problem.ts'
import type { Gate } from '../request-state.ts'

/** The account must be usable: not suspended, not locked. A deleted one has no session left. */
export const account: Gate = ({ session, now }) => {
  if (!session) return
  const { suspended, locked_until: lockedUntil } = session.user
  if (suspended) throw problem('ACCOUNT_SUSPENDED', 'This account is suspended. Contact support.')
  const seconds = lockedUntil ? Math.ceil((Date.parse(lockedUntil) - now.getTime()) / 1000) : 0
  if (seconds > 0)
    throw problem('ACCOUNT_LOCKED', 'Too many failed sign-ins. Try again later.', { retry_after: seconds })
}
