import { attempt } from '../../db/scope.ts'
import type { AuthHandlers } from '../../generated/handlers.ts'
import { Problem, problem } from '../../http/problem.ts'
import { stepUpUntil } from '../../security/step-up.ts'
import { hashOpaqueToken, newOpaqueToken, refreshFamilyOf } from '../../security/tokens.ts'
import type { Services } from '../../services.ts'
import { redeemCode, redeemTotp } from '../mfa/codes.ts'
import { isTimeZone } from '../time-zone.ts'
import { confirmPassword, countFailure } from './failures.ts'
import { askForReset } from './password-reset.ts'
import { accountRefusal } from './policy.ts'
import * as queries from './queries.ts'
import { announceRevoked, continueSession, isLive, openSession } from './sessions.ts'

const CHALLENGE_SECONDS = 300
const CHALLENGE_ATTEMPTS = 5

// Nobody has it: an unknown address goes the same way as a known one.
const NOBODY = '00000000-0000-0000-0000-000000000000'

const wrongCredentials = () => problem('UNAUTHORIZED', 'The e-mail address or the password is not right.')
const wrongCode = () => problem('UNAUTHORIZED', 'The sign-in cannot be finished with this code.')
const wrongRefresh = () => problem('UNAUTHORIZED', 'The session has ended. Sign in again.')
const invalid = (pointer: string, message: string) =>
  problem('VALIDATION_ERROR', undefined, { errors: [{ pointer, message }] })

export const authHandlers = (services: Services): AuthHandlers => {
  const { clock, newId, passwords, tokens } = services
  return {
    async getJwks() {
      return { keys: tokens.jwks() }
    },

    async register({ db, actor }, { body }) {
      const now = clock.now()
      const weakness = await passwords.weakness(body.password, [body.email, body.display_name])
      if (weakness !== undefined) return invalid('/password', weakness)
      if (body.timezone !== undefined && !isTimeZone(body.timezone))
        return invalid('/timezone', 'is not a time zone')
      const user = {
        id: newId(),
        email: body.email,
        display_name: body.display_name.trim(),
        password_hash: await passwords.hash(body.password),
        last_login_at: now,
        ...(body.timezone !== undefined && { timezone: body.timezone }),
      }
      const taken = problem('EMAIL_TAKEN', 'This e-mail address has an account. Sign in instead.')
      const inserted = await attempt(db, { users_email_key: taken }, () => queries.insertUser(db, user))
      if (inserted instanceof Problem) return inserted
      return openSession(
        db,
        services,
        user,
        { device: body.device ?? null, origin: actor.origin, mfaVerifiedAt: null },
        now,
      )
    },

    async login({ db, actor, enqueue }, { body }) {
      const now = clock.now()
      const credential = await queries.findCredential(db, body.email)
      const matches = await passwords.verify(credential?.password_hash ?? null, body.password)
      const account = await queries.lockAccount(db, credential?.id ?? NOBODY)
      // A password that was reset while this one was checked is the one that counts.
      if (!matches || account === undefined || account.password_hash !== credential?.password_hash) {
        await countFailure(db, enqueue, account, now)
        return wrongCredentials().keepEffects()
      }
      const refusal = accountRefusal(account, now)
      if (refusal !== undefined) return refusal
      if (account.mfa_enabled) {
        const token = newOpaqueToken()
        await queries.insertChallenge(db, {
          id: newId(),
          user_id: account.id,
          token_hash: hashOpaqueToken(token),
          device: body.device ?? null,
          expires_at: new Date(now.getTime() + CHALLENGE_SECONDS * 1000),
        })
        return { result: 'mfa_required', mfa_token: token, expires_in: CHALLENGE_SECONDS }
      }
      await queries.recordLogin(db, account.id, now)
      return openSession(
        db,
        services,
        account,
        { device: body.device ?? null, origin: actor.origin, mfaVerifiedAt: null },
        now,
      )
    },

    async completeMfaChallenge({ db, actor, enqueue }, { body }) {
      const now = clock.now()
      const challenge = await queries.lockChallenge(db, hashOpaqueToken(body.mfa_token))
      const isOpen =
        challenge !== undefined &&
        challenge.used_at === null &&
        challenge.attempts < CHALLENGE_ATTEMPTS &&
        new Date(challenge.expires_at) > now
      if (!isOpen) return wrongCode()
      const account = await queries.lockAccount(db, challenge.user_id)
      if (account === undefined) return wrongCode()
      const refusal = accountRefusal(account, now)
      if (refusal !== undefined) return refusal
      if (!(await redeemCode(db, services.cipher, account, body.code, now))) {
        await queries.countChallengeAttempt(db, challenge.id)
        await countFailure(db, enqueue, account, now)
        return wrongCode().keepEffects()
      }
      await queries.useChallenge(db, challenge.id, now)
      await queries.recordLogin(db, account.id, now)
      return openSession(
        db,
        services,
        account,
        { device: challenge.device, origin: actor.origin, mfaVerifiedAt: now },
        now,
      )
    },

    async stepUp({ db, actor, enqueue }, { body }) {
      const now = clock.now()
      const account = await queries.lockAccount(db, actor.userId)
      if (!account?.mfa_enabled) return problem('CONFLICT', 'Multi-factor authentication is not set up.')
      if (!(await redeemTotp(db, services.cipher, account, body.code, now))) {
        // Whoever holds a stolen session must not guess for ever.
        await countFailure(db, enqueue, account, now)
        return problem('INVALID_MFA_CODE', 'The code is wrong, too old or used.').keepEffects()
      }
      await queries.clearFailures(db, account.id)
      await queries.strengthenSession(db, actor.sessionId, now)
      return { session_id: actor.sessionId, step_up_until: stepUpUntil(now) }
    },

    async refreshSession({ db, emit }, { body }) {
      const now = clock.now()
      const session = await queries.lockSessionOfFamily(
        db,
        hashOpaqueToken(refreshFamilyOf(body.refresh_token)),
      )
      if (session === undefined) return wrongRefresh()
      if (!session.refresh_token_hash?.equals(hashOpaqueToken(body.refresh_token))) {
        if (session.revoked_at !== null) return wrongRefresh()
        await queries.revokeSession(db, session.id, 'TOKEN_REUSED', now)
        emit({
          type: 'session.revoked',
          audience: { user: session.user_id },
          data: { session_id: session.id, reason: 'TOKEN_REUSED' },
        })
        return wrongRefresh().keepEffects()
      }
      if (!isLive(session, now)) return wrongRefresh()
      return accountRefusal(session, now) ?? continueSession(db, services, session, body.refresh_token, now)
    },

    async logout({ db, actor, emit }) {
      await queries.revokeSession(db, actor.sessionId, 'LOGOUT', clock.now())
      emit({
        type: 'session.revoked',
        audience: { user: actor.userId },
        data: { session_id: actor.sessionId, reason: 'LOGOUT' },
      })
      return undefined
    },

    async requestPasswordReset({ enqueue }, { body }) {
      askForReset(services, enqueue, body.email, clock.now())
      return undefined
    },

    async resetPassword({ db, emit }, { body }) {
      const now = clock.now()
      const wrongToken = () =>
        problem('UNAUTHORIZED', 'The link is unknown, used or expired. Ask for a new one.')
      const reset = await queries.findReset(db, hashOpaqueToken(body.token), now)
      if (reset === undefined) return wrongToken()
      const { user_id: id, email, display_name } = reset
      const weakness = await passwords.weakness(body.password, [email, display_name])
      if (weakness !== undefined) return invalid('/password', weakness)
      const hash = await passwords.hash(body.password)
      const account = await queries.lockAccount(db, id)
      if (account === undefined || !(await queries.useReset(db, reset.id, now))) return wrongToken()
      await queries.setPassword(db, id, hash, now)
      await queries.clearLockout(db, id)
      const ended = await queries.revokeSessionsOf(db, id, 'PASSWORD_CHANGED', now)
      announceRevoked(emit, id, ended, 'PASSWORD_CHANGED')
      return { user: { id, email, display_name } }
    },

    async changePassword({ db, actor, emit, enqueue }, { body }) {
      const now = clock.now()
      if (body.new_password === body.current_password)
        return invalid('/new_password', 'must differ from the current one')
      const weakness = await passwords.weakness(body.new_password, [actor.email, actor.displayName])
      if (weakness !== undefined) return invalid('/new_password', weakness)
      const hash = await passwords.hash(body.new_password)
      const account = await confirmPassword(
        { db, enqueue },
        services,
        actor.userId,
        body.current_password,
        now,
      )
      if (account instanceof Problem) return account
      await queries.setPassword(db, account.id, hash, now)
      const ended = await queries.revokeSessionsOf(db, account.id, 'PASSWORD_CHANGED', now, actor.sessionId)
      announceRevoked(emit, account.id, ended, 'PASSWORD_CHANGED')
      return undefined
    },
  }
}
