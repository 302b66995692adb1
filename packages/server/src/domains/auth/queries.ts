import { type Insertable, sql } from 'kysely'
import type { Db } from '../../db/scope.ts'
import type { MfaChallengesTable, UserSessionsTable, UsersTable } from '../../generated/database.ts'

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
      'mfa_enabled',
      'mfa_secret',
      'mfa_last_step',
      'failed_login_attempts',
      'locked_until',
      'suspended_at',
    ])
    .where('id', '=', userId)
    .where('deleted_at', 'is', null)
    .forUpdate()
    .executeTakeFirst()

export type Account = NonNullable<Awaited<ReturnType<typeof lockAccount>>>

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

/** The session has just given an MFA code. */
export const strengthenSession = (db: Db, id: string, now: Date) =>
  db.updateTable('user_sessions').set({ mfa_verified_at: now }).where('id', '=', id).execute()
