import { type Problem, problem } from '../../http/problem.ts'

interface Account {
  readonly suspended_at: string | null
  readonly locked_until: string | null
  readonly must_reset_password: boolean
}

/** Seconds until the account opens again; 0 when it is open. */
export const lockedSeconds = ({ locked_until }: Pick<Account, 'locked_until'>, now: Date): number =>
  locked_until === null ? 0 : Math.max(0, Math.ceil((Date.parse(locked_until) - now.getTime()) / 1000))

/** Why somebody with the right credential may not sign in all the same. */
export function accountRefusal(
  account: Account,
  now: Date,
): Problem<'ACCOUNT_SUSPENDED' | 'ACCOUNT_LOCKED' | 'PASSWORD_RESET_REQUIRED'> | undefined {
  if (account.suspended_at !== null)
    return problem('ACCOUNT_SUSPENDED', 'This account is suspended. Contact support.')
  const seconds = lockedSeconds(account, now)
  if (seconds > 0)
    return problem('ACCOUNT_LOCKED', 'Too many failed sign-ins. Try again later.', { retry_after: seconds })
  return account.must_reset_password
    ? problem('PASSWORD_RESET_REQUIRED', 'Reset your password by the link that is mailed to you.')
    : undefined
}
