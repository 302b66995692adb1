import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { freePort } from '../../scripts/free-port.ts'
import { serverOn } from '../embedded/process.ts'
import { startReceiver } from '../support/receiver.ts'
import { createWorld } from '../support/world.ts'

// A night's run may want more: CRASH_ROUNDS=20.
const rounds = Number(process.env.CRASH_ROUNDS ?? 3)
const batches = 20
const perBatch = 15

test('servers that are killed while they deliver lose no event: each arrives, and is recorded once', {
  timeout: rounds * 60_000 + 60_000,
}, async () => {
  const world = await createWorld({ env: { JOBS: 'off', WEBHOOKS_ALLOW_PRIVATE: 'true' } })
  const receiver = await startReceiver()
  try {
    const org_id = await world.organization()
    const admin = await world.user({ roles: { [org_id]: 'ADMIN' } })
    const made = await admin.client.webhooks.create({ org_id, url: receiver.url })
    world.secret(made.secret)
    // Slow enough that attempts are under way when the server dies.
    receiver.answer((response) => setTimeout(() => response.writeHead(204).end(), 20))
    const start = async () =>
      serverOn(world, await freePort(), {
        WEBHOOKS_ALLOW_PRIVATE: 'true',
        WEBHOOKS_TIMEOUT_SECONDS: '1',
      })
    const publish = () =>
      world.admin.query(
        `insert into events (organization_id, type, payload, created_at)
         select $1, 'member.joined', jsonb_build_object('n', n), now() from generate_series(1, $2::int) n`,
        [org_id, perBatch],
      )
    let servers = await Promise.all([start(), start()])
    for (let round = 0; round < rounds; round++) {
      const before = receiver.hooks.length
      const publishing = (async () => {
        for (let batch = 0; batch < batches; batch++) {
          await publish()
          await sleep(20)
        }
      })()
      await expect
        .poll(() => receiver.hooks.length, { timeout: 30_000, interval: 2 })
        .toBeGreaterThan(before + Math.floor(batches * perBatch * (0.1 + 0.5 * Math.random())))
      for (const { child } of servers) child.kill('SIGKILL')
      await Promise.all(servers.map(({ exit }) => exit))
      await publishing
      servers = await Promise.all([start(), start()])
    }
    const { rows: events } = await world.admin.query<{ id: string }>(
      `select xid || '.' || id as id from events where organization_id = $1 order by 1`,
      [org_id],
    )
    expect(events).toHaveLength(rounds * batches * perBatch)
    const left = async () => {
      const { rows } = await world.admin.query<{ n: number }>(
        `select (select count(*) from events where organization_id = $1)::int
           - count(*) filter (where status = 'DELIVERED')::int as n from webhook_deliveries`,
        [org_id],
      )
      return rows[0]?.n
    }
    await expect.poll(left, { timeout: 40_000 }).toBe(0)
    const arrived = new Set(receiver.hooks.map(({ headers }) => headers['webhook-id']))
    expect([...arrived].toSorted()).toEqual(events.map(({ id }) => id).toSorted())
    const { rows: recorded } = await world.admin.query<{ event_id: string }>(
      'select event_id from webhook_deliveries order by 1',
    )
    expect(recorded.map(({ event_id }) => event_id).toSorted()).toEqual(events.map(({ id }) => id).toSorted())
    // A kill may double what was under way, and no more: 2 servers with at most 4 to one endpoint.
    expect(receiver.hooks.length - events.length).toBeLessThanOrEqual(rounds * 8)
  } finally {
    await receiver.close()
    await world.stop()
  }
})
