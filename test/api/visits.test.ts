import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { notified, published } from '../support/outbox.ts'
import { codeOf } from '../support/problems.ts'
import { createWorld, type TestPatient, type TestUser, type World } from '../support/world.ts'

/* A visit after it was booked: its states, its times, its calendar file, and who may do what to it. */

type Provider = TestUser & { providerId: string }

let world: World
let org: string
let staff: TestUser
let provider: Provider
let self: TestUser
let patient: TestPatient

beforeAll(async () => {
  world = await createWorld({ start: new Date('2026-03-02T14:00:00Z') })
  org = await world.organization('Harbor Family Practice')
  staff = await world.user({ roles: { [org]: 'STAFF' } })
  provider = await world.provider(org)
  self = await world.user()
  patient = await world.patient([org], { userId: self.id })
})
afterAll(() => world.stop())

const STATUSES = ['SCHEDULED', 'CONFIRMED', 'COMPLETED', 'CANCELLED', 'NO_SHOW'] as const
type Status = (typeof STATUSES)[number]

let minute = 0
/** A time of its own for each, so that tests do not meet. */
const nextTime = (): string => {
  minute += 60
  return new Date(Date.parse('2026-04-01T00:00:00Z') + minute * 60_000).toISOString()
}
const book = (change: Partial<Parameters<typeof staff.client.appointments.create>[0]> = {}) =>
  staff.client.appointments.create({
    org_id: org,
    provider_id: provider.providerId,
    patient_id: patient.id,
    scheduled_at: nextTime(),
    appointment_type: 'IN_PERSON' as const,
    ...change,
  })
const at = ({ id }: { id: string }) => ({ org_id: org, appointment_id: id })
const update = (visit: { id: string }, change: object, user = staff) =>
  user.client.appointments.update({ ...at(visit), ...change })
const move = (visit: { id: string }, change: object = {}, user = staff) =>
  user.client.appointments.reschedule({ ...at(visit), scheduled_at: nextTime(), ...change })
const cancel = (visit: { id: string }, user = staff) =>
  user.client.appointments.cancel({ ...at(visit), cancellation_reason: 'Feels better' })
const get = (visit: { id: string }, user = staff) => user.client.appointments.get(at(visit))
const put = (visit: { id: string }, sql: string, ...values: unknown[]) =>
  world.admin.query(`update appointments set ${sql} where id = $1`, [visit.id, ...values])
const body = (status: Status) =>
  status === 'CANCELLED' ? { status, cancellation_reason: 'Feels better' } : { status }

describe('updateAppointment', () => {
  const steps: Record<Status, readonly Status[]> = {
    SCHEDULED: ['CONFIRMED', 'CANCELLED', 'NO_SHOW', 'COMPLETED'],
    CONFIRMED: ['CANCELLED', 'NO_SHOW', 'COMPLETED'],
    COMPLETED: [],
    CANCELLED: [],
    NO_SHOW: [],
  }
  test.each(STATUSES)('%s goes where the state machine says, and nowhere else', async (from) => {
    for (const to of STATUSES) {
      const visit = await book()
      await put(visit, 'status = $2', from)
      const code = await codeOf(update(visit, body(to)))
      const stays = from === to && steps[from].length > 0
      expect(code, `${from} to ${to}`).toBe(steps[from].includes(to) || stays ? 'passed' : 'CONFLICT')
      expect((await get(visit)).status).toBe(code === 'passed' ? to : from)
    }
  })

  test('VALIDATION_ERROR for cancelling without a reason, and for a reason without cancelling', async () => {
    const visit = await book()
    for (const change of [{ status: 'CANCELLED' }, { status: 'CONFIRMED', cancellation_reason: 'x' }, {}])
      expect(await codeOf(update(visit, change)), JSON.stringify(change)).toBe('VALIDATION_ERROR')
    await expect(update(visit, { cancellation_reason: 'x' })).rejects.toMatchObject({
      errors: [{ pointer: '/cancellation_reason', message: 'goes with the status CANCELLED' }],
    })
  })

  test('a cancelled visit frees its slot, says why, and stays readable', async () => {
    const visit = await book()
    expect(await update(visit, body('CANCELLED'))).toMatchObject({
      status: 'CANCELLED',
      cancellation_reason: 'Feels better',
      version: 2,
    })
    expect(await codeOf(book({ scheduled_at: visit.scheduled_at }))).toBe('passed')
    expect((await get(visit)).status).toBe('CANCELLED')
  })

  test('details change, null empties, what is left out stays; of a final visit only the notes change', async () => {
    const visit = await book({ reason: 'Check-up', location: 'Room 4' })
    const notes = world.secret('Brings an interpreter qzzt')
    expect(await update(visit, { location: null, notes })).toMatchObject({
      reason: 'Check-up',
      location: null,
      notes,
      version: 2,
    })
    await update(visit, { status: 'COMPLETED' })
    expect(await codeOf(update(visit, { location: 'Room 5' }))).toBe('CONFLICT')
    expect(await codeOf(update(visit, { status: 'COMPLETED' }))).toBe('CONFLICT')
    expect(await update(visit, { notes: 'Came late' })).toMatchObject({ notes: 'Came late', version: 4 })
  })

  test('asking for what is so already changes nothing and tells nobody', async () => {
    const visit = await book({ reason: 'Check-up' })
    const before = await published(world, visit.id)
    expect(await update(visit, { status: 'SCHEDULED', reason: 'Check-up' })).toMatchObject({ version: 1 })
    expect(await published(world, visit.id)).toEqual(before)
  })

  test('PRECONDITION_FAILED for a stale If-Match, of two writers exactly one gets through', async () => {
    const visit = await book()
    const codes = await Promise.all(
      Array.from({ length: 10 }, (_, n) => codeOf(update(visit, { if_match: 1, notes: `${n}` }))),
    )
    expect(codes.toSorted()).toEqual([...Array(9).fill('PRECONDITION_FAILED'), 'passed'])
    const stale = { if_match: 1, cancellation_reason: 'x' }
    await expect(staff.client.appointments.cancel({ ...at(visit), ...stale })).rejects.toMatchObject({
      code: 'PRECONDITION_FAILED',
      problem: { current_version: 2 },
    })
    expect(await codeOf(move(visit, { if_match: 1 }))).toBe('PRECONDITION_FAILED')
    expect(await codeOf(move(visit, { if_match: 2 }))).toBe('passed')
  })

  test('the audit trail has the old and the new value', async () => {
    const visit = await book()
    await update(visit, { status: 'CONFIRMED' })
    const rows = await world.auditRows({ operation: 'updateAppointment' })
    expect(rows.find((row) => row.resource_id === visit.id)).toMatchObject({
      action_type: 'UPDATE',
      changes: { status: { old: 'SCHEDULED', new: 'CONFIRMED' } },
    })
  })

  test('NOT_FOUND for a visit of another organization, whatever is asked', async () => {
    const there = await world.organization()
    const other = await world.user({ roles: { [there]: 'ADMIN' } })
    const visit = { org_id: there, appointment_id: (await book()).id }
    const { appointments } = other.client
    expect(await codeOf(appointments.get(visit))).toBe('NOT_FOUND')
    expect(await codeOf(appointments.update({ ...visit, status: 'CONFIRMED' }))).toBe('NOT_FOUND')
    expect(await codeOf(appointments.cancel({ ...visit, cancellation_reason: 'x' }))).toBe('NOT_FOUND')
    expect(await codeOf(appointments.reschedule({ ...visit, scheduled_at: nextTime() }))).toBe('NOT_FOUND')
  })
})

describe('rescheduleAppointment', () => {
  test('goes back to SCHEDULED at the new time, and keeps the old one with who and why', async () => {
    const visit = await book({ duration_minutes: 45 })
    await update(visit, { status: 'CONFIRMED' })
    const reason = world.secret('Out of town qzzt')
    const moved = await move(visit, { reason })
    expect(moved).toMatchObject({ status: 'SCHEDULED', duration_minutes: 45, version: 3 })
    const again = await move(visit, { duration_minutes: 60 }, provider)
    expect(again).toMatchObject({ duration_minutes: 60, version: 4 })
    const past = (await get(visit)).reschedules
    expect(past).toEqual([
      {
        scheduled_at: moved.scheduled_at,
        duration_minutes: 45,
        reason: null,
        rescheduled_at: expect.any(String),
        rescheduled_by: expect.any(String),
      },
      {
        scheduled_at: visit.scheduled_at,
        duration_minutes: 45,
        reason,
        rescheduled_at: expect.any(String),
        rescheduled_by: expect.any(String),
      },
    ])
    expect(await codeOf(book({ scheduled_at: visit.scheduled_at }))).toBe('passed')
  })

  test('APPOINTMENT_CONFLICT where another visit is, its own old time is no hindrance', async () => {
    const [one, two] = [await book(), await book()]
    expect(await codeOf(move(one, { scheduled_at: two.scheduled_at }))).toBe('APPOINTMENT_CONFLICT')
    expect((await get(one)).scheduled_at).toBe(one.scheduled_at)
    expect((await get(one)).reschedules).toEqual([])
    const later = new Date(Date.parse(one.scheduled_at) + 15 * 60_000).toISOString()
    expect(await codeOf(move(one, { scheduled_at: later }))).toBe('passed')
  })

  test('of 20 visits that are moved to one time at once, one is and 19 are APPOINTMENT_CONFLICT', async () => {
    const visits = []
    for (let n = 0; n < 20; n++) visits.push(await book())
    const scheduled_at = nextTime()
    const codes = await Promise.all(visits.map((visit) => codeOf(move(visit, { scheduled_at }))))
    expect(codes.toSorted()).toEqual([...Array(19).fill('APPOINTMENT_CONFLICT'), 'passed'])
  })

  test('visits that take each other’s times, and bookings between them, never deadlock and never overlap', async () => {
    const { providerId } = await world.provider(org)
    const base = Date.parse(nextTime()) + 90 * 86_400_000
    const slot = (n: number) => new Date(base + n * 30 * 60_000).toISOString()
    const visits: { id: string }[] = []
    for (let n = 0; n < 8; n++) visits.push(await book({ provider_id: providerId, scheduled_at: slot(n) }))
    const calls = [
      ...visits.flatMap((visit, n) => [
        move(visit, { scheduled_at: slot((n + 1) % 10) }),
        move(visit, { scheduled_at: slot((n * 3) % 10), duration_minutes: 45 }),
        update(visit, { status: 'CONFIRMED' }),
      ]),
      ...Array.from({ length: 10 }, (_, n) => book({ provider_id: providerId, scheduled_at: slot(n) })),
    ]
    const codes = new Set(await Promise.all(calls.map(codeOf)))
    for (const code of codes) expect(['passed', 'APPOINTMENT_CONFLICT']).toContain(code)
    const { rows } = await world.admin.query(
      `select from appointments a join appointments b on a.id < b.id and a.provider_id = b.provider_id
         and a.scheduled_at < b.ends_at and b.scheduled_at < a.ends_at where a.provider_id = $1`,
      [providerId],
    )
    expect(rows).toEqual([])
  })

  test('of a move and a cancellation that race both may pass, but never a move of what is cancelled', async () => {
    for (let n = 0; n < 8; n++) {
      const visit = await book()
      const [moved, cancelled] = await Promise.all([codeOf(move(visit)), codeOf(cancel(visit))])
      expect(cancelled).toBe('passed')
      expect(['passed', 'CONFLICT']).toContain(moved)
      expect((await get(visit)).status).toBe('CANCELLED')
    }
  })

  test('CONFLICT for a visit in a final state; VALIDATION_ERROR for a time that is past or too long', async () => {
    for (const status of ['COMPLETED', 'CANCELLED', 'NO_SHOW']) {
      const visit = await book()
      await put(visit, 'status = $2', status)
      expect(await codeOf(move(visit)), status).toBe('CONFLICT')
    }
    const visit = await book()
    const past = new Date(world.clock.now().getTime() - 1000).toISOString()
    expect(await codeOf(move(visit, { scheduled_at: past }))).toBe('VALIDATION_ERROR')
    for (const duration_minutes of [14, 481])
      expect(await codeOf(move(visit, { duration_minutes }))).toBe('VALIDATION_ERROR')
  })

  test('PATIENT_DISCHARGED and LICENSE_EXPIRED: a new time is a new appointment', async () => {
    const gone = await world.patient([org])
    const visit = await book({ patient_id: gone.id })
    await world.admin.query("update organization_patients set status = 'DISCHARGED' where patient_id = $1", [
      gone.id,
    ])
    expect(await codeOf(move(visit))).toBe('PATIENT_DISCHARGED')
    expect(await codeOf(cancel(visit))).toBe('passed')
    const unlicensed = await world.provider(org)
    const other = await book({ provider_id: unlicensed.providerId })
    await world.admin.query("update providers set state_licenses = '[]' where id = $1", [
      unlicensed.providerId,
    ])
    expect(await codeOf(move(other))).toBe('LICENSE_EXPIRED')
    await world.admin.query('update organization_memberships set deleted_at = now() where user_id = $1', [
      unlicensed.id,
    ])
    expect(await codeOf(move(other))).toBe('NOT_FOUND')
    expect(await codeOf(cancel(other))).toBe('passed')
  })
})

describe('patients and proxies', () => {
  test('read, move and cancel their own; another’s is not there', async () => {
    const visit = await book({ reason: 'Rash' })
    await update(visit, { notes: 'Practice only' })
    expect(await get(visit, self)).toMatchObject({ id: visit.id, reason: 'Rash', notes: null })
    expect((await get(visit)).notes).toBe('Practice only')
    const moved = await move(visit, {}, self)
    expect(moved).toMatchObject({ notes: null, status: 'SCHEDULED' })
    expect(await cancel(visit, self)).toMatchObject({ status: 'CANCELLED', notes: null })
    const foreign = await book({ patient_id: (await world.patient([org])).id })
    const calls = [get(foreign, self), move(foreign, {}, self), cancel(foreign, self)]
    expect(await Promise.all(calls.map(codeOf))).toEqual(Array(3).fill('NOT_FOUND'))
    expect(await codeOf(update(visit, { notes: 'x' }, self))).toBe('NOT_FOUND')
  })

  test('only before the start: from then on the practice alone changes it', async () => {
    const own = await createWorld({ start: new Date('2026-03-02T14:00:00Z') })
    try {
      const org_id = await own.organization()
      const desk = await own.user({ roles: { [org_id]: 'STAFF' } })
      const { providerId } = await own.provider(org_id)
      const person = await own.user()
      const { id } = await own.patient([org_id], { userId: person.id })
      const visit = await desk.client.appointments.create({
        org_id,
        provider_id: providerId,
        patient_id: id,
        scheduled_at: '2026-03-02T15:00:00Z',
        appointment_type: 'IN_PERSON',
      })
      const where = { org_id, appointment_id: visit.id }
      own.clock.advance({ minutes: 61 })
      const later = '2026-03-03T15:00:00Z'
      const { appointments } = person.client
      expect(await codeOf(appointments.reschedule({ ...where, scheduled_at: later }))).toBe('CONFLICT')
      expect(await codeOf(appointments.cancel({ ...where, cancellation_reason: 'x' }))).toBe('CONFLICT')
      expect(await codeOf(desk.client.appointments.reschedule({ ...where, scheduled_at: later }))).toBe(
        'passed',
      )
      expect(await codeOf(appointments.cancel({ ...where, cancellation_reason: 'x' }))).toBe('passed')
    } finally {
      await own.stop()
    }
  })

  test('any live proxy reads, one with can_schedule_appointments changes', async () => {
    const child = await world.patient([org])
    const [full, reader, ended] = [await world.user(), await world.user(), await world.user()]
    await world.proxy(full.id, child.id, {})
    await world.proxy(reader.id, child.id, { scheduling: false })
    const expiresAt = new Date(world.clock.now().getTime() - 1000)
    await world.proxy(ended.id, child.id, { expiresAt })
    const visit = await book({ patient_id: child.id })
    expect(await codeOf(get(visit, reader))).toBe('passed')
    expect(await codeOf(move(visit, {}, reader))).toBe('PROXY_PERMISSION_DENIED')
    expect(await codeOf(cancel(visit, reader))).toBe('PROXY_PERMISSION_DENIED')
    expect(await codeOf(get(visit, ended))).toBe('PROXY_ACCESS_EXPIRED')
    expect(await codeOf(move(visit, {}, full))).toBe('passed')
    // With access to another patient the gate is open; this one is told what it lacks, not more.
    const second = await world.patient([org])
    const assign = (user: TestUser) =>
      world.admin.query(
        `insert into patient_proxy_assignments (id, proxy_id, patient_id, relationship_type, access_granted_at)
           select $1, id, $3, 'PARENT', now() from proxies where user_id = $2`,
        [world.id(), user.id, second.id],
      )
    await assign(reader)
    await assign(ended)
    expect(await codeOf(cancel(visit, reader))).toBe('PROXY_PERMISSION_DENIED')
    expect(await codeOf(cancel(visit, ended))).toBe('PROXY_ACCESS_EXPIRED')
    expect(await codeOf(cancel(await book(), reader))).toBe('NOT_FOUND')
    expect(await codeOf(cancel(visit, full))).toBe('passed')
  })
})

describe('what those concerned hear', () => {
  test('patient, live proxies and provider get the events; those who did not do it a notice without PHI', async () => {
    const person = await world.user()
    const child = await world.patient([org], { userId: person.id })
    const [proxy, ended] = [await world.user(), await world.user()]
    await world.proxy(proxy.id, child.id, {})
    await world.proxy(ended.id, child.id, { expiresAt: new Date(world.clock.now().getTime() - 1000) })
    const visit = await book({ patient_id: child.id, reason: 'Biopsy' })
    await update(visit, { status: 'CONFIRMED' })
    await move(visit, {}, proxy)
    await cancel(visit)
    const events = await published(world, visit.id)
    const of = (user: string) => events.filter((event) => event.user === user).map(({ type }) => type)
    const all = ['created', 'updated', 'updated', 'updated'].map((one) => `appointment.${one}`)
    for (const user of [person, proxy, provider]) expect(of(user.id)).toEqual(all)
    expect(events).toHaveLength(12)
    expect(new Set(events.flatMap(({ data }) => Object.keys(data)))).toEqual(
      new Set(['organization_id', 'appointment_id', 'patient_id', 'provider_id']),
    )
    const titles = async (user: TestUser) =>
      (await notified(world, user.id))
        .filter(({ action_url }) => action_url === `/appointments/${visit.id}`)
        .map(({ title }) => title)
    expect(await titles(person)).toEqual(['New appointment', 'Appointment moved', 'Appointment cancelled'])
    expect(await titles(proxy)).toEqual(['New appointment', 'Appointment cancelled'])
    expect(await notified(world, ended.id)).toEqual([])
    const texts = JSON.stringify(await notified(world, person.id))
    for (const word of ['Biopsy', child.firstName, child.lastName]) expect(texts).not.toContain(word)
  })
})

describe('listMyAppointments', () => {
  test('shows one’s own and live patients’ visits of every organization, by time', async () => {
    const [here, there] = [await world.organization(), await world.organization('Elsewhere')]
    const person = await world.user()
    const own = await world.patient([here, there], { userId: person.id })
    const [child, past] = [await world.patient([here]), await world.patient([here])]
    await world.proxy(person.id, child.id, { scheduling: false })
    await world.admin.query(
      `insert into patient_proxy_assignments (id, proxy_id, patient_id, relationship_type, access_granted_at, expires_at)
         select $1, id, $3, 'POA', now(), $4 from proxies where user_id = $2`,
      [world.id(), person.id, past.id, new Date(world.clock.now().getTime() - 1000)],
    )
    const make = async (org_id: string, patient_id: string, scheduled_at: string) => {
      const desk = await world.user({ roles: { [org_id]: 'STAFF' } })
      const { providerId } = await world.provider(org_id)
      const visit = { org_id, provider_id: providerId, patient_id, scheduled_at }
      return (await desk.client.appointments.create({ ...visit, appointment_type: 'IN_PERSON' })).id
    }
    const third = await make(here, own.id, '2026-05-03T10:00:00Z')
    const first = await make(there, own.id, '2026-05-01T10:00:00Z')
    const second = await make(here, child.id, '2026-05-02T10:00:00Z')
    await make(here, past.id, '2026-05-02T11:00:00Z')
    await make(here, (await world.patient([here])).id, '2026-05-02T12:00:00Z')
    const list = async (query: object = {}) =>
      (await person.client.appointments.listMine({ ...query })).items.map(({ id }) => id)
    const page = await person.client.appointments.listMine({ include_total: true })
    expect(page.total).toBe(3)
    expect(page.items.map(({ id, is_own }) => [id, is_own])).toEqual([
      [first, true],
      [second, false],
      [third, true],
    ])
    expect(page.items[0]).toMatchObject({
      organization_name: 'Elsewhere',
      timezone: 'America/New_York',
      patient_name: `${own.firstName} ${own.lastName}`,
      provider_name: expect.any(String),
    })
    expect(Object.keys(page.items[0] ?? {})).not.toContain('notes')
    expect(await list({ patient_id: child.id })).toEqual([second])
    expect(await list({ start_date: '2026-05-02', end_date: '2026-05-02' })).toEqual([second])
    expect(await list({ status: 'CANCELLED' })).toEqual([])
    expect(await codeOf(list({ start_date: '2026-05-02', end_date: '2026-05-01' }))).toBe('VALIDATION_ERROR')
    const walked = []
    for await (const { id } of person.client.appointments.listMine({ limit: 1 })) walked.push(id)
    expect(walked).toEqual([first, second, third])
    const { next_cursor } = await person.client.appointments.listMine({ limit: 1 })
    const other = await world.user()
    expect(await codeOf(other.client.appointments.listMine({ limit: 1, cursor: next_cursor ?? '' }))).toBe(
      'INVALID_CURSOR',
    )

    // Whoever looks through the patient's eyes in one organization sees that patient there.
    const admin = await world.user({ roles: { [here]: 'ADMIN' } })
    const { access_token } = await admin.client.admin.impersonate({
      patient_id: own.id,
      organization_id: here,
      reason: 'The patient cannot see a visit.',
    })
    const seen = await world.client(world.secret(access_token)).appointments.listMine()
    expect(seen.items.map(({ id }) => id)).toEqual([third])

    await world.admin.query('update organizations set suspended_at = now() where id = $1', [there])
    expect(await list()).toEqual([second, third])
  })
})

describe('as a calendar file', () => {
  const unfolded = (text: string) => text.replaceAll('\r\n ', '')
  const text = async (body: PromiseLike<AsyncIterable<string>>) => {
    let all = ''
    for await (const piece of await body) all += piece
    return all
  }
  const line = (file: string, name: string) =>
    unfolded(file)
      .split('\r\n')
      .find((one) => one.startsWith(`${name}:`) || one.startsWith(`${name};`))

  test('Accept chooses the form; the answer’s ETag and audit row are the same', async () => {
    const visit = await book()
    const path = `/api/organizations/${org}/appointments/${visit.id}`
    const answer = (accept: string) => world.fetch(path, { token: staff.token, headers: { accept } })
    const file = await answer('text/calendar')
    expect(file.headers.get('content-type')).toBe('text/calendar; charset=utf-8')
    expect(file.headers.get('etag')).toBe('"1"')
    for (const accept of ['application/json', '*/*', 'text/html'])
      expect((await answer(accept)).headers.get('content-type')).toMatch(/^application\/json/)
    const rows = (await world.auditRows({ operation: 'getAppointment' })).filter(
      ({ resource_id }) => resource_id === visit.id,
    )
    expect(rows).toHaveLength(4)
  })

  test('has a stable UID, a SEQUENCE that grows, UTC times, and CANCELLED when it was', async () => {
    const visit = await book({ scheduled_at: '2026-06-01T15:00:00Z', duration_minutes: 45 })
    const file = () => text(self.client.appointments.getAsCalendar(at(visit)))
    const before = await file()
    expect(before.startsWith('BEGIN:VCALENDAR\r\nVERSION:2.0\r\n')).toBe(true)
    expect(line(before, 'UID')).toBe(`UID:${visit.id}@wardline`)
    expect(line(before, 'SEQUENCE')).toBe('SEQUENCE:0')
    expect(line(before, 'DTSTART')).toBe('DTSTART:20260601T150000Z')
    expect(line(before, 'DTEND')).toBe('DTEND:20260601T154500Z')
    expect(line(before, 'DTSTAMP')).toMatch(/^DTSTAMP:\d{8}T\d{6}Z$/)
    expect(line(before, 'STATUS')).toBe('STATUS:CONFIRMED')
    await cancel(visit, self)
    const after = await file()
    expect(line(after, 'UID')).toBe(line(before, 'UID'))
    expect(line(after, 'SEQUENCE')).toBe('SEQUENCE:1')
    expect(line(after, 'STATUS')).toBe('STATUS:CANCELLED')
  })

  test('says with whom and where, whose it is only to others, and never why', async () => {
    const visit = await book({
      reason: world.secret('Hepatitis qzzt'),
      location: `Room 4; second floor, left\\right ${'é'.repeat(60)}`,
    })
    await update(visit, { notes: 'Practice only qzzt' })
    const mine = await text(self.client.appointments.getAsCalendar(at(visit)))
    const theirs = await text(staff.client.appointments.getAsCalendar(at(visit)))
    expect(line(mine, 'SUMMARY')).toMatch(/^SUMMARY:Appointment with /)
    expect(line(theirs, 'SUMMARY')).toMatch(
      new RegExp(`^SUMMARY:${patient.firstName} ${patient.lastName}: Appointment with `),
    )
    // Special characters are escaped, long lines folded at 75 octets.
    expect(line(mine, 'LOCATION')).toBe(`LOCATION:Room 4\\; second floor\\, left\\\\right ${'é'.repeat(60)}`)
    for (const one of mine.split('\r\n')) expect(Buffer.byteLength(one)).toBeLessThanOrEqual(75)
    for (const file of [mine, theirs]) expect(file).not.toContain('qzzt')
  })

  test('the person’s list is one file, with the same filters', async () => {
    const person = await world.user()
    const own = await world.patient([org], { userId: person.id })
    const visits = [await book({ patient_id: own.id }), await book({ patient_id: own.id })]
    const { items } = await person.client.appointments.listMine({})
    const file = await text(person.client.appointments.listMineAsCalendar())
    for (const { id } of visits) expect(file).toContain(`UID:${id}@wardline`)
    expect(items).toHaveLength(2)
    const none = await text(person.client.appointments.listMineAsCalendar({ status: 'CANCELLED' }))
    expect(none).not.toContain('VEVENT')
    expect(none).toContain('END:VCALENDAR')
  })
})
