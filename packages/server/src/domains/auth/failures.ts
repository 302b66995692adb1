import type { Db } from '../../db/scope.ts'
import type { Enqueue } from '../../http/handler.ts'
import { type Problem, problem } from '../../http/problem.ts'
import type { Services } from '../../services.ts'
import { lockSeconds } from './lockout.ts'
import { lockedSeconds } from './policy.ts'
import * as queries from './queries.ts'

/** Counts a failed sign-in and locks the account when it is one too many. A locked account counts nothing. */
export async function countFailure(
  db: Db,
  enqueue: Enqueue,
  account: queries.Account | undefined,
  now: Date,
): Promise<void> {
  if (account === undefined || lockedSeconds(account, now) > 0) return
  const failures = account.failed_login_attempts + 1
  const seconds = lockSeconds(failures)
  const lockedUntil = seconds === 0 ? null : new Date(now.getTime() + seconds * 1000)
  await queries.recordFailure(db, account.id, failures, lockedUntil)
  if (lockedUntil !== null)
    enqueue('notify-account-locked', { user_id: account.id, locked_until: lockedUntil.toISOString() })
}

/**
 * Asks a signed-in person for the password once more, and locks the account's row. A wrong one counts:
 * whoever holds a stolen session must not guess for ever.
 */
export async function confirmPassword(
  { db, enqueue }: { readonly db: Db; readonly enqueue: Enqueue },
  { passwords }: Pick<Services, 'passwords'>,
  userId: string,
  password: string,
  now: Date,
): Promise<queries.Account | Problem<'INVALID_PASSWORD'>> {
  // Verified before the row is locked, because that takes long; a password changed meanwhile is a wrong one.
  const hash = await queries.findPasswordHash(db, userId)
  const matches = await passwords.verify(hash, password)
  const account = await queries.lockAccount(db, userId)
  if (matches && account?.password_hash === hash) {
    await queries.clearFailures(db, userId)
    return account
  }
  await countFailure(db, enqueue, account, now)
  return problem('INVALID_PASSWORD', 'The password is not right.').keepEffects()
}
