import type { Pool } from 'pg'
import { apiKeyPrefix, isApiKey } from '../../security/api-keys.ts'
import { hashOpaqueToken, type Tokens } from '../../security/tokens.ts'
import type { Impersonation, Person } from '../actor.ts'
import type { ExternalSignIns } from '../external.ts'
import type { PlatformRole } from '../operation.ts'
import { problem } from '../problem.ts'
import type { Gate, RequestState } from '../request-state.ts'
import { type LoadedSession, loadApiKey, type SessionLoader, touchApiKey, touchSession } from '../session.ts'

const unauthorized = (detail: string) => problem('UNAUTHORIZED', detail)
const impersonationExpired = () => problem('IMPERSONATION_EXPIRED', 'The impersonation has ended.')

/** Why a session cannot be used any more; undefined while it can. */
export function sessionFault(
  loaded: LoadedSession | null,
  now: Date,
): 'ended' | 'impersonation-ended' | undefined {
  if (!loaded) return 'ended'
  const { session, user, impersonation } = loaded
  const time = now.getTime()
  if (impersonation) {
    const over =
      impersonation.ended || !impersonation.admin_live || Date.parse(impersonation.expires_at) <= time
    if (over || session.revoked) return 'impersonation-ended'
  }
  const idleUntil = Date.parse(session.last_active_at) + session.idle_seconds * 1000
  const over = session.revoked || user.deleted || Date.parse(session.expires_at) <= time || idleUntil <= time
  return over ? 'ended' : undefined
}

function platformRoles(user: LoadedSession['user']): PlatformRole[] {
  return [
    ...(user.is_super_admin ? (['SUPER_ADMIN'] as const) : []),
    ...(user.is_support_agent ? (['SUPPORT_AGENT'] as const) : []),
  ]
}

/** The person behind a session. Under impersonation the patient's own roles do not count: it sees what a patient sees. */
export function personOfSession(loaded: LoadedSession, origin: Person['origin']): Person {
  const { session, user, impersonation: row } = loaded
  const impersonation: Impersonation | null = row && {
    id: row.id,
    adminUserId: row.admin_user_id,
    adminName: row.admin_name,
    patientId: row.patient_id,
    organizationId: row.organization_id,
    reason: row.reason,
    // PostgreSQL's JSON writes an offset; the wire wants Z.
    expiresAt: new Date(row.expires_at).toISOString(),
  }
  return {
    kind: 'person',
    userId: session.user_id,
    sessionId: session.id,
    email: user.email,
    displayName: user.display_name,
    memberships: impersonation
      ? []
      : loaded.memberships.map((row) => ({ organizationId: row.organization_id, role: row.role })),
    platformRoles: impersonation ? [] : platformRoles(user),
    mfaEnabled: user.mfa_enabled,
    mfaVerifiedAt: session.mfa_verified_at,
    impersonation,
    as: { kind: 'user' },
    origin,
  }
}

/** Puts a loaded session into the state, or throws why it cannot be used. */
export async function admitSession(
  state: RequestState,
  pool: Pool,
  loaded: LoadedSession | null,
): Promise<void> {
  const fault = sessionFault(loaded, state.now)
  if (fault === 'impersonation-ended') throw impersonationExpired()
  if (fault || !loaded) throw unauthorized('The session has ended. Sign in again.')
  state.session = loaded
  state.actor = personOfSession(loaded, state.origin)
  await touchSession(pool, loaded, state.now)
}

/** Puts the API key into the state, or throws. Unknown, wrong, revoked and expired ones are told the same. */
async function admitKey(state: RequestState, pool: Pool, credential: string): Promise<void> {
  const prefix = apiKeyPrefix(credential)
  const loaded = prefix && (await loadApiKey(pool, prefix, hashOpaqueToken(credential)))
  const over = loaded && loaded.expires_at !== null && Date.parse(loaded.expires_at) <= state.now.getTime()
  if (!loaded || over) throw unauthorized('The API key is not valid.')
  const { id, organization_id: organizationId, role } = loaded
  state.actor = {
    kind: 'api-key',
    keyId: id,
    organizationId,
    organizationSuspended: loaded.suspended,
    organizationLapsed:
      loaded.writes_until !== null && Date.parse(loaded.writes_until) <= state.now.getTime(),
    role,
    writes: loaded.scopes.includes('write'),
    as: { kind: 'member', organizationId, role },
    origin: state.origin,
  }
  await touchApiKey(pool, loaded, state.now)
}

interface Credentials {
  readonly pool: Pool
  readonly sessions: SessionLoader
  readonly tokens: Tokens
  readonly redeemTicket: (ticket: string, now: Date) => Promise<string | null>
  readonly external: ExternalSignIns
}

/**
 * Credential → actor: a bearer access token, ours or an external issuer's, an API key, or a single-use ticket on a
 * stream. The session behind it is read on every request, so that a revoked one is refused at once.
 */
export const authenticate =
  ({ pool, sessions, tokens, redeemTicket, external }: Credentials): Gate =>
  async (state) => {
    if (state.operation.gates.access.public) {
      state.actor = { kind: 'anonymous', origin: state.origin }
      return
    }
    const { ticket } = state.query
    if (state.operation.gates.stream && typeof ticket === 'string') {
      const sessionId = await redeemTicket(ticket, state.now)
      if (!sessionId) throw unauthorized('The stream ticket is unknown, used or older than 60 seconds.')
      return admitSession(state, pool, await sessions.load(sessionId, state.now))
    }
    const { authorization } = state.headers
    if (typeof authorization !== 'string')
      throw unauthorized('Send an access token: Authorization: Bearer ….')
    const token = /^Bearer ([\w.~+/-]+=*)$/i.exec(authorization)?.[1]
    if (!token) throw unauthorized('The Authorization header is not a bearer token.')
    if (isApiKey(token)) return admitKey(state, pool, token)
    const verified = await tokens.verifyAccess(token, state.now)
    if (verified.status === 'expired') {
      if (verified.claims.imp) throw impersonationExpired()
      throw unauthorized('The access token has expired.')
    }
    if (verified.status === 'valid') {
      state.tokenEndsAt = new Date(verified.claims.exp * 1000)
      return admitSession(state, pool, await sessions.load(verified.claims.sid, state.now))
    }
    const { session, endsAt } = await external(token, state)
    state.tokenEndsAt = endsAt
    await admitSession(state, pool, session)
  }
