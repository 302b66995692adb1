import type { Pool } from 'pg'
import type { Push } from '../../adapters/push/push.ts'
import { transaction } from '../../db/scope.ts'
import * as queries from './queries.ts'

/**
 * Sends one notification to the person's devices, unless it was read or deleted meanwhile. What the person did not
 * agree to being told outside of the app (appointments, billing) stays in the app. Run again, it sends again: the
 * message's id lets the device show it once.
 */
export async function deliver(
  pool: Pool,
  push: Push,
  { id, user_id: userId }: { readonly id: string; readonly user_id: string },
): Promise<void> {
  const scope = { name: 'person', organizationId: null, userId } as const
  const devices = await transaction(pool, scope, 'read', async (db) => ({
    value: await queries.listDeliveries(db, userId, id),
    commit: true,
  }))
  if (devices.length === 0) return
  const gone = await push.send(devices.map((device) => ({ id, ...device })))
  if (gone.length === 0) return
  await transaction(pool, scope, 'write', async (db) => ({
    value: await queries.forgetDevices(db, userId, gone),
    commit: true,
  }))
}
