import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { notified } from '../support/outbox.ts'
import { codeOf } from '../support/problems.ts'
import { statementsOf } from '../support/statements.ts'
import { createWorld, type TestPatient, type TestUser, type World } from '../support/world.ts'

let world: World
let here: string
let there: string
let staff: TestUser
let other: TestUser

beforeAll(async () => {
  world = await createWorld()
  here = await world.organization()
  there = await world.organization()
  staff = await world.user({ roles: { [here]: 'STAFF' } })
  other = await world.user({ roles: { [there]: 'STAFF' } })
})
afterAll(() => world.stop())

const instant = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
/** As the patient tells it. */
const told = ({ lastName, dob }: TestPatient) => ({ last_name: lastName, dob })
const enroll = (
  patient_id: string,
  body: { last_name?: string; dob?: string; medical_record_number?: string } = {},
) => other.client.enrollment.enroll({ org_id: there, patient_id, ...body })
const discharge = (patient_id: string) =>
  staff.client.enrollment.update({ org_id: here, patient_id, status: 'DISCHARGED' })

describe('a discharged patient', () => {
  test('stays readable, takes no new appointment or message, and is restored by enrolling again', async () => {
    const login = await world.user()
    const { id: patient_id, mrn } = await world.patient([here], { userId: login.id })
    const provider = await world.provider(here)
    const before = await staff.client.enrollment.get({ org_id: here, patient_id })
    expect(before).toEqual({
      organization_id: here,
      patient_id,
      medical_record_number: mrn,
      status: 'ACTIVE',
      enrolled_at: instant,
      discharged_at: null,
    })
    const gone = await discharge(patient_id)
    expect(gone).toEqual({ ...before, status: 'DISCHARGED', discharged_at: instant })
    // Saying it again changes nothing.
    expect(await discharge(patient_id)).toEqual(gone)
    expect(await staff.client.patients.get({ org_id: here, patient_id })).toMatchObject({
      status: 'DISCHARGED',
    })
    expect(await login.client.patients.get({ org_id: here, patient_id })).toMatchObject({
      status: 'DISCHARGED',
    })
    const book = () =>
      codeOf(
        staff.client.appointments.create({
          org_id: here,
          patient_id,
          provider_id: provider.providerId,
          appointment_type: 'IN_PERSON',
          scheduled_at: new Date(world.clock.now().getTime() + 86_400_000).toISOString(),
        }),
      )
    const write = () =>
      codeOf(
        staff.client.messages.create({
          org_id: here,
          patient_id,
          subject: 'Hello',
          body: 'There?',
          participant_ids: [login.id],
        }),
      )
    expect([await book(), await write()]).toEqual(['PATIENT_DISCHARGED', 'PATIENT_DISCHARGED'])
    const back = await staff.client.enrollment.enroll({ org_id: here, patient_id })
    expect(back).toMatchObject({ status: 'ACTIVE', medical_record_number: mrn, discharged_at: null })
    expect([await book(), await write()]).toEqual(['passed', 'passed'])
    expect(await codeOf(staff.client.enrollment.enroll({ org_id: here, patient_id }))).toBe('CONFLICT')
    await discharge(patient_id)
    const restored = await staff.client.enrollment.update({
      org_id: here,
      patient_id,
      status: 'ACTIVE',
      medical_record_number: 'RESTORED-1',
    })
    expect(restored).toMatchObject({
      status: 'ACTIVE',
      medical_record_number: 'RESTORED-1',
      discharged_at: null,
    })
    const rows = await world.auditRows({ operation: 'updateEnrollment', actor: staff.id })
    expect(rows[0]).toMatchObject({
      action_type: 'UPDATE',
      resource_type: 'ENROLLMENT',
      resource_id: patient_id,
      changes: { status: { old: 'ACTIVE', new: 'DISCHARGED' } },
    })
  })

  test('DUPLICATE_MRN for a number that another patient here has', async () => {
    const [one, two] = [await world.patient([here]), await world.patient([here])]
    const change = { org_id: here, patient_id: two.id, medical_record_number: one.mrn }
    expect(await codeOf(staff.client.enrollment.update(change))).toBe('DUPLICATE_MRN')
    await discharge(two.id)
    expect(await codeOf(staff.client.enrollment.enroll(change))).toBe('DUPLICATE_MRN')
    // A discharged patient keeps the number.
    const taken = { org_id: here, patient_id: one.id, medical_record_number: two.mrn }
    expect(await codeOf(staff.client.enrollment.update(taken))).toBe('DUPLICATE_MRN')
  })
})

describe('a patient of another organization', () => {
  test('is enrolled by id, last name and date of birth; demographics are one record, the rest stays apart', async () => {
    const login = await world.user()
    const shared = await world.patient([here], { userId: login.id })
    const enrollment = await enroll(shared.id, {
      ...told(shared),
      last_name: ` ${shared.lastName.toUpperCase()} `,
    })
    expect(enrollment).toMatchObject({ organization_id: there, status: 'ACTIVE' })
    expect(enrollment.medical_record_number).not.toBe(shared.mrn)
    const mine = { org_id: here, patient_id: shared.id }
    const theirs = { org_id: there, patient_id: shared.id }
    await staff.client.contactMethods.create({ ...mine, type: 'EMAIL', value: 'shared@patient.test' })
    const seen = await other.client.patients.get(theirs)
    expect(seen.contact_methods).toMatchObject([{ value: 'shared@patient.test' }])
    // The versions are one: whoever comes second with an old one is told.
    await staff.client.patients.update({ ...mine, if_match: `"${seen.version}"`, first_name: 'Renamed' })
    const late = { ...theirs, if_match: `"${seen.version}"`, first_name: 'Overwritten' }
    expect(await codeOf(other.client.patients.update(late))).toBe('PRECONDITION_FAILED')
    expect(await other.client.patients.get(theirs)).toMatchObject({ first_name: 'Renamed' })
    const found = await other.client.patients.list({ org_id: there, search: 'Renamed' })
    expect(found.items.map(({ id }) => id)).toEqual([shared.id])
    // Discharged there is not discharged here.
    await other.client.enrollment.update({ ...theirs, status: 'DISCHARGED' })
    expect(await staff.client.enrollment.get(mine)).toMatchObject({
      status: 'ACTIVE',
      medical_record_number: shared.mrn,
    })
    // The patient is told, without a name.
    const [notice] = await notified(world, login.id)
    expect(notice).toMatchObject({ organization_id: there, announced: 1 })
    expect(JSON.stringify([notice?.title, notice?.body])).not.toMatch(/Clinic/)
  })

  test('cannot be fished for by id: a wrong name or birth is answered as if nobody were there', async () => {
    const stranger = await world.patient([here])
    const bodies = async (patient_id: string, body: object) => {
      const response = await world.fetch(`/api/organizations/${there}/patients/${patient_id}/enrollment`, {
        method: 'POST',
        token: other.token,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
      const { request_id: _, instance: __, ...rest } = (await response.json()) as Record<string, unknown>
      return rest
    }
    const nobody = await bodies(world.id(), told(stranger))
    expect(nobody).toMatchObject({ code: 'NOT_FOUND' })
    expect(await bodies(stranger.id, { ...told(stranger), dob: '1901-01-01' })).toEqual(nobody)
    expect(await bodies(stranger.id, { ...told(stranger), last_name: 'Wrong' })).toEqual(nobody)
    // What is missing is asked for whether there is such a patient or not.
    expect(await bodies(stranger.id, {})).toEqual(await bodies(world.id(), {}))
    expect(await bodies(stranger.id, { dob: stranger.dob })).toMatchObject({
      code: 'VALIDATION_ERROR',
      errors: [{ pointer: '/last_name' }],
    })
    const { rows } = await world.admin.query(
      'select * from organization_patients where organization_id = $1 and patient_id = $2',
      [there, stranger.id],
    )
    expect(rows).toEqual([])
    const denied = await world.auditRows({ operation: 'enrollPatient', actor: other.id })
    expect(
      denied.filter(({ outcome, resource_id }) => outcome === 'DENIED' && resource_id === stranger.id),
    ).toHaveLength(2)
  })

  test('after five wrong tries, at once or not, the right answer is refused for a day', async () => {
    const stranger = await world.patient([here])
    const wrong = () => codeOf(enroll(stranger.id, { ...told(stranger), dob: '1901-01-01' }))
    expect(await Promise.all(Array.from({ length: 5 }, wrong))).toEqual(Array(5).fill('NOT_FOUND'))
    expect(await codeOf(enroll(stranger.id, told(stranger)))).toBe('NOT_FOUND')
    const { rows } = await world.admin.query(
      'select failures from enrollment_attempts where patient_id = $1',
      [stranger.id],
    )
    expect(rows).toEqual([{ failures: 5 }])
    await world.admin.query(
      `update enrollment_attempts set last_at = last_at - interval '25 hours' where patient_id = $1`,
      [stranger.id],
    )
    expect(await codeOf(enroll(stranger.id, told(stranger)))).toBe('passed')
  })

  test('enrolled by two at once is enrolled once', async () => {
    const shared = await world.patient([here])
    const codes = await Promise.all(Array.from({ length: 6 }, () => codeOf(enroll(shared.id, told(shared)))))
    // Whoever was not first found the patient unenrolled, or enrolled; never a failure.
    for (const code of codes) expect(['passed', 'CONFLICT']).toContain(code)
    const { items } = await other.client.patients.list({ org_id: there, search: shared.lastName })
    expect(items).toHaveLength(1)
  })

  test('takes no number of a patient there: DUPLICATE_MRN', async () => {
    const taken = await world.patient([there])
    const shared = await world.patient([here])
    const body = { ...told(shared), medical_record_number: taken.mrn }
    expect(await codeOf(enroll(shared.id, body))).toBe('DUPLICATE_MRN')
  })

  test('cannot be pulled in by a plain insert either: row-level security refuses it', async () => {
    const stranger = await world.patient([here])
    const { default: pg } = await import('pg')
    const application = new pg.Client(world.appUrl)
    await application.connect()
    try {
      await application.query('begin')
      await application.query(
        `select set_config('app.scope', 'organization', true), set_config('app.organization_id', $1, true)`,
        [there],
      )
      await expect(
        application.query(
          `insert into organization_patients (organization_id, patient_id, medical_record_number, enrolled_at, first_name, last_name, dob, search_text)
           values ($1, $2, 'PULLED', now(), '', '', now(), '')`,
          [there, stranger.id],
        ),
      ).rejects.toThrow(/row-level security/)
    } finally {
      await application.end()
    }
  })
})

describe('deletePatient', () => {
  const boss = async (org: string) => world.user({ roles: { [org]: 'ADMIN' } })

  test('hides the patient here; one whom another organization has stays there, portal and proxies too', async () => {
    const self = await world.user()
    const proxy = await world.user()
    const shared = await world.patient([here, there], { userId: self.id })
    await world.proxy(proxy.id, shared.id)
    const admin = await boss(here)
    await admin.client.patients.delete({ org_id: here, patient_id: shared.id })
    const mine = { org_id: here, patient_id: shared.id }
    const theirs = { org_id: there, patient_id: shared.id }
    expect(await codeOf(staff.client.patients.get(mine))).toBe('NOT_FOUND')
    expect((await staff.client.patients.list({ org_id: here, search: shared.lastName })).items).toEqual([])
    expect(await codeOf(staff.client.enrollment.get(mine))).toBe('NOT_FOUND')
    expect(await codeOf(self.client.patients.get(mine))).toBe('NOT_FOUND')
    for (const user of [other, self, proxy])
      expect(await codeOf(user.client.patients.get(theirs))).toBe('passed')
    expect(await codeOf(admin.client.patients.delete(mine))).toBe('NOT_FOUND')
    const back = { ...mine, last_name: shared.lastName, dob: shared.dob }
    expect(await codeOf(staff.client.enrollment.enroll(mine))).toBe('VALIDATION_ERROR')
    expect(await codeOf(staff.client.enrollment.enroll(back))).toBe('passed')
  })

  test('of the last organization ends the portal and what proxies may; the account can be another patient’s', async () => {
    const self = await world.user()
    const proxy = await world.user()
    const { id: patient_id, mrn } = await world.patient([here], { userId: self.id })
    await world.proxy(proxy.id, patient_id)
    const admin = await boss(here)
    await admin.client.patients.delete({ org_id: here, patient_id })
    for (const { client } of [self, proxy])
      expect(await codeOf(client.patients.get({ org_id: here, patient_id }))).toBe('NOT_FOUND')
    expect(await self.client.users.me()).toMatchObject({ patient_profile: null })
    expect((await proxy.client.users.proxyPatients()).items).toEqual([])
    // The number is free again: it may have been typed for the wrong person.
    const again = {
      org_id: here,
      first_name: 'New',
      last_name: 'Person',
      dob: '1980-01-01',
      medical_record_number: mrn,
    }
    expect(await codeOf(staff.client.patients.create(again))).toBe('passed')
    expect(await codeOf(world.patient([here], { userId: self.id }))).toBe('passed')
    const rows = await world.auditRows({ operation: 'deletePatient', actor: admin.id })
    expect(rows).toMatchObject([{ action_type: 'DELETE', resource_id: patient_id, outcome: 'SUCCESS' }])
  })

  test('both organizations at once leave nobody behind', async () => {
    const shared = await world.patient([here, there])
    const [one, two] = [await boss(here), await boss(there)]
    const codes = await Promise.all([
      codeOf(one.client.patients.delete({ org_id: here, patient_id: shared.id })),
      codeOf(two.client.patients.delete({ org_id: there, patient_id: shared.id })),
    ])
    expect(codes).toEqual(['passed', 'passed'])
    const { rows } = await world.admin.query('select deleted_at from patients where id = $1', [shared.id])
    expect(rows[0].deleted_at).not.toBeNull()
  })

  test('CONFLICT while appointments are booked; FORBIDDEN for others than ADMINs', async () => {
    const { id: patient_id } = await world.patient([here])
    const provider = await world.provider(here)
    const admin = await boss(here)
    const { id } = await staff.client.appointments.create({
      org_id: here,
      patient_id,
      provider_id: provider.providerId,
      appointment_type: 'IN_PERSON',
      scheduled_at: new Date(world.clock.now().getTime() + 86_400_000).toISOString(),
    })
    expect(await codeOf(admin.client.patients.delete({ org_id: here, patient_id }))).toBe('CONFLICT')
    expect(await codeOf(staff.client.patients.delete({ org_id: here, patient_id }))).toBe('FORBIDDEN')
    await world.admin.query(`update appointments set status = 'CANCELLED' where id = $1`, [id])
    expect(await codeOf(admin.client.patients.delete({ org_id: here, patient_id }))).toBe('passed')
  })
})

test('a booking and the end of care at once: never both', async () => {
  const admin = await world.user({ roles: { [here]: 'ADMIN' } })
  const provider = await world.provider(here)
  for (let round = 0; round < 6; round++) {
    const { id: patient_id } = await world.patient([here])
    const at = world.clock.now().getTime() + (round + 1) * 86_400_000
    const [booked, deleted] = await Promise.all([
      codeOf(
        staff.client.appointments.create({
          org_id: here,
          patient_id,
          provider_id: provider.providerId,
          appointment_type: 'IN_PERSON',
          scheduled_at: new Date(at).toISOString(),
        }),
      ),
      codeOf(admin.client.patients.delete({ org_id: here, patient_id })),
    ])
    expect([
      ['passed', 'CONFLICT'],
      ['NOT_FOUND', 'passed'],
    ]).toContainEqual([booked, deleted])
  }
})

describe('where a patient is in care', () => {
  test('shows to the patient, a live proxy and a super-admin, audited; to nobody else', async () => {
    const self = await world.user()
    const shared = await world.patient([here, there], { userId: self.id })
    const proxy = await world.user()
    await world.proxy(proxy.id, shared.id, { billing: false, scheduling: false })
    const superAdmin = await world.user({ superAdmin: true })
    const ask = ({ client }: TestUser, limit = 50) =>
      client.patients.organizations({ patient_id: shared.id, limit, include_total: true })
    for (const user of [self, proxy, superAdmin]) {
      const { items, total } = await ask(user)
      expect(items.map(({ organization_id }) => organization_id).toSorted()).toEqual([here, there].toSorted())
      expect(total).toBe(2)
    }
    const [first] = (await ask(self, 1)).items
    expect((await (await ask(self, 1)).next())?.items).toHaveLength(1)
    expect(first).toEqual({
      organization_id: expect.any(String),
      organization_name: expect.any(String),
      status: 'ACTIVE',
    })
    expect(
      await world.auditRows({ operation: 'listPatientOrganizations', actor: superAdmin.id }),
    ).toMatchObject([{ action_type: 'LIST', resource_type: 'ENROLLMENT', resource_id: shared.id }])
    for (const user of [staff, await world.user(), await world.user({ supportAgent: true })])
      expect(await codeOf(ask(user))).toBe('NOT_FOUND')
    const late = await world.user()
    await world.proxy(late.id, shared.id, { expiresAt: new Date(world.clock.now().getTime() - 1) })
    expect(await codeOf(ask(late))).toBe('PROXY_ACCESS_EXPIRED')
    const count = async (limit: number) =>
      (await statementsOf(() => ask(self, limit), 'person', self.id)).length
    expect(await count(100)).toBe(await count(1))
  })

  test('whoever looks as the patient sees the own organization only', async () => {
    const self = await world.user()
    const shared = await world.patient([here, there], { userId: self.id })
    const admin = await world.user({ roles: { [here]: 'ADMIN' } })
    const { access_token } = await admin.client.admin.impersonate({
      organization_id: here,
      patient_id: shared.id,
      reason: 'Checking what the portal shows',
    })
    const { items } = await world
      .client(world.secret(access_token))
      .patients.organizations({ patient_id: shared.id })
    expect(items.map(({ organization_id }) => organization_id)).toEqual([here])
  })
})
