import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { codeOf } from '../support/problems.ts'
import { statementsOf } from '../support/statements.ts'
import { createWorld, type TestUser, type World } from '../support/world.ts'

let world: World
let org: string
let staff: TestUser
let provider: TestUser & { providerId: string }
let patientId: string

beforeAll(async () => {
  // A Monday, nine in the morning in New York.
  world = await createWorld({ start: new Date('2026-03-02T14:00:00Z') })
  org = await world.organization()
  staff = await world.user({ roles: { [org]: 'STAFF' } })
  provider = await world.provider(org)
  patientId = (await world.patient([org])).id
})
afterAll(() => world.stop())

type Query = Partial<Parameters<typeof staff.client.appointments.availability>[0]>
const ask = (query: Query = {}, user = staff) =>
  user.client.appointments.availability({ org_id: org, provider_id: provider.providerId, ...query })
const starts = async (query: Query = {}) => (await ask(query)).slots.map(({ local_start }) => local_start)
const book = (scheduled_at: string, change: object = {}) =>
  staff.client.appointments.create({
    org_id: org,
    provider_id: provider.providerId,
    patient_id: patientId,
    scheduled_at,
    appointment_type: 'IN_PERSON',
    ...change,
  })

describe('getProviderAvailability', () => {
  test('without dates: from today on for 7 days, Monday to Friday, 9 to 5, half hours, not in the past', async () => {
    const answer = await ask()
    expect(answer).toMatchObject({
      provider_id: provider.providerId,
      timezone: 'America/New_York',
      start_date: '2026-03-02',
      end_date: '2026-03-09',
      duration_minutes: 30,
      takes_appointments: true,
    })
    // It is past nine: the first slot of the day has begun.
    expect(answer.slots[0]).toEqual({
      starts_at: '2026-03-02T14:30:00.000Z',
      ends_at: '2026-03-02T15:00:00.000Z',
      local_start: '2026-03-02T09:30:00-05:00',
    })
    expect(answer.slots).toHaveLength(6 * 16 - 1)
    expect(answer.slots.at(-1)?.local_start).toBe('2026-03-09T16:30:00-04:00')
  })

  test('offers what can be booked, and no longer what was', async () => {
    const query = { start_date: '2026-03-03', end_date: '2026-03-03' }
    const before = await starts(query)
    const visit = await book('2026-03-03T15:15:00Z', { duration_minutes: 15 })
    const after = await starts(query)
    expect(before.filter((slot) => !after.includes(slot))).toEqual(['2026-03-03T10:00:00-05:00'])
    for (const { starts_at } of (await ask(query)).slots) expect(await codeOf(book(starts_at))).toBe('passed')
    expect(await starts(query)).toEqual([])
    await staff.client.appointments.cancel({
      org_id: org,
      appointment_id: visit.id,
      cancellation_reason: 'Feels better',
    })
    expect(await starts(query)).toEqual(['2026-03-03T10:00:00-05:00'])
  })

  test('a long visit that began before the day still blocks it', async () => {
    const { providerId: provider_id } = await world.provider(org)
    await book('2026-03-10T06:00:00Z', { provider_id, duration_minutes: 480 })
    const day = { provider_id, start_date: '2026-03-10', end_date: '2026-03-10' }
    expect((await starts(day))[0]).toBe('2026-03-10T10:00:00-04:00')
  })

  test('goes by the organization’s own hours and zone, on both switch days', async () => {
    await world.admin.query(`update organizations set settings = $2 where id = $1`, [
      org,
      JSON.stringify({ opening_hours: [{ weekday: 7, opens: '00:00', closes: '04:00' }] }),
    ])
    try {
      expect(
        await starts({ start_date: '2026-03-08', end_date: '2026-03-08', duration_minutes: 60 }),
      ).toEqual(['2026-03-08T00:00:00-05:00', '2026-03-08T01:00:00-05:00', '2026-03-08T03:00:00-04:00'])
      const autumn = { start_date: '2026-11-01', end_date: '2026-11-01', duration_minutes: 60 }
      const all = await ask(autumn)
      expect(all.slots.map(({ local_start }) => local_start)).toEqual([
        '2026-11-01T00:00:00-04:00',
        '2026-11-01T01:00:00-04:00',
        '2026-11-01T01:00:00-05:00',
        '2026-11-01T02:00:00-05:00',
        '2026-11-01T03:00:00-05:00',
      ])
      // Each of the two hours from one to two is booked by itself.
      await book(all.slots[2]?.starts_at ?? '', { duration_minutes: 60 })
      expect(await starts(autumn)).toEqual([
        '2026-11-01T00:00:00-04:00',
        '2026-11-01T01:00:00-04:00',
        '2026-11-01T02:00:00-05:00',
        '2026-11-01T03:00:00-05:00',
      ])
    } finally {
      await world.admin.query(`update organizations set settings = '{}' where id = $1`, [org])
    }
  })

  test('VALIDATION_ERROR beyond 31 days, the wrong way round, or for a length that is none', async () => {
    const from = (end_date: string) => codeOf(ask({ start_date: '2026-04-01', end_date }))
    expect(await from('2026-05-02')).toBe('passed')
    expect(await from('2026-05-03')).toBe('VALIDATION_ERROR')
    expect(await from('2026-03-31')).toBe('VALIDATION_ERROR')
    // Today counts where no start is given.
    expect(await codeOf(ask({ end_date: '2026-04-03' }))).toBe('VALIDATION_ERROR')
    expect(await codeOf(ask({ end_date: '2026-03-01' }))).toBe('VALIDATION_ERROR')
    for (const duration_minutes of [14, 481])
      expect(await codeOf(ask({ duration_minutes }))).toBe('VALIDATION_ERROR')
    await expect(ask({ start_date: '2026-04-01', end_date: '2026-05-03' })).rejects.toMatchObject({
      errors: [{ pointer: '/query/end_date', message: 'must be at most 31 days after start_date' }],
    })
  })

  test('a provider of two practices is busy in both, and neither learns why', async () => {
    const there = await world.organization()
    await world.admin.query(
      `insert into organization_memberships (id, organization_id, user_id, role) values ($1, $2, $3, 'PROVIDER')`,
      [world.id(), there, provider.id],
    )
    const desk = await world.user({ roles: { [there]: 'STAFF' } })
    const visit = await book('2026-03-12T14:00:00Z')
    const query = { org_id: there, start_date: '2026-03-12', end_date: '2026-03-12' }
    const answer = await ask(query, desk)
    expect(answer.slots.map(({ starts_at }) => starts_at)).not.toContain('2026-03-12T14:00:00.000Z')
    expect(JSON.stringify(answer)).not.toContain(visit.id)
  })

  test('without an unexpired licence there are no slots; somebody who does not work here is NOT_FOUND', async () => {
    const { providerId } = await world.provider(org, { licensed: false })
    expect(await ask({ provider_id: providerId })).toMatchObject({ takes_appointments: false, slots: [] })
    expect(await codeOf(ask({ provider_id: world.id() }))).toBe('NOT_FOUND')
    const elsewhere = await world.provider(await world.organization())
    expect(await codeOf(ask({ provider_id: elsewhere.providerId }))).toBe('NOT_FOUND')
  })

  test('every member asks, patients too, proxies with can_schedule_appointments', async () => {
    for (const role of ['ADMIN', 'PROVIDER', 'STAFF', 'CALL_CENTER_AGENT', 'AUDITOR'] as const)
      expect(await codeOf(ask({}, await world.user({ roles: { [org]: role } }))), role).toBe('passed')
    const self = await world.user()
    await world.patient([org], { userId: self.id })
    expect(await codeOf(ask({}, self))).toBe('passed')
    const [may, mayNot] = [await world.user(), await world.user()]
    await world.proxy(may.id, patientId, {})
    await world.proxy(mayNot.id, patientId, { scheduling: false })
    expect(await codeOf(ask({}, may))).toBe('passed')
    expect(await codeOf(ask({}, mayNot))).toBe('PROXY_PERMISSION_DENIED')
    expect(await codeOf(ask({}, await world.user()))).toBe('NOT_FOUND')
  })

  test('takes one query, however many days and bookings', async () => {
    const month = { start_date: '2026-06-01', end_date: '2026-07-02', duration_minutes: 15 }
    const { slots } = await ask(month)
    for (const { starts_at } of slots.filter((_, index) => index % 40 === 0))
      await book(starts_at, { duration_minutes: 15 })
    expect(await statementsOf(() => ask(month))).toHaveLength(1)
    expect(await statementsOf(() => ask({ start_date: '2026-06-01', end_date: '2026-06-01' }))).toHaveLength(
      1,
    )
  })
})
