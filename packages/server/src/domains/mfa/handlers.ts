import qrcode from 'qrcode'
import type { MfaHandlers } from '../../generated/handlers.ts'
import { Problem, problem } from '../../http/problem.ts'
import { stepUpUntil } from '../../security/step-up.ts'
import {
  hashBackupCode,
  matchTotpStep,
  newBackupCodes,
  newTotpSecret,
  totpSecretContext,
  totpUri,
} from '../../security/totp.ts'
import type { Services } from '../../services.ts'
import { confirmPassword } from '../auth/failures.ts'
import { strengthenSession } from '../auth/queries.ts'
import * as queries from './queries.ts'

const PENDING_SECONDS = 900

const notOn = () => problem('CONFLICT', 'Multi-factor authentication is not on.')
const alreadyOn = () => problem('CONFLICT', 'Multi-factor authentication is already on.')

const hashed = (userId: string, codes: readonly string[]) =>
  Promise.all(codes.map((code) => hashBackupCode(userId, code)))

export const mfaHandlers = ({ cipher, clock, passwords }: Services): MfaHandlers => ({
  async setupMfa({ db, actor }) {
    if (actor.mfaEnabled) return alreadyOn()
    const secret = newTotpSecret()
    const codes = newBackupCodes()
    const expiresAt = new Date(clock.now().getTime() + PENDING_SECONDS * 1000)
    await queries.replaceEnrollment(db, {
      user_id: actor.userId,
      secret: cipher.encrypt(secret, totpSecretContext(actor.userId)),
      backup_code_hashes: await hashed(actor.userId, codes),
      expires_at: expiresAt,
    })
    const uri = totpUri(secret, actor.email)
    return {
      secret,
      otpauth_url: uri,
      qr_code: await qrcode.toDataURL(uri),
      backup_codes: codes,
      expires_at: expiresAt.toISOString(),
    }
  },

  async verifyMfa({ db, actor }, { body }) {
    if (actor.mfaEnabled) return alreadyOn()
    const now = clock.now()
    const enrolled = await queries.lockEnrollment(db, actor.userId)
    if (enrolled === undefined || new Date(enrolled.expires_at) <= now)
      return problem('CONFLICT', 'Nothing is pending. Begin with setup.')
    const secret = cipher.decrypt(enrolled.secret, totpSecretContext(actor.userId))
    const step = matchTotpStep(secret, body.code, now, null)
    if (step === undefined) return problem('INVALID_MFA_CODE', 'The code is wrong or too old.')
    await queries.enableMfa(db, actor.userId, enrolled, step)
    await strengthenSession(db, actor.sessionId, now)
    return { mfa_enabled: true, step_up_until: stepUpUntil(now) }
  },

  async regenerateMfaBackupCodes({ db, actor, enqueue }, { body }) {
    const codes = newBackupCodes()
    const hashes = await hashed(actor.userId, codes)
    const account = await confirmPassword(
      { db, enqueue },
      { passwords },
      actor.userId,
      body.password,
      clock.now(),
    )
    if (account instanceof Problem) return account
    if (!account.mfa_enabled) return notOn()
    await queries.replaceBackupCodes(db, account.id, hashes)
    return { backup_codes: codes }
  },

  async disableMfa({ db, actor, enqueue }, { body }) {
    if (actor.memberships.length > 0 || actor.platformRoles.length > 0)
      return problem('MFA_REQUIRED_FOR_ROLE', 'Whoever works here keeps multi-factor authentication on.')
    const account = await confirmPassword(
      { db, enqueue },
      { passwords },
      actor.userId,
      body.password,
      clock.now(),
    )
    if (account instanceof Problem) return account
    if (!account.mfa_enabled) return notOn()
    await queries.disableMfa(db, account.id)
    return undefined
  },
})
