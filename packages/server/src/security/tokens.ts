import { createHash, randomBytes } from 'node:crypto'
import { decodeProtectedHeader, errors, importJWK, type JWTPayload, jwtVerify, SignJWT } from 'jose'
import { LRUCache } from 'lru-cache'
import type { KeyRing, PublicJwk } from './keys.ts'

const ALGORITHM = 'EdDSA'
const TYPE = 'at+jwt'

/** What an access token says. It alone admits nobody: the session behind it must be alive. */
interface AccessClaims {
  /** The user. */
  readonly sub: string
  /** The session. */
  readonly sid: string
  readonly jti: string
  /** Seconds since 1970. */
  readonly exp: number
  /** Under impersonation: its id, and the administrator behind it. */
  readonly imp?: { readonly id: string; readonly by: string }
}

/** An expired token is a genuine one, so what it says may be told apart; an invalid one says nothing. */
type Verified =
  | { readonly status: 'valid' | 'expired'; readonly claims: AccessClaims }
  | { readonly status: 'invalid' }

interface PublicKey extends PublicJwk {
  readonly kid: string
  readonly alg: typeof ALGORITHM
  readonly use: 'sig'
}

export interface TokenSettings {
  readonly issuer: string
  readonly audience: string
  /** How long an access token lasts. */
  readonly accessSeconds: number
  /** How many verified tokens are remembered, so that a signature is checked once. */
  readonly remembered?: number
}

/** Whom a token is for. `patientId` is the patient whom an impersonation acts as. */
interface TokenSubject {
  readonly userId: string
  readonly sessionId: string
  readonly tokenId: string
  readonly impersonation?: { readonly id: string; readonly adminUserId: string; readonly patientId: string }
}

export interface Tokens {
  readonly accessSeconds: number
  /** Signs an access token. @param until when it ends, if not after `accessSeconds`. */
  issueAccess(subject: TokenSubject, now: Date, until?: Date): Promise<string>
  verifyAccess(token: string, now: Date): Promise<Verified>
  /** The keys that verify, for the public (RFC 7517). */
  jwks(): PublicKey[]
}

const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined

function claimsOf(payload: JWTPayload): AccessClaims | undefined {
  const { sub, jti, exp, sid, impersonation_id: impersonationId, impersonator_id: impersonatorId } = payload
  const session = text(sid)
  if (!sub || !jti || exp === undefined || !session) return undefined
  const claims = { sub, sid: session, jti, exp }
  if (impersonationId === undefined) return claims
  const [id, by] = [text(impersonationId), text(impersonatorId)]
  return id && by ? { ...claims, imp: { id, by } } : undefined
}

/** Access tokens: EdDSA JWTs (RFC 9068) under the ring's first signing key; every key of the ring verifies. */
export function createTokens(keys: Pick<KeyRing, 'signing'>, settings: TokenSettings): Tokens {
  const { issuer, audience, accessSeconds, remembered = 10_000 } = settings
  const [signer] = keys.signing
  if (signer === undefined) throw new Error('The key ring has no signing key.')
  const signingKey = importJWK({ ...signer.privateJwk }, ALGORITHM)
  const verifyingKeys = new Map(
    keys.signing.map(({ kid, publicJwk }) => [kid, importJWK({ ...publicJwk }, ALGORITHM)]),
  )
  // Verifying costs 174 µs, a look-up next to nothing. Bounded; expiry is checked at each use.
  const genuine = new LRUCache<string, AccessClaims>({ max: remembered })

  async function check(token: string): Promise<AccessClaims | undefined> {
    try {
      const { kid = '' } = decodeProtectedHeader(token)
      const key = await verifyingKeys.get(kid)
      if (key === undefined) return undefined
      const { payload } = await jwtVerify(token, key, {
        algorithms: [ALGORITHM],
        typ: TYPE,
        issuer,
        audience,
        // Expiry is left to the caller, who tells expired tokens from forged ones.
        currentDate: new Date(0),
      })
      return claimsOf(payload)
    } catch (error) {
      // decodeProtectedHeader answers a malformed token with a TypeError.
      if (error instanceof errors.JOSEError || error instanceof TypeError) return undefined
      throw error
    }
  }

  return {
    accessSeconds,

    async issueAccess({ userId, sessionId, tokenId, impersonation }, now, until) {
      const issuedAt = Math.floor(now.getTime() / 1000)
      const end = until === undefined ? issuedAt + accessSeconds : Math.floor(until.getTime() / 1000)
      const payload = {
        sid: sessionId,
        ...(impersonation && {
          act_as: impersonation.patientId,
          impersonation_id: impersonation.id,
          impersonator_id: impersonation.adminUserId,
        }),
      }
      return new SignJWT(payload)
        .setProtectedHeader({ alg: ALGORITHM, typ: TYPE, kid: signer.kid })
        .setSubject(userId)
        .setJti(tokenId)
        .setIssuer(issuer)
        .setAudience(audience)
        .setIssuedAt(issuedAt)
        .setExpirationTime(end)
        .sign(await signingKey)
    },

    async verifyAccess(token, now) {
      const claims = genuine.get(token) ?? (await check(token))
      if (claims === undefined) return { status: 'invalid' }
      genuine.set(token, claims)
      return { status: claims.exp * 1000 > now.getTime() ? 'valid' : 'expired', claims }
    },

    jwks: () => keys.signing.map(({ kid, publicJwk }) => ({ ...publicJwk, kid, alg: ALGORITHM, use: 'sig' })),
  }
}

/** A secret for one holder, such as an MFA challenge: 256 bits, base64url. Only its hash is stored. */
export const newOpaqueToken = (): string => randomBytes(32).toString('base64url')

/** What is stored of an opaque token. It has 256 random bits, so one plain hash keeps it. */
export const hashOpaqueToken = (token: string): Buffer => createHash('sha256').update(token).digest()

const FAMILY_CHARACTERS = 22

/** A session's refresh tokens share the family in front, so that any old one of them is recognized, not only the last. */
export const newRefreshFamily = (): string => randomBytes(16).toString('base64url')

/** The family's next refresh token: 256 fresh random bits behind the family. */
export const newRefreshToken = (family: string): string => `${family}.${newOpaqueToken()}`

/** @param token as the contract describes it. */
export const refreshFamilyOf = (token: string): string => token.slice(0, FAMILY_CHARACTERS)
