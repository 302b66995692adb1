import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type MailServer, startMailServer, tokenIn } from '../support/mail.ts'
import { notified } from '../support/outbox.ts'
import { codeOf } from '../support/problems.ts'
import { statementsOf } from '../support/statements.ts'
import { createWorld, type TestUser, type World } from '../support/world.ts'

let world: World
let smtp: MailServer
let org_id: string
let staff: TestUser
let admin: TestUser

beforeAll(async () => {
  smtp = await startMailServer()
  world = await createWorld({ env: smtp.env })
  org_id = await world.organization()
  staff = await world.user({ roles: { [org_id]: 'STAFF' } })
  admin = await world.user({ roles: { [org_id]: 'ADMIN' } })
})
afterAll(async () => {
  await world.stop()
  await smtp.close()
})

let serial = 0
const address = (): string => {
  serial += 1
  return world.secret(`proxy.${serial}@patient.test`)
}
const patient = async (organizations = [org_id]) => (await world.patient(organizations)).id
type Assign = Parameters<TestUser['client']['proxies']['assign']>[0]
const assign = (
  patient_id: string,
  email: string,
  change: Partial<Assign> = {},
  { client }: TestUser = staff,
) => client.proxies.assign({ org_id, patient_id, email, relationship_type: 'PARENT', ...change })
const read = ({ client }: TestUser, patient_id: string) => codeOf(client.patients.get({ org_id, patient_id }))
const listed = async (patient_id: string) => (await staff.client.proxies.list({ org_id, patient_id })).items

describe('somebody with an account', () => {
  test('named by e-mail has access at once, is told, and sees whom they act for', async () => {
    const { id: patient_id, firstName, lastName } = await world.patient([org_id])
    const person = await world.user()
    expect(await read(person, patient_id)).toBe('NOT_FOUND')
    const made = await assign(patient_id, person.email.toUpperCase(), { can_view_clinical_notes: true })
    expect(made).toEqual({
      id: expect.any(String),
      patient_id,
      status: 'ACTIVE',
      proxy: { user_id: person.id, display_name: expect.any(String), email: person.email },
      relationship_type: 'PARENT',
      can_view_clinical_notes: true,
      can_view_billing: true,
      can_schedule_appointments: true,
      access_granted_at: expect.any(String),
      expires_at: null,
    })
    expect(await listed(patient_id)).toEqual([made])
    expect(await read(person, patient_id)).toBe('passed')
    const [notice] = await notified(world, person.id)
    expect(notice).toMatchObject({ type: 'system', organization_id: org_id, announced: 1 })
    expect(JSON.stringify(notice)).not.toContain(lastName)
    const managed = {
      patient_id,
      first_name: firstName,
      last_name: lastName,
      relationship_type: 'PARENT',
      can_view_clinical_notes: true,
      can_view_billing: true,
      can_schedule_appointments: true,
      expires_at: null,
      organizations: [{ organization_id: org_id, organization_name: expect.any(String), status: 'ACTIVE' }],
    }
    expect((await person.client.users.proxyPatients()).items).toEqual([managed])
    expect((await person.client.users.me()).proxy_profile?.patients).toEqual([managed])
    expect(await world.auditRows({ operation: 'assignProxy', actor: staff.id })).toMatchObject([
      { action_type: 'GRANT_ACCESS', resource_type: 'PROXY_ASSIGNMENT', resource_id: made.id },
    ])
    expect(await world.auditRows({ operation: 'listProxyPatients', actor: person.id })).toMatchObject([
      { action_type: 'LIST', resource_type: 'PATIENT' },
    ])
  })

  test('is not the patient (CONFLICT), nor whoever names (FORBIDDEN), nor there twice (CONFLICT)', async () => {
    const self = await world.user()
    const { id: patient_id } = await world.patient([org_id], { userId: self.id })
    expect(await codeOf(assign(patient_id, self.email))).toBe('CONFLICT')
    expect(await codeOf(assign(patient_id, staff.email))).toBe('FORBIDDEN')
    const person = await world.user()
    await assign(patient_id, person.email)
    expect(await codeOf(assign(patient_id, person.email))).toBe('CONFLICT')
  })

  test('named many times at once has access once', async () => {
    const patient_id = await patient()
    const person = await world.user()
    const codes = await Promise.all(Array.from({ length: 8 }, () => codeOf(assign(patient_id, person.email))))
    expect(codes.toSorted()).toEqual([...Array(7).fill('CONFLICT'), 'passed'])
    const others = await Promise.all([patient(), patient(), patient()])
    const fresh = await world.user()
    // Of several patients at once: the person becomes a proxy once.
    expect(await Promise.all(others.map((id) => codeOf(assign(id, fresh.email))))).toEqual(
      Array(3).fill('passed'),
    )
    expect((await fresh.client.users.proxyPatients({ include_total: true })).total).toBe(3)
  })
})

describe('access', () => {
  test('ends at the very second, without a job; a new end or a new naming opens it again', async () => {
    const own = await createWorld()
    try {
      const org = await own.organization()
      const boss = await own.user({ roles: { [org]: 'ADMIN' } })
      const person = await own.user()
      const { id: patient_id } = await own.patient([org])
      const end = new Date(own.clock.now().getTime() + 3_600_000)
      const { id: assignment_id } = await boss.client.proxies.assign({
        org_id: org,
        patient_id,
        email: person.email,
        relationship_type: 'POA',
        expires_at: end.toISOString(),
      })
      const see = () => codeOf(person.client.patients.get({ org_id: org, patient_id }))
      const list = async () =>
        (await boss.client.proxies.list({ org_id: org, patient_id })).items.map((one) => one.status)
      own.clock.advance({ minutes: 59 })
      expect(await see()).toBe('passed')
      own.clock.advance({ seconds: (end.getTime() - own.clock.now().getTime()) / 1000 })
      expect(await see()).toBe('PROXY_ACCESS_EXPIRED')
      expect(await list()).toEqual(['EXPIRED'])
      expect((await person.client.users.proxyPatients()).items).toEqual([])
      const later = new Date(own.clock.now().getTime() + 60_000).toISOString()
      const one = { org_id: org, patient_id, assignment_id }
      expect(await boss.client.proxies.update({ ...one, expires_at: later })).toMatchObject({
        status: 'ACTIVE',
      })
      expect(await see()).toBe('passed')
      own.clock.advance({ minutes: 1 })
      expect(await see()).toBe('PROXY_ACCESS_EXPIRED')
      await boss.client.proxies.assign({
        org_id: org,
        patient_id,
        email: person.email,
        relationship_type: 'SPOUSE',
      })
      expect(await see()).toBe('passed')
      expect(await list()).toEqual(['ACTIVE'])
      expect(await codeOf(boss.client.proxies.update({ ...one, expires_at: null }))).toBe('NOT_FOUND')
    } finally {
      await own.stop()
    }
  })

  test('is changed by ADMINs, on the next request; an end in the past is a VALIDATION_ERROR', async () => {
    const patient_id = await patient()
    const person = await world.user()
    const { id: assignment_id } = await assign(patient_id, person.email, { can_view_clinical_notes: true })
    const one = { org_id, patient_id, assignment_id }
    const documents = () =>
      codeOf(
        person.client.messages.create({
          org_id,
          patient_id,
          subject: 'A',
          body: 'B',
          participant_ids: [staff.id],
        }),
      )
    expect(await documents()).toBe('passed')
    expect(await codeOf(staff.client.proxies.update({ ...one, can_view_clinical_notes: false }))).toBe(
      'FORBIDDEN',
    )
    const changed = await admin.client.proxies.update({
      ...one,
      can_view_clinical_notes: false,
      relationship_type: 'GUARDIAN',
    })
    expect(changed).toMatchObject({ can_view_clinical_notes: false, relationship_type: 'GUARDIAN' })
    expect(await documents()).not.toBe('passed')
    const past = new Date(world.clock.now().getTime() - 1).toISOString()
    await expect(admin.client.proxies.update({ ...one, expires_at: past })).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
      errors: [{ pointer: '/expires_at' }],
    })
    expect(await codeOf(assign(await patient(), person.email, { expires_at: past }))).toBe('VALIDATION_ERROR')
    const [row] = await world.auditRows({ operation: 'updateProxy', actor: admin.id })
    expect(row).toMatchObject({
      action_type: 'UPDATE_ACCESS',
      resource_id: assignment_id,
      changes: {
        can_view_clinical_notes: { old: true, new: false },
        relationship_type: { old: 'PARENT', new: 'GUARDIAN' },
      },
    })
  })

  test('is revoked at once: the next request is refused, open streams close, what was is kept', async () => {
    const patient_id = await patient()
    const person = await world.user()
    const bystander = await world.user()
    const { id: assignment_id } = await assign(patient_id, person.email)
    await assign(patient_id, bystander.email)
    const open = async ({ token }: TestUser) => {
      const response = await fetch(`${world.url}/api/events`, {
        headers: { authorization: `Bearer ${token}` },
      })
      let text = ''
      const ended = (async () => {
        for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) text += chunk
      })()
      await expect.poll(() => text).toContain('event: heartbeat')
      return { text: () => text, ended }
    }
    const stream = await open(person)
    const other = await open(bystander)
    expect(await codeOf(staff.client.proxies.revoke({ org_id, patient_id, assignment_id }))).toBe('FORBIDDEN')
    await admin.client.proxies.revoke({ org_id, patient_id, assignment_id })
    expect(await read(person, patient_id)).toBe('NOT_FOUND')
    await stream.ended
    expect(stream.text()).toContain('"reason":"ACCESS_LOST"')
    expect(other.text()).not.toContain('stream.closed')
    expect(await codeOf(admin.client.proxies.revoke({ org_id, patient_id, assignment_id }))).toBe('NOT_FOUND')
    expect((await listed(patient_id)).map(({ proxy }) => proxy.user_id)).toEqual([bystander.id])
    const { rows } = await world.admin.query(
      'select deleted_at from patient_proxy_assignments where id = $1',
      [assignment_id],
    )
    expect(rows[0].deleted_at).not.toBeNull()
    const [row] = await world.auditRows({ operation: 'revokeProxy', actor: admin.id })
    expect(row).toMatchObject({
      action_type: 'REVOKE_ACCESS',
      resource_id: assignment_id,
      outcome: 'SUCCESS',
    })
  })

  test('open streams close when it runs out', async () => {
    const own = await createWorld()
    try {
      const org = await own.organization()
      const boss = await own.user({ roles: { [org]: 'ADMIN' } })
      const person = await own.user()
      const { id: patient_id } = await own.patient([org])
      const expires_at = new Date(own.clock.now().getTime() + 300_000).toISOString()
      await boss.client.proxies.assign({
        org_id: org,
        patient_id,
        email: person.email,
        relationship_type: 'POA',
        expires_at,
      })
      const response = await fetch(`${own.url}/api/events`, {
        headers: { authorization: `Bearer ${person.token}` },
      })
      let text = ''
      const ended = (async () => {
        for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) text += chunk
      })()
      await expect.poll(() => text).toContain('event: heartbeat')
      own.clock.advance({ minutes: 5 })
      await ended
      expect(text).toContain('"reason":"ACCESS_LOST"')
    } finally {
      await own.stop()
    }
  })

  test('is seen and changed by every organization that has the patient, by no other', async () => {
    const there = await world.organization()
    const shared = await patient([org_id, there])
    const boss = await world.user({ roles: { [there]: 'ADMIN' } })
    const outsider = await world.user({ roles: { [await world.organization()]: 'ADMIN' } })
    const person = await world.user()
    const { id: assignment_id } = await assign(shared, person.email)
    const seen = await boss.client.proxies.list({ org_id: there, patient_id: shared })
    expect(seen.items.map(({ id }) => id)).toEqual([assignment_id])
    const own = await patient([there])
    // The same id under a patient of whom it is not.
    expect(await codeOf(boss.client.proxies.revoke({ org_id: there, patient_id: own, assignment_id }))).toBe(
      'NOT_FOUND',
    )
    expect(await codeOf(outsider.client.proxies.list({ org_id, patient_id: shared }))).toBe('NOT_FOUND')
    const mine = await patient()
    const foreign = await assign(mine, person.email)
    const named = { org_id: there, patient_id: mine, assignment_id: foreign.id }
    expect(await codeOf(boss.client.proxies.update({ ...named, can_view_billing: false }))).toBe('NOT_FOUND')
    expect(await codeOf(boss.client.proxies.revoke(named))).toBe('NOT_FOUND')
    expect(await codeOf(boss.client.proxies.list({ org_id: there, patient_id: mine }))).toBe('NOT_FOUND')
    expect(
      await codeOf(boss.client.proxies.revoke({ org_id: there, patient_id: shared, assignment_id })),
    ).toBe('passed')
    expect(await read(person, shared)).toBe('NOT_FOUND')
  })
})

describe('somebody without an account', () => {
  test('is mailed a link, and has what was offered after giving the patient’s date of birth', async () => {
    const { id: patient_id, lastName, dob } = await world.patient([org_id])
    const email = address()
    const until = new Date(world.clock.now().getTime() + 30 * 86_400_000).toISOString()
    const invited = await assign(patient_id, email, { expires_at: until, can_view_billing: false })
    expect(invited).toMatchObject({
      status: 'INVITED',
      proxy: { user_id: null, display_name: null, email },
      access_granted_at: null,
      expires_at: until,
    })
    expect(await listed(patient_id)).toEqual([invited])
    expect(await codeOf(assign(patient_id, email.toUpperCase()))).toBe('CONFLICT')
    const changed = await admin.client.proxies.update({
      org_id,
      patient_id,
      assignment_id: invited.id,
      can_schedule_appointments: false,
    })
    expect(changed).toMatchObject({ status: 'INVITED', can_schedule_appointments: false })
    const mine = () => smtp.mails.filter(({ to }) => to.includes(email))
    await expect.poll(() => mine().length, { timeout: 15_000 }).toBe(1)
    const [mail] = mine()
    expect(mail?.raw).not.toContain(lastName)
    const token = world.secret(tokenIn(mail ?? { from: '', to: [], raw: '' }))
    const person = await world.user()
    const accept = (given = dob) => person.client.portalInvitations.accept({ token, dob: given })
    expect(await codeOf(accept('1901-01-01'))).toBe('NOT_FOUND')
    expect(await accept()).toEqual({ patient_id, organization_id: org_id, role: 'PROXY' })
    expect(await read(person, patient_id)).toBe('passed')
    expect(await listed(patient_id)).toMatchObject([
      {
        status: 'ACTIVE',
        proxy: { user_id: person.id },
        can_view_billing: false,
        can_schedule_appointments: false,
        expires_at: until,
      },
    ])
    expect(await codeOf(accept())).toBe('NOT_FOUND')
  })

  test('whose invitation is revoked finds nothing behind the link', async () => {
    const { id: patient_id, dob } = await world.patient([org_id])
    const email = address()
    const { id: assignment_id } = await assign(patient_id, email)
    await admin.client.proxies.revoke({ org_id, patient_id, assignment_id })
    expect(await listed(patient_id)).toEqual([])
    await expect.poll(() => smtp.mails.some(({ to }) => to.includes(email)), { timeout: 15_000 }).toBe(true)
    const mail = smtp.mails.find(({ to }) => to.includes(email))
    const token = world.secret(tokenIn(mail ?? { from: '', to: [], raw: '' }))
    const person = await world.user()
    expect(await codeOf(person.client.portalInvitations.accept({ token, dob }))).toBe('NOT_FOUND')
    // Invited anew, there is one again.
    expect(await codeOf(assign(patient_id, email))).toBe('passed')
  })
})

test('lists walk to the end, the newest first, and ask the database as often for many as for one', async () => {
  const patient_id = await patient()
  const person = await world.user()
  const ids = [
    (await assign(patient_id, (await world.user()).email)).id,
    (await assign(patient_id, address())).id,
    (await assign(patient_id, person.email)).id,
  ]
  const walked = []
  for await (const one of staff.client.proxies.list({ org_id, patient_id, limit: 1 })) walked.push(one.id)
  expect(walked).toEqual(ids.toReversed())
  expect((await staff.client.proxies.list({ org_id, patient_id, limit: 1, include_total: true })).total).toBe(
    3,
  )
  const count = async (limit: number) =>
    (await statementsOf(() => staff.client.proxies.list({ org_id, patient_id, limit }))).length
  expect(await count(100)).toBe(await count(1))
  for (let index = 0; index < 3; index++) await assign(await patient(), person.email)
  const names = []
  for await (const one of person.client.users.proxyPatients({ limit: 1 }))
    names.push(`${one.last_name} ${one.first_name} ${one.patient_id}`)
  expect(names).toHaveLength(4)
  expect(names).toEqual(names.toSorted())
  const asked = async (limit: number) =>
    (await statementsOf(() => person.client.users.proxyPatients({ limit }), 'person', person.id)).length
  expect(await asked(100)).toBe(await asked(1))
})

test('nobody’s wards show to whoever impersonates', async () => {
  const self = await world.user()
  const { id: patient_id } = await world.patient([org_id], { userId: self.id })
  await assign(await patient(), self.email)
  expect((await self.client.users.proxyPatients()).items).toHaveLength(1)
  const { access_token } = await admin.client.admin.impersonate({
    patient_id,
    reason: 'Looking into a complaint',
  })
  const looked = await world.client(world.secret(access_token)).users.proxyPatients({ include_total: true })
  expect(looked).toMatchObject({ items: [], total: 0 })
})
