import { afterAll, beforeAll, expect, test } from 'vitest'
import { codeOf } from '../support/problems.ts'
import { createWorld, type World } from '../support/world.ts'

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
  expect(await send({ events: [...events(3), { event_name: 'a.b', properties: { deep: {} } }] })).toBe(
    'VALIDATION_ERROR',
  )
  expect(await send({ event_name: 'a.b', user_id: world.id() })).toBe('VALIDATION_ERROR')
  expect(await send({})).toBe('VALIDATION_ERROR')
  expect(await stored(id)).toEqual([])
})

test('is for people who are signed in', async () => {
  expect(await codeOf(world.client().telemetry.record({ event_name: 'a.b' }))).toBe('UNAUTHORIZED')
})
