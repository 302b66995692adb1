import { createHash, randomInt, timingSafeEqual } from 'node:crypto'
import { hashRaw } from '@node-rs/argon2'
import { HOTP, Secret, TOTP } from 'otpauth'

const ISSUER = 'Wardline'
const DIGITS = 6
const PERIOD_SECONDS = 30
// RFC 6238: one step of clock drift either way.
const DRIFT = [0, -1, 1] as const

const BACKUP_CODES = 8
// Without 0, O, 1, I, L and U: codes are read from paper.
const BACKUP_ALPHABET = 'ABCDEFGHJKMNPQRSTVWXYZ23456789'

const letters = (count: number): string =>
  Array.from({ length: count }, () => BACKUP_ALPHABET.charAt(randomInt(BACKUP_ALPHABET.length))).join('')

const same = (a: string, b: string): boolean => {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}

/** A new secret of 160 bits, base32. */
export const newTotpSecret = (): string => new Secret({ size: 20 }).base32

/**
 * The otpauth link that authenticators take.
 * @param account whose it is, as the authenticator shows it.
 */
export const totpUri = (secret: string, account: string): string =>
  new TOTP({
    issuer: ISSUER,
    label: account,
    secret,
    algorithm: 'SHA1',
    digits: DIGITS,
    period: PERIOD_SECONDS,
  }).toString()

/**
 * The time step that the code belongs to, within one step of now (RFC 6238).
 * @param lastStep the newest step that was accepted before; it and all older ones are refused, so that no code works twice.
 * @returns the step to remember, or undefined when the code is wrong, too old or used.
 */
export function matchTotpStep(
  secret: string,
  code: string,
  now: Date,
  lastStep: number | null,
): number | undefined {
  const current = Math.floor(now.getTime() / 1000 / PERIOD_SECONDS)
  const key = Secret.fromBase32(secret)
  return DRIFT.map((drift) => current + drift)
    .filter((step) => step > (lastStep ?? -1))
    .find((step) =>
      same(HOTP.generate({ secret: key, counter: step, digits: DIGITS, algorithm: 'SHA1' }), code),
    )
}

/** The 8 codes of a new setup, shown once, such as 7KQ2M-XW9TD. */
export const newBackupCodes = (): string[] =>
  Array.from({ length: BACKUP_CODES }, () => `${letters(5)}-${letters(5)}`)

/** What the cipher binds a person's TOTP secret to. */
export const totpSecretContext = (userId: string): string => `users.mfa_secret:${userId}`

/** Six digits are of an authenticator; anything else can only be a backup code. */
export const isTotpCode = (code: string): boolean => /^\d{6}$/.test(code)

/**
 * What is stored of a backup code. Argon2id, because 49 bits are few; salted by the person, so that
 * a given code is found without trying each. Case and the dash do not matter.
 */
export function hashBackupCode(userId: string, code: string): Promise<Buffer> {
  const plain = code.replaceAll('-', '').toUpperCase()
  const salt = createHash('sha256').update(`backup-code:${userId}`).digest().subarray(0, 16)
  return hashRaw(plain, { memoryCost: 19_456, timeCost: 2, parallelism: 1, outputLen: 32, salt })
}
