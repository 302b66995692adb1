import { sql } from 'kysely'
import type { Pool } from 'pg'
import type { Logger } from 'pino'
import type { Blobs } from '../adapters/blobs/blobs.ts'
import { sealAudit } from '../audit/seals.ts'
import type { Clock } from '../clock.ts'
import { unscoped } from '../db/scope.ts'
import { announceEnd, type EndedImpersonation } from '../domains/admin/ended.ts'
import { announceDueDocuments } from '../domains/consent/announce.ts'
import { forgetUploads } from '../domains/documents/upkeep.ts'
import { collectEvents, publishEvents } from '../domains/events/outbox.ts'
import type { Enqueue } from '../http/handler.ts'
import type { Cipher } from '../security/cipher.ts'
import type { Effects } from './effects.ts'
import type { JobQueue } from './queue.ts'
import { sendDueReminders } from './reminders.ts'

const lookMs = 1000
const sweepMs = 60_000
const cleanMs = 10 * 60_000
const purgeBatch = 5000

interface Upkeep {
  readonly pool: Pool
  readonly clock: Clock
  readonly log: Logger
  readonly newId: () => string
  readonly cipher: Cipher
  readonly publicUrl: () => string
  readonly effects: Effects
  readonly jobs: Pick<JobQueue, 'insert'>
  readonly blobs: Blobs
  /** Something was published. */
  readonly published: () => void
}

/**
 * What nobody asks for: every minute it ends impersonations that ran out, announces consents that came into
 * force and reminds of visits; every ten it makes partitions ahead, deletes what has expired and uploads that nobody finished. Replicas may all do it: each step is idempotent and short.
 */
export function createUpkeep(parts: Upkeep) {
  const { pool, clock, log, newId, jobs, blobs, published } = parts
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> = Promise.resolve()
  let swept = Number.NEGATIVE_INFINITY
  let cleaned = Number.NEGATIVE_INFINITY

  async function clean(now: Date): Promise<void> {
    await pool.query('select ensure_partitions($1)', [now.toISOString().slice(0, 10)])
    for (;;) {
      const { rows } = await pool.query<{ gone: number }>('select purge_expired($1, $2) as gone', [
        now,
        purgeBatch,
      ])
      if ((rows[0]?.gone ?? 0) < purgeBatch) return
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

  async function round(): Promise<void> {
    const now = clock.now()
    const time = now.getTime()
    if (time - cleaned >= cleanMs) {
      await clean(now)
      await forgetUploads(pool, blobs, now)
      cleaned = time
    }
    if (time - swept >= sweepMs) {
      await endImpersonations(now)
      await sealAudit(pool, now)
      await announceConsents(now)
      await sendDueReminders(parts, now)
      swept = time
    }
  }

  return {
    /** The first round is awaited: without partitions nothing can be audited well. */
    async start(): Promise<void> {
      await round()
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
