import { hostname } from 'node:os'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { sql } from 'kysely'
import type { Pool } from 'pg'
import type { Logger } from 'pino'
import type { Clock } from '../clock.ts'
import { type Db, type Scope, transaction } from '../db/scope.ts'
import type { Measures, Minute } from './measures.ts'

/** Who this process is. */
export interface Instance {
  readonly id: string
  readonly kind: 'SERVER' | 'WORKER'
  readonly version: string
  readonly runsJobs: boolean
  readonly startedAt: Date
}

/** How it is. */
export interface Load {
  readonly stopping: boolean
  readonly streams: number
  readonly requestsUnderWay: number
  readonly poolWaiting: number
}

interface Parts {
  readonly pool: Pool
  readonly clock: Clock
  readonly log: Logger
  readonly measures: Measures
  readonly load: () => Load
}

const lookMs = 1000
const beatMs = 10_000
const LONGEST_HOST = 255
const NS_PER_MS = 1e6

const scope: Scope = { name: 'system', organizationId: null, userId: null }

const tenths = (value: number): number => Math.round(value * 10) / 10

/**
 * Writes one minute, and adds it to its hour in the same statement. One that is there already is not added again: who
 * does not know whether it was written writes it once more.
 */
export async function writeMinute(db: Db, serverId: string, minute: Minute): Promise<void> {
  const { requests, refused, errors } = minute
  const [totalMs, maxMs] = [tenths(minute.totalMs), tenths(minute.maxMs)]
  const operations = Object.fromEntries(
    [...minute.operations].map(([id, [n, refusals, faults, total, most]]) => [
      id,
      [n, refusals, faults, tenths(total), tenths(most)],
    ]),
  )
  await sql`
    with added as (
      insert into request_minutes (minute, server_id, requests, refused, errors, total_ms, max_ms, latencies, operations)
      values (${new Date(minute.at)}, ${serverId}, ${requests}, ${refused}, ${errors}, ${totalMs}, ${maxMs},
        ${[...minute.latencies]}::bigint[], ${JSON.stringify(operations)}::jsonb)
      on conflict do nothing returning *)
    insert into request_hours as h (hour, requests, refused, errors, total_ms, max_ms, latencies, operations)
    select date_trunc('hour', minute), requests, refused, errors, total_ms, max_ms, latencies, operations from added
    on conflict (hour) do update set
      requests = h.requests + excluded.requests, refused = h.refused + excluded.refused, errors = h.errors + excluded.errors,
      total_ms = h.total_ms + excluded.total_ms, max_ms = greatest(h.max_ms, excluded.max_ms),
      latencies = add_counts(h.latencies, excluded.latencies),
      operations = add_operations(h.operations, excluded.operations)`.execute(db)
}

/** Says in the database that this process is there and how it is, and what it answered, minute by minute. */
export function createReporter({ pool, clock, log, measures, load }: Parts) {
  const loop = monitorEventLoopDelay({ resolution: 20 })
  let instance: Instance | undefined
  let timer: NodeJS.Timeout | undefined
  let beaten = Number.NEGATIVE_INFINITY
  let running: Promise<void> = Promise.resolve()
  let isAway = false

  const inScope = (work: (db: Db) => Promise<unknown>): Promise<unknown> =>
    transaction(pool, scope, 'write', async (db) => ({ value: await work(db), commit: true }))

  async function flush(serverId: string, all: boolean): Promise<void> {
    for (let minute = measures.next(all); minute !== undefined; minute = measures.next(all)) {
      const taken = minute
      await inScope((db) => writeMinute(db, serverId, taken))
      measures.written(taken)
    }
  }

  async function beat(self: Instance, now: Date): Promise<void> {
    const { stopping, streams, requestsUnderWay, poolWaiting } = load()
    // The very first look has measured nothing.
    const lag = loop.percentile(99) / NS_PER_MS
    const said = {
      stopping,
      seen_at: now,
      streams,
      requests_under_way: requestsUnderWay,
      pool_waiting: poolWaiting,
      event_loop_p99_ms: Number.isFinite(lag) ? tenths(lag) : null,
      memory_bytes: process.memoryUsage.rss(),
    }
    loop.reset()
    await inScope((db) =>
      db
        .insertInto('server_instances')
        .values({
          id: self.id,
          kind: self.kind,
          host: hostname().slice(0, LONGEST_HOST),
          pid: process.pid,
          version: self.version,
          runs_jobs: self.runsJobs,
          started_at: self.startedAt,
          ...said,
        })
        .onConflict((conflict) => conflict.column('id').doUpdateSet(said))
        .execute(),
    )
  }

  async function look(self: Instance): Promise<void> {
    const now = clock.now()
    try {
      if (now.getTime() - beaten >= beatMs || now.getTime() < beaten) {
        await beat(self, now)
        beaten = now.getTime()
      }
      await flush(self.id, false)
      isAway = false
    } catch (error) {
      // Nothing is lost: it is written when the database is back.
      if (!isAway) log.warn({ err: error }, 'what was measured could not be written; it is tried again')
      isAway = true
    }
  }

  return {
    start(self: Instance): void {
      instance = self
      loop.enable()
      let busy = false
      const run = (): void => {
        if (busy) return
        busy = true
        running = look(self).finally(() => {
          busy = false
        })
      }
      run()
      timer = setInterval(run, lookMs)
      timer.unref()
    },

    /** Says at once how it is: that it stops, for example. */
    hurry(): void {
      beaten = Number.NEGATIVE_INFINITY
    },

    /** Writes what is left and takes its leave. Never rejects. */
    async stop(): Promise<void> {
      clearInterval(timer)
      loop.disable()
      await running
      if (instance === undefined) return
      const { id } = instance
      try {
        await flush(id, true)
        await inScope((db) => db.deleteFrom('server_instances').where('id', '=', id).execute())
      } catch (error) {
        log.warn({ err: error }, 'the last figures could not be written')
      }
    },
  }
}
