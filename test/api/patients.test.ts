import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { codeOf } from '../support/problems.ts'
import { statementsOf } from '../support/statements.ts'
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

const instant = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
const uuid = expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
const named = (first_name: string, last_name: string, dob = '1984-07-21') => ({ first_name, last_name, dob })

/** A clinic of a test's own: its lists hold what the test put there. */
async function clinic(): Promise<{ org_id: string; user: TestUser }> {
  const org_id = await world.organization()
  return { org_id, user: await world.user({ roles: { [org_id]: 'STAFF' } }) }
}

describe('createPatient', () => {
  test('answers the whole patient, enrolled here, and getPatient the same', async () => {
    const value = world.secret('+12125550147')
    const created = await staff.client.patients.create({
      org_id: org,
      ...named('Ngozi', 'Okafor'),
      legal_sex: 'FEMALE',
      medical_record_number: world.secret('CREATE-1-aaxq'),
      contact_methods: [
        { type: 'MOBILE', value, is_primary: true, is_safe_for_voicemail: true },
        { type: 'EMAIL', value: 'ngozi@patient.test' },
      ],
    })
    expect(created).toEqual({
      id: uuid,
      first_name: 'Ngozi',
      last_name: 'Okafor',
      dob: '1984-07-21',
      legal_sex: 'FEMALE',
      medical_record_number: 'CREATE-1-aaxq',
      status: 'ACTIVE',
      enrolled_at: instant,
      discharged_at: null,
      has_login: false,
      transactional_consent: true,
      version: 1,
      contact_methods: [
        {
          id: uuid,
          type: 'EMAIL',
          value: 'ngozi@patient.test',
          is_primary: false,
          is_safe_for_voicemail: false,
          version: 1,
        },
        { id: uuid, type: 'MOBILE', value, is_primary: true, is_safe_for_voicemail: true, version: 1 },
      ],
      care_team: [],
      created_at: instant,
      updated_at: instant,
    })
    expect(await staff.client.patients.get({ org_id: org, patient_id: created.id })).toEqual(created)
  })

  test('makes a medical record number and takes the sex as unknown when they are left out', async () => {
    const one = await staff.client.patients.create({ org_id: org, ...named('Ada', 'Byron') })
    const two = await staff.client.patients.create({ org_id: org, ...named('Ada', 'Byron') })
    expect(one).toMatchObject({ legal_sex: 'UNKNOWN', medical_record_number: expect.stringMatching(/^MRN-/) })
    expect(two.medical_record_number).not.toBe(one.medical_record_number)
  })

  test('DUPLICATE_MRN within the organization leaves nothing behind; elsewhere the number is free', async () => {
    const there = await clinic()
    const body = { ...named('Twin', 'Once'), medical_record_number: 'TWICE-1' }
    await staff.client.patients.create({ org_id: org, ...body })
    const before = await world.admin.query('select count(*) from patients')
    await expect(staff.client.patients.create({ org_id: org, ...body })).rejects.toMatchObject({
      code: 'DUPLICATE_MRN',
      status: 409,
    })
    const after = await world.admin.query('select count(*) from patients')
    expect(after.rows).toEqual(before.rows)
    expect(await codeOf(there.user.client.patients.create({ org_id: there.org_id, ...body }))).toBe('passed')
  })

  test('of twenty patients raced under one medical record number one is created', async () => {
    const body = { org_id: org, ...named('Race', 'Number'), medical_record_number: 'RACE-1' }
    const codes = await Promise.all(
      Array.from({ length: 20 }, () => codeOf(staff.client.patients.create(body))),
    )
    expect(codes.toSorted()).toEqual([...Array(19).fill('DUPLICATE_MRN'), 'passed'])
  })

  test.each([
    ['a birth in the future', { dob: '2999-01-01' }, '/dob'],
    ['a birth before anybody alive', { dob: '1874-12-31' }, '/dob'],
    [
      'a number as e-mail',
      { contact_methods: [{ type: 'EMAIL', value: '+12125550100' }] },
      '/contact_methods/0/value',
    ],
    [
      'an e-mail as number',
      { contact_methods: [{ type: 'HOME', value: 'a@b.test' }] },
      '/contact_methods/0/value',
    ],
    [
      'two primaries of one type',
      {
        contact_methods: [
          { type: 'HOME', value: '+12125550100', is_primary: true },
          { type: 'HOME', value: '+12125550101', is_primary: true },
        ],
      },
      '/contact_methods/1/is_primary',
    ],
  ] as const)('VALIDATION_ERROR for %s', async (_, change, pointer) => {
    const body = { org_id: org, ...named('Bad', 'Input'), ...change } as Parameters<
      typeof staff.client.patients.create
    >[0]
    await expect(staff.client.patients.create(body)).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
      status: 422,
      errors: [{ pointer }],
    })
  })

  test('is for ADMIN, PROVIDER and STAFF; listing and reading also for CALL_CENTER_AGENT', async () => {
    const { id } = await world.patient([org])
    const may = async (role: 'ADMIN' | 'PROVIDER' | 'STAFF' | 'CALL_CENTER_AGENT' | 'AUDITOR') => {
      const { patients } = (await world.user({ roles: { [org]: role } })).client
      return [
        await codeOf(patients.create({ org_id: org, ...named('Role', role) })),
        await codeOf(patients.update({ org_id: org, patient_id: id, legal_sex: 'MALE' })),
        await codeOf(patients.list({ org_id: org })),
        await codeOf(patients.get({ org_id: org, patient_id: id })),
      ]
    }
    const all = ['passed', 'passed', 'passed', 'passed']
    expect(await may('ADMIN')).toEqual(all)
    expect(await may('PROVIDER')).toEqual(all)
    expect(await may('STAFF')).toEqual(all)
    expect(await may('CALL_CENTER_AGENT')).toEqual(['FORBIDDEN', 'FORBIDDEN', 'passed', 'passed'])
    expect(await may('AUDITOR')).toEqual(Array(4).fill('FORBIDDEN'))
  })
})

describe('listPatients', () => {
  test('keyset pages hold their order under ties and walk to the end without repeats', async () => {
    const { org_id, user } = await clinic()
    const ids = await Promise.all(
      Array.from({ length: 23 }, async (_, index) => {
        const name = named(index < 15 ? 'Same' : 'Other', 'Tie')
        return (await user.client.patients.create({ org_id, ...name })).id
      }),
    )
    const walked = []
    for await (const patient of user.client.patients.list({ org_id, limit: 4 })) walked.push(patient)
    expect(walked.map(({ id }) => id).toSorted()).toEqual(ids.toSorted())
    const keys = walked.map(({ last_name, first_name, id }) => `${last_name} ${first_name} ${id}`)
    expect(keys).toEqual(keys.toSorted())
    const whole = await user.client.patients.list({ org_id, limit: 100 })
    expect(whole.items).toEqual(walked)
    expect(whole.next_cursor).toBeNull()
  })

  test('a page whose rows end exactly at the limit has no next page', async () => {
    const { org_id, user } = await clinic()
    for (let index = 0; index < 3; index++) await world.patient([org_id])
    expect((await user.client.patients.list({ org_id, limit: 3 })).next_cursor).toBeNull()
  })

  test('a patient who is added or goes while someone pages neither repeats nor hides another', async () => {
    const { org_id, user } = await clinic()
    const add = (name: string) => user.client.patients.create({ org_id, ...named('X', name) })
    for (const name of ['B', 'D', 'F', 'H']) await add(name)
    const first = await user.client.patients.list({ org_id, limit: 2 })
    await add('A')
    await add('E')
    await world.admin.query('update organization_patients set deleted_at = now() where patient_id = $1', [
      first.items[0]?.id,
    ])
    const second = await first.next()
    expect(second?.items.map(({ last_name }) => last_name)).toEqual(['E', 'F'])
  })

  test('lists ACTIVE patients unless told otherwise; total only with include_total', async () => {
    const { org_id, user } = await clinic()
    const here = await world.patient([org_id])
    const gone = await world.patient([org_id], { status: 'DISCHARGED' })
    const active = await user.client.patients.list({ org_id, include_total: true })
    expect(active.items).toEqual([
      {
        id: here.id,
        first_name: here.firstName,
        last_name: here.lastName,
        dob: here.dob,
        medical_record_number: here.mrn,
        status: 'ACTIVE',
        enrolled_at: instant,
      },
    ])
    expect(active.total).toBe(1)
    const discharged = await user.client.patients.list({ org_id, status: 'DISCHARGED' })
    expect(discharged.items.map(({ id }) => id)).toEqual([gone.id])
    expect(discharged).not.toHaveProperty('total')
    // Discharged patients stay readable.
    expect(await user.client.patients.get({ org_id, patient_id: gone.id })).toMatchObject({
      status: 'DISCHARGED',
    })
  })

  test('total counts all matches, not the page', async () => {
    const { org_id, user } = await clinic()
    for (let index = 0; index < 5; index++)
      await user.client.patients.create({ org_id, ...named(`N${index}`, 'Totalling') })
    expect(await user.client.patients.list({ org_id, limit: 2, include_total: true })).toMatchObject({
      total: 5,
    })
    const found = await user.client.patients.list({
      org_id,
      limit: 2,
      search: 'totalling',
      include_total: true,
    })
    expect(found.total).toBe(5)
    expect(found.items).toHaveLength(2)
  })

  test('search finds by part of a name whatever the accents and the case, by a misspelling, and by number', async () => {
    const { org_id, user } = await clinic()
    const last = world.secret('Muñozqael')
    const { id } = await user.client.patients.create({
      org_id,
      ...named('Zoë', last),
      medical_record_number: 'ZX-77-1042',
    })
    await user.client.patients.create({ org_id, ...named('Bertram', 'Klein') })
    const find = async (search: string) =>
      (await user.client.patients.list({ org_id, search })).items.map((patient) => patient.id)
    // Short words occur in any log; the whole names are looked for there.
    for (const search of [
      'munozqael',
      'MUÑOZQAEL',
      'ñozq',
      'zoe',
      'Zoe Munozqael',
      'munosqael',
      'zx-77-1042',
      '1042',
    ])
      expect(await find(search.length > 6 ? world.secret(search) : search), search).toEqual([id])
    for (const search of ['%%', '__', 'nobodyatall', "o'; --"]) expect(await find(search), search).toEqual([])
  })

  test('search ranks the better match first, and its pages walk to the end under ties without repeats', async () => {
    const { org_id, user } = await clinic()
    for (let index = 0; index < 11; index++)
      await user.client.patients.create({ org_id, ...named('Tie', 'Rankmann') })
    const { id } = await user.client.patients.create({ org_id, ...named('Only', 'Rankmanns') })
    const walked: string[] = []
    for await (const patient of user.client.patients.list({ org_id, search: 'rankmanns', limit: 3 }))
      walked.push(patient.id)
    expect(walked[0]).toBe(id)
    expect(new Set(walked).size).toBe(12)
    expect(walked).toHaveLength(12)
  })

  test('search goes from kind to kind of match, page by page, each patient once; the deleted and the discharged apart', async () => {
    const { org_id, user } = await clinic()
    const add = async (first: string, last: string, medical_record_number?: string) => {
      const body = { org_id, ...named(first, last), ...(medical_record_number && { medical_record_number }) }
      return (await user.client.patients.create(body)).id
    }
    // In the order in which they are to be found.
    const expected = [
      await add('Zed', 'Carlinge'),
      await add('Ann', 'Carlinger'),
      await add('Carlinge', 'Abel'),
      await add('Otto', 'Ender', 'CARLINGE-7'),
      await add('Max', 'Macarlinge'),
      // First and last name are both alike: still once.
      await add('Carlynge', 'Carlynge'),
      await add('Bo', 'Carlynge'),
    ]
    await add('Nobody', 'Else')
    const gone = await add('Gone', 'Carlinge')
    await world.admin.query('update organization_patients set deleted_at = now() where patient_id = $1', [
      gone,
    ])
    const left = await add('Left', 'Carlinge')
    await user.client.enrollment.update({ org_id, patient_id: left, status: 'DISCHARGED' })
    const walk = async (limit: number, search: string, status?: 'DISCHARGED') => {
      const ids = []
      for await (const { id } of user.client.patients.list({
        org_id,
        search,
        limit,
        ...(status && { status }),
      }))
        ids.push(id)
      return ids
    }
    const whole = await walk(100, 'carlinge')
    expect(whole.slice(0, 5)).toEqual(expected.slice(0, 5))
    expect(whole.slice(5).toSorted()).toEqual(expected.slice(5).toSorted())
    for (const limit of [1, 2, 3]) expect(await walk(limit, 'carlinge'), `by ${limit}`).toEqual(whole)
    expect(await walk(1, 'carlinge', 'DISCHARGED')).toEqual([left])
    // Beginnings, and both names in either order, misspelled too.
    expect(await walk(1, 'ca')).toEqual(await walk(100, 'ca'))
    for (const search of ['ann carlinger', 'Carlinger, Ann', 'anne carlingr', 'carlingr anne'])
      expect((await walk(1, search))[0], search).toBe(expected[1])
    // A number is right or wrong.
    expect(await walk(50, 'carlinge-7')).toEqual([expected[3]])
    expect(await walk(50, 'carlinge-8')).toEqual([])
  })

  test('search follows a changed name and number', async () => {
    const { org_id, user } = await clinic()
    const { id } = await user.client.patients.create({ org_id, ...named('Old', 'Maiden') })
    await user.client.patients.update({
      org_id,
      patient_id: id,
      last_name: 'Spouseley',
      medical_record_number: 'NEW-314',
    })
    const find = async (search: string) => (await user.client.patients.list({ org_id, search })).items.length
    expect([await find('spouseley'), await find('new-314'), await find('maiden')]).toEqual([1, 1, 0])
  })

  test('INVALID_CURSOR for a forged cursor and for one of another list, filter or organization', async () => {
    const { org_id, user } = await clinic()
    const both = await world.user({ roles: { [org_id]: 'STAFF', [org]: 'STAFF' } })
    for (let index = 0; index < 3; index++) await world.patient([org_id])
    const { next_cursor } = await user.client.patients.list({ org_id, limit: 1 })
    const cursor = next_cursor ?? ''
    const list = (input: { org_id: string; cursor: string; search?: string }) =>
      codeOf(both.client.patients.list(input))
    expect(await list({ org_id, cursor })).toBe('passed')
    expect(await list({ org_id, cursor, search: 'pf' })).toBe('INVALID_CURSOR')
    expect(await list({ org_id: org, cursor })).toBe('INVALID_CURSOR')
    expect(await list({ org_id, cursor: `${cursor.slice(0, -2)}AA` })).toBe('INVALID_CURSOR')
    expect(await codeOf(both.client.appointments.list({ org_id, cursor }))).toBe('INVALID_CURSOR')
  })

  test('asks the database as often for a hundred patients as for one', async () => {
    const { org_id, user } = await clinic()
    for (let index = 0; index < 30; index++) await world.patient([org_id])
    const count = async (limit: number) =>
      (await statementsOf(() => user.client.patients.list({ org_id, limit, include_total: true }))).length
    const [one, hundred] = [await count(1), await count(100)]
    expect(one).toBeGreaterThan(0)
    expect(hundred).toBe(one)
  })
})

describe('getPatient', () => {
  test('holds the care team, the primary first', async () => {
    const patient = await world.patient([org])
    const [second, primary] = [await world.provider(org), await world.provider(org)]
    for (const [provider, leads] of [
      [second, false],
      [primary, true],
    ] as const)
      await world.admin.query(
        `insert into care_team_assignments (id, organization_id, patient_id, provider_id, is_primary_provider, assigned_at)
         values ($1, $2, $3, $4, $5, '2026-03-02T14:30:00Z')`,
        [world.id(), org, patient.id, provider.providerId, leads],
      )
    const { care_team } = await staff.client.patients.get({ org_id: org, patient_id: patient.id })
    expect(care_team).toEqual([
      {
        id: uuid,
        provider_id: primary.providerId,
        display_name: expect.any(String),
        specialty: 'Family medicine',
        is_primary_provider: true,
        assigned_at: '2026-03-02T14:30:00.000Z',
      },
      expect.objectContaining({ provider_id: second.providerId, is_primary_provider: false }),
    ])
  })

  test('the patient reads the own record, a live proxy the patient whatever the permissions; NOT_FOUND for others', async () => {
    const self = await world.user()
    const patient = await world.patient([org], { userId: self.id })
    const proxy = await world.user()
    await world.proxy(proxy.id, patient.id, { clinical: false, billing: false, scheduling: false })
    const stranger = await world.user()
    const read = ({ client }: TestUser, patient_id = patient.id) =>
      client.patients.get({ org_id: org, patient_id })
    expect(await read(self)).toMatchObject({ id: patient.id, has_login: true })
    expect(await read(proxy)).toMatchObject({ id: patient.id })
    expect(await codeOf(read(stranger))).toBe('NOT_FOUND')
    expect(await codeOf(read(self, (await world.patient([org])).id))).toBe('NOT_FOUND')
    expect(await codeOf(read(staff, world.id()))).toBe('NOT_FOUND')
  })

  test('proxy access ends when it is revoked and when it expires', async () => {
    const patient = await world.patient([org])
    const proxy = await world.user()
    await world.proxy(proxy.id, patient.id, { expiresAt: new Date(world.clock.now().getTime() - 1000) })
    const read = () => codeOf(proxy.client.patients.get({ org_id: org, patient_id: patient.id }))
    expect(await read()).toBe('PROXY_ACCESS_EXPIRED')
    await world.admin.query(
      'update patient_proxy_assignments set expires_at = null, deleted_at = now() where patient_id = $1',
      [patient.id],
    )
    expect(await read()).toBe('NOT_FOUND')
  })
})

describe('updatePatient', () => {
  test('changes what was sent and nothing else, and counts the version', async () => {
    const { id } = await world.patient([org])
    const before = await staff.client.patients.get({ org_id: org, patient_id: id })
    const after = await staff.client.patients.update({
      org_id: org,
      patient_id: id,
      last_name: 'Okafor-Reed',
      dob: '1990-02-28',
      medical_record_number: 'UPD-1',
    })
    expect(after).toEqual({
      ...before,
      last_name: 'Okafor-Reed',
      dob: '1990-02-28',
      medical_record_number: 'UPD-1',
      version: 2,
      updated_at: instant,
    })
    expect(await staff.client.patients.get({ org_id: org, patient_id: id })).toEqual(after)
  })

  test('a stale If-Match answers 412 with the current version, and nothing is overwritten', async () => {
    const { id } = await world.patient([org])
    const update = (if_match: string, first_name: string) =>
      staff.client.patients.update({ org_id: org, patient_id: id, if_match, first_name })
    expect(await update('"1"', 'First')).toMatchObject({ version: 2 })
    await expect(update('"1"', 'Second')).rejects.toMatchObject({
      code: 'PRECONDITION_FAILED',
      status: 412,
      currentVersion: 2,
    })
    expect(await codeOf(update('"9999999999"', 'Third'))).toBe('PRECONDITION_FAILED')
    expect(await staff.client.patients.get({ org_id: org, patient_id: id })).toMatchObject({
      first_name: 'First',
      version: 2,
    })
    const codes = await Promise.all(
      Array.from({ length: 10 }, (_, index) => codeOf(update('"2"', `R${index}`))),
    )
    expect(codes.toSorted()).toEqual([...Array(9).fill('PRECONDITION_FAILED'), 'passed'])
  })

  test('DUPLICATE_MRN undoes the whole change', async () => {
    const [one, two] = [await world.patient([org]), await world.patient([org])]
    const change = { first_name: 'Undone', medical_record_number: one.mrn }
    expect(await codeOf(staff.client.patients.update({ org_id: org, patient_id: two.id, ...change }))).toBe(
      'DUPLICATE_MRN',
    )
    expect(await staff.client.patients.get({ org_id: org, patient_id: two.id })).toMatchObject({
      first_name: two.firstName,
      medical_record_number: two.mrn,
      version: 1,
    })
  })

  test('patients may change their own name and nothing else; proxies and strangers find nothing', async () => {
    const self = await world.user()
    const { id, dob } = await world.patient([org], { userId: self.id })
    const other = await world.patient([org])
    const mine = { org_id: org, patient_id: id }
    const { patients } = self.client
    expect(await patients.update({ ...mine, first_name: 'Chosen' })).toMatchObject({ first_name: 'Chosen' })
    const refusals = [
      { dob: '1999-09-09' },
      { legal_sex: 'MALE' as const },
      { medical_record_number: 'MINE-1' },
      { last_name: 'Smuggled', medical_record_number: 'MINE-2' },
    ]
    for (const change of refusals)
      expect(await codeOf(patients.update({ ...mine, ...change }))).toBe('FORBIDDEN')
    expect(await patients.get(mine)).toMatchObject({ dob, version: 2 })
    expect(await codeOf(patients.update({ ...mine, patient_id: other.id, first_name: 'X' }))).toBe(
      'NOT_FOUND',
    )
    const proxy = await world.user()
    await world.proxy(proxy.id, id, { clinical: true })
    expect(await codeOf(proxy.client.patients.update({ ...mine, first_name: 'X' }))).toBe('NOT_FOUND')
  })

  test('NOT_FOUND for a patient of another organization, VALIDATION_ERROR for a birth in the future', async () => {
    const foreign = await world.patient([await world.organization()])
    const update = (patient_id: string, change: { dob?: string; first_name?: string }) =>
      codeOf(staff.client.patients.update({ org_id: org, patient_id, ...change }))
    expect(await update(foreign.id, { first_name: 'X' })).toBe('NOT_FOUND')
    expect(await update(world.id(), { first_name: 'X' })).toBe('NOT_FOUND')
    expect(await update((await world.patient([org])).id, { dob: '2999-01-01' })).toBe('VALIDATION_ERROR')
    const { rows } = await world.admin.query('select first_name from patients where id = $1', [foreign.id])
    expect(rows).toEqual([{ first_name: foreign.firstName }])
  })
})
