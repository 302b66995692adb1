import { createHash } from 'node:crypto'
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch,
  decodeJwt,
  errors,
  type JWTPayload,
  type JWTVerifyGetKey,
  jwtVerify,
  type RemoteJWKSet,
} from 'jose'
import type { OidcIssuer } from '../config.ts'

/** A shared secret would let whoever checks tokens make them, so none of these is symmetric. */
const ALGORITHMS = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
]

/** How far the issuer's clock may be from ours. */
export const CLOCK_SKEW_SECONDS = 60

const SECOND = 1000
const times = {
  /** A request waits for an issuer at most twice as long: for its description and for its keys. */
  answer: 3 * SECOND,
  /** After a failure nobody asks again for so long: an issuer that is away costs one request its wait, not each. */
  pause: 5 * SECOND,
  /** A key that the issuer withdrew is refused after so long. */
  keys: 600 * SECOND,
  /** An unknown key id makes us ask again, but not more often than this: anybody can invent one. */
  cooldown: 30 * SECOND,
  /** While the issuer is away its last known keys go on counting for so long. */
  stale: 3600 * SECOND,
  description: 3600 * SECOND,
}

/** What a genuine token of an issuer says. */
export interface ExternalSignIn {
  readonly issuer: string
  /** The address, which the issuer vouches for. */
  readonly email: string
  /** Names the sign-in that the token comes from; every later token of the same sign-in says the same. */
  readonly signInHash: Buffer
  /** When the person signed in there; when the token was issued, if it does not say. */
  readonly signedInAt: Date
  /** False when the token names no sign-in: a later token of the same one cannot be recognized. */
  readonly isRecognizable: boolean
  readonly expiresAt: Date
  /** Whether there was a second factor that the configuration trusts. */
  readonly mfa: boolean
}

export type ExternalVerdict =
  | { readonly status: 'valid'; readonly signIn: ExternalSignIn }
  /** Not a token of any configured issuer. */
  | { readonly status: 'unknown' }
  | { readonly status: 'refused'; readonly detail: string }
  /** Its keys cannot be had now. */
  | { readonly status: 'unavailable'; readonly retryAfter: number }

export interface Issuers {
  verify(token: string, now: Date): Promise<ExternalVerdict>
}

/** The issuer, or the way to it, failed: nothing is known about the token. */
class IssuerAway extends Error {}

const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined

/**
 * The keys of one issuer, found by its discovery document. All concurrent requests share one fetch. The age of keys goes by
 * the machine's own time, as jose's does; whether a token is in force goes by the server's clock.
 */
class IssuerKeys {
  readonly #issuer: string
  #keySet: RemoteJWKSet | undefined
  #keysUrl: string | undefined
  #describedAt = Number.NEGATIVE_INFINITY
  #describing: Promise<void> | undefined
  #loadedAt = Number.NEGATIVE_INFINITY
  #failedAt = Number.NEGATIVE_INFINITY

  constructor(issuer: string) {
    this.#issuer = issuer
  }

  /** For jwtVerify. @throws IssuerAway when there is no key to be had. */
  readonly key: JWTVerifyGetKey = async (header, token) => {
    await this.#describe()
    const keySet = this.#keySet
    if (keySet === undefined) throw new IssuerAway()
    try {
      return await keySet(header, token)
    } catch (error) {
      if (!(error instanceof IssuerAway)) throw error
      const known = keySet.jwks()
      if (known === undefined || Date.now() - this.#loadedAt > times.stale) throw error
      // A key that is not among them may be a new one: unknown, not wrong.
      return await createLocalJWKSet(known)(header, token).catch(() => {
        throw error
      })
    }
  }

  async #describe(): Promise<void> {
    if (Date.now() - this.#describedAt < times.description) return
    this.#describing ??= this.#readDescription().finally(() => {
      this.#describing = undefined
    })
    try {
      await this.#describing
    } catch (error) {
      // What was described before still counts.
      if (this.#keySet === undefined) throw error
    }
  }

  async #readDescription(): Promise<void> {
    const url = `${this.#issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
    const response = await this.#fetch(url, { signal: AbortSignal.timeout(times.answer), redirect: 'manual' })
    const description: unknown = await response.json().catch(() => undefined)
    const { issuer, jwks_uri: keysUrl }: Record<string, unknown> = Object(description)
    const isOurs = issuer === this.#issuer && typeof keysUrl === 'string' && URL.canParse(keysUrl)
    const isSafe = isOurs && new URL(keysUrl).protocol === new URL(this.#issuer).protocol
    if (!isSafe) throw this.#failed(new Error('the discovery document is not of this issuer'))
    if (keysUrl !== this.#keysUrl) {
      this.#keysUrl = keysUrl
      this.#keySet = createRemoteJWKSet(new URL(keysUrl), {
        timeoutDuration: times.answer,
        cooldownDuration: times.cooldown,
        cacheMaxAge: times.keys,
        [customFetch]: async (address, options) => {
          const answer = await this.#fetch(address, options)
          this.#loadedAt = Date.now()
          return answer
        },
      })
    }
    this.#describedAt = Date.now()
  }

  #failed(cause: unknown): IssuerAway {
    this.#failedAt = Date.now()
    return new IssuerAway('the issuer does not answer', { cause })
  }

  async #fetch(url: string, options: RequestInit): Promise<Response> {
    if (Date.now() - this.#failedAt < times.pause) throw new IssuerAway('the issuer did not answer just now')
    try {
      const response = await fetch(url, options)
      // Read here, so that a body that stops half-way is the issuer's failure too.
      const body = await response.text()
      if (response.status !== 200) throw new Error(`the issuer answered ${response.status}`)
      JSON.parse(body)
      return new Response(body, { status: 200, headers: { 'content-type': 'application/json' } })
    } catch (error) {
      throw this.#failed(error)
    }
  }
}

const refused = (detail: string): ExternalVerdict => ({ status: 'refused', detail })

/** Which sign-in a token comes from. A time of sign-in comes first: signing in again there must begin a new one here. */
function signInOf(token: string, { auth_time, sid }: JWTPayload): readonly [string, string | number] {
  if (typeof auth_time === 'number') return ['auth_time', auth_time]
  const session = text(sid)
  return session === undefined ? ['token', token] : ['sid', session]
}

function hasTrustedFactor({ amr, acr }: JWTPayload, trusted: readonly string[]): boolean {
  const given = [...(Array.isArray(amr) ? amr : []), acr]
  return trusted.some((value) => given.includes(value))
}

function readClaims(token: string, payload: JWTPayload, { issuer, trustedMfa }: OidcIssuer): ExternalVerdict {
  const { sub, exp, iat, auth_time: authTime, email_verified: isVerified } = payload
  const email = text(payload.email)
  if (sub === undefined || exp === undefined || iat === undefined)
    return refused('The access token is not valid.')
  if (email === undefined || isVerified !== true)
    return refused('The token carries no verified e-mail address.')
  const [kind, id] = signInOf(token, payload)
  return {
    status: 'valid',
    signIn: {
      issuer,
      email,
      signInHash: createHash('sha256')
        .update(JSON.stringify([issuer, sub, kind, id]))
        .digest(),
      signedInAt: new Date((typeof authTime === 'number' ? authTime : iat) * SECOND),
      isRecognizable: kind !== 'token',
      expiresAt: new Date((exp + CLOCK_SKEW_SECONDS) * SECOND),
      mfa: hasTrustedFactor(payload, trustedMfa),
    },
  }
}

/** The issuer that a token claims to be from, before anything of it is believed. */
function claimedIssuer(token: string): string | undefined {
  try {
    return decodeJwt(token).iss
  } catch {
    return undefined
  }
}

/**
 * Tokens of external OpenID Connect issuers: ID tokens, or access tokens that carry the e-mail address. The issuer's
 * name must be exactly the configured one, the audience one of its audiences, the algorithm asymmetric.
 */
export function createIssuers(configured: readonly OidcIssuer[]): Issuers {
  const known = new Map(
    configured.map((settings) => [settings.issuer, { settings, keys: new IssuerKeys(settings.issuer) }]),
  )
  return {
    async verify(token, now) {
      const issuer = known.size === 0 ? undefined : known.get(claimedIssuer(token) ?? '')
      if (issuer === undefined) return { status: 'unknown' }
      try {
        const { payload, protectedHeader } = await jwtVerify(token, issuer.keys.key, {
          issuer: issuer.settings.issuer,
          audience: [...issuer.settings.audiences],
          algorithms: ALGORITHMS,
          clockTolerance: CLOCK_SKEW_SECONDS,
          // With it, jose also refuses a token from the future.
          maxTokenAge: '24h',
          currentDate: now,
          requiredClaims: ['sub', 'exp', 'iat'],
        })
        const type = protectedHeader.typ?.toLowerCase() ?? 'jwt'
        // A logout token, or any other kind that the same issuer signs, is no sign-in.
        if (type !== 'jwt' && type !== 'at+jwt') return refused('The access token is not valid.')
        return readClaims(token, payload, issuer.settings)
      } catch (error) {
        if (error instanceof IssuerAway || error instanceof errors.JWKSInvalid)
          return { status: 'unavailable', retryAfter: Math.ceil(times.pause / SECOND) }
        if (error instanceof errors.JWTExpired) return refused('The access token has expired.')
        if (error instanceof errors.JOSEError || error instanceof TypeError)
          return refused('The access token is not valid.')
        throw error
      }
    },
  }
}
