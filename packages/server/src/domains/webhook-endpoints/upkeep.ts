import { sql } from 'kysely'
import type { Pool } from 'pg'
import type { Logger } from 'pino'
import { type Db, type Scope, transaction } from '../../db/scope.ts'
import type { Effects } from '../../jobs/effects.ts'
import { planDeliveries } from './outbox.ts'
import { listUntoldLosses, markLossTold } from './queries.ts'
import { type TellServices, tellAdmins } from './tell.ts'

const OUTBOX_MS = 7 * 86_400_000
const BATCH = 100

const scope: Scope = { name: 'webhooks', organizationId: null, userId: null }

interface Parts extends TellServices {
  readonly pool: Pool
  readonly log: Logger
  readonly effects: Effects
}

const inScope = <T>(pool: Pool, work: (db: Db) => Promise<T>): Promise<T> =>
  transaction(pool, scope, 'write', async (db) => ({ value: await work(db), commit: true }))

/** Whether the outbox holds an event from before then that has not been turned into deliveries. */
async function isBehind(db: Db, before: Date): Promise<boolean> {
  const { rows } = await sql<{ behind: boolean }>`
    select exists (select from events e, webhook_cursor c
      where (e.xid, e.id) > (c.xid, c.id) and e.created_at < ${before}) as behind`.execute(db)
  return rows[0]?.behind ?? false
}

/**
 * Records the deliveries of what the outbox is about to forget, where no courier has run for a week: they wait for one
 * then, and nothing is lost. A courier that is at it meanwhile does the same; what neither has reached is not forgotten.
 */
export async function planForgotten({ pool, log, newId }: Parts, now: Date): Promise<void> {
  const before = new Date(now.getTime() - OUTBOX_MS)
  if (!(await inScope(pool, (db) => isBehind(db, before)))) return
  log.error('events have waited for webhooks for 7 days: no server with JOBS=on and no worker is running')
  while (await inScope(pool, (db) => isBehind(db, before)))
    if (!(await inScope(pool, (db) => planDeliveries(db, newId, now)))) return
}

/** Tells the ADMINs of endpoints what the log of deliveries forgot before it had arrived; each loss once. */
export async function announceLosses(parts: Parts, now: Date): Promise<void> {
  const { pool, log, effects, newId } = parts
  for (const { id: endpointId, organization_id: organizationId } of await inScope(pool, (db) =>
    listUntoldLosses(db, BATCH),
  ))
    await effects({ name: 'organization', organizationId, userId: null }, async (db, tools) => {
      const endpoint = await markLossTold(db, organizationId, endpointId, now)
      if (endpoint === undefined) return
      const { lost_count } = endpoint
      log.error(
        { endpoint_id: endpointId, organization_id: organizationId, lost_count },
        'webhook deliveries were lost',
      )
      const { host } = new URL(endpoint.url)
      const what = `${lost_count} ${lost_count === 1 ? 'event' : 'events'} for ${host}`
      await tellAdmins(db, { ...tools, newId }, parts, { organizationId, endpointId }, now, {
        title: 'Webhook events were lost',
        body: `${what} did not arrive within 30 days and can no longer be sent. Load anew what they were about.`,
        mail: [
          `${what}, counted since the endpoint was made, did not arrive within 30 days. They can no longer be sent or replayed.`,
          'Have its system load anew what they were about, and look at how the endpoint stands:',
        ],
      })
    })
}
