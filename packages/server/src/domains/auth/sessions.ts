import type { Config } from '../../config.ts'
import type { Db } from '../../db/scope.ts'
import type { components } from '../../generated/contract.ts'
import type { Origin } from '../../http/actor.ts'
import type { Emit } from '../../http/handler.ts'
import { hashOpaqueToken, newRefreshFamily, newRefreshToken, refreshFamilyOf } from '../../security/tokens.ts'
import type { Services } from '../../services.ts'
import * as queries from './queries.ts'

type Tokens = components['schemas']['Tokens']

interface SignedIn {
  readonly id: string
  readonly email: string
  readonly display_name: string
}

const after = (start: Date, seconds: number): Date => new Date(start.getTime() + seconds * 1000)

/**
 * How long a session may last. People with a role end after a fixed time; everyone else's end moves along
 * with each refresh.
 */
export const sessionLimits = (
  limits: Config['sessions'],
  hasRole: boolean,
  createdAt: Date,
  now: Date,
): { idle_seconds: number; expires_at: Date } =>
  hasRole
    ? { idle_seconds: limits.idleSeconds, expires_at: after(createdAt, limits.absoluteSeconds) }
    : { idle_seconds: limits.patientSeconds, expires_at: after(now, limits.patientSeconds) }

async function answer(
  { tokens, newId }: Services,
  user: SignedIn,
  sessionId: string,
  refreshToken: string,
  now: Date,
): Promise<Tokens> {
  return {
    result: 'tokens',
    access_token: await tokens.issueAccess({ userId: user.id, sessionId, tokenId: newId() }, now),
    refresh_token: refreshToken,
    token_type: 'Bearer',
    expires_in: tokens.accessSeconds,
    session_id: sessionId,
    user: { id: user.id, email: user.email, display_name: user.display_name },
  }
}

/** Tells the person's open streams, and with them their devices, which sessions have ended. */
export function announceRevoked(
  emit: Emit,
  userId: string,
  sessionIds: readonly string[],
  reason: components['schemas']['SessionRevokedEvent']['data']['reason'],
): void {
  for (const session_id of sessionIds)
    emit({ type: 'session.revoked', audience: { user: userId }, data: { session_id, reason } })
}

/** Signs the person in: a new session and its first pair of tokens. */
export async function openSession(
  db: Db,
  services: Services,
  user: SignedIn,
  from: { readonly device: string | null; readonly origin: Origin; readonly mfaVerifiedAt: Date | null },
  now: Date,
): Promise<Tokens> {
  const sessionId = services.newId()
  const refreshToken = newRefreshToken(newRefreshFamily())
  const hasRole = await queries.holdsRole(db, user.id)
  await queries.insertSession(db, {
    id: sessionId,
    user_id: user.id,
    refresh_token_hash: hashOpaqueToken(refreshToken),
    refresh_family_hash: hashOpaqueToken(refreshFamilyOf(refreshToken)),
    device: from.device,
    user_agent: from.origin.userAgent,
    ip_address: from.origin.ip,
    last_active_at: now,
    mfa_verified_at: from.mfaVerifiedAt,
    created_at: now,
    ...sessionLimits(services.config.sessions, hasRole, now, now),
  })
  return answer(services, user, sessionId, refreshToken, now)
}

/** Whether the session can still be continued. */
export function isLive(session: queries.RefreshableSession, now: Date): boolean {
  const idleUntil = after(new Date(session.last_active_at), session.idle_seconds)
  return (
    session.revoked_at === null &&
    session.deleted_at === null &&
    new Date(session.expires_at) > now &&
    idleUntil > now
  )
}

/**
 * The next pair of tokens; the refresh token that was shown is used up. The limits follow the roles that the
 * person holds now: who was given a role gets that role's limits, counted from the sign-in.
 */
export async function continueSession(
  db: Db,
  services: Services,
  session: queries.RefreshableSession,
  refreshToken: string,
  now: Date,
): Promise<Tokens> {
  const next = newRefreshToken(refreshFamilyOf(refreshToken))
  const hasRole = await queries.holdsRole(db, session.user_id)
  await queries.rotateSession(db, session.id, {
    refresh_token_hash: hashOpaqueToken(next),
    last_active_at: now,
    ...sessionLimits(services.config.sessions, hasRole, new Date(session.created_at), now),
  })
  const user = { id: session.user_id, email: session.email, display_name: session.display_name }
  return answer(services, user, session.id, next, now)
}
