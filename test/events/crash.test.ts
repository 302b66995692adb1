import { setTimeout as sleep } from 'node:timers/promises'
import { createClient, type StreamStatus } from '@wardline/sdk'
import { expect, test } from 'vitest'
import { freePort } from '../../scripts/free-port.ts'
import { serverOn } from '../embedded/process.ts'
import { createWorld } from '../support/world.ts'

// A night's run may want more: CRASH_ROUNDS=20.
const rounds = Number(process.env.CRASH_ROUNDS ?? 3)
const publishes = 1000
const publishers = 8

test(`a server that is killed in the middle of ${publishes} publishes loses no event and sends none twice`, {
  timeout: rounds * 90_000,
}, async () => {
  const world = await createWorld()
  try {
    const agent = await world.user({ supportAgent: true })
    const owner = await world.user()
    const port = await freePort()
    const start = () => serverOn(world, port)
    let server = await start()
    const url = `http://127.0.0.1:${port}`
    /** Answers whether the server said yes; what it did not answer may have happened or not. */
    const publish = (): Promise<boolean> =>
      fetch(`${url}/api/support/tickets`, {
        method: 'POST',
        headers: { authorization: `Bearer ${owner.token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ category: 'OTHER', subject: 'Crash', body: 'Again.' }),
      }).then(
        ({ status }) => status === 201,
        () => false,
      )

    const statuses: StreamStatus[] = []
    const stream = createClient({ baseUrl: url, auth: agent.token }).events.stream(
      { types: 'ticket.created' },
      { onStatus: (status) => statuses.push(status) },
    )
    const received: { id: string; ticket: string }[] = []
    const reading = (async () => {
      for await (const event of stream)
        if (event.event === 'ticket.created') received.push({ id: event.id, ticket: event.data.ticket_id })
    })()
    await expect.poll(() => statuses.some(({ state }) => state === 'open')).toBe(true)

    let promised = 0
    for (let round = 0; round < rounds; round++) {
      let left = publishes
      let answered = 0
      const work = Array.from({ length: publishers }, async () => {
        while (left-- > 0) {
          if (await publish()) answered++
          else await sleep(50)
        }
      })
      const killAt = Math.floor(publishes * (0.2 + 0.6 * Math.random()))
      await expect.poll(() => answered, { timeout: 60_000, interval: 2 }).toBeGreaterThan(killAt)
      server.child.kill('SIGKILL')
      await server.exit
      server = await start()
      await Promise.all(work)
      promised += answered
      expect(answered).toBeLessThan(publishes)
    }

    const { rows } = await world.admin.query<{ ticket: string }>(
      `select payload ->> 'ticket_id' as ticket from events where type = 'ticket.created' order by xid, id`,
    )
    expect(rows.length).toBeGreaterThanOrEqual(promised)
    await expect.poll(() => received.length, { timeout: 20_000 }).toBeGreaterThanOrEqual(rows.length)
    await sleep(200)
    expect(received.map(({ ticket }) => ticket)).toEqual(rows.map(({ ticket }) => ticket))
    expect(statuses.filter(({ state }) => state === 'caught-up')).toHaveLength(rounds)
    expect(statuses.some(({ state }) => state === 'reset')).toBe(false)
    stream.close()
    await reading
  } finally {
    await world.stop()
  }
})
