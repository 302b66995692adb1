import pg from 'pg'
import { expect, test, vi } from 'vitest'
import { hasRedis, redisUrl } from '../support/redis.ts'
import { openStream } from '../support/streams.ts'
import { Cable } from '../support/ward.ts'
import { createWorld, type TestUser, type World } from '../support/world.ts'

const redis = await hasRedis()

/** Statements that carry a wake-up, while `work` runs. */
async function notifications(work: () => Promise<void>): Promise<number> {
  let seen = 0
  const query = pg.Pool.prototype.query
  const spy = vi.spyOn(pg.Pool.prototype, 'query').mockImplementation(function (
    this: unknown,
    ...parameters: unknown[]
  ) {
    if (String(parameters[0]).includes('wardline_events')) seen++
    return Reflect.apply(query, this, parameters)
  })
  try {
    await work()
  } finally {
    spy.mockRestore()
  }
  return seen
}

async function worldOn(url: string): Promise<{ world: World; agent: TestUser; owner: TestUser }> {
  const world = await createWorld({ env: { REDIS_URL: url } })
  return { world, agent: await world.user({ supportAgent: true }), owner: await world.user() }
}

const ask = (owner: TestUser, subject: string) =>
  owner.client.tickets.create({ subject, body: 'It says no.', category: 'OTHER' })

// A fresh machine has no Redis; the rest of the suite runs on wake-ups by the database.
test.skipIf(!redis)(
  'wake-ups go through Redis when there is one, and no longer by the database',
  async () => {
    const { world, agent, owner } = await worldOn(redisUrl)
    try {
      const replica = await world.startServer()
      const stream = await openStream(replica.url, agent.token)
      await new Promise((resolve) => setTimeout(resolve, 500))
      const seen = await notifications(async () => {
        for (let n = 0; n < 5; n++) await ask(owner, `Number ${n}`)
        await expect.poll(() => stream.events.length).toBe(5)
      })
      expect(seen).toBe(0)
      stream.close()
    } finally {
      await world.stop()
    }
  },
)

test.skipIf(!redis)(
  'Redis that dies costs latency and no event, and is used again when it is back',
  async () => {
    const cable = await Cable.to(redisUrl)
    const { world, agent, owner } = await worldOn(cable.url.replace('http', 'redis'))
    try {
      const replica = await world.startServer()
      const stream = await openStream(replica.url, agent.token)
      await ask(owner, 'With Redis')
      await expect.poll(() => stream.events.length).toBe(1)
      await cable.unplug()
      const seen = await notifications(async () => {
        for (let n = 0; n < 3; n++) await ask(owner, `Without ${n}`)
        await expect.poll(() => stream.events.length).toBe(4)
      })
      expect(seen).toBeGreaterThan(0)
      await cable.mend()
      await expect
        .poll(async () => notifications(async () => void (await ask(owner, 'Back'))), { interval: 300 })
        .toBe(0)
      stream.close()
    } finally {
      cable.remove()
      await world.stop()
    }
  },
)

test('a Redis that never was there keeps no event from anybody', async () => {
  const { world, agent, owner } = await worldOn('redis://127.0.0.1:9')
  try {
    const stream = await openStream(world.url, agent.token)
    await ask(owner, 'No Redis')
    await expect.poll(() => stream.events.length).toBe(1)
    stream.close()
  } finally {
    await world.stop()
  }
})
