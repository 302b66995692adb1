import { expect, test } from 'vitest'
import { hasRedis, redisUrl } from '../support/redis.ts'
import { createWorld } from '../support/world.ts'

// A fresh machine has no Redis; the limiter's other half is tested without it.
test.skipIf(!(await hasRedis()))('servers share rate limits through Redis', async () => {
  const world = await createWorld({ env: { REDIS_URL: redisUrl, RATE_LIMIT_GENERAL: '4/1m' } })
  try {
    const user = await world.user()
    const replica = await world.startServer()
    const call = async (base: string) =>
      (await fetch(`${base}/api/organizations`, { headers: { authorization: `Bearer ${user.token}` } }))
        .status
    // Connected in the background: the first calls may still be counted by each server for itself.
    await new Promise((resolve) => setTimeout(resolve, 300))
    const statuses = []
    for (let round = 0; round < 3; round++) statuses.push(await call(world.url), await call(replica.url))
    expect(statuses).toEqual([200, 200, 200, 200, 429, 429])
  } finally {
    await world.stop()
  }
})

test('a Redis that is away closes nothing and opens nothing: each server limits by itself', async () => {
  const world = await createWorld({ env: { REDIS_URL: 'redis://127.0.0.1:9', RATE_LIMIT_GENERAL: '2/1m' } })
  try {
    const user = await world.user()
    const call = async () => (await world.fetch('/api/organizations', { token: user.token })).status
    expect([await call(), await call(), await call()]).toEqual([200, 200, 429])
  } finally {
    await world.stop()
  }
})
