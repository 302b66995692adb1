import { type Client, createClient } from '@wardline/sdk'
import { afterEach, describe, expect, test } from 'vitest'
import { createPool } from '../../packages/server/src/db/pool.ts'
import { transaction } from '../../packages/server/src/db/scope.ts'
import { Measures } from '../../packages/server/src/observe/measures.ts'
import { writeMinute } from '../../packages/server/src/observe/reporter.ts'
import { checkedFetch } from '../support/contract.ts'
import { codeOf } from '../support/problems.ts'
import { createWorld, type TestUser, type World } from '../support/world.ts'

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end()
})

// In the middle of an hour, and of a minute: nothing turns over by itself.
const start = new Date('2026-03-02T14:30:05.000Z')

async function worldOf(): Promise<World> {
  const world = await createWorld({ start })
  ends.push(() => world.stop())
  return world
}

const at = (baseUrl: string, { token }: TestUser): Client =>
  createClient({ baseUrl, fetch: checkedFetch, maxRetries: 0, auth: token })

const minutesWritten = async (world: World): Promise<number> =>
  (await world.admin.query<{ n: number }>('select count(*)::int as n from request_minutes')).rows[0]?.n ?? 0

/** Ends the present minute, and waits until so many rows are there. */
async function nextMinute(world: World, rows: number): Promise<void> {
  world.clock.advance({ minutes: 1 })
  await expect.poll(() => minutesWritten(world)).toBe(rows)
}

describe('system metrics', () => {
  test('what two servers answered adds up, with what was refused and what failed, and probes aside', async () => {
    const world = await worldOf()
    const other = await world.startServer()
    const [user, root] = [await world.user(), await world.user({ superAdmin: true })]
    for (let n = 0; n < 5; n++) await user.client.users.me()
    for (let n = 0; n < 3; n++) await at(other.url, user).users.me()
    expect(await codeOf(world.client().users.me())).toBe('UNAUTHORIZED')
    await world.client().health.get()
    await world.client().health.deep()
    await nextMinute(world, 2)
    const metrics = await root.client.system.metrics({ period: '15m' })
    expect(metrics).toMatchObject({
      period: '15m',
      step_seconds: 60,
      requests: 9,
      refused: 1,
      errors: 0,
      error_rate: 0,
      active: { users: 2, sessions: 2 },
      from: '2026-03-02T14:17:00.000Z',
      to: '2026-03-02T14:32:00.000Z',
    })
    expect(metrics.series).toHaveLength(15)
    expect(metrics.series.at(-2)).toMatchObject({ at: '2026-03-02T14:30:00.000Z', requests: 9, refused: 1 })
    expect(metrics.series.filter(({ requests }) => requests > 0)).toHaveLength(1)
    const { p50, p90, p95, p99, max, mean } = metrics.latency_ms
    for (const figure of [p50, p90, p95, p99, max, mean]) expect(figure).toBeGreaterThan(0)
    expect([p50, p90, p95, p99, max]).toEqual(
      [p50, p90, p95, p99, max].toSorted((a, b) => (a ?? 0) - (b ?? 0)),
    )
    expect(metrics.operations).toMatchObject([
      { operation: 'getCurrentUser', requests: 9, refused: 1, errors: 0 },
    ])
  })

  test('a restart loses nothing: what was measured last is written at the end', async () => {
    const world = await worldOf()
    const user = await world.user()
    await user.client.users.me()
    await user.client.users.me()
    await world.restart({})
    expect(await minutesWritten(world)).toBe(1)
    const again = { ...user, client: world.client(user.token) }
    await again.client.users.me()
    await nextMinute(world, 2)
    const root = await world.user({ superAdmin: true })
    expect((await world.client(root.token).system.metrics({ period: '1h' })).requests).toBe(3)
  })

  test('a day is read by half-hours, a week by two hours, each with all that was answered in it', async () => {
    const world = await worldOf()
    const user = await world.user()
    let rows = 0
    // At 14:30, 17:31 and 20:32.
    for (const requests of [1, 2, 3]) {
      for (let n = 0; n < requests; n++) await user.client.users.me()
      rows += 1
      await nextMinute(world, rows)
      world.clock.advance({ hours: 3 })
    }
    const root = await world.user({ superAdmin: true })
    const [day, week] = [
      await root.client.system.metrics({ period: '24h' }),
      await root.client.system.metrics({ period: '7d' }),
    ]
    for (const { requests, series } of [day, week]) {
      expect(requests).toBe(6)
      expect(series.map((one) => one.requests).filter((count) => count > 0)).toEqual([1, 2, 3])
    }
    expect([day.step_seconds, day.series.length, week.step_seconds, week.series.length]).toEqual([
      1800, 48, 7200, 84,
    ])
    expect(week.operations).toMatchObject([{ operation: 'getCurrentUser', requests: 6 }])
  })

  test('a minute that is written twice, because nobody knew whether it was, counts once', async () => {
    const world = await worldOf()
    const pool = createPool(world.appUrl, 1, () => {})
    ends.push(() => pool.end())
    const measures = new Measures(world.clock)
    for (const ms of [2, 4, 8, 3000]) measures.answered('listPatients', ms > 1000 ? 500 : 200, ms)
    const minute = measures.next(true)
    if (minute === undefined) throw new Error('nothing was measured')
    const [first, second] = [world.id(), world.id()]
    for (const server of [first, first, second])
      await transaction(
        pool,
        { name: 'system', organizationId: null, userId: null },
        'write',
        async (db) => ({
          value: await writeMinute(db, server, minute),
          commit: true,
        }),
      )
    const root = await world.user({ superAdmin: true })
    for (const period of ['15m', '7d'] as const) {
      const metrics = await root.client.system.metrics({ period })
      expect(metrics).toMatchObject({ requests: 8, errors: 2, error_rate: 0.25 })
      expect(metrics.latency_ms.max).toBe(3000)
      expect(metrics.operations).toEqual([
        { operation: 'listPatients', requests: 8, refused: 0, errors: 2, mean_ms: 753.5, max_ms: 3000 },
      ])
    }
  })

  test('a database that is away loses no minute: it is written when it is back', async () => {
    const world = await worldOf()
    const user = await world.user()
    await user.client.users.me()
    // As if it were: nothing can be written. A sequence counts the attempts, for it knows no rollback.
    await world.admin.query(`
      create sequence attempts;
      create function refuse_minute() returns trigger language plpgsql security definer as $$
        begin perform nextval('public.attempts'); raise exception 'away'; end $$;
      create trigger away before insert on request_minutes for each row execute function refuse_minute()`)
    world.clock.advance({ minutes: 1 })
    await expect
      .poll(async () => (await world.admin.query('select is_called from attempts')).rows[0]?.is_called)
      .toBe(true)
    await user.client.users.me()
    world.clock.advance({ minutes: 1 })
    await world.admin.query('drop trigger away on request_minutes')
    await expect.poll(() => minutesWritten(world)).toBe(2)
  })

  test('minutes are kept for a day and hours for a week, and no longer', async () => {
    const world = await worldOf()
    await (await world.user()).client.users.me()
    await nextMinute(world, 1)
    const left = async () =>
      (
        await world.admin.query(
          'select (select count(*)::int from request_minutes) as minutes, (select count(*)::int from request_hours) as hours',
        )
      ).rows[0]
    world.clock.advance({ hours: 27 })
    await expect.poll(left, { timeout: 15_000 }).toEqual({ minutes: 0, hours: 1 })
    world.clock.advance({ days: 8 })
    await expect.poll(left, { timeout: 15_000 }).toEqual({ minutes: 0, hours: 0 })
  })

  test('nobody is measured: no row says who asked, or for what', async () => {
    const world = await worldOf()
    const org_id = await world.organization()
    const admin = await world.user({ roles: { [org_id]: 'ADMIN' } })
    const patient = await world.patient([org_id])
    await admin.client.patients.get({ org_id, patient_id: patient.id })
    await world.fetch(`/api/no/such/${patient.id}`, { token: admin.token })
    await nextMinute(world, 1)
    const { rows } = await world.admin.query('select m::text as line from request_minutes m')
    const text = JSON.stringify(rows)
    expect(text).toContain('getPatient')
    for (const secret of [org_id, admin.id, patient.id, patient.mrn]) expect(text).not.toContain(secret)
  })
})
