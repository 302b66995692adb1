import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { isUnavailable } from '../../db/pool.ts'
import { transaction } from '../../db/scope.ts'
import { insertEvents, type TelemetryRow } from './queries.ts'

// Long enough that a busy server commits hundreds of events at once, short enough that nobody notices.
const gatherMs = 3
const groupEvents = 1000
const mostEvents = 20_000
const mostBytes = 32 * 1024 * 1024
// Of a row beside its properties, roughly.
const rowBytes = 500

interface Waiting {
  readonly userId: string
  readonly rows: readonly TelemetryRow[]
  readonly bytes: number
  readonly since: number
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/**
 * Group commit of telemetry: what arrives within a few milliseconds, or while a group commits, is stored in one
 * transaction. Holds a bounded number of events and bytes, those included that are being stored.
 */
export class TelemetryBuffer {
  readonly #pool: pg.Pool
  #waiting: Waiting[] = []
  #events = 0
  #bytes = 0
  #draining: Promise<void> | undefined

  /** @param pool of its own: a commit must not wait for the requests that wait for it */
  constructor(pool: pg.Pool) {
    this.#pool = pool
  }

  /**
   * Settles once the rows of one person are committed, all of them.
   * @returns false, at once and with nothing stored, when there is no room
   * @throws what kept them from being stored, this person's rows alone
   */
  async store(userId: string, rows: readonly TelemetryRow[]): Promise<boolean> {
    const bytes = rows.reduce((sum, { properties }) => sum + properties.length + rowBytes, 0)
    if (this.#events + rows.length > mostEvents || this.#bytes + bytes > mostBytes) return false
    this.#events += rows.length
    this.#bytes += bytes
    try {
      await new Promise<void>((resolve, reject) => {
        this.#waiting.push({ userId, rows, bytes, since: performance.now(), resolve, reject })
        this.#draining ??= this.#drain()
      })
      return true
    } finally {
      this.#events -= rows.length
      this.#bytes -= bytes
    }
  }

  /** Waits until everything is stored that was let in. */
  async stop(): Promise<void> {
    await this.#draining
  }

  async #drain(): Promise<void> {
    for (let first = this.#waiting[0]; first; first = this.#waiting[0]) {
      const early = first.since + gatherMs - performance.now()
      if (early > 0) await sleep(early)
      await this.#commit(this.#take())
    }
    // In the same breath as the last look at who waits: whoever comes from now on begins anew.
    this.#draining = undefined
  }

  /** Whole requests, the first ones. */
  #take(): Waiting[] {
    let events = 0
    const end = this.#waiting.findIndex(({ rows }, at) => {
      events += rows.length
      return at > 0 && events > groupEvents
    })
    return this.#waiting.splice(0, end === -1 ? this.#waiting.length : end)
  }

  /** What the database refuses of a group is looked for by halves: nobody's neighbour fails with it. */
  async #commit(group: readonly Waiting[]): Promise<void> {
    try {
      await this.#insert(group)
      for (const { resolve } of group) resolve()
    } catch (error) {
      const isRefused = error instanceof pg.DatabaseError && !isUnavailable(error)
      if (isRefused && group.length > 1) {
        const half = group.length >> 1
        await this.#commit(group.slice(0, half))
        await this.#commit(group.slice(half))
        return
      }
      // While the database is away those who wait are told at once, not one group after another.
      const failed = isRefused ? group : [...group, ...this.#waiting.splice(0)]
      for (const { reject } of failed) reject(error)
    }
  }

  #insert(group: readonly Waiting[]): Promise<void> {
    const people = [...new Set(group.map(({ userId }) => userId))]
    const rows = group.flatMap((one) => one.rows)
    return transaction(
      this.#pool,
      { name: 'telemetry', organizationId: null, userId: null, people },
      'write',
      async (db) => {
        await insertEvents(db, rows)
        return { value: undefined, commit: true }
      },
    )
  }
}
