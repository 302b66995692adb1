import { type Auth, Session, type SessionOptions } from './auth.ts'
import {
  Core,
  type CoreOptions,
  type FetchLike,
  type Hooks,
  type RawRequest,
  type RequestOptions,
} from './core.ts'
import { MfaCodeRequiredError } from './errors.ts'
import { type DocumentsWithFiles, withFiles } from './files.ts'
import { createResources, type Resources } from './generated/resources.ts'
import { type TelemetryWithBatcher, withBatcher } from './telemetry.ts'

export interface ClientOptions {
  /** The server's address, e.g. `https://wardline.example`. */
  baseUrl: string
  /** Left out for public operations and before `signIn`. */
  auth?: Auth | undefined
  /** Another `fetch`, for proxies, certificates and tests. */
  fetch?: FetchLike | undefined
  /** Milliseconds for each attempt, body included. Default 30,000. */
  timeout?: number | undefined
  /** Further attempts after the first, of reads and idempotent operations. Default 2. */
  maxRetries?: number | undefined
  userAgent?: string | undefined
  hooks?: Hooks | undefined
}

export interface SignIn extends Pick<SessionOptions, 'onChange' | 'exclusive'> {
  email: string
  password: string
  /** A code of the authenticator app or a backup code, or how to get one; asked only when the account needs it. */
  mfa?: string | (() => string | Promise<string>) | undefined
  /** A name for this device, shown in the list of sessions. */
  device?: string | undefined
}

export interface Client extends Omit<Resources, 'documents' | 'telemetry'> {
  readonly documents: Resources['documents'] & DocumentsWithFiles
  readonly telemetry: Resources['telemetry'] & TelemetryWithBatcher
  readonly baseUrl: string
  /**
   * Signs in with a password; from then on this client's calls are made with the session.
   *
   * @throws ProblemError UNAUTHORIZED for a wrong e-mail, password or code; ACCOUNT_LOCKED, ACCOUNT_SUSPENDED
   * @throws MfaCodeRequiredError when the account needs a code and `mfa` gives none
   */
  signIn(input: SignIn, options?: RequestOptions): Promise<Session>
  /** Ends the session on the server and here. Without one it does nothing. */
  signOut(options?: RequestOptions): Promise<void>
  /** Any address of the server, for operations that are newer than this package. Answers the JSON as it is. */
  request(request: RawRequest, options?: RequestOptions): Promise<unknown>
}

/**
 * A client of one server.
 *
 * @example
 * const client = createClient({ baseUrl: 'http://127.0.0.1:8000', auth: process.env.WARD_TOKEN })
 * for await (const patient of client.patients.list({ org_id })) console.log(patient.last_name)
 */
export const createClient = (options: ClientOptions): Client => createClientWith(options)

/** `createClient`, with what only tests set. */
export const createClientWith = (options: CoreOptions): Client => {
  const core = new Core({ ...options, userAgent: options.userAgent ?? defaultUserAgent() })
  const resources = createResources(core)
  // A refresh token works once: a refresh is sent once, and never waits for another refresh.
  const refresh = (refresh_token: string) => resources.auth.refresh({ refresh_token }, { maxRetries: 0 })
  const adopt = (session: Session): Session => {
    session.attach(refresh, core.clock)
    core.setAuth(session)
    return session
  }
  if (options.auth instanceof Session) adopt(options.auth)
  return {
    ...resources,
    documents: withFiles(core, resources.documents),
    telemetry: withBatcher(core, resources.telemetry),
    baseUrl: core.baseUrl,
    request: (request, requestOptions) => core.raw(request, requestOptions),
    async signIn({ email, password, mfa, device, onChange, exclusive }, requestOptions) {
      const first = await resources.auth.login({ email, password, device }, requestOptions)
      if (first.result === 'tokens') return await started(first)
      const code = typeof mfa === 'function' ? await mfa() : mfa
      if (code === undefined)
        throw new MfaCodeRequiredError('This account needs a code from the authenticator app')
      return await started(
        await resources.auth.completeMfaChallenge({ mfa_token: first.mfa_token, code }, requestOptions),
      )

      async function started({
        access_token,
        refresh_token,
      }: {
        access_token: string
        refresh_token: string
      }) {
        await onChange?.({ access_token, refresh_token })
        return adopt(new Session({ access_token, refresh_token, onChange, exclusive }))
      }
    },
    async signOut(requestOptions) {
      const { session } = core
      if (session?.tokens === undefined) return
      await resources.auth.logout({}, requestOptions)
      await session.end()
      core.setAuth(undefined)
    },
  }
}

/** Browsers name themselves, and a header of ours would cost a preflight. */
const defaultUserAgent = (): string | undefined => ('document' in globalThis ? undefined : 'wardline-sdk')
