import type { Db } from '../../db/scope.ts'
import type { Cipher } from '../../security/cipher.ts'
import { hashBackupCode, isTotpCode, matchTotpStep, totpSecretContext } from '../../security/totp.ts'
import { rememberStep, useBackupCode } from './queries.ts'

/** Read with a lock, so that a code which arrives twice is seen once. */
interface LockedAccount {
  readonly id: string
  readonly mfa_secret: string | null
  readonly mfa_last_step: number | null
}

/** Accepts a TOTP code and remembers its step, so that it never works again. */
export async function redeemTotp(db: Db, cipher: Cipher, account: LockedAccount, code: string, now: Date) {
  if (account.mfa_secret === null) return false
  const secret = cipher.decrypt(account.mfa_secret, totpSecretContext(account.id))
  const step = matchTotpStep(secret, code, now, account.mfa_last_step)
  if (step === undefined) return false
  await rememberStep(db, account.id, step)
  return true
}

/** Accepts a TOTP code or one backup code, once. */
export const redeemCode = async (db: Db, cipher: Cipher, account: LockedAccount, code: string, now: Date) =>
  isTotpCode(code)
    ? redeemTotp(db, cipher, account, code, now)
    : useBackupCode(db, account.id, await hashBackupCode(account.id, code), now)
