import { expect } from 'vitest'
import type { World } from './world.ts'

/** Moves a world's clock, by eleven minutes at least, and waits until its upkeep has cleaned at that time. */
export async function cleanAt(world: World, to: Date): Promise<void> {
  const ahead = to.getTime() - world.clock.now().getTime()
  if (ahead < 660_000) throw new Error('upkeep cleans every ten minutes')
  // Upkeep deletes what is expired last.
  await world.admin.query(
    `insert into idempotency_keys (actor_id, operation_id, key, request_hash, status, expires_at)
     values (gen_random_uuid(), 'x', 'mark', '', 201, $1)`,
    [new Date(to.getTime() - 1000)],
  )
  world.clock.advance({ seconds: ahead / 1000 })
  const left = async () =>
    (await world.admin.query(`select from idempotency_keys where key = 'mark'`)).rowCount
  await expect.poll(left, { timeout: 15_000 }).toBe(0)
}
