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
  await db.deleteFrom('user_mfa_backup_codes').where('user_id', '=', userId).execute()
  await db
    .insertInto('user_mfa_backup_codes')
    .values(enrolled.backup_code_hashes.map((code_hash) => ({ user_id: userId, code_hash })))
    .execute()
  await db.deleteFrom('mfa_enrollments').where('user_id', '=', userId).execute()
}
