import { type Insertable, sql } from 'kysely'
import type { Db } from '../../db/scope.ts'
import type {
  MfaChallengesTable,
  PasswordResetTokensTable,
  UserSessionsTable,
  UsersTable,
} from '../../generated/database.ts'

/** The password's hash, and whose it is. Read without a lock, because verifying takes long. */
export const findCredential = (db: Db, email: string) =>
  db
    .selectFrom('users')
    .select(['id', 'password_hash'])
    .where('email', '=', email)
    .where('deleted_at', 'is', null)
    .executeTakeFirst()

/** The account as sign-in needs it, locked: attempts at one account are counted one after the other. */
export const lockAccount = (db: Db, userId: string) =>
  db
    .selectFrom('users')
    .select([
      'id',
      'email',
      'display_name',
      'password_hash',
      'must_reset_password',
      'mfa_enabled',
      'mfa_secret',
      'mfa_last_step',
      'failed_login_attempts',
      'locked_until',
      'suspended_at',
      'sessions_ended_at',
    ])
    .where('id', '=', userId)
    .where('deleted_at', 'is', null)
    .forUpdate()
    .executeTakeFirst()

export type Account = NonNullable<Awaited<ReturnType<typeof lockAccount>>>

export async function findPasswordHash(db: Db, userId: string): Promise<string | null> {
  const row = await db.selectFrom('users').select('password_hash').where('id', '=', userId).executeTakeFirst()
  return row?.password_hash ?? null
}

export const insertUser = (db: Db, user: Insertable<UsersTable>) =>
  db.insertInto('users').values(user).execute()

export const recordFailure = (db: Db, userId: string, failures: number, lockedUntil: Date | null) =>
  db
    .updateTable('users')
    .set({ failed_login_attempts: failures, ...(lockedUntil && { locked_until: lockedUntil }) })
    .where('id', '=', userId)
    .execute()

export const clearFailures = (db: Db, userId: string) =>
  db.updateTable('users').set({ failed_login_attempts: 0 }).where('id', '=', userId).execute()

/** Sets the password. What hung on the old one ends: a demand to reset it, challenges and links that are open. */
export async function setPassword(db: Db, userId: string, passwordHash: string, now: Date): Promise<void> {
  await db
    .updateTable('users')
    .set({ password_hash: passwordHash, must_reset_password: false })
    .where('id', '=', userId)
    .execute()
  for (const table of ['mfa_challenges', 'password_reset_tokens'] as const)
    await db
      .updateTable(table)
      .set({ used_at: now })
      .where('user_id', '=', userId)
      .where('used_at', 'is', null)
      .execute()
}

export const clearLockout = (db: Db, userId: string) =>
  db
    .updateTable('users')
    .set({ failed_login_attempts: 0, locked_until: null })
    .where('id', '=', userId)
    .execute()

export const deleteExpiredResets = (db: Db, userId: string, now: Date) =>
  db
    .deleteFrom('password_reset_tokens')
    .where('user_id', '=', userId)
    .where('expires_at', '<=', now.toISOString())
    .execute()

export const listOpenResets = (db: Db, userId: string) =>
  db
    .selectFrom('password_reset_tokens')
    .select('id')
    .where('user_id', '=', userId)
    .where('used_at', 'is', null)
    .execute()

/** @returns whether the token can be used: it is new, or the same again and not yet used. */
export async function insertReset(db: Db, reset: Insertable<PasswordResetTokensTable>): Promise<boolean> {
  await db
    .insertInto('password_reset_tokens')
    .values(reset)
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute()
  const row = await db
    .selectFrom('password_reset_tokens')
    .select('used_at')
    .where('id', '=', reset.id)
    .executeTakeFirst()
  return row?.used_at === null
}

/** Whose the token is, while it is good. */
export const findReset = (db: Db, tokenHash: Buffer, now: Date) =>
  db
    .selectFrom('password_reset_tokens as r')
    .innerJoin('users as u', 'u.id', 'r.user_id')
    .select(['r.id', 'u.id as user_id', 'u.email', 'u.display_name'])
    .where('r.token_hash', '=', tokenHash)
    .where('r.used_at', 'is', null)
    .where('r.expires_at', '>', now.toISOString())
    .where('u.deleted_at', 'is', null)
    .executeTakeFirst()

/** @returns whether the token was still unused: of two at once one wins. */
export async function useReset(db: Db, id: string, now: Date): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('password_reset_tokens')
    .set({ used_at: now })
    .where('id', '=', id)
    .where('used_at', 'is', null)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

export const recordLogin = (db: Db, userId: string, now: Date) =>
  db
    .updateTable('users')
    .set({ failed_login_attempts: 0, last_login_at: now })
    .where('id', '=', userId)
    .execute()

/** Whether the person has an organization or platform role; works before anybody is in scope. */
export async function holdsRole(db: Db, userId: string): Promise<boolean> {
  const { rows } = await sql<{ holds: boolean }>`select holds_role(${userId}) as holds`.execute(db)
  return rows[0]?.holds ?? false
}

export const insertChallenge = (db: Db, challenge: Insertable<MfaChallengesTable>) =>
  db.insertInto('mfa_challenges').values(challenge).execute()

export const lockChallenge = (db: Db, tokenHash: Buffer) =>
  db
    .selectFrom('mfa_challenges')
    .select(['id', 'user_id', 'attempts', 'device', 'expires_at', 'used_at'])
    .where('token_hash', '=', tokenHash)
    .forUpdate()
    .executeTakeFirst()

export const countChallengeAttempt = (db: Db, id: string) =>
  db
    .updateTable('mfa_challenges')
    .set((eb) => ({ attempts: eb('attempts', '+', 1) }))
    .where('id', '=', id)
    .execute()

export const useChallenge = (db: Db, id: string, now: Date) =>
  db.updateTable('mfa_challenges').set({ used_at: now }).where('id', '=', id).execute()

export const insertSession = (db: Db, session: Insertable<UserSessionsTable>) =>
  db.insertInto('user_sessions').values(session).execute()

/** @returns whether this call opened it: of two first requests of a sign-in at once, one does. */
export async function insertExternalSession(
  db: Db,
  session: Insertable<UserSessionsTable>,
): Promise<boolean> {
  const { numInsertedOrUpdatedRows: inserted } = await db
    .insertInto('user_sessions')
    .values(session)
    .onConflict((conflict) =>
      conflict.column('sign_in_hash').where('sign_in_hash', 'is not', null).doNothing(),
    )
    .executeTakeFirst()
  return (inserted ?? 0n) > 0n
}

export const lockSessionOfFamily = (db: Db, familyHash: Buffer) =>
  db
    .selectFrom('user_sessions as s')
    .innerJoin('users as u', 'u.id', 's.user_id')
    .select([
      's.id',
      's.user_id',
      's.refresh_token_hash',
      's.idle_seconds',
      's.last_active_at',
      's.expires_at',
      's.revoked_at',
      's.created_at',
      'u.email',
      'u.display_name',
      'u.locked_until',
      'u.suspended_at',
      'u.must_reset_password',
      'u.deleted_at',
    ])
    .where('s.refresh_family_hash', '=', familyHash)
    .forUpdate('s')
    .executeTakeFirst()

export type RefreshableSession = NonNullable<Awaited<ReturnType<typeof lockSessionOfFamily>>>

export const rotateSession = (
  db: Db,
  id: string,
  next: { refresh_token_hash: Buffer; idle_seconds: number; expires_at: Date; last_active_at: Date },
) => db.updateTable('user_sessions').set(next).where('id', '=', id).execute()

export const revokeSession = (db: Db, id: string, reason: string, now: Date) =>
  db
    .updateTable('user_sessions')
    .set({ revoked_at: now, revoked_reason: reason })
    .where('id', '=', id)
    .where('revoked_at', 'is', null)
    .execute()

/**
 * Ends the person's own sessions, all but one if that is named, and the impersonations that the person began.
 * Somebody else's impersonation of the person goes on.
 * @returns the ids of those that were open.
 */
export async function revokeSessionsOf(
  db: Db,
  userId: string,
  reason: string,
  now: Date,
  except?: string,
): Promise<string[]> {
  const rows = await db
    .updateTable('user_sessions')
    .set({ revoked_at: now, revoked_reason: reason })
    .where('user_id', '=', userId)
    .where('impersonation_id', 'is', null)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', now.toISOString())
    .$if(except !== undefined, (query) => query.where('id', '!=', except ?? ''))
    .returning('id')
    .execute()
  await noteSessionsEnded(db, userId, now)
  await sql`select cut_impersonations(${userId}, ${now})`.execute(db)
  return rows.map(({ id }) => id)
}

/** Notes when all of the person's sessions were ended: a sign-in elsewhere from before then opens none. */
const noteSessionsEnded = (db: Db, userId: string, now: Date) =>
  db.updateTable('users').set({ sessions_ended_at: now }).where('id', '=', userId).execute()

/** The session has just given an MFA code. */
export const strengthenSession = (db: Db, id: string, now: Date) =>
  db.updateTable('user_sessions').set({ mfa_verified_at: now }).where('id', '=', id).execute()
