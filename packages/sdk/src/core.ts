import createFetchClient from 'openapi-fetch'
import { type Auth, checkedToken, Session, type TokenSource, tokenSource } from './auth.ts'
import { abortable, type Clock, systemClock } from './clock.ts'
import {
  ConnectionError,
  ResponseError,
  TimeoutError,
  toError,
  unreachable,
  WardlineError,
} from './errors.ts'
import { EventStream, type StreamOptions } from './events.ts'
import { type PagePromise, pagePromise } from './pages.ts'
import { backoff, isWorthRetrying, LONGEST_WAIT, retryAfter } from './retry.ts'

import { type TextBody, textBody } from './text.ts'

export type { PagePromise } from './pages.ts'
export type { EventStream, StreamOptions, TextBody }

/** What the transport knows of an operation; generated from the contract. */
export interface OperationMeta {
  readonly id: string
  readonly method: string
  readonly path: string
  readonly pathParams: readonly string[]
  readonly queryParams: readonly string[]
  /** Input name → header name. */
  readonly headerParams: Readonly<Record<string, string>>
  /** Takes an Idempotency-Key, so it may be sent again. */
  readonly idempotent: boolean
  readonly hasBody: boolean
  /** Needs no credential, and is sent without one. */
  readonly public: boolean
}

/** What any single call may set for itself. */
export interface RequestOptions {
  /** Ends the call, retries and waits included; it rejects with the signal's reason, as `fetch` does. */
  signal?: AbortSignal | undefined
  /** Milliseconds for each attempt, body included. For a limit over all attempts pass `AbortSignal.timeout(ms)`. */
  timeout?: number | undefined
  /** Further attempts after the first. Only reads and idempotent operations are ever sent again. */
  maxRetries?: number | undefined
  /** Your own key, for a retry that outlives this process. By default each call of an idempotent operation has a new one. */
  idempotencyKey?: string | undefined
  headers?: Readonly<Record<string, string>> | undefined
}

/** A call that a hook sees. Carries no credential and no body. */
export interface RequestInfo {
  readonly operation: string
  readonly method: string
  readonly url: string
  /** 0 for the first. */
  readonly attempt: number
}

export interface Hooks {
  /** Before each attempt; may add headers, for tracing. */
  onRequest?: ((request: RequestInfo & { readonly headers: Headers }) => void | Promise<void>) | undefined
  /** After each attempt that got an answer, a refusal included. */
  onResponse?:
    | ((
        response: RequestInfo & {
          readonly status: number
          readonly requestId: string | undefined
          readonly durationMs: number
        },
      ) => void)
    | undefined
  /** Before each wait. */
  onRetry?: ((retry: RequestInfo & { readonly delayMs: number; readonly reason: string }) => void) | undefined
}

/** A `fetch`, as far as it is used. */
export type FetchLike = (url: string, init: RequestInit) => Promise<Response>

export interface CoreOptions {
  baseUrl: string
  auth?: Auth | undefined
  fetch?: FetchLike | undefined
  timeout?: number | undefined
  maxRetries?: number | undefined
  userAgent?: string | undefined
  hooks?: Hooks | undefined
  /** @internal */
  clock?: Clock | undefined
}

type Part<T> = [NonNullable<T>] extends [never] ? unknown : NonNullable<T>
type At<T, Key extends PropertyKey> = Key extends keyof T ? Part<T[Key]> : unknown
type Snake<Name extends string> = Name extends `${infer Head}-${infer Tail}`
  ? `${Lowercase<Head>}_${Snake<Tail>}`
  : Lowercase<Name>
/** The options carry these two. */
type OwnHeader = 'Idempotency-Key' | 'Last-Event-ID'
type HeaderInput<T> = unknown extends T
  ? unknown
  : // A version number will do: it becomes the quoted ETag.
    { [Name in keyof T as Name extends OwnHeader ? never : Snake<Name & string>]: T[Name] | number }
type Body<Op> = Op extends { requestBody?: infer R }
  ? NonNullable<R> extends { content: { 'application/json': infer Json } }
    ? Json
    : unknown
  : unknown
/** Lets `undefined` stand for "left out"; spreads the intersection for readable hovers. */
type Flat<T> = T extends unknown
  ? { [Key in keyof T]: Record<never, never> extends Pick<T, Key> ? T[Key] | undefined : T[Key] }
  : never
type AllInput<Op> = Op extends { parameters: infer P }
  ? At<P, 'path'> & At<P, 'query'> & HeaderInput<At<P, 'header'>> & Body<Op>
  : unknown

/** One flat object: path, query and header parameters (If-Match is `if_match`) and the body's properties. */
export type Input<Op> = unknown extends AllInput<Op> ? Record<never, never> : Flat<AllInput<Op>>

type Success = 200 | 201 | 202 | 203 | 204
/** The body of the one success; undefined where there is none. */
export type Output<Op> = Op extends { responses: infer R }
  ? {
      [Status in keyof R & Success]: R[Status] extends { content: { 'application/json': infer Json } }
        ? Json
        : undefined
    }[keyof R & Success]
  : never

/** For an operation that answers a long text. The timeout is for the answer's beginning. */
export interface TextOptions<Op> extends RequestOptions {
  /** Which of its media types; the first of the contract when left out. */
  accept?: MediaTypes<Op> | undefined
}

type MediaTypes<Op> = Op extends { responses: infer R }
  ? {
      [Status in keyof R & Success]: R[Status] extends { content: infer Content }
        ? keyof Content & string
        : never
    }[keyof R & Success]
  : never

/** What a list operation lists. */
export type Item<Op> = Output<Op> extends { items: (infer One)[] } ? One : never

/** A call for an address that the contract may not know; see `Client.request`. */
export interface RawRequest {
  method: string
  /** Begins with a slash. */
  path: string
  query?: Readonly<Record<string, unknown>> | undefined
  body?: unknown
}

/** What the retry loop needs to know of a call. */
interface Plan {
  operation: string
  repeatable: boolean
  auth: TokenSource | undefined
  options: RequestOptions
  /** The body is handed on as it comes. */
  streamed?: boolean
}

/** A call, ready to be sent. */
interface Call extends Plan {
  method: string
  path: string
  params: Record<string, unknown>
  body: unknown
  headers: Record<string, string>
}

const DEFAULT_TIMEOUT = 30_000
const DEFAULT_RETRIES = 2
/** Statuses whose answer must have no body. */
const BODILESS = new Set([101, 204, 205, 304])

/** openapi-fetch types each path; here they arrive as data, so its client is called untyped, in this one place. */
type UntypedRequest = (
  method: string,
  path: string,
  init: Record<string, unknown>,
) => Promise<{ data?: unknown; error?: unknown; response: Response }>

/** The transport under every operation: credentials, retries, timeouts, errors. */
export class Core {
  readonly baseUrl: string
  readonly clock: Clock
  readonly #options: CoreOptions
  readonly #request: UntypedRequest
  readonly #fetch: FetchLike
  #auth: TokenSource | undefined

  constructor(options: CoreOptions) {
    this.#options = options
    this.baseUrl = checkedUrl(options.baseUrl)
    this.clock = options.clock ?? systemClock
    this.#fetch = options.fetch ?? ((url, init) => globalThis.fetch(url, init))
    this.#request = createFetchClient<Record<never, never>>({ baseUrl: this.baseUrl })
      .request as unknown as UntypedRequest
    if (options.auth !== undefined) this.#auth = tokenSource(options.auth)
  }

  /** The session that calls are made with, when they are made with one. */
  get session(): Session | undefined {
    return this.#auth instanceof Session ? this.#auth : undefined
  }

  setAuth(auth: Auth | undefined): void {
    this.#auth = auth === undefined ? undefined : tokenSource(auth)
  }

  /** One operation, whose input is split by the contract into path, query, headers and body. */
  async call<T>(meta: OperationMeta, input: object | undefined, options: RequestOptions = {}): Promise<T> {
    const parts = splitInput(meta, input)
    const headers: Record<string, string> = { ...parts.headers }
    if (meta.idempotent) headers['Idempotency-Key'] = options.idempotencyKey ?? crypto.randomUUID()
    // The answer's shape is the contract's promise; the server's tests hold it to that.
    return (await this.#send({
      operation: meta.id,
      method: meta.method,
      path: meta.path,
      params: { path: parts.path, query: parts.query },
      body: meta.hasBody ? parts.body : undefined,
      headers,
      repeatable: meta.idempotent || isSafe(meta.method),
      auth: meta.public ? undefined : this.#auth,
      options,
    })) as T
  }

  /** A list operation. */
  page<T, Body = unknown>(
    meta: OperationMeta,
    input: object | undefined,
    options?: RequestOptions,
  ): PagePromise<T, Body> {
    return pagePromise<T, Body>((cursor) =>
      this.call(meta, cursor === undefined ? input : { ...input, cursor }, options),
    )
  }

  /** An operation that answers a long text: settles once it begins. What breaks off later is not tried again. */
  async text(
    meta: OperationMeta,
    input: object | undefined,
    options: RequestOptions & { accept?: string | undefined } = {},
  ): Promise<TextBody> {
    const parts = splitInput(meta, input)
    const response = await this.#answer({
      operation: meta.id,
      method: meta.method,
      path: meta.path,
      params: { path: parts.path, query: parts.query },
      body: undefined,
      headers: { ...parts.headers, Accept: options.accept ?? 'text/*, */*;q=0.5' },
      repeatable: isSafe(meta.method),
      auth: meta.public ? undefined : this.#auth,
      options,
      streamed: true,
    })
    return textBody(response.response, (error) => {
      if (options.signal?.aborted) return options.signal.reason
      return unreachable(this.baseUrl, error, meta.id)
    })
  }

  /** A stream operation; connects when the first event is asked for. */
  stream(meta: OperationMeta, input: object | undefined, options: StreamOptions = {}): EventStream {
    const { path, query } = splitInput(meta, input)
    const { last_event_id: seed, ...rest } = query
    return new EventStream(
      {
        operation: meta.id,
        url: this.#url(meta.path, path, rest),
        fetch: (url, init) => this.#fetch(url, init),
        auth: meta.public ? undefined : this.#auth,
        clock: this.clock,
        connectTimeout: options.timeout ?? this.#options.timeout ?? DEFAULT_TIMEOUT,
        connectRetries: options.maxRetries ?? this.#options.maxRetries ?? DEFAULT_RETRIES,
        headers: this.#commonHeaders(options.headers),
      },
      { ...options, lastEventId: options.lastEventId ?? (typeof seed === 'string' ? seed : undefined) },
    )
  }

  /** Any address of the server. Sent again only when it is a read or an `idempotencyKey` is given. */
  raw({ method, path, query, body }: RawRequest, options: RequestOptions = {}): Promise<unknown> {
    if (!path.startsWith('/')) throw new WardlineError('The path must begin with a slash')
    const key = options.idempotencyKey
    return this.#send({
      operation: `${method.toUpperCase()} ${path}`,
      method: method.toUpperCase(),
      path,
      params: { query },
      body,
      headers: key === undefined ? {} : { 'Idempotency-Key': key },
      repeatable: key !== undefined || isSafe(method.toUpperCase()),
      auth: this.#auth,
      options,
    })
  }

  /** Sends a file to a link, which is its own credential and may lead to another host. */
  async sendFile(
    url: string,
    file: Blob,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const operation = 'uploadBlob'
    let response: Response
    let text: string
    try {
      const init = { method: 'PUT', body: file, headers: { ...headers } }
      response = await this.#fetch(url, signal === undefined ? init : { ...init, signal })
      text = await response.text()
    } catch (error) {
      if (signal?.aborted) throw signal.reason
      throw unreachable(url, error, operation)
    }
    if (!response.ok) throw toError(response, jsonOr(text), operation)
  }

  async #send(call: Call): Promise<unknown> {
    return (await this.#answer(call)).data
  }

  async #answer(call: Call): Promise<{ data?: unknown; response: Response }> {
    let answer: { data?: unknown; error?: unknown; response: Response }
    try {
      answer = await this.#request(call.method.toLowerCase(), call.path, {
        params: call.params,
        ...(call.body === undefined ? {} : { body: call.body }),
        headers: {
          Accept: 'application/json',
          ...this.#commonHeaders(call.options.headers),
          ...call.headers,
        },
        // Middleware of openapi-fetch cannot send twice; the fetch that it is given can.
        fetch: (request: Request) => this.#deliver(request, call),
        ...(call.streamed ? { parseAs: 'stream' } : {}),
      })
    } catch (error) {
      if (error instanceof SyntaxError) {
        throw new ResponseError('The answer is not JSON', {
          status: 200,
          operation: call.operation,
          cause: error,
        })
      }
      throw error
    }
    if (answer.response.ok) return answer
    const wait = retryAfter(answer.response.headers.get('retry-after'), this.clock.now())
    throw toError(
      answer.response,
      answer.error,
      call.operation,
      wait === undefined ? undefined : Math.ceil(wait / 1000),
    )
  }

  /** Sends until there is an answer to give: one renewal after a 401, and retries where a second try is safe. */
  async #deliver(request: Request, plan: Plan): Promise<Response> {
    const { signal } = plan.options
    const limit = plan.repeatable
      ? (plan.options.maxRetries ?? this.#options.maxRetries ?? DEFAULT_RETRIES)
      : 0
    const body = isSafe(request.method) ? '' : await request.text()
    let renewed = false
    for (let attempt = 0; ; ) {
      signal?.throwIfAborted()
      const token = plan.auth && checkedToken(await abortable(plan.auth.token(), signal))
      const info: RequestInfo = {
        operation: plan.operation,
        method: request.method,
        url: request.url,
        attempt,
      }
      let outcome: { response: Response; wait: number | undefined; reason: string } | { error: WardlineError }
      try {
        const response = await this.#attempt(request, body, token, plan, info)
        if (response.status === 401 && plan.auth !== undefined && token !== undefined && !renewed) {
          renewed = true
          const next = await abortable(plan.auth.renew(token), signal)
          if (next !== undefined && next !== token) continue
          return response
        }
        if (response.ok || !isWorthRetrying(response.status, await problemCode(response))) return response
        const wait = retryAfter(response.headers.get('retry-after'), this.clock.now())
        outcome = { response, wait, reason: `HTTP ${response.status}` }
      } catch (error) {
        if (!(error instanceof ConnectionError || error instanceof TimeoutError)) throw error
        outcome = { error }
      }
      const delay = ('wait' in outcome ? outcome.wait : undefined) ?? backoff(this.clock, attempt)
      if (attempt >= limit || delay > LONGEST_WAIT) {
        if ('error' in outcome) throw outcome.error
        return outcome.response
      }
      const reason = 'error' in outcome ? outcome.error.message : outcome.reason
      this.#options.hooks?.onRetry?.({ ...info, delayMs: delay, reason })
      await this.clock.sleep(delay, signal)
      attempt++
    }
  }

  /** One round trip. The whole body is read under the timeout, so that a stalled one fails here and can be retried. */
  async #attempt(
    request: Request,
    body: string,
    token: string | undefined,
    { options, streamed = false }: Plan,
    info: RequestInfo,
  ): Promise<Response> {
    const headers = new Headers(request.headers)
    if (token !== undefined) headers.set('Authorization', `Bearer ${token}`)
    await this.#options.hooks?.onRequest?.({ ...info, headers })
    const timeout = options.timeout ?? this.#options.timeout ?? DEFAULT_TIMEOUT
    const end = new AbortController()
    const done = new AbortController()
    const onAbort = () => end.abort(options.signal?.reason)
    options.signal?.addEventListener('abort', onAbort, { once: true })
    let late = false
    this.clock.sleep(timeout, done.signal).then(
      () => {
        late = true
        end.abort()
      },
      () => undefined,
    )
    const started = this.clock.now()
    try {
      const response = await this.#fetch(request.url, {
        method: request.method,
        headers,
        // A streamed body outlives this attempt, and the caller can still end it.
        signal: streamed && options.signal ? AbortSignal.any([end.signal, options.signal]) : end.signal,
        ...(body === '' ? {} : { body }),
      })
      const whole = !(streamed && response.ok)
      const content = whole ? await response.arrayBuffer() : null
      this.#options.hooks?.onResponse?.({
        ...info,
        status: response.status,
        requestId: response.headers.get('x-request-id') ?? undefined,
        durationMs: this.clock.now() - started,
      })
      if (!whole) return response
      return new Response(BODILESS.has(response.status) ? null : content, {
        status: response.status,
        statusText: response.statusText,
        headers: response.headers,
      })
    } catch (error) {
      if (options.signal?.aborted) throw options.signal.reason
      if (late) throw new TimeoutError(timeout, info.operation)
      throw unreachable(this.baseUrl, error, info.operation)
    } finally {
      done.abort()
      options.signal?.removeEventListener('abort', onAbort)
    }
  }

  #commonHeaders(own: Readonly<Record<string, string>> | undefined): Record<string, string> {
    const { userAgent } = this.#options
    return { ...(userAgent === undefined ? {} : { 'User-Agent': userAgent }), ...own }
  }

  #url(template: string, path: Record<string, unknown>, query: Record<string, unknown>): string {
    const filled = template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(path[name])))
    const search = new URLSearchParams()
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined && value !== null) search.append(name, String(value))
    }
    const tail = search.toString()
    return `${this.baseUrl}${filled}${tail === '' ? '' : `?${tail}`}`
  }
}

const isSafe = (method: string): boolean => method === 'GET' || method === 'HEAD'

const problemCode = async (response: Response): Promise<string | undefined> => {
  if (response.status !== 409) return undefined
  const text = await response.clone().text()
  return /"code"\s*:\s*"([A-Z_]+)"/.exec(text)?.[1]
}

/** An object store answers no JSON. */
const jsonOr = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

const checkedUrl = (baseUrl: string): string => {
  const trimmed = baseUrl.replace(/\/+$/, '')
  // A browser may say "" or "/prefix" for its own origin.
  if (/^(\/|$)/.test(trimmed) && 'location' in globalThis) return `${globalThis.location.origin}${trimmed}`
  const url = URL.canParse(trimmed) ? new URL(trimmed) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new WardlineError(`baseUrl must be an http or https address, not "${baseUrl}"`)
  }
  if (url.username !== '' || url.password !== '') {
    throw new WardlineError('baseUrl must not contain credentials; pass them as auth')
  }
  return trimmed
}

const splitInput = (meta: OperationMeta, input: object | undefined) => {
  const path: Record<string, unknown> = {}
  const query: Record<string, unknown> = {}
  const headers: Record<string, string> = {}
  const body: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(input ?? {})) {
    if (value === undefined) continue
    const header = meta.headerParams[name]
    if (meta.pathParams.includes(name)) path[name] = value
    else if (meta.queryParams.includes(name)) query[name] = value
    else if (header !== undefined) headers[header] = typeof value === 'number' ? `"${value}"` : String(value)
    else if (meta.hasBody) body[name] = value
    else throw new WardlineError(`${meta.id} has no parameter "${name}"`, { operation: meta.id })
  }
  for (const name of meta.pathParams) {
    const value = path[name]
    // An empty or dotted segment would reach another address.
    if (value === undefined || ['', '.', '..', 'null', 'undefined'].includes(String(value))) {
      throw new WardlineError(`${meta.id} needs a ${name}`, { operation: meta.id })
    }
  }
  return { path, query, headers, body }
}
