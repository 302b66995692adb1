import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { published } from '../support/outbox.ts'
import { codeOf } from '../support/problems.ts'
import { statementsOf } from '../support/statements.ts'
import { createWorld, type TestPatient, type TestUser, type World } from '../support/world.ts'

type Provider = TestUser & { providerId: string }

let world: World
let org: string
let staff: TestUser
let provider: Provider
let patient: TestPatient

beforeAll(async () => {
  world = await createWorld({ start: new Date('2026-03-02T14:00:00Z') })
  org = await world.organization()
  staff = await world.user({ roles: { [org]: 'STAFF' } })
  provider = await world.provider(org)
  patient = await world.patient([org])
})
afterAll(() => world.stop())

const instant = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
const uuid = expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)

const at = (time: string, day = '2026-04-01') => `${day}T${time}:00.000Z`
const visit = (scheduled_at: string) => ({
  org_id: org,
  provider_id: provider.providerId,
  patient_id: patient.id,
  scheduled_at,
  appointment_type: 'IN_PERSON' as const,
})
const book = (
  scheduled_at: string,
  change: Partial<Parameters<typeof staff.client.appointments.create>[0]> = {},
) => staff.client.appointments.create({ ...visit(scheduled_at), ...change })

const clinic = async () => {
  const org_id = await world.organization()
  return {
    org_id,
    user: await world.user({ roles: { [org_id]: 'STAFF' } }),
    provider_id: (await world.provider(org_id)).providerId,
    patient_id: (await world.patient([org_id])).id,
  }
}

describe('createAppointment', () => {
  test('answers the whole visit, SCHEDULED, and lists it so', async () => {
    const created = await book('2026-05-04T10:00:00+02:00', {
      duration_minutes: 45,
      appointment_type: 'TELEHEALTH',
      reason: world.secret('Yearly check-up qzzt'),
      location: 'Room 4',
      telehealth_url: 'https://video.example/room/4',
    })
    expect(created).toEqual({
      id: uuid,
      organization_id: org,
      patient_id: patient.id,
      patient_name: `${patient.firstName} ${patient.lastName}`,
      provider_id: provider.providerId,
      provider_name: expect.any(String),
      appointment_type: 'TELEHEALTH',
      status: 'SCHEDULED',
      scheduled_at: '2026-05-04T08:00:00.000Z',
      duration_minutes: 45,
      reason: 'Yearly check-up qzzt',
      notes: null,
      location: 'Room 4',
      telehealth_url: 'https://video.example/room/4',
      cancellation_reason: null,
      version: 1,
      created_at: instant,
      updated_at: instant,
    })
    const { items } = await staff.client.appointments.list({ org_id: org, date: '2026-05-04' })
    expect(items).toEqual([created])
  })

  test('takes 30 minutes and says nothing of what is left out', async () => {
    expect(await book(at('00:00'))).toMatchObject({
      duration_minutes: 30,
      reason: null,
      location: null,
      telehealth_url: null,
    })
  })

  test('of 50 bookings that race for one slot one is 201 and 49 are APPOINTMENT_CONFLICT', async () => {
    const codes = await Promise.all(Array.from({ length: 50 }, () => codeOf(book(at('01:00')))))
    expect(codes.toSorted()).toEqual([...Array(49).fill('APPOINTMENT_CONFLICT'), 'passed'])
    const { rows } = await world.admin.query('select id from appointments where scheduled_at = $1', [
      at('01:00'),
    ])
    expect(rows).toHaveLength(1)
    expect(await published(world, rows[0].id)).toHaveLength(1)
  })

  test('bookings that race and overlap crosswise never deadlock: each is booked or APPOINTMENT_CONFLICT', async () => {
    const { providerId } = await world.provider(org)
    const codes = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        codeOf(
          book(at(`02:${String((index * 7) % 60).padStart(2, '0')}`), {
            provider_id: providerId,
            duration_minutes: 15 + (index % 4) * 10,
          }),
        ),
      ),
    )
    expect(new Set(codes)).toEqual(new Set(['passed', 'APPOINTMENT_CONFLICT']))
    const { rows } = await world.admin.query(
      `select from appointments a join appointments b on a.id < b.id and a.provider_id = b.provider_id
         and a.scheduled_at < b.ends_at and b.scheduled_at < a.ends_at where a.provider_id = $1`,
      [providerId],
    )
    expect(rows).toEqual([])
  })

  test('intervals are half-open: a visit may begin when another ends, not a minute sooner', async () => {
    await book(at('04:00'), { duration_minutes: 60 })
    expect(await codeOf(book(at('04:59')))).toBe('APPOINTMENT_CONFLICT')
    expect(await codeOf(book(at('03:31')))).toBe('APPOINTMENT_CONFLICT')
    expect(await codeOf(book(at('04:15'), { duration_minutes: 15 }))).toBe('APPOINTMENT_CONFLICT')
    expect(await codeOf(book(at('03:30')))).toBe('passed')
    expect(await codeOf(book(at('05:00')))).toBe('passed')
  })

  test('SCHEDULED and CONFIRMED block their provider; the rest do not, nor another provider', async () => {
    const { id } = await book(at('06:00'))
    for (const [status, code] of [
      ['CONFIRMED', 'APPOINTMENT_CONFLICT'],
      ['SCHEDULED', 'APPOINTMENT_CONFLICT'],
      ['CANCELLED', 'passed'],
      ['NO_SHOW', 'passed'],
      ['COMPLETED', 'passed'],
    ]) {
      await world.admin.query('update appointments set status = $2 where id = $1', [id, status])
      const call = book(at('06:00'))
      expect(await codeOf(call), status).toBe(code)
      if (code === 'passed')
        await world.admin.query("update appointments set status = 'CANCELLED' where id = $1", [
          (await call).id,
        ])
    }
    const other = await world.provider(org)
    await book(at('06:00'))
    expect(await codeOf(book(at('06:00'), { provider_id: other.providerId }))).toBe('passed')
  })

  test('a provider of two organizations is booked once, and neither learns of the other visit', async () => {
    const there = await clinic()
    await world.admin.query(
      `insert into organization_memberships (id, organization_id, user_id, role) values ($1, $2, $3, 'PROVIDER')`,
      [world.id(), there.org_id, provider.id],
    )
    await book(at('07:00'))
    const again = there.user.client.appointments.create({
      ...visit(at('07:00')),
      org_id: there.org_id,
      patient_id: there.patient_id,
    })
    await expect(again).rejects.toMatchObject({ code: 'APPOINTMENT_CONFLICT', status: 409 })
    await again.catch((error: { problem: object }) =>
      expect(JSON.stringify(error.problem)).not.toContain(org),
    )
  })

  test('15 to 480 minutes and not in the past', async () => {
    const { providerId } = await world.provider(org)
    const now = world.clock.now().getTime()
    const code = (scheduled_at: string, duration_minutes: number) =>
      codeOf(book(scheduled_at, { provider_id: providerId, duration_minutes }))
    expect(await code(at('08:00'), 14)).toBe('VALIDATION_ERROR')
    expect(await code(at('08:00'), 481)).toBe('VALIDATION_ERROR')
    expect(await code(at('08:00'), 15)).toBe('passed')
    expect(await code(at('09:00'), 480)).toBe('passed')
    expect(await code(new Date(now + 60_000).toISOString(), 30)).toBe('passed')
    await expect(book(new Date(now - 1000).toISOString())).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
      errors: [{ pointer: '/scheduled_at', message: 'must be in the future, before the year 10000' }],
    })
  })

  test('an instant in any offset is taken, one that cannot be written is refused', async () => {
    const { providerId: provider_id } = await world.provider(org)
    expect(await book('2026-04-10T23:00:00+23:59', { provider_id })).toMatchObject({
      scheduled_at: '2026-04-09T23:01:00.000Z',
    })
    for (const time of ['9999-12-31T23:59:00-12:00', '2030-06-30T23:59:60Z'])
      expect(await codeOf(book(time, { provider_id })), time).toBe('VALIDATION_ERROR')
    for (const date of ['0000-01-01', '2026-02-30'])
      expect(await codeOf(staff.client.appointments.list({ org_id: org, date })), date).toBe(
        'VALIDATION_ERROR',
      )
  })

  test('PATIENT_DISCHARGED: discharged patients take no new appointments; re-enrolling restores', async () => {
    const gone = await world.patient([org], { status: 'DISCHARGED' })
    const call = () => codeOf(book(at('18:00'), { patient_id: gone.id }))
    expect(await call()).toBe('PATIENT_DISCHARGED')
    await world.admin.query("update organization_patients set status = 'ACTIVE' where patient_id = $1", [
      gone.id,
    ])
    expect(await call()).toBe('passed')
  })

  test('LICENSE_EXPIRED without an unexpired licence; a licence holds through its last day in the clinic’s zone', async () => {
    const own = await createWorld({ start: new Date('2026-03-03T02:00:00Z') })
    try {
      // It is the evening of 2 March in New York.
      const org_id = await own.organization()
      const user = await own.user({ roles: { [org_id]: 'STAFF' } })
      const { providerId } = await own.provider(org_id)
      const { id } = await own.patient([org_id])
      let minute = 0
      const code = async (...expiries: string[]) => {
        await own.admin.query('update providers set state_licenses = $2 where id = $1', [
          providerId,
          JSON.stringify(expiries.map((expiry) => ({ state: 'NY', license_number: 'L', expiry }))),
        ])
        minute += 30
        return codeOf(
          user.client.appointments.create({
            org_id,
            provider_id: providerId,
            patient_id: id,
            scheduled_at: new Date(own.clock.now().getTime() + minute * 60_000).toISOString(),
            appointment_type: 'IN_PERSON',
          }),
        )
      }
      expect(await code('2026-03-01')).toBe('LICENSE_EXPIRED')
      expect(await code()).toBe('LICENSE_EXPIRED')
      expect(await code('2026-03-02')).toBe('passed')
      expect(await code('2020-01-01', '2027-01-01')).toBe('passed')
    } finally {
      await own.stop()
    }
  })

  test('NOT_FOUND for a patient or a provider who is not of this organization', async () => {
    const there = await clinic()
    expect(await codeOf(book(at('19:00'), { patient_id: there.patient_id }))).toBe('NOT_FOUND')
    expect(await codeOf(book(at('19:00'), { patient_id: world.id() }))).toBe('NOT_FOUND')
    expect(await codeOf(book(at('19:00'), { provider_id: there.provider_id }))).toBe('NOT_FOUND')
    expect(await codeOf(book(at('19:00'), { provider_id: world.id() }))).toBe('NOT_FOUND')
    const left = await world.provider(org)
    await world.admin.query('update organization_memberships set deleted_at = now() where user_id = $1', [
      left.id,
    ])
    expect(await codeOf(book(at('19:00'), { provider_id: left.providerId }))).toBe('NOT_FOUND')
  })

  test('emits appointment.created to patient and provider, each once, with ids alone', async () => {
    const self = await world.user()
    const mine = await world.patient([org], { userId: self.id })
    const { id } = await book(at('20:00'), { patient_id: mine.id, reason: 'Headache' })
    const data = {
      organization_id: org,
      appointment_id: id,
      patient_id: mine.id,
      provider_id: provider.providerId,
    }
    const events = await published(world, id)
    const to = (user: string) => ({
      type: 'appointment.created',
      user,
      organization: null,
      support: false,
      data,
    })
    expect(events).toHaveLength(2)
    expect(events).toEqual(expect.arrayContaining([to(self.id), to(provider.id)]))
    // A refused booking tells nobody.
    const before = await world.admin.query('select count(*) from events')
    expect(await codeOf(book(at('20:00'), { patient_id: mine.id }))).toBe('APPOINTMENT_CONFLICT')
    expect((await world.admin.query('select count(*) from events')).rows).toEqual(before.rows)
  })

  test('the same Idempotency-Key books once', async () => {
    const once = () => staff.client.appointments.create(visit(at('21:00')), { idempotencyKey: 'book-once' })
    expect(await once()).toEqual(await once())
  })

  test('ADMIN, PROVIDER, STAFF and CALL_CENTER_AGENT book and list; an AUDITOR does neither', async () => {
    let hour = 9
    for (const role of ['ADMIN', 'PROVIDER', 'STAFF', 'CALL_CENTER_AGENT', 'AUDITOR'] as const) {
      const { appointments } = (await world.user({ roles: { [org]: role } })).client
      hour += 1
      const codes = [
        await codeOf(appointments.create(visit(at(`${hour}:00`, '2026-04-02')))),
        await codeOf(appointments.list({ org_id: org })),
      ]
      expect(codes, role).toEqual(Array(2).fill(role === 'AUDITOR' ? 'FORBIDDEN' : 'passed'))
    }
  })

  test('patients book for themselves, and nobody but staff lists the organization’s', async () => {
    const self = await world.user()
    const mine = await world.patient([org], { userId: self.id })
    const book = (patient_id: string) =>
      self.client.appointments.create({ ...visit(at('10:00', '2026-04-03')), patient_id })
    expect(await codeOf(book(patient.id))).toBe('NOT_FOUND')
    expect(await book(mine.id)).toMatchObject({ patient_id: mine.id, status: 'SCHEDULED' })
    expect(await codeOf(self.client.appointments.list({ org_id: org, patient_id: mine.id }))).toBe(
      'NOT_FOUND',
    )
  })

  test('a proxy books with can_schedule_appointments, live, for that patient alone', async () => {
    const proxy = await world.user()
    const [free, closed, ended] = [
      await world.patient([org]),
      await world.patient([org]),
      await world.patient([org]),
    ]
    const book = (patient_id: string) =>
      codeOf(proxy.client.appointments.create({ ...visit(at('11:00', '2026-04-03')), patient_id }))
    const assign = async (patient_id: string, scheduling: boolean, expires_at: Date | null) =>
      world.admin.query(
        `insert into patient_proxy_assignments (id, proxy_id, patient_id, relationship_type, can_schedule_appointments,
           access_granted_at, expires_at) select $1, id, $3, 'PARENT', $4, now(), $5 from proxies where user_id = $2`,
        [world.id(), proxy.id, patient_id, scheduling, expires_at],
      )
    await world.proxy(proxy.id, closed.id, { scheduling: false, clinical: true })
    expect(await book(closed.id)).toBe('PROXY_PERMISSION_DENIED')
    await assign(free.id, true, null)
    await assign(ended.id, true, new Date(world.clock.now().getTime() - 1000))
    expect(await book(closed.id)).toBe('PROXY_PERMISSION_DENIED')
    expect(await book(ended.id)).toBe('PROXY_ACCESS_EXPIRED')
    expect(await book(patient.id)).toBe('NOT_FOUND')
    expect(await book(free.id)).toBe('passed')
  })
})

describe('listAppointments', () => {
  test('keyset pages hold their order under ties and walk to the end without repeats', async () => {
    const { org_id, user, patient_id } = await clinic()
    const ids: string[] = []
    for (let index = 0; index < 3; index++) {
      const { providerId } = await world.provider(org_id)
      for (const time of ['10:00', '11:00', '12:00', '13:00']) {
        const visit = { provider_id: providerId, patient_id, scheduled_at: at(time) }
        ids.push(
          (await user.client.appointments.create({ org_id, ...visit, appointment_type: 'IN_PERSON' })).id,
        )
      }
    }
    const walked = []
    for await (const visit of user.client.appointments.list({ org_id, limit: 5 })) walked.push(visit)
    expect(walked.map(({ id }) => id).toSorted()).toEqual(ids.toSorted())
    const keys = walked.map(({ scheduled_at, id }) => `${scheduled_at} ${id}`)
    expect(keys).toEqual(keys.toSorted())
    const page = await user.client.appointments.list({ org_id, limit: 2, include_total: true })
    expect(page.total).toBe(12)
    const count = async (limit: number) =>
      (await statementsOf(() => user.client.appointments.list({ org_id, limit, include_total: true }))).length
    expect(await count(100)).toBe(await count(1))
  })

  test('a day is a day in the organization’s time zone, the day of 23 hours included', async () => {
    const { org_id, user, provider_id, patient_id } = await clinic()
    const make = async (scheduled_at: string) => {
      const visit = { provider_id, patient_id, scheduled_at, duration_minutes: 15 }
      return (await user.client.appointments.create({ org_id, ...visit, appointment_type: 'IN_PERSON' })).id
    }
    // New York changes to daylight saving on 8 March 2026: that day runs from 05:00Z to 04:00Z.
    const before = await make('2026-03-08T04:45:00Z')
    const first = await make('2026-03-08T05:00:00Z')
    const last = await make('2026-03-09T03:45:00Z')
    const after = await make('2026-03-09T04:00:00Z')
    const list = async (query: object) =>
      (await user.client.appointments.list({ org_id, ...query })).items.map(({ id }) => id)
    expect(await list({ date: '2026-03-08' })).toEqual([first, last])
    expect(await list({ start_date: '2026-03-09' })).toEqual([after])
    expect(await list({ end_date: '2026-03-07' })).toEqual([before])
    expect(await list({ start_date: '2026-03-07', end_date: '2026-03-08' })).toEqual([before, first, last])
  })

  test('narrows by status, patient and provider, and shows nothing of another organization', async () => {
    const { org_id, user, provider_id, patient_id } = await clinic()
    const other = {
      provider: (await world.provider(org_id)).providerId,
      patient: (await world.patient([org_id])).id,
    }
    const make = async (time: string, ids: { provider_id: string; patient_id: string }) =>
      (
        await user.client.appointments.create({
          org_id,
          ...ids,
          scheduled_at: at(time),
          appointment_type: 'IN_PERSON',
        })
      ).id
    const one = await make('10:00', { provider_id, patient_id })
    const two = await make('11:00', { provider_id: other.provider, patient_id })
    const three = await make('12:00', { provider_id, patient_id: other.patient })
    await world.admin.query("update appointments set status = 'CONFIRMED' where id = $1", [three])
    const list = async (query: object) =>
      (await user.client.appointments.list({ org_id, ...query })).items.map(({ id }) => id)
    expect(await list({})).toEqual([one, two, three])
    expect(await list({ status: 'CONFIRMED' })).toEqual([three])
    expect(await list({ patient_id })).toEqual([one, two])
    expect(await list({ provider_id })).toEqual([one, three])
    expect(await list({ provider_id, patient_id })).toEqual([one])
    expect(await list({ patient_id: patient.id })).toEqual([])
  })

  test('VALIDATION_ERROR for a date beside a range and a range the wrong way round', async () => {
    const list = (query: object) => staff.client.appointments.list({ org_id: org, ...query })
    await expect(list({ date: '2026-03-08', end_date: '2026-03-09' })).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
      errors: [{ pointer: '/query/date' }],
    })
    await expect(list({ start_date: '2026-03-09', end_date: '2026-03-08' })).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
      errors: [{ pointer: '/query/end_date' }],
    })
  })

  test('INVALID_CURSOR for one made with another filter', async () => {
    await book(at('12:00', '2026-04-04'))
    await book(at('13:00', '2026-04-04'))
    const { next_cursor } = await staff.client.appointments.list({
      org_id: org,
      date: '2026-04-04',
      limit: 1,
    })
    const list = (date: string) =>
      codeOf(staff.client.appointments.list({ org_id: org, date, cursor: next_cursor ?? '' }))
    expect(await list('2026-04-04')).toBe('passed')
    expect(await list('2026-04-05')).toBe('INVALID_CURSOR')
  })
})
