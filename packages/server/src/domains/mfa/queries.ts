import type { Insertable } from 'kysely'
import type { Db } from '../../db/scope.ts'
import type { MfaEnrollmentsTable } from '../../generated/database.ts'

export const rememberStep = (db: Db, userId: string, step: number) =>
  db.updateTable('users').set({ mfa_last_step: step }).where('id', '=', userId).execute()

/** @returns whether the code was there and unused. */
export async function useBackupCode(db: Db, userId: string, codeHash: Buffer, now: Date): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('user_mfa_backup_codes')
    .set({ used_at: now })
    .where('user_id', '=', userId)
    .where('code_hash', '=', codeHash)
    .where('used_at', 'is', null)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** Begins, or begins again. */
export const replaceEnrollment = (db: Db, enrollment: Insertable<MfaEnrollmentsTable>) =>
  db
    .insertInto('mfa_enrollments')
    .values(enrollment)
    .onConflict((conflict) =>
      conflict.column('user_id').doUpdateSet({
        secret: enrollment.secret,
        backup_code_hashes: enrollment.backup_code_hashes,
        expires_at: enrollment.expires_at,
      }),
    )
    .execute()

export const lockEnrollment = (db: Db, userId: string) =>
  db
    .selectFrom('mfa_enrollments')
    .select(['secret', 'backup_code_hashes', 'expires_at'])
    .where('user_id', '=', userId)
    .forUpdate()
    .executeTakeFirst()

/** Turns MFA on with what was enrolled; codes of an earlier time die. */
export async function enableMfa(
  db: Db,
  userId: string,
  enrolled: { readonly secret: string; readonly backup_code_hashes: readonly Buffer[] },
  step: number,
): Promise<void> {
  await db
    .updateTable('users')
    .set({ mfa_enabled: true, mfa_secret: enrolled.secret, mfa_last_step: step })
    .where('id', '=', userId)
    .execute()
  await replaceBackupCodes(db, userId, enrolled.backup_code_hashes)
  await db.deleteFrom('mfa_enrollments').where('user_id', '=', userId).execute()
}

/** From now on these count, and no others. */
export async function replaceBackupCodes(db: Db, userId: string, hashes: readonly Buffer[]): Promise<void> {
  await db.deleteFrom('user_mfa_backup_codes').where('user_id', '=', userId).execute()
  await db
    .insertInto('user_mfa_backup_codes')
    .values(hashes.map((code_hash) => ({ user_id: userId, code_hash })))
    .execute()
}

/** Turns MFA off: nothing of it is left, and no session is strong any more. */
export async function disableMfa(db: Db, userId: string): Promise<void> {
  await db
    .updateTable('users')
    .set({ mfa_enabled: false, mfa_secret: null, mfa_last_step: null })
    .where('id', '=', userId)
    .execute()
  await db.deleteFrom('user_mfa_backup_codes').where('user_id', '=', userId).execute()
  await db
    .updateTable('user_sessions')
    .set({ mfa_verified_at: null })
    .where('user_id', '=', userId)
    .where('mfa_verified_at', 'is not', null)
    .execute()
}
