import { setTimeout as sleep } from 'node:timers/promises'
import type { Pool, PoolClient } from 'pg'
import type { Logger } from 'pino'
import { Problem } from '../http/problem.ts'
import { StartupError } from '../startup-error.ts'
import { createPool } from './pool.ts'
import { refuseUnsafeRole } from './role-check.ts'
import { type Db, type Scope, transaction } from './scope.ts'

// Longer than a healthy standby lags on a local network; a list that waits so long should rather ask the primary.
const WAIT_MS = 25
const LOOK_EVERY_MS = 3
// Until here a transaction must be open there, or nobody answers.
const OPEN_MS = 1000
const PROBE_EVERY_MS = 1000
const QUERY_TIMEOUT_MS = 5000

/** The standby is behind, away or none: the primary has to answer. */
class NotNow extends Error {}

/** Where the primary's log ends: whoever has been told of a commit was told of one before this. */
const POSITION = `select case current_setting('synchronous_commit') when 'off'
  then pg_current_wal_insert_lsn() else pg_current_wal_flush_lsn() end as position`

export interface ReplicaOptions {
  readonly url: string
  readonly poolSize: number
  readonly primary: Pool
  readonly log: Logger
  /** Gets its connections before any is made. */
  readonly prepare?: ((pool: Pool) => void) | undefined
}

/**
 * A streaming standby that answers reads in place of the primary, never with less than its reader can know of: a read there
 * begins only once the standby has replayed all that the primary had committed when the read arrived. That covers a
 * caller's own writes on whatever server, and what events and webhooks told. A standby that lags, is away or fails is
 * left alone, and tried again in the background.
 */
export class Replica {
  readonly #pool: Pool
  readonly #primary: Pool
  readonly #log: Logger
  #usable = false
  #closed = false
  #retry: NodeJS.Timeout | undefined
  /** What it has to have replayed before it is used again. */
  #missed = '0/0'
  #current: Promise<string> | undefined
  #next: Promise<string> | undefined

  constructor({ url, poolSize, primary, log, prepare }: ReplicaOptions) {
    this.#primary = primary
    this.#log = log
    const onError = (error: Error): void => log.warn({ err: error }, 'a connection to the replica was lost')
    this.#pool = createPool(url, poolSize, onError, {
      connectionTimeoutMillis: OPEN_MS,
      query_timeout: QUERY_TIMEOUT_MS,
    })
    prepare?.(this.#pool)
  }

  /** Whether it answers lists at present. */
  get isUsable(): boolean {
    return this.#usable
  }

  /**
   * Looks whether it can be used. One that is away is no reason not to start.
   * @throws {StartupError} when its role is one that row-level security does not bind.
   */
  async start(): Promise<void> {
    try {
      await this.#probe()
    } catch (error) {
      if (error instanceof StartupError) throw error
      this.#rest(error)
    }
  }

  /**
   * Runs a read there, in the same scope as on the primary.
   * @returns undefined when the primary has to do it. What `work` throws as a Problem passes through.
   */
  async read<T>(scope: Scope, work: (db: Db) => Promise<T>): Promise<{ readonly value: T } | undefined> {
    if (!this.#usable) return undefined
    const { promise: opened, resolve: onOpened } = Promise.withResolvers<boolean>()
    const run = async (): Promise<{ readonly value: T }> => {
      const position = await this.#position()
      return transaction(this.#pool, scope, 'read', async (db, client) => {
        await this.#catchUp(client, position)
        onOpened(true)
        return { value: { value: await work(db) }, commit: true }
      })
    }
    const timer = setTimeout(onOpened, OPEN_MS, false)
    const running = run()
    try {
      // `running` is in the race for what it throws: it opens before it answers.
      if (!(await Promise.race([opened, running.then(() => true)]))) {
        running.catch(() => {})
        throw new NotNow('it does not answer')
      }
      return await running
    } catch (error) {
      if (error instanceof Problem) throw error
      this.#rest(error)
      return undefined
    } finally {
      clearTimeout(timer)
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#retry)
    await this.#pool.end()
  }

  /** One question at a time: those who ask meanwhile share the next one, which begins after they came. */
  #position(): Promise<string> {
    this.#next ??= (async () => {
      await this.#current?.catch(() => {})
      this.#current = this.#next
      this.#next = undefined
      const { rows } = await this.#primary.query<{ position: string }>({
        name: 'wal_position',
        text: POSITION,
      })
      return rows[0]?.position ?? ''
    })()
    return this.#next
  }

  async #hasReplayed(client: PoolClient | Pool, position: string): Promise<boolean> {
    const { rows } = await client.query<{ there: boolean | null }>({
      name: 'replayed',
      text: 'select pg_last_wal_replay_lsn() >= $1::pg_lsn as there',
      values: [position],
    })
    const there = rows[0]?.there ?? null
    // It may have been promoted: then it has a history of its own.
    if (there === null) throw new NotNow('it is no standby')
    return there
  }

  async #catchUp(client: PoolClient, position: string): Promise<void> {
    const deadline = performance.now() + WAIT_MS
    while (!(await this.#hasReplayed(client, position))) {
      if (performance.now() > deadline) {
        this.#missed = position
        throw new NotNow('it lags')
      }
      await sleep(LOOK_EVERY_MS)
    }
  }

  #rest(why: unknown): void {
    if (this.#closed || this.#retry !== undefined) return
    if (this.#usable) {
      const reason = why instanceof NotNow ? { reason: why.message } : { err: why }
      this.#log.warn(reason, 'the replica is left alone')
    }
    this.#usable = false
    this.#retry = setTimeout(() => {
      this.#retry = undefined
      this.#probe().catch((error: unknown) => {
        if (error instanceof StartupError) this.#log.error({ err: error }, 'the replica cannot be used')
        this.#rest(error)
      })
    }, PROBE_EVERY_MS)
    this.#retry.unref()
  }

  async #probe(): Promise<void> {
    const client = await this.#pool.connect()
    try {
      await refuseUnsafeRole(client, 'DATABASE_REPLICA_URL')
      if (!(await this.#hasReplayed(client, this.#missed))) throw new NotNow('it lags')
    } finally {
      client.release()
    }
    this.#usable = true
    this.#log.info('the replica answers lists')
  }
}
