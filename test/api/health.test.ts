import { afterAll, beforeAll, expect, test } from 'vitest'
import { withoutDatabase } from '../support/away.ts'
import { codeOf } from '../support/problems.ts'
import { createWorld, type World } from '../support/world.ts'

let world: World

beforeAll(async () => {
  world = await createWorld()
})
afterAll(() => world.stop())

test('says that it is alive and ready, and how fast the database is', async () => {
  expect(await world.client().health.get()).toEqual({
    status: 'ok',
    version: expect.stringMatching(/^\d+\.\d+\.\d+/),
  })
  expect(await world.client().health.deep()).toMatchObject({
    status: 'ok',
    checks: expect.arrayContaining([
      { name: 'database', status: 'ok', essential: true, latency_ms: expect.any(Number) },
    ]),
  })
})

test('without its database it is alive, not ready, and names what is away; then recovers by itself', async () => {
  const user = await world.user()
  await withoutDatabase(world, async () => {
    // What it knew a moment ago may serve for one more.
    await expect.poll(() => codeOf(world.client().health.deep())).toBe('UNAVAILABLE')
    await expect(world.client().health.deep()).rejects.toMatchObject({
      status: 503,
      detail: 'Does not answer: database.',
    })
    expect((await world.client().health.get()).status).toBe('ok')
    expect((await world.client().auth.jwks()).keys).toHaveLength(1)
    expect(await codeOf(user.client.users.me())).toBe('UNAVAILABLE')
  })
  await expect.poll(() => codeOf(world.client().health.deep())).toBe('passed')
  await expect.poll(() => codeOf(user.client.users.me())).toBe('passed')
})

test('a configured Redis that is away is named, and the server goes on without it', async () => {
  // Nothing listens on port 1.
  const own = await createWorld({ env: { REDIS_URL: 'redis://127.0.0.1:1' } })
  try {
    const { status, checks } = await own.client().health.deep()
    expect(status).toBe('degraded')
    expect(checks.filter((one) => one.status !== 'ok')).toMatchObject([{ name: 'redis', essential: false }])
    expect(await codeOf((await own.user()).client.users.me())).toBe('passed')
  } finally {
    await own.stop()
  }
})
