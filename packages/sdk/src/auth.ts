import { type Clock, systemClock } from './clock.ts'
import { ConnectionError, SessionEndedError, TimeoutError, WardlineError } from './errors.ts'

/** The pair that a sign-in answers. Keep both secret. */
export interface SessionTokens {
  access_token: string
  refresh_token: string
}

/**
 * How calls authenticate: an access token or API key; a function that gives one (asked before every attempt, and
 * once more after a 401); or a `session(...)` that renews itself.
 */
export type Auth = string | (() => string | Promise<string>) | Session

/** What the transport needs of any of them. */
export interface TokenSource {
  token(): Promise<string>
  /** After a 401 with `refused`: another token, or undefined when there is none. */
  renew(refused: string): Promise<string | undefined>
}

/** Asks the server for the next pair; given by the client. */
export type RefreshCall = (refreshToken: string) => Promise<SessionTokens>

export interface SessionOptions extends SessionTokens {
  /**
   * Called with every new pair, and with undefined when the session has ended; awaited, so that a pair is stored
   * before it is used. A refresh token works once: store the new one, or the next start is signed out.
   */
  onChange?: ((tokens: SessionTokens | undefined) => void | Promise<void>) | undefined
  /**
   * For tokens that several processes or tabs share. Wraps each refresh: take a lock, read the stored pair, pass it
   * to `refresh`, let go. A stored pair that is newer than ours is taken over without asking the server.
   */
  exclusive?: ((refresh: (stored?: SessionTokens) => Promise<void>) => Promise<void>) | undefined
}

/** Renewed this long before it expires, so that a call does not meet the expiry on its way. */
const MARGIN_MS = 30_000

/**
 * A signed-in session. It renews itself shortly before the access token expires and once after a 401;
 * concurrent calls share one refresh.
 */
export class Session implements TokenSource {
  #tokens: SessionTokens | undefined
  #expiresAt: number | undefined
  #refreshing: Promise<string | undefined> | undefined
  #refresh: RefreshCall | undefined
  #clock: Clock = systemClock
  readonly #options: Pick<SessionOptions, 'onChange' | 'exclusive'>

  constructor(options: SessionOptions) {
    this.#options = options
    this.#tokens = { access_token: options.access_token, refresh_token: options.refresh_token }
    this.#expiresAt = expiry(options.access_token)?.at
  }

  /** The pair as it stands; undefined once the session has ended. */
  get tokens(): SessionTokens | undefined {
    return this.#tokens
  }

  /** @internal The client lends its refresh call; the first one stays. */
  attach(refresh: RefreshCall, clock: Clock): void {
    if (this.#refresh !== undefined) return
    this.#refresh = refresh
    this.#clock = clock
  }

  async token(): Promise<string> {
    const tokens = this.#tokens
    if (tokens === undefined) throw new SessionEndedError('The session has ended; sign in again')
    const left =
      this.#expiresAt === undefined ? Number.POSITIVE_INFINITY : this.#expiresAt - this.#clock.now()
    if (left > MARGIN_MS) return tokens.access_token
    try {
      return (await this.renew(tokens.access_token)) ?? tokens.access_token
    } catch (error) {
      // A token that still works is better than no answer while the network is away.
      if (left > 0 && (error instanceof ConnectionError || error instanceof TimeoutError))
        return tokens.access_token
      throw error
    }
  }

  renew(refused: string): Promise<string | undefined> {
    if (this.#tokens !== undefined && this.#tokens.access_token !== refused) {
      return Promise.resolve(this.#tokens.access_token)
    }
    this.#refreshing ??= this.#renewOnce().finally(() => {
      this.#refreshing = undefined
    })
    return this.#refreshing
  }

  /** Forgets the tokens. `client.signOut()` also ends the session on the server. */
  async end(): Promise<void> {
    if (this.#tokens === undefined) return
    this.#tokens = undefined
    await this.#options.onChange?.(undefined)
  }

  async #renewOnce(): Promise<string | undefined> {
    const { exclusive } = this.#options
    if (exclusive === undefined) await this.#renewFrom(undefined)
    else await exclusive((stored) => this.#renewFrom(stored))
    return this.#tokens?.access_token
  }

  async #renewFrom(stored: SessionTokens | undefined): Promise<void> {
    const mine = this.#tokens
    if (mine === undefined || this.#refresh === undefined) return
    if (stored !== undefined && stored.refresh_token !== mine.refresh_token) {
      this.#tokens = { access_token: stored.access_token, refresh_token: stored.refresh_token }
      this.#expiresAt = expiry(stored.access_token)?.at
      return
    }
    let next: SessionTokens
    try {
      next = await this.#refresh(mine.refresh_token)
    } catch (error) {
      // Only a clear refusal ends the session; anything else may pass.
      if (isRefusal(error)) await this.end()
      throw error
    }
    this.#tokens = { access_token: next.access_token, refresh_token: next.refresh_token }
    // Counted from its arrival: a clock that is wrong by minutes must not refresh before every call.
    const lifetime = expiry(next.access_token)?.lifetime
    this.#expiresAt = lifetime === undefined ? undefined : this.#clock.now() + lifetime
    await this.#options.onChange?.(this.#tokens)
  }
}

/** A session from tokens that were kept. */
export const session = (options: SessionOptions): Session => new Session(options)

/** Any form of credential as a token source. */
export const tokenSource = (auth: Auth): TokenSource => {
  if (auth instanceof Session) return auth
  if (typeof auth === 'string') return { token: async () => auth, renew: async () => undefined }
  return {
    token: async () => await auth(),
    renew: async (refused) => {
      const again = await auth()
      return again === refused ? undefined : again
    },
  }
}

/** A header that `fetch` refuses would be quoted in its error, credential and all. */
export const checkedToken = (token: unknown): string => {
  if (typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token)) {
    throw new WardlineError(
      'The credential is empty or contains characters that no token has (a line break?)',
    )
  }
  return token
}

const isRefusal = (error: unknown): boolean =>
  error instanceof WardlineError && 'status' in error && (error.status === 401 || error.status === 403)

/** When a JWT expires, and how long it lives, in milliseconds. Not verified: the server does that. */
const expiry = (token: string): { at: number; lifetime: number | undefined } | undefined => {
  const payload = token.split('.')[1]
  if (payload === undefined) return undefined
  try {
    const claims: unknown = JSON.parse(atob(payload.replace(/-/g, '+').replace(/_/g, '/')))
    if (
      typeof claims !== 'object' ||
      claims === null ||
      !('exp' in claims) ||
      typeof claims.exp !== 'number'
    ) {
      return undefined
    }
    const issued = 'iat' in claims && typeof claims.iat === 'number' ? claims.iat : undefined
    return {
      at: claims.exp * 1000,
      lifetime: issued === undefined ? undefined : (claims.exp - issued) * 1000,
    }
  } catch {
    return undefined
  }
}
