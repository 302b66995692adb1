import { checkedToken, type TokenSource } from './auth.ts'
import { abortable, type Clock } from './clock.ts'
import type { FetchLike } from './core.ts'
import {
  ConnectionError,
  isProblem,
  ResponseError,
  StreamClosedError,
  TimeoutError,
  toError,
  unreachable,
  WardlineError,
} from './errors.ts'
import type { components } from './generated/types.ts'
import { backoff, isWorthRetrying, LONGEST_WAIT, retryAfter } from './retry.ts'

type AnyEvent = components['schemas']['StreamEvent']
type ControlEvent = 'heartbeat' | 'stream.closed'

/** An event as a stream gives it, told apart by `event`. A newer server may also send types that are not listed here. */
export type StreamEvent = Exclude<AnyEvent, { event: ControlEvent }>

/** What the connection behind a stream is doing. */
export type StreamStatus =
  | { state: 'connecting' }
  /** Connected. `resumedFrom` is the id that the server goes on from. */
  | { state: 'open'; resumedFrom: string | undefined }
  /** The connection is gone; the next try comes in `delayMs`. Nothing is lost. */
  | { state: 'reconnecting'; attempt: number; delayMs: number; reason: string }
  /** After a resume, or a beginning in the past: everything that was missed has arrived. */
  | { state: 'caught-up'; count: number }
  /** The place to resume from was too old: reload what you show; the stream goes on from now. */
  | { state: 'reset'; reason: string }
  | { state: 'closed'; reason: string }

export interface StreamOptions {
  /** Ends the stream; the loop then throws the signal's reason. To end without an error, `break`. */
  signal?: AbortSignal | undefined
  /** Go on right after this event, seen earlier. */
  lastEventId?: string | undefined
  onStatus?: ((status: StreamStatus) => void) | undefined
  /** Milliseconds without a byte after which the connection counts as dead. Heartbeats come every 30 s. Default 75 s. */
  idleTimeout?: number | undefined
  /**
   * Events that may wait for a slow consumer. Beyond that the connection is closed; once they are read it resumes
   * from the last of them, so memory is bounded and nothing is lost. Default 10,000.
   */
  maxQueue?: number | undefined
  /** Milliseconds to wait for the first answer of a connection. */
  timeout?: number | undefined
  /**
   * Failed connections before the first success after which the loop throws. Once a stream has been open it
   * reconnects for as long as it takes.
   */
  maxRetries?: number | undefined
  headers?: Readonly<Record<string, string>> | undefined
}

/** What the transport lends a stream. */
export interface StreamPlan {
  operation: string
  url: string
  fetch: FetchLike
  auth: TokenSource | undefined
  clock: Clock
  connectTimeout: number
  connectRetries: number
  headers: Readonly<Record<string, string>>
}

/** How a connection ended. */
type Ending =
  | { kind: 'lost'; error: WardlineError; retryAfter?: number | undefined }
  | { kind: 'refused'; error: WardlineError }
  | { kind: 'unauthorized'; error: WardlineError; token: string | undefined }
  | { kind: 'told'; reason: string }
  | { kind: 'full' }
  | { kind: 'ended' }

const IDLE_TIMEOUT = 75_000
const MAX_QUEUE = 10_000
const FIRST_DELAY = 1_000
const LONGEST_DELAY = 30_000
/** After these the same access may come back; after any other reason it is gone. */
const COMES_BACK = new Set(['TOKEN_EXPIRED', 'SERVER_STOPPING', 'SLOW_READER'])

/**
 * Live events as an async iterable; connects when the first is asked for. It resumes by itself, each event once and
 * in order, and ends for good when the server refuses: a `ProblemError` when connecting, a `StreamClosedError` later.
 * `break` closes the connection. One consumer per stream.
 */
export class EventStream implements AsyncIterableIterator<StreamEvent> {
  readonly #plan: StreamPlan
  readonly #options: StreamOptions
  readonly #queue: StreamEvent[] = []
  /** Aborts the connection and every wait. */
  readonly #stop = new AbortController()
  #started = false
  #ended = false
  #failure: { error: unknown } | undefined
  /** The consumer, waiting for the next event. */
  #wake: (() => void) | undefined
  /** The supervisor, waiting for a full queue to be read. */
  #drained: (() => void) | undefined
  /** The last place that arrived; the next connection resumes from it. */
  #received: string | undefined
  #delivered: string | undefined
  #everOpen = false
  #attempt = 0
  #renewed = false
  /** The server's `retry:`, in milliseconds. */
  #serverDelay = 0
  /** Events since a resume, until the server has no more to send; undefined when not catching up. */
  #missed: number | undefined

  constructor(plan: StreamPlan, options: StreamOptions) {
    this.#plan = plan
    this.#options = options
    const seed = options.lastEventId
    if (seed !== undefined && !/^[\x21-\x7e]{1,200}$/.test(seed))
      throw new WardlineError('lastEventId is not an event id')
    this.#received = seed
    this.#delivered = seed
  }

  /** The last event that the consumer got. Keep it to resume in another process. */
  get lastEventId(): string | undefined {
    return this.#delivered
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<StreamEvent, undefined>> {
    this.#start()
    for (;;) {
      const event = this.#queue.shift()
      if (event !== undefined) {
        this.#delivered = event.id
        if (this.#queue.length === 0) this.#drained?.()
        return { done: false, value: event }
      }
      if (this.#failure !== undefined) {
        const { error } = this.#failure
        this.#failure = undefined
        throw error
      }
      if (this.#ended) return { done: true, value: undefined }
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  /** What `break` calls. */
  async return(): Promise<IteratorResult<StreamEvent, undefined>> {
    this.close()
    return { done: true, value: undefined }
  }

  /** Ends the stream and its connection; unread events are dropped. */
  close(): void {
    this.#queue.length = 0
    this.#finish('closed by the consumer')
  }

  #start(): void {
    if (this.#started || this.#ended) return
    this.#started = true
    const { signal } = this.#options
    const onAbort = () => this.#finish('aborted', { error: signal?.reason })
    if (signal?.aborted) {
      onAbort()
      return
    }
    signal?.addEventListener('abort', onAbort, { once: true })
    this.#stop.signal.addEventListener('abort', () => signal?.removeEventListener('abort', onAbort), {
      once: true,
    })
    this.#supervise().catch((error) => this.#finish('failed', { error }))
  }

  #finish(reason: string, failure?: { error: unknown }): void {
    if (this.#ended) return
    this.#ended = true
    this.#failure = failure
    this.#stop.abort()
    this.#drained?.()
    this.#status({ state: 'closed', reason })
    this.#wake?.()
  }

  #status(status: StreamStatus): void {
    this.#options.onStatus?.(status)
  }

  /** One connection after another, until the consumer or the server ends it. */
  async #supervise(): Promise<void> {
    const { operation } = this.#plan
    while (!this.#ended) {
      this.#status({ state: 'connecting' })
      const ending = await this.#connect()
      if (this.#ended || ending.kind === 'ended') return
      switch (ending.kind) {
        case 'refused':
          return this.#finish(ending.error.message, { error: ending.error })
        case 'unauthorized':
          if (!(await this.#renew(ending.token)))
            return this.#finish(ending.error.message, { error: ending.error })
          continue
        case 'told':
          if (!COMES_BACK.has(ending.reason)) {
            const error = new StreamClosedError(ending.reason, { operation, lastEventId: this.#received })
            return this.#finish(ending.reason, { error })
          }
          if (ending.reason === 'TOKEN_EXPIRED') {
            this.#status({ state: 'reconnecting', attempt: 0, delayMs: 0, reason: ending.reason })
            continue
          }
          await this.#wait(ending.reason, undefined)
          continue
        case 'full':
          this.#status({
            state: 'reconnecting',
            attempt: 0,
            delayMs: 0,
            reason: 'unread events fill the queue',
          })
          await new Promise<void>((resolve) => {
            this.#drained = resolve
          })
          continue
        case 'lost':
          if (!this.#everOpen && this.#attempt >= this.#plan.connectRetries) {
            return this.#finish(ending.error.message, { error: ending.error })
          }
          await this.#wait(ending.error.message, ending.retryAfter)
      }
    }
  }

  /** One renewal between two successful connections: a fresh token that is refused too is not worth a third. */
  async #renew(refused: string | undefined): Promise<boolean> {
    if (this.#renewed || refused === undefined || this.#plan.auth === undefined) return false
    this.#renewed = true
    const token = await abortable(this.#plan.auth.renew(refused), this.#stop.signal)
    return token !== undefined && token !== refused
  }

  async #wait(reason: string, atLeast: number | undefined): Promise<void> {
    const { clock } = this.#plan
    const floor = atLeast === undefined ? this.#serverDelay : Math.min(atLeast, LONGEST_WAIT)
    const delayMs = Math.round(floor + backoff(clock, this.#attempt, FIRST_DELAY, LONGEST_DELAY))
    this.#attempt++
    this.#status({ state: 'reconnecting', attempt: this.#attempt, delayMs, reason })
    await clock.sleep(delayMs, this.#stop.signal).catch(() => undefined)
  }

  /**
   * One connection of the eventsource package, from its request to its end. The package's own reconnection is never
   * used: it has one fixed delay and gives up on any answer but 200.
   */
  async #connect(): Promise<Ending> {
    const { EventSource } = await import('eventsource')
    const stream = this
    const over = new AbortController()
    let ending: Ending = { kind: 'ended' }
    let source: { close(): void } | undefined
    return new Promise<Ending>((resolve) => {
      const end = (how: Ending) => {
        if (over.signal.aborted) return
        ending = how
        over.abort()
        this.#stop.signal.removeEventListener('abort', onStop)
        source?.close()
        resolve(ending)
      }
      const onStop = () => end({ kind: 'ended' })
      if (this.#stop.signal.aborted) return onStop()
      this.#stop.signal.addEventListener('abort', onStop, { once: true })

      /** Hands over every event: listeners would see only the types that this version knows. */
      class Connection extends EventSource {
        override dispatchEvent(event: Event): boolean {
          if (event instanceof MessageEvent) stream.#take(event, end)
          else if (event.type === 'open') stream.#opened()
          else if (event.type === 'error') {
            end({
              kind: 'lost',
              error: new ConnectionError('The connection ended', { operation: stream.#plan.operation }),
            })
          }
          return true
        }
      }
      source = new Connection(this.#plan.url, {
        fetch: async (url, init) => await this.#open(String(url), init, over.signal, end),
      })
      if (over.signal.aborted) source.close()
    })
  }

  /** The connection's `fetch`: a fresh token, the place to resume from, and our own reading of a refusal. */
  async #open(
    url: string,
    init: { signal: AbortSignal; headers: Record<string, string>; cache: 'no-store' },
    over: AbortSignal,
    end: (how: Ending) => void,
  ) {
    const { auth, clock, connectTimeout, headers, operation } = this.#plan
    const signal = AbortSignal.any([init.signal, over])
    const answered = new AbortController()
    clock.sleep(connectTimeout, AbortSignal.any([answered.signal, over])).then(
      () => end({ kind: 'lost', error: new TimeoutError(connectTimeout, operation) }),
      () => undefined,
    )
    let token: string | undefined
    try {
      token = auth && checkedToken(await abortable(auth.token(), signal))
    } catch (error) {
      // No credential to be had: only a network fault on the way to one is worth waiting for.
      const passing = error instanceof ConnectionError || error instanceof TimeoutError
      const failure =
        error instanceof WardlineError ? error : new WardlineError(String(error), { operation, cause: error })
      end({ kind: passing ? 'lost' : 'refused', error: failure })
      throw failure
    }
    try {
      const response = await this.#plan.fetch(url, {
        headers: {
          ...headers,
          ...init.headers,
          ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
          ...(this.#received === undefined ? {} : { 'Last-Event-ID': this.#received }),
        },
        cache: init.cache,
        signal,
      })
      const type = response.headers.get('content-type') ?? ''
      if (response.status === 200 && /^text\/event-stream\b/i.test(type) && response.body !== null) {
        answered.abort()
        return { ...plain(response), body: { getReader: () => this.#watched(response.body, over, end) } }
      }
      const refusal = await this.#refusal(response, token)
      answered.abort()
      end(refusal)
      throw new WardlineError('refused')
    } catch (error) {
      end({ kind: 'lost', error: unreachable(url, error, operation) })
      throw error
    }
  }

  async #refusal(response: Response, token: string | undefined): Promise<Ending> {
    const { clock, operation } = this.#plan
    const text = await response.text()
    if (response.ok) {
      const error = new ResponseError('The answer is not an event stream', {
        status: response.status,
        operation,
      })
      return { kind: 'refused', error }
    }
    const wait = retryAfter(response.headers.get('retry-after'), clock.now())
    const error = toError(
      response,
      json(text),
      operation,
      wait === undefined ? undefined : Math.ceil(wait / 1000),
    )
    if (response.status === 401) return { kind: 'unauthorized', error, token }
    // A stream is worth more patience than a call: a defect of the server may be gone after its restart.
    const passing = response.status >= 500 || isWorthRetrying(response.status, undefined)
    return passing ? { kind: 'lost', error, retryAfter: wait } : { kind: 'refused', error }
  }

  /** The body, with an ear to it: any byte shows that the connection lives, comments included. */
  #watched(body: Response['body'], over: AbortSignal, end: (how: Ending) => void) {
    const { clock, operation } = this.#plan
    const limit = this.#options.idleTimeout ?? IDLE_TIMEOUT
    let heard = clock.now()
    const watch = async () => {
      for (;;) {
        const left = heard + limit - clock.now()
        if (left <= 0) {
          return end({
            kind: 'lost',
            error: new ConnectionError(`Nothing was heard for ${limit} ms`, { operation }),
          })
        }
        await clock.sleep(left, over)
      }
    }
    watch().catch(() => undefined)
    if (body === null) throw new WardlineError('The answer has no body')
    const reader = body.getReader()
    const retry = retryReader((ms) => {
      this.#serverDelay = Math.min(ms, LONGEST_DELAY)
    })
    return {
      read: async () => {
        const chunk = await reader.read()
        heard = clock.now()
        if (chunk.value !== undefined) retry(chunk.value)
        return chunk
      },
      cancel: () => reader.cancel(),
    }
  }

  #opened(): void {
    this.#everOpen = true
    const fromThePast = this.#received !== undefined || new URL(this.#plan.url).searchParams.has('since')
    this.#missed = fromThePast ? 0 : undefined
    this.#status({ state: 'open', resumedFrom: this.#received })
  }

  #take(message: MessageEvent, end: (how: Ending) => void): void {
    if (this.#ended) return
    const { operation } = this.#plan
    const data = json(String(message.data))
    if (typeof data !== 'object' || data === null) {
      const error = new ResponseError(`The data of ${message.type} is not JSON`, { status: 200, operation })
      end({ kind: 'refused', error })
      return
    }
    // A connection that bears events is a good one.
    this.#attempt = 0
    this.#renewed = false
    const id = message.lastEventId === '' ? undefined : message.lastEventId
    const repeated = id !== undefined && id === this.#received
    this.#received = id ?? this.#received
    if (message.type === 'heartbeat') {
      if (this.#queue.length === 0) this.#delivered = this.#received
      this.#caughtUp()
      return
    }
    const reason = 'reason' in data ? String(data.reason) : ''
    if (message.type === 'stream.closed') {
      end({ kind: 'told', reason })
      return
    }
    if (message.type === 'stream.reset') {
      this.#missed = undefined
      this.#status({ state: 'reset', reason })
    } else if (repeated) return
    if (this.#missed !== undefined) this.#missed++
    // The contract promises the shape; the server's tests hold it to that.
    this.#queue.push({ id: this.#received ?? '', event: message.type, data } as StreamEvent)
    this.#wake?.()
    if (this.#queue.length >= (this.#options.maxQueue ?? MAX_QUEUE)) end({ kind: 'full' })
  }

  /** The server's first heartbeat comes when it has nothing older left to send. */
  #caughtUp(): void {
    if (this.#missed === undefined) return
    const count = this.#missed
    this.#missed = undefined
    this.#status({ state: 'caught-up', count })
  }
}

/** Did the server end it because access is gone (and not because of a fault)? */
export const isAccessLost = (error: unknown): boolean =>
  error instanceof StreamClosedError ||
  (isProblem(error) && (error.status === 401 || error.status === 403 || error.status === 404))

const json = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

const plain = ({ url, status, redirected, headers }: Response) => ({ url, status, redirected, headers })

/** Reads `retry:` fields, which the eventsource package keeps to itself, from the bytes as they pass. */
const retryReader = (onRetry: (ms: number) => void): ((chunk: Uint8Array) => void) => {
  const decoder = new TextDecoder()
  let rest = ''
  return (chunk) => {
    const text = rest + decoder.decode(chunk, { stream: true })
    const lineStart = Math.max(text.lastIndexOf('\n'), text.lastIndexOf('\r')) + 1
    for (const [, ms] of text.slice(0, lineStart).matchAll(/^retry: ?(\d{1,9})\r?$/gm)) onRetry(Number(ms))
    // Only the beginning of a line can be a field's name; a long data line is not kept.
    rest = text.slice(lineStart, lineStart + 32)
    if (text.length - lineStart > 32) rest = 'data:'
  }
}
