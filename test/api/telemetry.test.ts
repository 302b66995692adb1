import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { codeOf } from '../support/problems.ts'
import { createWorld, type TestUser, type World } from '../support/world.ts'

let world: World

beforeAll(async () => {
  world = await createWorld()
})
afterAll(() => world.stop())

const stored = async (userId: string) =>
  (await world.admin.query('select * from telemetry_events where user_id = $1 order by id', [userId])).rows
const events = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ event_name: 'schedule.opened', properties: { index } }))

test('one event is kept with who, when, from where and with what', async () => {
  const { client, id } = await world.user()
  const properties = { view: 'week', ms: 120, first: true, filter: null }
  expect(await client.telemetry.record({ event_name: 'schedule.opened', properties })).toEqual({
    accepted: 1,
  })
  const rows = await stored(id)
  expect(rows).toMatchObject([
    {
      user_id: id,
      event_name: 'schedule.opened',
      properties,
      ip_address: expect.stringMatching(/127\.0\.0\.1|::1/),
      user_agent: expect.any(String),
    },
  ])
  expect(Math.abs(rows[0].occurred_at.getTime() - world.clock.now().getTime())).toBeLessThan(5000)
})

test('a batch of 100 is kept whole, in one call', async () => {
  const { client, id } = await world.user()
  expect(await client.telemetry.record({ events: events(100) })).toEqual({ accepted: 100 })
  expect((await stored(id)).map((row) => row.properties.index).toSorted((a, b) => a - b)).toEqual([
    ...Array(100).keys(),
  ])
})

test('101, none, or one bad among good: nothing is kept', async () => {
  const { client, id } = await world.user()
  const send = (body: object) => codeOf(client.telemetry.record(body as { event_name: string }))
  expect(await send({ events: events(101) })).toBe('VALIDATION_ERROR')
  expect(await send({ events: [] })).toBe('VALIDATION_ERROR')
  expect(await send({ events: [...events(3), { event_name: 'Not A Name' }] })).toBe('VALIDATION_ERROR')
  const deep = { a: { b: { c: {} } } }
  expect(await send({ events: [...events(3), { event_name: 'a.b', properties: deep }] })).toBe(
    'VALIDATION_ERROR',
  )
  expect(await send({ event_name: 'a.b', user_id: world.id() })).toBe('VALIDATION_ERROR')
  expect(await send({})).toBe('VALIDATION_ERROR')
  expect(await stored(id)).toEqual([])
})

test('is for people who are signed in', async () => {
  expect(await codeOf(world.client().telemetry.record({ event_name: 'a.b' }))).toBe('UNAUTHORIZED')
})

const post = (user: TestUser, body: unknown) =>
  world.fetch('/api/telemetry', {
    method: 'POST',
    token: user.token,
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
const faults = async (user: TestUser, body: unknown) => {
  const response = await post(user, body)
  expect(response.status).toBe(422)
  return (await response.json()).errors
}
const ago = (ms: number) => new Date(world.clock.now().getTime() - ms).toISOString()
const DAY = 86_400_000
const settled = async (promises: readonly Promise<unknown>[]): Promise<number> => {
  const pending = Symbol()
  const states = await Promise.all(promises.map((one) => Promise.race([one, Promise.resolve(pending)])))
  return states.filter((state) => state !== pending).length
}

describe('a limit', () => {
  const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`p${n}`, n]))
  const ofBytes = (bytes: number) => {
    const parts = Array.from({ length: 20 }, (_, n) => [`p${n}`, 'x'.repeat(380)])
    const rest = bytes - JSON.stringify(Object.fromEntries([...parts, ['last', '']])).length
    return Object.fromEntries([...parts, ['last', 'x'.repeat(rest)]])
  }
  const deep = (levels: number): unknown => (levels === 0 ? 1 : { d: deep(levels - 1) })

  test('is kept to its last: 50 properties, 8,192 bytes, three levels', async () => {
    const user = await world.user()
    const full = [
      many(50),
      ofBytes(8192),
      deep(3),
      {
        list: [
          [1, 2],
          ['a', null],
        ],
      },
    ]
    await user.client.telemetry.record({
      events: full.map((properties) => ({ event_name: 'a.b', properties: Object(properties) })),
    })
    expect((await stored(user.id)).map(({ properties }) => properties)).toEqual(full)
  })

  test.each([
    ['51 properties', { properties: many(51) }, '/properties', /more than 50/],
    ['8,193 bytes', { properties: ofBytes(8193) }, '/properties', /has 8193 bytes as JSON, more than 8192/],
    [
      'bytes, not characters',
      { properties: { a: '\u20ac'.repeat(900), b: '\u20ac'.repeat(900), c: '\u20ac'.repeat(940) } },
      '/properties',
      /bytes as JSON/,
    ],
    [
      'four levels',
      { properties: { a: { b: { c: { d: 1 } } } } },
      '/properties/a/b/c',
      /nested more than 3 deep/,
    ],
    [
      'four levels of lists',
      { properties: { a: [0, [[1]]] } },
      '/properties/a/1/0',
      /nested more than 3 deep/,
    ],
    ['a long text', { properties: { a: 'x'.repeat(1001) } }, '/properties/a', /1000 characters/],
    ['a NUL', { properties: { a: { b: 'x\u0000' } } }, '/properties/a/b', /cannot be stored/],
    ['half a character', { properties: { a: '\ud800' } }, '/properties/a', /cannot be stored/],
    ['a NUL in a name', { properties: { 'a\u0000': 1 } }, '/properties', /cannot be stored in a name/],
    ['an old time', { occurred_at: -7 * DAY - 60_000 }, '/occurred_at', /more than 7 days ago/],
    ['a time ahead', { occurred_at: 6 * 60_000 }, '/occurred_at', /more than 5 minutes ahead/],
    ['no time at all', { occurred_at: '2026-06-30T23:59:60Z' }, '/occurred_at', /is not a time/],
    [
      'an id without its time',
      { event_id: '01934f6e-8d2a-4c41-9a57-0f6f2b7c1db0' },
      '/occurred_at',
      /when property event_id/,
    ],
    ['an unknown field', { extra: 1 }, '/extra', /not a known field/],
  ])('is told by its place and nothing is kept: %s', async (_what, part, pointer, message) => {
    const user = await world.user()
    const { occurred_at } = part as { occurred_at?: unknown }
    const event = {
      event_name: 'a.b',
      ...part,
      ...(typeof occurred_at === 'number' ? { occurred_at: ago(-occurred_at) } : {}),
    }
    expect(await faults(user, event)).toEqual([{ pointer, message: expect.stringMatching(message) }])
    // Of a batch the same, with the place of the event.
    expect(await faults(user, { events: [...events(2), event] })).toEqual([
      { pointer: `/events/2${pointer}`, message: expect.stringMatching(message) },
    ])
    expect(await stored(user.id)).toEqual([])
  })

  test('of a batch is told as one of the batch, not as a field that is not known', async () => {
    const user = await world.user()
    expect(await faults(user, { events: events(101) })).toEqual([
      { pointer: '/events', message: expect.stringMatching(/more than 100/) },
    ])
    expect(await faults(user, { event_name: 'Not A Name' })).toEqual([
      { pointer: '/event_name', message: expect.any(String) },
    ])
  })

  test('holds against bodies made to be slow: depth, and faults without number', async () => {
    const user = await world.user()
    const levels = 200_000
    const nested = `{"event_name":"a.b","properties":{"a":${'['.repeat(levels)}${']'.repeat(levels)}}}`
    const wide = JSON.stringify({
      event_name: 'a.b',
      ...Object.fromEntries(Array.from({ length: 90_000 }, (_, n) => [`k${n}`, 1])),
    })
    const begun = performance.now()
    expect((await post(user, nested)).status).toBe(422)
    expect(await faults(user, wide)).toHaveLength(50)
    expect(performance.now() - begun).toBeLessThan(5000)
    expect((await faults(user, '{"event_name":"a.b","properties":{"a":[1e400]}}'))[0]).toEqual({
      pointer: '/properties/a/0',
      message: 'is too large a number',
    })
  })
})

describe('a time and an id of the client’s own', () => {
  test('are kept: the event happened then', async () => {
    const user = await world.user()
    const occurred_at = ago(7 * DAY - 60_000)
    await user.client.telemetry.record({ event_name: 'a.b', occurred_at })
    const [row] = await stored(user.id)
    expect(row.occurred_at.toISOString()).toBe(occurred_at)
    expect(Math.abs(row.created_at.getTime() - world.clock.now().getTime())).toBeLessThan(5000)
  })

  test('make a retry safe: sent again, also by many at once, each event is stored and counted once', async () => {
    const user = await world.user()
    const name = 'retry.once'
    const batch = {
      events: Array.from({ length: 20 }, (_, n) => ({
        event_name: name,
        event_id: crypto.randomUUID(),
        occurred_at: ago(n * 1000),
        properties: { n },
      })),
    }
    const answers = await Promise.all(Array.from({ length: 8 }, () => user.client.telemetry.record(batch)))
    expect(answers).toEqual(answers.map(() => ({ accepted: 20 })))
    await user.client.telemetry.record({ events: batch.events.toReversed() })
    expect(await stored(user.id)).toHaveLength(20)
    const { rows } = await world.admin.query(
      'select sum(events)::int as n from telemetry_hours where event_name = $1',
      [name],
    )
    expect(rows[0].n).toBe(20)
  })

  test('are one person’s own: a stranger who uses the same ids is in nobody’s way', async () => {
    const [one, other] = [await world.user(), await world.user()]
    const event = { event_name: 'a.b', event_id: crypto.randomUUID(), occurred_at: ago(1000) }
    await one.client.telemetry.record(event)
    await other.client.telemetry.record(event)
    await other.client.telemetry.record({ ...event, event_id: event.event_id.toUpperCase() })
    expect(await stored(one.id)).toHaveLength(1)
    expect(await stored(other.id)).toHaveLength(1)
  })
})

describe('the buffer', () => {
  test('stores what came with a row that the database refuses; that one’s sender alone is told', async () => {
    const users = [await world.user(), await world.user(), await world.user(), await world.user()]
    await world.admin.query(
      `alter table telemetry_events add constraint poison check (event_name <> 'poison.pill')`,
    )
    try {
      const answers = await Promise.all(
        Array.from({ length: 40 }, async (_, n) => {
          const user = users[n % 4] ?? users[0]
          if (!user) throw new Error('nobody')
          const name = n % 13 === 5 ? 'poison.pill' : 'neighbour.ok'
          return {
            name,
            status: (
              await post(user, {
                events: [
                  { event_name: name, properties: { n } },
                  { event_name: 'poison.with', properties: { n } },
                ],
              })
            ).status,
          }
        }),
      )
      expect(answers.map(({ name, status }) => [name, status])).toEqual(
        answers.map(({ name }) => [name, name === 'poison.pill' ? 500 : 202]),
      )
      const { rows } = await world.admin.query(
        `select event_name, count(*)::int as n from telemetry_events where event_name ~ '^(poison|neighbour)' group by 1 order by 1`,
      )
      const good = answers.filter(({ name }) => name === 'neighbour.ok').length
      expect(good).toBe(37)
      expect(rows).toEqual([
        { event_name: 'neighbour.ok', n: good },
        { event_name: 'poison.with', n: good },
      ])
    } finally {
      await world.admin.query('alter table telemetry_events drop constraint poison')
    }
  })

  test('that is full answers 503 with Retry-After at once and keeps nothing of it; what it let in is stored', async () => {
    const user = await world.user()
    const [fits, beyond] = [200, 30]
    await world.admin.query('begin')
    await world.admin.query('lock table telemetry_events in access exclusive mode')
    const answers = Array.from({ length: fits + beyond }, () => post(user, { events: events(100) }))
    try {
      await expect.poll(() => settled(answers), { timeout: 10_000 }).toBe(beyond)
      const begun = performance.now()
      const refused = await post(user, { event_name: 'too.late' })
      expect(performance.now() - begun).toBeLessThan(1000)
      expect(refused.status).toBe(503)
      expect(refused.headers.get('retry-after')).toBe('1')
      expect(await refused.json()).toMatchObject({ code: 'UNAVAILABLE', retry_after: 1 })
    } finally {
      await world.admin.query('commit')
    }
    const statuses = (await Promise.all(answers)).map(({ status }) => status)
    expect(statuses.filter((status) => status === 202)).toHaveLength(fits)
    expect(statuses.filter((status) => status === 503)).toHaveLength(beyond)
    expect(await stored(user.id)).toHaveLength(fits * 100)
    expect((await post(user, { event_name: 'in.time' })).status).toBe(202)
  })

  test('is emptied by a graceful stop: what was answered is stored', async () => {
    const user = await world.user()
    const server = await world.startServer()
    await world.admin.query('begin')
    await world.admin.query('lock table telemetry_events in access exclusive mode')
    const statuses = Promise.all(
      Array.from({ length: 60 }, (_, n) =>
        fetch(`${server.url}/api/telemetry`, {
          method: 'POST',
          // A connection that is kept open would be waited for.
          headers: {
            authorization: `Bearer ${user.token}`,
            'content-type': 'application/json',
            connection: 'close',
          },
          body: JSON.stringify({ event_name: 'at.stop', properties: { n } }),
        }).then(
          ({ status }) => ({ n, status }),
          () => ({ n, status: 0 }),
        ),
      ),
    )
    const isStoring = async () =>
      (
        await world.admin.query(
          `select from pg_locks where not granted and relation = 'telemetry_events'::regclass`,
        )
      ).rowCount
    let closed: Promise<void> | undefined
    try {
      await expect.poll(isStoring, { timeout: 10_000 }).toBe(1)
      closed = server.close()
    } finally {
      await world.admin.query('commit')
    }
    await closed
    const answered = (await statuses).filter(({ status }) => status === 202).map(({ n }) => n)
    const rows = (await stored(user.id)).map(({ properties }) => properties.n)
    expect(answered.length).toBeGreaterThan(0)
    expect(rows).toEqual(expect.arrayContaining(answered))
  })
})

test('the application’s role writes rows of the people of its group and reads none, whatever it asks', async () => {
  const [one, other] = [world.id(), world.id()]
  const app = new pg.Client(world.appUrl)
  await app.connect()
  const as = async (scope: string, people: string, statement: string, values: unknown[] = []) => {
    await app.query(
      `begin; select set_config('app.scope', '${scope}', true), set_config('app.user_ids', '${people}', true), set_config('app.user_id', '${one}', true)`,
    )
    try {
      return (await app.query(statement, values)).rowCount
    } catch (error) {
      return (error as { code: string }).code
    } finally {
      await app.query('rollback')
    }
  }
  const insert = `insert into telemetry_events (id, user_id, event_name, occurred_at) values (gen_random_uuid(), $1, 'a.b', now())`
  try {
    expect(await as('telemetry', one, insert, [one])).toBe(1)
    expect(await as('telemetry', one, insert, [other])).toBe('42501')
    expect(await as('telemetry', '', insert, [one])).toBe('42501')
    // As servers of the release before do it.
    expect(await as('person', '', insert, [one])).toBe(1)
    expect(await as('person', other, insert, [other])).toBe('42501')
    expect(await as('none', one, insert, [one])).toBe('42501')
    for (const scope of ['telemetry', 'platform', 'person']) {
      expect(await as(scope, one, 'select 1 from telemetry_events')).toBe('42501')
      expect(await as(scope, one, `update telemetry_hours set events = 1`)).toBe('42501')
      expect(await as(scope, one, 'delete from telemetry_hours')).toBe('42501')
      expect(await as(scope, one, 'select 1 from telemetry_hours')).toEqual(
        scope === 'platform' ? expect.any(Number) : 0,
      )
    }
  } finally {
    await app.end()
  }
})

describe('the most frequent events', () => {
  test('are counted by name over a period, for super-admins', async () => {
    const own = await createWorld({ start: new Date('2026-03-15T14:20:00Z') })
    try {
      const admin = await own.user({ superAdmin: true })
      const user = await own.user()
      const at = (iso: string, event_name: string, count: number) => ({
        events: Array.from({ length: count }, () => ({ event_name, occurred_at: iso })),
      })
      await user.client.telemetry.record(at('2026-03-15T14:10:00Z', 'schedule.opened', 5))
      await user.client.telemetry.record(at('2026-03-15T13:00:00Z', 'message.sent', 7))
      await user.client.telemetry.record(at('2026-03-15T12:59:59Z', 'message.sent', 2))
      await user.client.telemetry.record(at('2026-03-14T14:00:00Z', 'schedule.closed', 3))
      await user.client.telemetry.record(at('2026-03-14T13:59:59Z', 'schedule.closed', 4))
      const top = (query: Parameters<typeof admin.client.telemetry.top>[0]) =>
        admin.client.telemetry.top(query)
      expect(await top({ period: '1h' })).toEqual({
        from: '2026-03-15T13:00:00.000Z',
        to: expect.stringMatching(/^2026-03-15T14:2/),
        total: 12,
        names: 2,
        events: [
          { event_name: 'message.sent', count: 7 },
          { event_name: 'schedule.opened', count: 5 },
        ],
      })
      expect((await top({})).events.map(({ event_name, count }) => [event_name, count])).toEqual([
        ['message.sent', 9],
        ['schedule.opened', 5],
        ['schedule.closed', 3],
      ])
      expect(await top({ period: '7d', prefix: 'schedule.', limit: 1 })).toMatchObject({
        total: 12,
        names: 2,
        events: [{ event_name: 'schedule.closed', count: 7 }],
      })
      expect(await top({ prefix: 'nothing' })).toMatchObject({ total: 0, names: 0, events: [] })
      expect(await codeOf(user.client.telemetry.top({}))).toBe('FORBIDDEN')
    } finally {
      await own.stop()
    }
  })
})
