import qrcode from 'qrcode'
import type { MfaHandlers } from '../../generated/handlers.ts'
import { problem } from '../../http/problem.ts'
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
import { strengthenSession } from '../auth/queries.ts'
import * as queries from './queries.ts'

const PENDING_SECONDS = 900

const alreadyOn = () => problem('CONFLICT', 'Multi-factor authentication is already on.')

export const mfaHandlers = ({ cipher, clock }: Services): MfaHandlers => ({
  async setupMfa({ db, actor }) {
    if (actor.mfaEnabled) return alreadyOn()
    const secret = newTotpSecret()
    const codes = newBackupCodes()
    const expiresAt = new Date(clock.now().getTime() + PENDING_SECONDS * 1000)
    await queries.replaceEnrollment(db, {
      user_id: actor.userId,
      secret: cipher.encrypt(secret, totpSecretContext(actor.userId)),
      backup_code_hashes: await Promise.all(codes.map((code) => hashBackupCode(actor.userId, code))),
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
})
