import type { Pool } from 'pg'
import { type Db, unscoped } from '../db/scope.ts'
import { accountRefusal } from '../domains/auth/policy.ts'
import * as accounts from '../domains/auth/queries.ts'
import { sessionLimits } from '../domains/auth/sessions.ts'
import { createIssuers, type ExternalSignIn } from '../security/issuers.ts'
import type { Services } from '../services.ts'
import { problem } from './problem.ts'
import type { RequestState } from './request-state.ts'
import { type LoadedSession, loadExternalSession } from './session.ts'
import { auditWrite } from './steps/audit.ts'

/** Token of an external issuer → the session that its sign-in has here, and when the token ends. */
export type ExternalSignIns = (
  token: string,
  state: RequestState,
) => Promise<{ readonly session: LoadedSession | null; readonly endsAt: Date }>

const unauthorized = (detail: string) => problem('UNAUTHORIZED', detail)
const over = () => unauthorized('The session has ended. Sign in again at the issuer.')

/** Opens the session of a sign-in elsewhere, with the row of the audit trail that says so. @throws Problem why not. */
async function open(
  db: Db,
  { config, newId }: Services,
  signIn: ExternalSignIn,
  { origin, now, operation }: RequestState,
): Promise<void> {
  const credential = await accounts.findCredential(db, signIn.email)
  const account = credential && (await accounts.lockAccount(db, credential.id))
  if (account === undefined) throw unauthorized('No account has this e-mail address.')
  const refusal = accountRefusal(account, now)
  if (refusal?.code === 'PASSWORD_RESET_REQUIRED')
    throw unauthorized('This account is closed until its password is reset.')
  if (refusal !== undefined) throw refusal
  const { sessions_ended_at: endedAt } = account
  if (endedAt !== null && signIn.signedInAt <= new Date(endedAt)) throw over()
  const hasRole = await accounts.holdsRole(db, account.id)
  if (hasRole && !signIn.isRecognizable)
    throw unauthorized('The token must say when or in which session you signed in: auth_time or sid.')
  const limits = sessionLimits(config.sessions, hasRole, signIn.signedInAt, signIn.signedInAt)
  const endsAt =
    signIn.isRecognizable || signIn.expiresAt > limits.expires_at ? limits.expires_at : signIn.expiresAt
  if (endsAt <= now) throw over()
  const id = newId()
  const isFirst = await accounts.insertExternalSession(db, {
    id,
    user_id: account.id,
    issuer: signIn.issuer,
    sign_in_hash: signIn.signInHash,
    mfa_by_issuer: signIn.mfa,
    user_agent: origin.userAgent,
    ip_address: origin.ip,
    idle_seconds: limits.idle_seconds,
    last_active_at: now,
    expires_at: endsAt,
    created_at: now,
  })
  if (!isFirst) return
  await accounts.recordLogin(db, account.id, now)
  await auditWrite(db, {
    id: newId(),
    actorUserId: account.id,
    actorType: 'USER',
    organizationId: null,
    operationId: operation.id,
    resourceType: 'SESSION',
    resourceId: id,
    actionType: 'LOGIN',
    ipAddress: origin.ip,
    userAgent: origin.userAgent,
    impersonatorId: null,
    requestId: origin.requestId,
    reason: null,
    outcome: 'SUCCESS',
    problemCode: null,
    changes: null,
    occurredAt: now,
  })
}

/**
 * Sign-ins at external issuers. The first token of one opens a session like any other: listed, revoked, idle and over like
 * our own. A sign-in whose session has ended opens no second one, however long its tokens go on.
 */
export function createExternalSignIn(pool: Pool, services: Services): ExternalSignIns {
  const issuers = createIssuers(services.config.oidcIssuers)
  return async (token, state) => {
    const verdict = await issuers.verify(token, state.now)
    if (verdict.status === 'unknown') throw unauthorized('The access token is not valid.')
    if (verdict.status === 'refused') throw unauthorized(verdict.detail)
    if (verdict.status === 'unavailable')
      throw problem('UNAVAILABLE', 'The issuer of the token does not answer. Try again.', {
        retry_after: verdict.retryAfter,
      })
    const { signIn } = verdict
    const find = () => loadExternalSession(pool, signIn.signInHash, state.now)
    let session = await find()
    if (session === null) {
      await unscoped(pool, 'write', (db) => open(db, services, signIn, state))
      session = await find()
    }
    // The address was somebody else's when the session began.
    if (session !== null && session.user.email.toLowerCase() !== signIn.email.toLowerCase()) throw over()
    return { session, endsAt: signIn.expiresAt }
  }
}
