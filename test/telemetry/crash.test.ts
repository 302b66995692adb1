import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { freePort } from '../../scripts/free-port.ts'
import { serverOn } from '../embedded/process.ts'
import { createWorld } from '../support/world.ts'

// A night's run may want more: CRASH_ROUNDS=20.
const rounds = Number(process.env.CRASH_ROUNDS ?? 3)
const perRound = 600
const senders = 16
const perBatch = 5

test('a server that is killed while it stores telemetry has stored every event that it answered for', {
  timeout: rounds * 60_000 + 30_000,
}, async () => {
  const world = await createWorld()
  try {
    const user = await world.user()
    const port = await freePort()
    const start = () => serverOn(world, port)
    let server = await start()
    /** Numbers of the events that the server said it has. */
    const answered: number[] = []
    let sent = 0
    const send = async (): Promise<boolean> => {
      const numbers = Array.from({ length: perBatch }, () => sent++)
      const isKept = await fetch(`http://127.0.0.1:${port}/api/telemetry`, {
        method: 'POST',
        headers: { authorization: `Bearer ${user.token}`, 'content-type': 'application/json' },
        body: JSON.stringify({
          events: numbers.map((n) => ({ event_name: 'crash.test', properties: { n } })),
        }),
      }).then(
        ({ status }) => status === 202,
        () => false,
      )
      if (isKept) answered.push(...numbers)
      return isKept
    }
    for (let round = 0; round < rounds; round++) {
      let left = perRound
      const before = answered.length
      const work = Array.from({ length: senders }, async () => {
        while (left-- > 0) if (!(await send())) await sleep(20)
      })
      const killAt = before + Math.floor(perRound * perBatch * (0.1 + 0.3 * Math.random()))
      await expect.poll(() => answered.length, { timeout: 40_000, interval: 1 }).toBeGreaterThan(killAt)
      server.child.kill('SIGKILL')
      await server.exit
      await Promise.all(work)
      // It was killed in the middle of them.
      expect(answered.length - before).toBeLessThan(perRound * perBatch)
      server = await start()
    }
    expect(await send()).toBe(true)
    const { rows } = await world.admin.query<{ n: number }>(
      `select (properties ->> 'n')::int as n from telemetry_events where user_id = $1`,
      [user.id],
    )
    const stored = new Set(rows.map(({ n }) => n))
    expect(stored.size).toBe(rows.length)
    expect(answered.filter((n) => !stored.has(n))).toEqual([])
    // All or none: a batch whose answer was lost is there whole or not at all.
    const batches = Map.groupBy(stored, (n) => Math.floor(n / perBatch))
    expect([...batches.values()].filter(({ length }) => length !== perBatch)).toEqual([])
    const { rows: counts } = await world.admin.query(
      `select sum(events)::int as n from telemetry_hours where event_name = 'crash.test'`,
    )
    expect(counts[0].n).toBe(stored.size)
  } finally {
    await world.stop()
  }
})
