import { afterAll, beforeAll, expect, test } from 'vitest'
import { type MailServer, startMailServer } from '../support/mail.ts'
import { notified, published } from '../support/outbox.ts'
import { createWorld, type TestPatient, type TestUser, type World } from '../support/world.ts'

/*
 * Two servers, each with its own upkeep and workers, on one database and one clock. What is sent is counted in the
 * database and at a real mail server: whatever the two do, each reminder is sent once.
 */

let mail: MailServer
let world: World
let org: string
let staff: TestUser

beforeAll(async () => {
  mail = await startMailServer()
  world = await createWorld({ start: new Date('2026-03-02T14:00:00Z'), env: mail.env })
  await world.startServer()
  org = await world.organization('Oncology Center')
  staff = await world.user({ roles: { [org]: 'STAFF' } })
})
afterAll(async () => {
  await world.stop()
  await mail.close()
})

const contact = async (patient: TestPatient, safe: boolean, primary = true): Promise<string> => {
  const address = world.secret(`${patient.firstName}.${safe}.${primary}@patient.test`.toLowerCase())
  await world.admin.query(
    `insert into contact_methods (id, patient_id, type, value, is_primary, is_safe_for_voicemail)
     values ($1, $2, 'EMAIL', $3, $4, $5)`,
    [world.id(), patient.id, address, primary, safe],
  )
  return address
}

/** The front desk, signed in just now: sessions end while the clock is moved. */
const desk = async () => (await world.session(staff.id, { mfa: true })).client.appointments

const book = async (patient: TestPatient, hours: number) => {
  const { providerId } = await world.provider(org)
  return (await desk()).create({
    org_id: org,
    provider_id: providerId,
    patient_id: patient.id,
    scheduled_at: new Date(world.clock.now().getTime() + hours * 3_600_000).toISOString(),
    appointment_type: 'IN_PERSON',
  })
}

const remindersOf = async (user: TestUser, visit: { id: string }) =>
  (await notified(world, user.id)).filter(
    ({ title, action_url }) => title === 'Appointment reminder' && action_url === `/appointments/${visit.id}`,
  )
const eventsOf = async (visit: { id: string }) =>
  (await published(world, visit.id)).filter(({ type }) => type === 'appointment.reminder')
const mailsTo = (address: string) => mail.mails.filter(({ to }) => to.includes(address))

/** Moves the clock, and waits until both servers have looked again: nothing that is due is left. */
const pass = async (by: { hours?: number; minutes?: number }) => {
  world.clock.advance(by)
  await expect
    .poll(async () => {
      const { rows } = await world.admin.query(
        `select from appointment_reminders where sent_at is null and skipped_at is null and due_at <= $1`,
        [world.clock.now()],
      )
      return rows.length
    })
    .toBe(0)
  // Another round of each, which must find nothing more, and the workers that send what was queued.
  world.clock.advance({ minutes: 2 })
  await expect
    .poll(async () => {
      const { rows } = await world.admin.query(
        `select from jobs.job where name in ('mail', 'push-notification') and state in ('created', 'active', 'retry')`,
      )
      return rows.length
    })
    .toBe(0)
}

test('24 hours and 2 hours before: a notice, an event and a mail, each once although two servers look', async () => {
  const self = await world.user()
  const proxy = await world.user()
  const patient = await world.patient([org], { userId: self.id })
  await world.proxy(proxy.id, patient.id, { scheduling: false })
  const address = await contact(patient, true)
  const visit = await book(patient, 48)
  await pass({ hours: 23 })
  expect(await remindersOf(self, visit)).toEqual([])
  await pass({ hours: 1, minutes: 5 })
  for (const user of [self, proxy]) expect(await remindersOf(user, visit)).toHaveLength(1)
  expect(await eventsOf(visit)).toHaveLength(2)
  expect(mailsTo(address)).toHaveLength(1)
  await pass({ hours: 22 })
  for (const user of [self, proxy]) expect(await remindersOf(user, visit)).toHaveLength(2)
  expect((await eventsOf(visit)).map(({ user }) => user).toSorted()).toEqual(
    [self.id, self.id, proxy.id, proxy.id].toSorted(),
  )
  expect(mailsTo(address)).toHaveLength(2)

  // Neither says whose visit it is, when, where or with whom.
  const texts = JSON.stringify([await remindersOf(self, visit), mailsTo(address).map(({ raw }) => raw)])
  for (const word of [patient.lastName, 'Oncology', visit.provider_name, visit.scheduled_at.slice(0, 10)])
    expect(texts).not.toContain(word)
  for (const { data } of await eventsOf(visit))
    expect(data).toEqual({
      organization_id: org,
      appointment_id: visit.id,
      patient_id: patient.id,
      provider_id: visit.provider_id,
    })
})

test('many at once, more than one batch: two servers share them, and none is sent twice', async () => {
  const self = await world.user()
  const patient = await world.patient([org], { userId: self.id })
  await book(patient, 30)
  await world.admin.query(
    `with visits as (
       insert into appointments (id, organization_id, patient_id, provider_id, appointment_type, scheduled_at, duration_minutes, ends_at)
       select gen_random_uuid(), $1, $2, provider_id, 'IN_PERSON', scheduled_at + n * interval '15 minutes', 15, now()
         from appointments, generate_series(2, 161) n where patient_id = $2
       returning id, organization_id, scheduled_at)
     insert into appointment_reminders (id, organization_id, appointment_id, channel, lead_minutes, due_at)
       select gen_random_uuid(), organization_id, id, 'IN_APP', 1440, scheduled_at - interval '1 day' from visits`,
    [org, patient.id],
  )
  await pass({ hours: 48 })
  const { rows } = await world.admin.query(
    `select action_url, count(*)::int as n from notifications where user_id = $1 and title = 'Appointment reminder'
     group by action_url`,
    [self.id],
  )
  // Of visits that have begun meanwhile nobody is reminded.
  expect(rows.length).toBeGreaterThan(60)
  expect(new Set(rows.map(({ n }) => n))).toEqual(new Set([1]))
})

test('a visit that is booked later than 24 hours ahead gets only the 2 hour one, later than 2 hours none', async () => {
  const self = await world.user()
  const patient = await world.patient([org], { userId: self.id })
  const [soon, now] = [await book(patient, 20), await book(patient, 1.5)]
  await pass({ hours: 1 })
  expect(await remindersOf(self, soon)).toEqual([])
  await pass({ hours: 18 })
  expect(await remindersOf(self, soon)).toHaveLength(1)
  expect(await remindersOf(self, now)).toEqual([])
})

test('moved, it is reminded of at the new time; cancelled, not at all', async () => {
  const self = await world.user()
  const patient = await world.patient([org], { userId: self.id })
  const [moved, cancelled] = [await book(patient, 30), await book(patient, 30)]
  const at = (visit: { id: string }) => ({ org_id: org, appointment_id: visit.id })
  const later = new Date(Date.parse(moved.scheduled_at) + 48 * 3_600_000).toISOString()
  await (await desk()).reschedule({ ...at(moved), scheduled_at: later })
  await (await desk()).cancel({ ...at(cancelled), cancellation_reason: 'Feels better' })
  await pass({ hours: 29 })
  expect(await remindersOf(self, moved)).toEqual([])
  expect(await remindersOf(self, cancelled)).toEqual([])
  await pass({ hours: 26 })
  expect(await remindersOf(self, moved)).toHaveLength(1)
  // Away and back again: what was sent is not sent anew.
  for (const hours of [72, 0])
    await (await desk()).reschedule({
      ...at(moved),
      scheduled_at: new Date(Date.parse(later) + hours * 3_600_000).toISOString(),
    })
  await pass({ minutes: 10 })
  expect(await remindersOf(self, moved)).toHaveLength(1)
})

test('a server that was away sends only the reminder that still tells something', async () => {
  const self = await world.user()
  const patient = await world.patient([org], { userId: self.id })
  const visit = await book(patient, 48)
  // Both are due by now: the near one is sent, the far one is not.
  await pass({ hours: 47 })
  expect(await remindersOf(self, visit)).toHaveLength(1)
  const { rows } = await world.admin.query(
    `select lead_minutes, sent_at is not null as sent from appointment_reminders
     where appointment_id = $1 and channel = 'IN_APP' order by lead_minutes`,
    [visit.id],
  )
  expect(rows).toEqual([
    { lead_minutes: 120, sent: true },
    { lead_minutes: 1440, sent: false },
  ])
})

test('nobody who declined is reminded, and no mail goes to an address that is not marked safe', async () => {
  const self = await world.user()
  const proxy = await world.user()
  const [declined, unsafe, minor] = [
    await world.patient([org], { userId: self.id }),
    await world.patient([org]),
    await world.patient([org]),
  ]
  await world.proxy(proxy.id, declined.id, {})
  await world.admin.query('update users set transactional_consent = false where id = $1', [self.id])
  const declinedAddress = await contact(declined, true)
  const unsafeAddress = await contact(unsafe, false)
  const [primary, second] = [await contact(minor, false), await contact(minor, true, false)]
  const visits = [await book(declined, 30), await book(unsafe, 30), await book(minor, 30)]
  await pass({ hours: 7 })
  expect(await notified(world, self.id)).toHaveLength(1)
  expect((await notified(world, self.id))[0]).toMatchObject({ title: 'New appointment' })
  expect(await remindersOf(proxy, visits[0] ?? { id: '' })).toHaveLength(1)
  for (const address of [declinedAddress, unsafeAddress, primary]) expect(mailsTo(address)).toEqual([])
  // A patient without a sign-in is reminded at the address that is safe.
  expect(mailsTo(second)).toHaveLength(1)
  expect((await eventsOf(visits[0] ?? { id: '' })).map(({ user }) => user)).toEqual([proxy.id])
})

test('a suspended organization reminds nobody', async () => {
  const closed = await world.organization()
  const closedDesk = await world.user({ roles: { [closed]: 'STAFF' } })
  const self = await world.user()
  const patient = await world.patient([closed], { userId: self.id })
  const { providerId } = await world.provider(closed)
  const visit = await closedDesk.client.appointments.create({
    org_id: closed,
    provider_id: providerId,
    patient_id: patient.id,
    scheduled_at: new Date(world.clock.now().getTime() + 30 * 3_600_000).toISOString(),
    appointment_type: 'IN_PERSON',
  })
  await world.admin.query('update organizations set suspended_at = now() where id = $1', [closed])
  await pass({ hours: 7 })
  expect(await remindersOf(self, visit)).toEqual([])
})
