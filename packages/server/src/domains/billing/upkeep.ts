import type { Pool } from 'pg'
import type { Billing } from '../../adapters/billing/billing.ts'
import { unscoped } from '../../db/scope.ts'
import type { Effects } from '../../jobs/effects.ts'
import type { Services } from '../../services.ts'
import * as queries from './queries.ts'
import { tellAdmins } from './tell.ts'

const BATCH = 100
const SOON_MS = 48 * 3600_000

interface Parts extends Pick<Services, 'cipher' | 'log' | 'newId' | 'publicUrl'> {
  readonly pool: Pool
  readonly billing: Billing | undefined
  readonly effects: Effects
}

/** Tells ADMINs two days before writing ends and when it has, each once. Without billing nothing ends. */
export async function tellOfLapses(parts: Parts, now: Date): Promise<void> {
  if (parts.billing === undefined) return
  const soon = new Date(now.getTime() + SOON_MS)
  const due = await unscoped(parts.pool, 'read', (db) => queries.listLapsing(db, now, soon, BATCH))
  for (const organizationId of due)
    try {
      await tellOfLapse(parts, organizationId, now)
    } catch (error) {
      // What fails in one organization holds up no other; it is looked at again in the next round.
      parts.log.error({ err: error, organization_id: organizationId }, 'a lapse could not be told')
    }
}

const tellOfLapse = (parts: Parts, organizationId: string, now: Date): Promise<void> =>
  parts.effects({ name: 'organization', organizationId, userId: null }, async (db, { emit, enqueue }) => {
    const notice = await queries.claimLapseNotice(db, organizationId, now)
    const organization = await queries.findOrganization(db, organizationId)
    if (notice === undefined || organization === undefined) return
    const tools = { emit, enqueue, newId: parts.newId }
    await tellAdmins(db, tools, parts, organization, notice.stage, notice.writes_until, now)
    // Perhaps it was paid, and we were not told.
    if (notice.stripe_customer_id !== null)
      enqueue('billing-sync', { customer_id: notice.stripe_customer_id })
  })
