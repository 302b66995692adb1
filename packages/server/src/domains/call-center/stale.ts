import type { Pool } from 'pg'
import type { Logger } from 'pino'
import { unscoped } from '../../db/scope.ts'
import type { Effects } from '../../jobs/effects.ts'
import * as queries from './queries.ts'
import { tellDequeued } from './tell.ts'

const BATCH = 100

interface Parts {
  readonly pool: Pool
  readonly log: Logger
  readonly effects: Effects
  /** How long somebody may wait. */
  readonly callQueueSeconds: number
}

/** Callers who have waited longer than anybody does become MISSED: a bridge that died says no more that they hung up. */
export async function missStaleCalls(parts: Parts, now: Date): Promise<void> {
  const before = new Date(now.getTime() - parts.callQueueSeconds * 1000)
  const organizations = await unscoped(parts.pool, 'read', (db) =>
    queries.listOrganizationsWithStale(db, before),
  )
  for (const organizationId of organizations)
    try {
      let missed = BATCH
      while (missed === BATCH) missed = await missIn(parts.effects, organizationId, before, now)
    } catch (error) {
      // What fails in one organization holds up no other; it is looked at again in the next round.
      parts.log.error({ err: error, organization_id: organizationId }, 'stale calls could not be given up')
    }
}

const missIn = (effects: Effects, organizationId: string, before: Date, now: Date): Promise<number> =>
  effects({ name: 'organization', organizationId, userId: null }, async (db, { emit }) => {
    const missed = await queries.missStaleCalls(db, organizationId, before, now, BATCH)
    const left = missed.map(({ id }) => ({ id, status: 'MISSED' as const, agentId: null }))
    await tellDequeued(db, emit, organizationId, left)
    return missed.length
  })
