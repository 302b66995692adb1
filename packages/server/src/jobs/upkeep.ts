import { sql } from 'kysely'
import type { Pool } from 'pg'
import type { Logger } from 'pino'
import type { Blobs } from '../adapters/blobs/blobs.ts'
import { sealAudit } from '../audit/seals.ts'
import type { Clock } from '../clock.ts'
import { unscoped } from '../db/scope.ts'
import { announceEnd, type EndedImpersonation } from '../domains/admin/ended.ts'
import { announceDueDocuments } from '../domains/consent/announce.ts'
import { collectEvents, publishEvents } from '../domains/events/outbox.ts'
import type { Enqueue } from '../http/handler.ts'
import type { JobQueue } from './queue.ts'

const lookMs = 1000
const sweepMs = 60_000
const cleanMs = 10 * 60_000
const batch = 5000
const sealsPerRound = 20

interface Upkeep {
  readonly pool: Pool
  readonly clock: Clock
  readonly log: Logger
  readonly newId: () => string
  readonly blobs: Pick<Blobs, 'delete'>
  readonly jobs: Pick<JobQueue, 'insert'>
  /** Something was published. */
  readonly published: () => void
}

/**
 * What nobody asks for: every minute it ends impersonations, invitations and exports that ran out and announces consents
 * that came into force; every ten it makes partitions ahead and deletes what has expired. Replicas may all do it: each step is idempotent and short.
 */
export function createUpkeep({ pool, clock, log, newId, blobs, jobs, published }: Upkeep) {
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> = Promise.resolve()
  let swept = Number.NEGATIVE_INFINITY
  let cleaned = Number.NEGATIVE_INFINITY

  async function clean(now: Date): Promise<void> {
    await pool.query('select ensure_partitions($1)', [now.toISOString().slice(0, 10)])
    await inBatches('purge_expired', now)
    await inBatches('purge_sessions', now)
  }

  /** Calls a function of the database until it finds less than it may do at once: no lock is held for long. */
  async function inBatches(
    name: 'purge_expired' | 'purge_sessions' | 'expire_invitations',
    now: Date,
  ): Promise<void> {
    for (;;) {
      const { rows } = await pool.query<{ done: number }>(`select ${name}($1, $2) as done`, [now, batch])
      if ((rows[0]?.done ?? 0) < batch) return
    }
  }

  async function endImpersonations(now: Date): Promise<void> {
    const { events, emit } = collectEvents()
    const wanted: { name: string; payload: object }[] = []
    const enqueue: Enqueue = (name, payload) => wanted.push({ name, payload })
    await unscoped(pool, 'write', async (db) => {
      const { rows } = await sql<EndedImpersonation & { ended_at: string }>`
        select * from end_expired_impersonations(${now})`.execute(db)
      for (const row of rows) await announceEnd(db, { emit, enqueue, newId }, row, new Date(row.ended_at))
      await publishEvents(db, events, now)
      for (const { name, payload } of wanted) await jobs.insert(db, name, payload)
    })
    if (events.length > 0) published()
  }

  async function announceConsents(now: Date): Promise<void> {
    const { events, emit } = collectEvents()
    await unscoped(pool, 'write', async (db) => {
      await announceDueDocuments(db, emit, now)
      await publishEvents(db, events, now)
    })
    if (events.length > 0) published()
  }

  /** The file goes first: a row that still says READY is looked at again, a file without a row never would be. */
  async function expireExports(now: Date): Promise<void> {
    await pool.query('select fail_stuck_data_exports($1)', [now])
    const { rows } = await pool.query<{ id: string; storage_key: string }>(
      'select id, storage_key from due_data_exports($1, $2)',
      [now, batch],
    )
    for (const { id, storage_key: key } of rows) {
      await blobs.delete(key)
      await pool.query('select expire_data_export($1, $2)', [id, now])
    }
  }

  async function round(): Promise<void> {
    const now = clock.now()
    const time = now.getTime()
    if (time - cleaned >= cleanMs) {
      await clean(now)
      cleaned = time
    }
    if (time - swept >= sweepMs) {
      await endImpersonations(now)
      await announceConsents(now)
      await inBatches('expire_invitations', now)
      await expireExports(now)
      // Last, and a part of a large backlog at a time: nothing above may wait for it. The next look goes on.
      const isSealed = await sealAudit(pool, now, sealsPerRound)
      if (isSealed) swept = time
    }
  }

  return {
    /** Partitions are awaited, for without them nothing can be audited well; the rest follows by itself. */
    async start(): Promise<void> {
      const now = clock.now()
      await clean(now)
      cleaned = now.getTime()
      let busy = false
      timer = setInterval(() => {
        if (busy) return
        busy = true
        running = round()
          .catch((error: unknown) => log.error({ err: error }, 'upkeep failed; it is tried again'))
          .finally(() => {
            busy = false
          })
      }, lookMs)
      timer.unref()
    },
    async stop(): Promise<void> {
      clearInterval(timer)
      await running
    },
  }
}
