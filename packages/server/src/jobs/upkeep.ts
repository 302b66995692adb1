import { sql } from 'kysely'
import type { Pool } from 'pg'
import type { Logger } from 'pino'
import type { Billing } from '../adapters/billing/billing.ts'
import type { Blobs } from '../adapters/blobs/blobs.ts'
import type { AuditApart } from '../audit/apart.ts'
import { sealAudit } from '../audit/seals.ts'
import type { Clock } from '../clock.ts'
import { type Db, noScope } from '../db/scope.ts'
import { announceEnd, type EndedImpersonation } from '../domains/admin/ended.ts'
import { tellOfLapses } from '../domains/billing/upkeep.ts'
import { missStaleCalls } from '../domains/call-center/stale.ts'
import { announceDueDocuments } from '../domains/consent/announce.ts'
import { forgetUploads } from '../domains/documents/upkeep.ts'
import type { NotifyTools } from '../domains/notifications/notify.ts'
import { announceExpiringLicenses } from '../domains/providers/expiring.ts'
import { keepDesk } from '../domains/support-desk/upkeep.ts'
import { announceLosses, planForgotten } from '../domains/webhook-endpoints/upkeep.ts'
import type { Cipher } from '../security/cipher.ts'
import type { Effects } from './effects.ts'
import { sendDueReminders } from './reminders.ts'

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
  readonly cipher: Cipher
  readonly publicUrl: () => string
  readonly effects: Effects
  readonly blobs: Blobs
  readonly callQueueSeconds: number
  readonly billing: Billing | undefined
  readonly apart: AuditApart
}

/**
 * What nobody asks for: every minute it ends impersonations, invitations and exports that ran out, announces consents
 * that came into force, reminds of visits, reports overdue tickets and closes those long resolved, gives up on callers
 * who have waited too long, and tells of subscriptions that lapse; every ten it makes partitions ahead, drops telemetry's
 * oldest, deletes what has expired and uploads that nobody finished, tells of webhooks that were lost, and warns of licences
 * that will expire.
 * Replicas may all do it: each step is idempotent and short.
 */
export function createUpkeep(parts: Upkeep) {
  const { pool, clock, log, newId, effects, blobs, apart } = parts
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> = Promise.resolve()
  let swept = Number.NEGATIVE_INFINITY
  let cleaned = Number.NEGATIVE_INFINITY

  const ensurePartitions = (now: Date) =>
    pool.query('select ensure_partitions($1)', [now.toISOString().slice(0, 10)])

  async function clean(now: Date): Promise<void> {
    await ensurePartitions(now)
    await pool.query('select drop_telemetry($1)', [now])
    await inBatches('purge_sessions', now)
    await inBatches('purge_webhook_deliveries', now)
    await inBatches('purge_measures', now)
    await inBatches('purge_webhook_receipts', now)
    await announceLosses(parts, now)
    // The outbox forgets only what its webhooks are recorded of.
    await planForgotten(parts, now)
    await inBatches('purge_expired', now)
  }

  /** Calls a function of the database until it finds less than it may do at once: no lock is held for long. */
  async function inBatches(
    name:
      | 'purge_expired'
      | 'purge_sessions'
      | 'purge_webhook_deliveries'
      | 'purge_measures'
      | 'purge_webhook_receipts'
      | 'expire_invitations',
    now: Date,
  ): Promise<void> {
    for (;;) {
      const { rows } = await pool.query<{ done: number }>(`select ${name}($1, $2) as done`, [now, batch])
      if ((rows[0]?.done ?? 0) < batch) return
    }
  }

  /** A step in a transaction of its own, with what it publishes. */
  const step = (work: (db: Db, tools: NotifyTools) => Promise<void>): Promise<void> =>
    effects(noScope, (db, tools) => work(db, { ...tools, newId }))

  const endImpersonations = (now: Date) =>
    step(async (db, tools) => {
      const { rows } = await sql<EndedImpersonation & { ended_at: string }>`
        select * from end_expired_impersonations(${now})`.execute(db)
      for (const row of rows) await announceEnd(db, tools, row, new Date(row.ended_at))
    })

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
      await step((db, tools) => announceExpiringLicenses(db, tools, now))
      await forgetUploads(pool, blobs, now)
      cleaned = time
    }
    if (time - swept >= sweepMs) {
      await endImpersonations(now)
      await step((db, { emit }) => announceDueDocuments(db, emit, now))
      await inBatches('expire_invitations', now)
      await expireExports(now)
      await sendDueReminders(parts, now)
      await keepDesk(parts, now)
      await missStaleCalls(parts, now)
      await tellOfLapses(parts, now)
      // Last, and a part of a large backlog at a time: nothing above may wait for it. The next look goes on.
      const isSealed = (await sealAudit(pool, now, 1)) || (await apart.seal(now, sealsPerRound))
      if (isSealed) swept = time
    }
  }

  return {
    /** Partitions are awaited, for without them nothing can be audited well; the rest follows by itself. */
    async start(): Promise<void> {
      await ensurePartitions(clock.now())
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
