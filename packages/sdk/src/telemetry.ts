import type { Core, Input, RequestOptions } from './core.ts'
import { ConnectionError, ProblemError, ResponseError, TimeoutError, WardlineError } from './errors.ts'
import type { Resources } from './generated/resources.ts'
import type { components, operations } from './generated/types.ts'
import { backoff, isWorthRetrying } from './retry.ts'

type Event = components['schemas']['TelemetryEvent']
type Properties = NonNullable<Event['properties']>
type Record = (input: Input<operations['recordTelemetry']>, options?: RequestOptions) => Promise<unknown>

/** What the server takes in one call. */
const MOST_IN_A_BATCH = 100
const FIRST_PAUSE = 1000
const LONGEST_PAUSE = 60_000

export interface TelemetryBatcherOptions {
  /** Events that are sent at once without waiting longer; 1 to 100, default 50. */
  batchSize?: number | undefined
  /** Milliseconds that an event waits at most before it is sent for the first time. Default 5,000. */
  interval?: number | undefined
  /** How many events may wait, while the server is away for example; more are dropped. Default 1,000. */
  maxWaiting?: number | undefined
  /** Milliseconds that `close` tries to send what is left. Default 10,000. */
  closeTimeout?: number | undefined
  /** Hears of events that will not be sent: `reason` is the server's refusal, or says that there was no room or no time. */
  onDrop?: ((events: readonly Event[], reason: unknown) => void) | undefined
}

/**
 * Gathers usage events and sends them in batches, again and again until the server has stored them. Every event is stored
 * once: it has an id of its own, which stays the same over all tries.
 */
export class TelemetryBatcher {
  readonly #record: Record
  readonly #core: Core
  readonly #batchSize: number
  readonly #interval: number
  readonly #maxWaiting: number
  readonly #closeTimeout: number
  readonly #onDrop: TelemetryBatcherOptions['onDrop']
  #waiting: Event[] = []
  #work: Promise<void> | undefined
  #isClosed = false
  /** Ends the gathering; never a pause that the server asked for. */
  #gathering = new AbortController()
  /** Ends everything: there is no time left. */
  readonly #over = new AbortController()

  /** @internal */
  constructor(core: Core, record: Record, options: TelemetryBatcherOptions = {}) {
    const { batchSize = 50, interval = 5000, maxWaiting = 1000, closeTimeout = 10_000, onDrop } = options
    if (!Number.isInteger(batchSize) || batchSize < 1 || batchSize > MOST_IN_A_BATCH)
      throw new WardlineError(`batchSize must be a whole number from 1 to ${MOST_IN_A_BATCH}`)
    this.#core = core
    this.#record = record
    this.#batchSize = batchSize
    this.#interval = interval
    this.#maxWaiting = maxWaiting
    this.#closeTimeout = closeTimeout
    this.#onDrop = onDrop
  }

  /** Takes an event, which happened now. Never throws for what the server thinks of it: `onDrop` hears of that. */
  record(event_name: string, properties?: Properties): void {
    if (this.#isClosed) throw new WardlineError('The batcher is closed')
    const event: Event = {
      event_name,
      event_id: crypto.randomUUID(),
      occurred_at: new Date(this.#core.clock.now()).toISOString(),
      ...(properties === undefined ? {} : { properties }),
    }
    if (this.#waiting.length >= this.#maxWaiting) {
      this.#drop([event], new WardlineError('Too many events are waiting'))
      return
    }
    this.#waiting.push(event)
    this.#work ??= this.#run()
    if (this.#waiting.length >= this.#batchSize) this.#gathering.abort()
  }

  /** Sends what waits without gathering longer; settles once nothing waits, however long the server is away. */
  async flush(): Promise<void> {
    this.#gathering.abort()
    await this.#work
  }

  /** Sends what waits, for `closeTimeout` at most, and takes no more. What is left then goes to `onDrop`. */
  async close(): Promise<void> {
    if (!this.#isClosed) {
      this.#isClosed = true
      AbortSignal.timeout(this.#closeTimeout).addEventListener('abort', () => this.#over.abort())
    }
    await this.flush()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #run(): Promise<void> {
    this.#gathering = new AbortController()
    await this.#wait(this.#interval, this.#gathering.signal)
    await this.#sendAll(this.#over.signal)
  }

  async #sendAll(signal: AbortSignal): Promise<void> {
    for (let failures = 0; this.#waiting.length > 0; ) {
      if (signal.aborted) {
        this.#drop(this.#waiting.splice(0), new WardlineError('There was no time left to send it'))
        break
      }
      const batch = this.#waiting.slice(0, this.#batchSize)
      try {
        await this.#record({ events: batch }, { signal })
        this.#waiting.splice(0, batch.length)
        failures = 0
      } catch (error) {
        if (signal.aborted) continue
        if (isTemporary(error)) await this.#wait(this.#pauseAfter(error, failures++), signal)
        else this.#dropRefused(batch, error)
      }
    }
    // In the same breath as the last look at what waits: what comes from now on begins anew.
    this.#work = undefined
  }

  #pauseAfter(error: unknown, failures: number): number {
    const told = error instanceof ProblemError ? error.retryAfter : undefined
    return told === undefined ? backoff(this.#core.clock, failures, FIRST_PAUSE, LONGEST_PAUSE) : told * 1000
  }

  /** Of a batch that was refused only those that the refusal names, if it names any. */
  #dropRefused(batch: readonly Event[], error: unknown): void {
    const named = new Set(
      error instanceof ProblemError
        ? error.errors.map(({ pointer }) => Number(/^\/events\/(\d+)/.exec(pointer)?.[1] ?? -1))
        : [],
    )
    const refused = batch.filter((_, at) => named.has(at))
    const dropped = refused.length === 0 ? batch : refused
    this.#waiting = this.#waiting.filter((event) => !dropped.includes(event))
    this.#drop(dropped, error)
  }

  #drop(events: readonly Event[], reason: unknown): void {
    this.#onDrop?.(events, reason)
  }

  async #wait(ms: number, signal: AbortSignal): Promise<void> {
    await this.#core.clock.sleep(ms, signal).catch(() => undefined)
  }
}

const isTemporary = (error: unknown): boolean =>
  error instanceof ConnectionError ||
  error instanceof TimeoutError ||
  ((error instanceof ProblemError || error instanceof ResponseError) &&
    isWorthRetrying(error.status, undefined))

/** The telemetry resource, with many events sent as few calls. */
export interface TelemetryWithBatcher {
  /**
   * Gathers events and sends them in the background. Close it at the end, or what still waits is lost.
   *
   * @example
   * await using usage = client.telemetry.batcher()
   * usage.record('schedule.opened', { view: 'week' })
   */
  batcher(options?: TelemetryBatcherOptions): TelemetryBatcher
}

export const withBatcher = (
  core: Core,
  telemetry: Resources['telemetry'],
): Resources['telemetry'] & TelemetryWithBatcher => ({
  ...telemetry,
  batcher: (options) => new TelemetryBatcher(core, telemetry.record, options),
})
