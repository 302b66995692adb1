import type { Clock } from '../clock.ts'
import { BUCKETS, bucketOf } from './histogram.ts'

/** [requests, refused, errors, total ms, longest ms] */
export type OperationFigures = [number, number, number, number, number]

/** What this process answered in one minute. */
export interface Minute {
  /** Its beginning, in ms since 1970. */
  readonly at: number
  requests: number
  refused: number
  errors: number
  totalMs: number
  maxMs: number
  readonly latencies: Uint32Array
  readonly operations: Map<string, OperationFigures>
}

const MINUTE_MS = 60_000
// A database that is away for longer costs the oldest.
const MOST_MINUTES = 180

const emptyMinute = (at: number): Minute => ({
  at,
  requests: 0,
  refused: 0,
  errors: 0,
  totalMs: 0,
  maxMs: 0,
  latencies: new Uint32Array(BUCKETS),
  operations: new Map(),
})

/** Counts answers by the minute, in memory: some additions for each, and nothing else. */
export class Measures {
  readonly #clock: Clock
  #minutes: Minute[] = []

  constructor(clock: Clock) {
    this.#clock = clock
  }

  answered(operation: string, status: number, ms: number): void {
    const minute = this.#now()
    const refused = status >= 400 && status < 500 ? 1 : 0
    const error = status >= 500 ? 1 : 0
    minute.requests++
    minute.refused += refused
    minute.errors += error
    minute.totalMs += ms
    if (ms > minute.maxMs) minute.maxMs = ms
    const bucket = bucketOf(ms)
    minute.latencies[bucket] = (minute.latencies[bucket] ?? 0) + 1
    const figures = minute.operations.get(operation)
    if (figures === undefined) minute.operations.set(operation, [1, refused, error, ms, ms])
    else {
      figures[0]++
      figures[1] += refused
      figures[2] += error
      figures[3] += ms
      if (ms > figures[4]) figures[4] = ms
    }
  }

  /** The oldest minute that is over and was not written yet. @param all also one that is not over: nothing follows. */
  next(all: boolean): Minute | undefined {
    const [oldest] = this.#minutes
    const isOver = oldest !== undefined && oldest.at + MINUTE_MS <= this.#clock.now().getTime()
    return all || isOver ? oldest : undefined
  }

  /** It is written. */
  written(minute: Minute): void {
    this.#minutes = this.#minutes.filter((one) => one !== minute)
  }

  #now(): Minute {
    const time = this.#clock.now().getTime()
    const at = time - (time % MINUTE_MS)
    const last = this.#minutes.at(-1)
    // A clock that was set back goes on in the minute that was begun: none is written twice.
    if (last !== undefined && last.at >= at) return last
    const minute = emptyMinute(at)
    this.#minutes.push(minute)
    if (this.#minutes.length > MOST_MINUTES) this.#minutes.shift()
    return minute
  }
}
