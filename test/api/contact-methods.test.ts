import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { codeOf } from '../support/problems.ts'
import { statementsOf } from '../support/statements.ts'
import { createWorld, type TestUser, type World } from '../support/world.ts'

let world: World
let org_id: string
let staff: TestUser
let serial = 0

beforeAll(async () => {
  world = await createWorld()
  org_id = await world.organization()
  staff = await world.user({ roles: { [org_id]: 'STAFF' } })
})
afterAll(() => world.stop())

const number = (): string => {
  serial += 1
  return world.secret(`+1212666${String(serial).padStart(4, '0')}`)
}
const patient = async (options: { userId?: string } = {}) => (await world.patient([org_id], options)).id
type Contact = Parameters<TestUser['client']['contactMethods']['create']>[0]
const add = (patient_id: string, change: Partial<Contact> = {}, { client }: TestUser = staff) =>
  client.contactMethods.create({ org_id, patient_id, type: 'MOBILE', value: number(), ...change })
const list = async (patient_id: string) =>
  (await staff.client.contactMethods.list({ org_id, patient_id })).items
const version = async (patient_id: string) =>
  (await staff.client.patients.get({ org_id, patient_id })).version

describe('a contact', () => {
  test('is not safe for anything automated, nor the primary, unless somebody says so', async () => {
    const patient_id = await patient()
    const value = number()
    const made = await add(patient_id, { value })
    expect(made).toEqual({
      id: expect.any(String),
      type: 'MOBILE',
      value,
      is_primary: false,
      is_safe_for_voicemail: false,
      version: 1,
    })
    expect(await list(patient_id)).toEqual([made])
    const safe = await staff.client.contactMethods.update({
      org_id,
      patient_id,
      contact_id: made.id,
      is_safe_for_voicemail: true,
    })
    expect(safe).toEqual({ ...made, is_safe_for_voicemail: true, version: 2 })
    const [row] = await world.auditRows({ operation: 'updateContactMethod', actor: staff.id })
    expect(row).toMatchObject({
      resource_id: made.id,
      changes: { is_safe_for_voicemail: { old: false, new: true } },
    })
  })

  test('may be written as people of the country write it, and is kept in E.164', async () => {
    const patient_id = await patient()
    const value = async (text: string, type: Contact['type'] = 'HOME') =>
      (await add(patient_id, { type, value: text })).value
    expect(await value('(212) 555-0123')).toBe('+12125550123')
    expect(await value('+44 20 7946 0123')).toBe('+442079460123')
    expect(await value(' Ngozi.O@patient.test ', 'EMAIL')).toBe('Ngozi.O@patient.test')
    const british = await world.organization()
    await world.admin.query(`update organizations set settings = '{"country": "GB"}' where id = $1`, [
      british,
    ])
    const { client } = await world.user({ roles: { [british]: 'STAFF' } })
    const there = await world.patient([british])
    const home = { org_id: british, patient_id: there.id, type: 'HOME', value: '020 7946 0999' } as const
    expect(await client.contactMethods.create(home)).toMatchObject({ value: '+442079460999' })
  })

  test.each([
    ['MOBILE', '12'],
    ['MOBILE', 'ada@patient.test'],
    ['HOME', '+10000000000'],
    ['WORK', '+1 212 555 0123 ext. 5'],
    ['EMAIL', '+12125550123'],
    ['EMAIL', 'ada@'],
    ['EMAIL', 'a b@patient.test'],
  ] as const)('VALIDATION_ERROR for %s %s', async (type, value) => {
    const patient_id = await patient()
    await expect(add(patient_id, { type, value })).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
      errors: [{ pointer: '/value' }],
    })
    const { id } = await add(patient_id, { type, value: type === 'EMAIL' ? 'ok@patient.test' : number() })
    expect(
      await codeOf(staff.client.contactMethods.update({ org_id, patient_id, contact_id: id, value })),
    ).toBe('VALIDATION_ERROR')
  })

  test('is not there twice under one type: CONFLICT', async () => {
    const patient_id = await patient()
    const { value } = await add(patient_id)
    const other = await add(patient_id)
    expect(await codeOf(add(patient_id, { value }))).toBe('CONFLICT')
    expect(
      await codeOf(staff.client.contactMethods.update({ org_id, patient_id, contact_id: other.id, value })),
    ).toBe('CONFLICT')
    expect(await codeOf(add(patient_id, { type: 'WORK', value }))).toBe('passed')
  })
})

test('a patient has fifty contacts at most: CONFLICT', async () => {
  const patient_id = await patient()
  await world.admin.query(
    `insert into contact_methods (id, patient_id, type, value)
       select gen_random_uuid(), $1, 'EMAIL', 'many.' || n || '@patient.test' from generate_series(1, 49) n`,
    [patient_id],
  )
  expect(await codeOf(add(patient_id))).toBe('passed')
  expect(await codeOf(add(patient_id))).toBe('CONFLICT')
})

describe('the primary of a type', () => {
  test('is one: a new one takes the place of the old, of other types nothing changes', async () => {
    const patient_id = await patient()
    const first = await add(patient_id, { is_primary: true })
    const home = await add(patient_id, { type: 'HOME', is_primary: true })
    const second = await add(patient_id, { is_primary: true })
    const primaries = async () => (await list(patient_id)).filter((one) => one.is_primary).map(({ id }) => id)
    expect((await primaries()).toSorted()).toEqual([home.id, second.id].toSorted())
    await staff.client.contactMethods.update({ org_id, patient_id, contact_id: first.id, is_primary: true })
    expect((await primaries()).toSorted()).toEqual([first.id, home.id].toSorted())
  })

  test('of many named at once one stays', async () => {
    const patient_id = await patient()
    const contacts = await Promise.all(Array.from({ length: 6 }, () => add(patient_id)))
    const codes = await Promise.all([
      ...contacts.map(({ id }) =>
        codeOf(staff.client.contactMethods.update({ org_id, patient_id, contact_id: id, is_primary: true })),
      ),
      ...contacts.map(() => codeOf(add(patient_id, { is_primary: true }))),
    ])
    expect(codes).toEqual(Array(12).fill('passed'))
    expect((await list(patient_id)).filter(({ is_primary }) => is_primary)).toHaveLength(1)
  })
})

describe('versions', () => {
  test('a stale If-Match answers 412 with the version that stands; nothing is overwritten', async () => {
    const patient_id = await patient()
    const { id: contact_id } = await add(patient_id)
    const change = (if_match: string) =>
      staff.client.contactMethods.update({ org_id, patient_id, contact_id, if_match, is_primary: true })
    expect(await change('"1"')).toMatchObject({ version: 2 })
    await expect(change('"1"')).rejects.toMatchObject({ code: 'PRECONDITION_FAILED', currentVersion: 2 })
  })

  test('a change of a contact is a change of the patient’s record', async () => {
    const patient_id = await patient()
    const before = await version(patient_id)
    const { id: contact_id } = await add(patient_id)
    await add(patient_id)
    await staff.client.contactMethods.update({ org_id, patient_id, contact_id, is_primary: true })
    await staff.client.contactMethods.delete({ org_id, patient_id, contact_id })
    expect(await version(patient_id)).toBe(before + 4)
    const stale = { org_id, patient_id, if_match: `"${before}"`, first_name: 'Stale' }
    expect(await codeOf(staff.client.patients.update(stale))).toBe('PRECONDITION_FAILED')
  })
})

describe('the last contact', () => {
  test('is never deleted: CONFLICT', async () => {
    const patient_id = await patient()
    const { id: contact_id } = await add(patient_id)
    const remove = (id: string) =>
      codeOf(staff.client.contactMethods.delete({ org_id, patient_id, contact_id: id }))
    expect(await remove(contact_id)).toBe('CONFLICT')
    const email = await add(patient_id, { type: 'EMAIL', value: 'second@patient.test' })
    expect(await remove(contact_id)).toBe('passed')
    expect(await remove(contact_id)).toBe('NOT_FOUND')
    expect(await remove(email.id)).toBe('CONFLICT')
  })

  test('stays when all are deleted at once', async () => {
    const patient_id = await patient()
    const contacts = await Promise.all(Array.from({ length: 5 }, () => add(patient_id)))
    const codes = await Promise.all(
      contacts.map(({ id }) =>
        codeOf(staff.client.contactMethods.delete({ org_id, patient_id, contact_id: id })),
      ),
    )
    expect(codes.toSorted()).toEqual(['CONFLICT', ...Array(4).fill('passed')])
    expect(await list(patient_id)).toHaveLength(1)
  })
})

describe('who', () => {
  test('patients and live proxies add and change, and do not delete; others find nothing', async () => {
    const self = await world.user()
    const patient_id = await patient({ userId: self.id })
    const proxy = await world.user()
    await world.proxy(proxy.id, patient_id, { clinical: false, billing: false, scheduling: false })
    const stranger = await world.user()
    const { id: contact_id } = await add(patient_id)
    const all = async (user: TestUser) => [
      await codeOf(user.client.contactMethods.list({ org_id, patient_id })),
      await codeOf(add(patient_id, {}, user)),
      await codeOf(user.client.contactMethods.update({ org_id, patient_id, contact_id, is_primary: true })),
      await codeOf(user.client.contactMethods.delete({ org_id, patient_id, contact_id })),
    ]
    expect(await all(self)).toEqual(['passed', 'passed', 'passed', 'NOT_FOUND'])
    expect(await all(proxy)).toEqual(['passed', 'passed', 'passed', 'NOT_FOUND'])
    expect(await all(stranger)).toEqual(Array(4).fill('NOT_FOUND'))
    const agent = await world.user({ roles: { [org_id]: 'CALL_CENTER_AGENT' } })
    expect(await all(agent)).toEqual(['passed', 'FORBIDDEN', 'FORBIDDEN', 'FORBIDDEN'])
  })

  test('both organizations of a shared patient see one list; a contact of another patient is none', async () => {
    const there = await world.organization()
    const other = await world.user({ roles: { [there]: 'STAFF' } })
    const { id: patient_id } = await world.patient([org_id, there])
    const { id: contact_id } = await add(patient_id)
    const seen = await other.client.contactMethods.list({ org_id: there, patient_id })
    expect(seen.items.map(({ id }) => id)).toEqual([contact_id])
    const foreign = (await world.patient([there])).id
    for (const id of [foreign, world.id()]) {
      expect(await codeOf(staff.client.contactMethods.list({ org_id, patient_id: id }))).toBe('NOT_FOUND')
      expect(await codeOf(add(id))).toBe('NOT_FOUND')
      const named = { org_id, patient_id: id, contact_id }
      expect(await codeOf(staff.client.contactMethods.update({ ...named, is_primary: true }))).toBe(
        'NOT_FOUND',
      )
      expect(await codeOf(staff.client.contactMethods.delete(named))).toBe('NOT_FOUND')
    }
    const own = { org_id, patient_id: await patient(), contact_id }
    expect(await codeOf(staff.client.contactMethods.update({ ...own, is_primary: true }))).toBe('NOT_FOUND')
    expect(await codeOf(staff.client.contactMethods.delete(own))).toBe('NOT_FOUND')
  })
})

test('the list walks to the end in order, and asks the database as often for many as for one', async () => {
  const patient_id = await patient()
  for (const type of ['WORK', 'HOME', 'MOBILE'] as const)
    for (const is_primary of [false, true, false]) await add(patient_id, { type, is_primary })
  const walked = []
  for await (const one of staff.client.contactMethods.list({ org_id, patient_id, limit: 2 })) walked.push(one)
  expect(walked.map(({ type, is_primary }) => `${type} ${is_primary}`)).toEqual(
    ['HOME', 'MOBILE', 'WORK'].flatMap((type) => [`${type} true`, `${type} false`, `${type} false`]),
  )
  const count = async (limit: number) =>
    (
      await statementsOf(() =>
        staff.client.contactMethods.list({ org_id, patient_id, limit, include_total: true }),
      )
    ).length
  expect(await count(100)).toBe(await count(1))
  const cursor = (await staff.client.contactMethods.list({ org_id, patient_id, limit: 1 })).next_cursor ?? ''
  const elsewhere = { org_id, patient_id: await patient(), cursor }
  expect(await codeOf(staff.client.contactMethods.list(elsewhere))).toBe('INVALID_CURSOR')
})
