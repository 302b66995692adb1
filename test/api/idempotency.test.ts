import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createWorld, type TestUser, type World } from '../support/world.ts'

let world: World
let org: string
let staff: TestUser

beforeAll(async () => {
  world = await createWorld()
  org = await world.organization()
  staff = await world.user({ roles: { [org]: 'STAFF' } })
})
afterAll(() => world.stop())

const patient = { first_name: 'Ngozi', last_name: 'Okafor', dob: '1984-07-21' }
const create = (key: string, body: object = patient, token = staff.token) =>
  world.fetch(`/api/organizations/${org}/patients`, {
    method: 'POST',
    token,
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', 'idempotency-key': key },
  })
const patients = async () => Number((await world.admin.query('select count(*) as n from patients')).rows[0].n)

describe('an Idempotency-Key', () => {
  test('makes a retry answer what the first call answered, once', async () => {
    const before = await patients()
    const first = await create('retry-1')
    const second = await create('retry-1')
    expect(first.status).toBe(201)
    expect(second.status).toBe(201)
    expect(first.headers.get('x-idempotent-replayed')).toBeNull()
    expect(second.headers.get('x-idempotent-replayed')).toBe('true')
    expect(await second.json()).toEqual(await first.json())
    expect(await patients()).toBe(before + 1)
  })

  test('with another body is refused', async () => {
    await create('reused')
    const response = await create('reused', { ...patient, first_name: 'Ada' })
    expect(await response.json()).toMatchObject({ status: 422, code: 'IDEMPOTENCY_KEY_REUSED' })
  })

  test('belongs to its actor', async () => {
    const colleague = await world.user({ roles: { [org]: 'STAFF' } })
    const mine = (await (await create('mine')).json()) as { id: string }
    const theirs = (await (await create('mine', patient, colleague.token)).json()) as { id: string }
    expect(theirs.id).not.toBe(mine.id)
  })

  test('raced by twenty requests has one effect; the others replay or are told that it is running', async () => {
    const before = await patients()
    const responses = await Promise.all(Array.from({ length: 20 }, () => create('race')))
    const statuses = responses.map(({ status }) => status)
    expect(await patients()).toBe(before + 1)
    expect(statuses.filter((status) => status === 201).length).toBeGreaterThanOrEqual(1)
    for (const response of responses.filter(({ status }) => status !== 201))
      expect(await response.json()).toMatchObject({ code: 'IDEMPOTENCY_IN_PROGRESS' })
  })

  test('of a request that failed is free again', async () => {
    const failed = await create('second-try', { ...patient, dob: 'never' })
    expect(failed.status).toBe(422)
    expect((await create('second-try')).status).toBe(201)
  })

  test('has at most 255 characters', async () => {
    expect((await create('k'.repeat(255))).status).toBe(201)
    expect((await create('k'.repeat(256))).status).toBe(422)
  })

  test('is forgotten after 24 hours', async () => {
    const own = await createWorld()
    try {
      const organization = await own.organization()
      const user = await own.user({ roles: { [organization]: 'STAFF' } })
      const call = async (client: typeof user.client) =>
        (await client.patients.create({ org_id: organization, ...patient }, { idempotencyKey: 'day' })).id
      const first = await call(user.client)
      own.clock.advance({ hours: 9 })
      expect(await call(user.client)).toBe(first)
      own.clock.advance({ hours: 16 })
      const later = await own.session(user.id, { mfa: true })
      expect(await call(later.client)).not.toBe(first)
    } finally {
      await own.stop()
    }
  })
})
