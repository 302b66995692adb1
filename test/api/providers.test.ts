import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createPool } from '../../packages/server/src/db/pool.ts'
import { unscoped } from '../../packages/server/src/db/scope.ts'
import { npiNumber } from '../../packages/server/src/demo/random.ts'
import { collectEvents } from '../../packages/server/src/domains/events/outbox.ts'
import { announceExpiringLicenses } from '../../packages/server/src/domains/providers/expiring.ts'
import { notified, published } from '../support/outbox.ts'
import { codeOf } from '../support/problems.ts'
import { statementsOf } from '../support/statements.ts'
import { createWorld, type TestUser, type World } from '../support/world.ts'

let world: World
let org_id: string
let admin: TestUser
let serial = 0

beforeAll(async () => {
  world = await createWorld()
  org_id = await world.organization()
  admin = await world.user({ roles: { [org_id]: 'ADMIN' } })
})
afterAll(() => world.stop())

const npi = (): string => {
  serial += 1
  return npiNumber(`1${String(serial).padStart(8, '0')}`)
}
const dea = 'AB1234563'
const license = (expiry: string, state: 'NY' | 'NJ' = 'NY') => ({ state, license_number: 'L-1', expiry })
/** A member, made a provider. */
async function provider(change: Partial<Parameters<typeof admin.client.providers.create>[0]> = {}) {
  const user = await world.user({ roles: { [org_id]: 'PROVIDER' } })
  const made = await admin.client.providers.create({
    org_id,
    user_id: user.id,
    npi_number: npi(),
    state_licenses: [license('2099-01-01')],
    ...change,
  })
  return { user, made, provider_id: made.id }
}
const book = (provider_id: string, patient_id: string) =>
  admin.client.appointments.create({
    org_id,
    patient_id,
    provider_id,
    appointment_type: 'IN_PERSON',
    scheduled_at: new Date(world.clock.now().getTime() + 86_400_000).toISOString(),
  })

describe('a provider', () => {
  test('is a member with an NPI; the whole profile comes back', async () => {
    const user = await world.user({ roles: { [org_id]: 'PROVIDER' } })
    const npi_number = npi()
    const made = await admin.client.providers.create({
      org_id,
      user_id: user.id,
      npi_number,
      dea_number: dea,
      specialty: ' Cardiology ',
      state_licenses: [license('2031-05-01'), license('2020-01-01', 'NJ')],
    })
    expect(made).toEqual({
      id: expect.any(String),
      user_id: user.id,
      display_name: expect.any(String),
      npi_number,
      dea_number: dea,
      specialty: 'Cardiology',
      state_licenses: [license('2031-05-01'), license('2020-01-01', 'NJ')],
      is_licensed: true,
      version: 1,
      created_at: expect.any(String),
      updated_at: expect.any(String),
    })
    expect(await admin.client.providers.get({ org_id, provider_id: made.id })).toEqual(made)
    expect((await user.client.users.me()).memberships).toMatchObject([{ role_entity_id: made.id }])
  })

  test('is no stranger: NOT_FOUND; and nobody twice, nor under another’s NPI: CONFLICT', async () => {
    const create = (user_id: string, npi_number = npi()) =>
      codeOf(admin.client.providers.create({ org_id, user_id, npi_number }))
    const elsewhere = await world.user({ roles: { [await world.organization()]: 'PROVIDER' } })
    expect(await create((await world.user()).id)).toBe('NOT_FOUND')
    expect(await create(elsewhere.id)).toBe('NOT_FOUND')
    const { user, made } = await provider()
    expect(await create(user.id)).toBe('CONFLICT')
    const another = await world.user({ roles: { [org_id]: 'PROVIDER' } })
    expect(await create(another.id, made.npi_number)).toBe('CONFLICT')
    const second = await provider()
    const change = { org_id, provider_id: second.provider_id, npi_number: made.npi_number }
    expect(await codeOf(admin.client.providers.update(change))).toBe('CONFLICT')
  })

  test('of ten members who take one NPI at once one has it', async () => {
    const members = await Promise.all(
      Array.from({ length: 10 }, () => world.user({ roles: { [org_id]: 'PROVIDER' } })),
    )
    const npi_number = npi()
    const codes = await Promise.all(
      members.map(({ id }) => codeOf(admin.client.providers.create({ org_id, user_id: id, npi_number }))),
    )
    expect(codes.toSorted()).toEqual([...Array(9).fill('CONFLICT'), 'passed'])
  })

  test('VALIDATION_ERROR for a wrong check digit, a second licence of a state, a day that is none', async () => {
    const { id: user_id } = await world.user({ roles: { [org_id]: 'PROVIDER' } })
    const create = (change: object) =>
      admin.client.providers.create({ org_id, user_id, npi_number: npi(), ...change })
    await expect(create({ npi_number: '1234567890' })).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
      errors: [{ pointer: '/npi_number' }],
    })
    await expect(create({ dea_number: 'AB1234564' })).rejects.toMatchObject({
      errors: [{ pointer: '/dea_number' }],
    })
    await expect(
      create({ state_licenses: [license('2030-01-01'), license('2031-01-01')] }),
    ).rejects.toMatchObject({ errors: [{ pointer: '/state_licenses/1/state' }] })
    expect(await codeOf(create({ state_licenses: [license('2030-02-30')] }))).toBe('VALIDATION_ERROR')
    expect(await codeOf(create({ state_licenses: [{ ...license('2030-02-20'), state: 'XX' }] }))).toBe(
      'VALIDATION_ERROR',
    )
  })

  test('without an unexpired licence takes no new appointment', async () => {
    const { id: patient_id } = await world.patient([org_id])
    const { provider_id, made } = await provider({ state_licenses: [license('2020-01-01')] })
    expect(made.is_licensed).toBe(false)
    expect(await codeOf(book(provider_id, patient_id))).toBe('LICENSE_EXPIRED')
    const renewed = await admin.client.providers.update({
      org_id,
      provider_id,
      state_licenses: [license('2099-01-01')],
    })
    expect(renewed.is_licensed).toBe(true)
    expect(await codeOf(book(provider_id, patient_id))).toBe('passed')
  })
})

describe('the DEA number', () => {
  test('shows to ADMINs and the provider alone, and the trail says only that it changed', async () => {
    const { user, provider_id } = await provider({ dea_number: world.secret(dea) })
    const see = async ({ client }: Pick<TestUser, 'client'>) =>
      (await client.providers.get({ org_id, provider_id })).dea_number
    expect([await see(admin), await see(user)]).toEqual([dea, dea])
    const patient = await world.user()
    await world.patient([org_id], { userId: patient.id })
    for (const role of ['PROVIDER', 'STAFF', 'CALL_CENTER_AGENT', 'AUDITOR'] as const)
      expect(await see(await world.user({ roles: { [org_id]: role } })), role).toBeNull()
    expect(await see(patient)).toBeNull()
    const list = await admin.client.providers.list({ org_id, limit: 100 })
    expect(JSON.stringify(list.items)).not.toContain('dea')
    const changed = await user.client.providers.update({
      org_id,
      provider_id,
      dea_number: null,
      specialty: 'Surgery',
    })
    expect(changed.dea_number).toBeNull()
    const [row] = await world.auditRows({ operation: 'updateProvider', actor: user.id })
    expect(row?.changes).toEqual({
      dea_number: { old: '***', new: null },
      specialty: { old: null, new: 'Surgery' },
    })
  })
})

describe('changing a profile', () => {
  test('is for ADMINs and the provider; a stale If-Match answers 412', async () => {
    const { user, provider_id } = await provider()
    const update = ({ client }: Pick<TestUser, 'client'>, if_match?: string) =>
      client.providers.update({
        org_id,
        provider_id,
        specialty: 'Family medicine',
        ...(if_match ? { if_match } : {}),
      })
    expect(await update(user, '"1"')).toMatchObject({ version: 2 })
    await expect(update(admin, '"1"')).rejects.toMatchObject({
      code: 'PRECONDITION_FAILED',
      currentVersion: 2,
    })
    expect(await update(admin, '"2"')).toMatchObject({ version: 3 })
    const colleague = await world.user({ roles: { [org_id]: 'PROVIDER' } })
    expect(await codeOf(update(colleague))).toBe('FORBIDDEN')
    expect(await codeOf(update(await world.user({ roles: { [org_id]: 'STAFF' } })))).toBe('FORBIDDEN')
    const key = await admin.client.apiKeys.create({
      org_id,
      name: 'Key',
      role: 'PROVIDER',
      scopes: ['read', 'write'],
    })
    expect(await codeOf(update({ client: world.client(world.secret(key.secret)) }))).toBe('FORBIDDEN')
  })
})

describe('deleteProvider', () => {
  test('leaves the person a member, off every care team; CONFLICT while appointments are booked', async () => {
    const { user, provider_id } = await provider()
    const { id: patient_id } = await world.patient([org_id])
    await admin.client.careTeam.add({ org_id, patient_id, provider_id, is_primary_provider: true })
    const { id } = await book(provider_id, patient_id)
    const remove = () => codeOf(admin.client.providers.delete({ org_id, provider_id }))
    expect(await remove()).toBe('CONFLICT')
    await world.admin.query(`update appointments set status = 'CANCELLED' where id = $1`, [id])
    expect(await remove()).toBe('passed')
    expect(await remove()).toBe('NOT_FOUND')
    expect((await admin.client.careTeam.list({ org_id, patient_id })).items).toEqual([])
    expect((await admin.client.patients.get({ org_id, patient_id })).care_team).toEqual([])
    expect((await user.client.users.me()).memberships).toMatchObject([
      { role: 'PROVIDER', role_entity_id: null },
    ])
  })

  test('CONFLICT while the profile serves another organization; removing the member is enough', async () => {
    const there = await world.organization()
    const both = await world.user({ roles: { [org_id]: 'PROVIDER', [there]: 'PROVIDER' } })
    const { id: provider_id } = await admin.client.providers.create({
      org_id,
      user_id: both.id,
      npi_number: npi(),
    })
    expect(await codeOf(admin.client.providers.delete({ org_id, provider_id }))).toBe('CONFLICT')
    const boss = await world.user({ roles: { [there]: 'ADMIN' } })
    expect(await codeOf(boss.client.providers.get({ org_id: there, provider_id }))).toBe('passed')
    const { items } = await admin.client.members.list({ org_id, search: both.email })
    await admin.client.members.remove({ org_id, member_id: items[0]?.id ?? '' })
    expect(await codeOf(admin.client.providers.get({ org_id, provider_id }))).toBe('NOT_FOUND')
    expect(await codeOf(boss.client.providers.delete({ org_id: there, provider_id }))).toBe('passed')
  })
})

test('a booking and the end of a profile at once: never both', async () => {
  for (let round = 0; round < 6; round++) {
    const { provider_id } = await provider()
    const { id: patient_id } = await world.patient([org_id])
    const codes = await Promise.all([
      codeOf(book(provider_id, patient_id)),
      codeOf(admin.client.providers.delete({ org_id, provider_id })),
    ])
    expect([
      ['passed', 'CONFLICT'],
      ['NOT_FOUND', 'passed'],
    ]).toContainEqual(codes)
  }
})

describe('the list', () => {
  test('finds by specialty, by name whatever the accents, and by the beginning of the NPI; patients read it too', async () => {
    const own = await world.organization()
    const boss = await world.user({ roles: { [own]: 'ADMIN' } })
    const make = async (name: string, specialty: string) => {
      const user = await world.user({ roles: { [own]: 'PROVIDER' }, name })
      return boss.client.providers.create({ org_id: own, user_id: user.id, npi_number: npi(), specialty })
    }
    const first = await make('Dr. Zoë Muñoz', 'Cardiology')
    const second = await make('Dr. Ada Klein', 'Dermatology')
    const patient = await world.user()
    await world.patient([own], { userId: patient.id })
    const find = async (query: { search?: string; specialty?: string }, { client }: TestUser = patient) =>
      (await client.providers.list({ org_id: own, ...query })).items.map(({ id }) => id)
    expect(await find({})).toEqual([first.id, second.id])
    expect(await find({ search: 'MUNOZ' })).toEqual([first.id])
    expect(await find({ search: second.npi_number })).toEqual([second.id])
    expect(await find({ specialty: 'dermatology' })).toEqual([second.id])
    expect(await find({ search: '%%' })).toEqual([])
    const page = await boss.client.providers.list({ org_id: own, limit: 1, include_total: true })
    expect([page.total, (await page.next())?.items[0]?.id]).toEqual([2, second.id])
    const count = async (limit: number) =>
      (await statementsOf(() => boss.client.providers.list({ org_id: own, limit }))).length
    expect(await count(100)).toBe(await count(1))
    expect(await codeOf((await world.user()).client.providers.list({ org_id: own }))).toBe('NOT_FOUND')
  })
})

describe('an expiring licence', () => {
  test('is told of 60, 30 and 7 days before its end, and not after', async () => {
    const own = await createWorld({ start: new Date('2030-01-01T12:00:00Z') })
    try {
      const east = await own.organization()
      const boss = await own.user({ roles: { [east]: 'ADMIN' } })
      const user = await own.user({ roles: { [east]: 'PROVIDER' } })
      const { id: provider_id } = await boss.client.providers.create({
        org_id: east,
        user_id: user.id,
        npi_number: npi(),
        // 61 days from then; and one that is over, of which nothing is told.
        state_licenses: [license('2030-03-03'), license('2029-12-31', 'NJ')],
      })
      // Events are kept for 7 days: each stage finds those of the one before gone.
      const told = async () =>
        (await published(own, provider_id)).filter(({ type }) => type === 'license.expiring')
      for (const [days, days_left] of [
        [1, 60],
        [30, 30],
        [23, 7],
      ] as const) {
        own.clock.advance({ days })
        const data = { organization_id: east, provider_id, state: 'NY', expiry: '2030-03-03', days_left }
        await expect
          .poll(told, { timeout: 15_000 })
          .toEqual([{ type: 'license.expiring', user: null, organization: east, support: false, data }])
      }
      own.clock.advance({ days: 10 })
      await expect.poll(told, { timeout: 15_000 }).toEqual([])
      for (const { id } of [user, boss])
        expect(await notified(own, id)).toMatchObject(Array(3).fill({ type: 'admin', organization_id: east }))
    } finally {
      await own.stop()
    }
  }, 90_000)

  test('is told of once, whoever looks at the same time; late, once for all; the provider by one organization', async () => {
    const own = await createWorld({ start: new Date('2030-01-01T12:00:00Z') })
    const pool = createPool(own.appUrl, 6, () => {})
    try {
      const [east, west] = [await own.organization(), await own.organization()]
      const boss = await own.user({ roles: { [east]: 'ADMIN' } })
      const { id: user_id } = await own.user({ roles: { [east]: 'PROVIDER', [west]: 'PROVIDER' } })
      await boss.client.providers.create({
        org_id: east,
        user_id,
        npi_number: npi(),
        state_licenses: [license('2030-06-03')],
      })
      const look = async (day: string) => {
        const { events, emit } = collectEvents()
        const tools = { emit, enqueue: () => {}, newId: () => own.id() }
        await unscoped(pool, 'write', (db) => announceExpiringLicenses(db, tools, new Date(day)))
        return events.filter(({ type }) => type === 'license.expiring').length
      }
      const all = async (day: string) => {
        const found = await Promise.all(Array.from({ length: 6 }, () => look(day)))
        return found.reduce((sum, one) => sum + one)
      }
      expect(await all('2030-04-01T12:00:00Z')).toBe(0)
      // 20 days: the stages of 60 and 30 are one.
      expect(await all('2030-05-14T12:00:00Z')).toBe(2)
      expect(await all('2030-05-15T12:00:00Z')).toBe(0)
      expect(await all('2030-06-03T12:00:00Z')).toBe(2)
      expect(await all('2030-06-05T12:00:00Z')).toBe(0)
      const { rows } = await own.admin.query(
        'select count(*)::int as n from notifications where user_id = $1',
        [user_id],
      )
      expect(rows).toEqual([{ n: 2 }])
    } finally {
      await pool.end()
      await own.stop()
    }
  })
})
