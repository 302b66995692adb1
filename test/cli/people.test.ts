import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { npiNumber } from '../../packages/server/src/demo/random.ts'
import { Machine, type Ran } from '../support/ward.ts'
import { createWorld, type TestUser, type World } from '../support/world.ts'

let world: World
let org: string
let admin: TestUser
const home = new Machine()

beforeAll(async () => {
  world = await createWorld()
  org = await world.organization('Harbor')
  admin = await world.user({ roles: { [org]: 'ADMIN' } })
})
afterAll(async () => {
  home.remove()
  await world.stop()
})

const ward = (argv: string[], token = admin.token): Promise<Ran> => home.ward(argv, { url: world.url, token })
/** What a command answers as JSON; fails with what it said otherwise. */
const json = async (argv: string[]) => {
  const { code, stdout, stderr } = await ward([...argv, '-o', 'json'])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return JSON.parse(stdout)
}

describe('ward patients', () => {
  test('create, update, discharge, enroll and delete, by record number', async () => {
    const last = world.secret('Okaforqzw')
    const made = await ward([
      'patients',
      'create',
      'Ngozi',
      last,
      '--dob',
      '1984-07-21',
      '--mrn',
      'CLI-1',
      '--mobile',
      '(212) 555-0123',
    ])
    expect(made).toMatchObject({ code: 0, stderr: expect.stringContaining('CLI-1') })
    const id = made.stdout.trim()
    expect(await json(['patients', 'show', 'cli-1'])).toMatchObject({
      id,
      contact_methods: [{ value: '+12125550123' }],
    })
    expect((await ward(['patients', 'show', 'NO-SUCH'])).code).toBe(3)
    expect((await ward(['patients', 'create', 'A', 'B'])).code).toBe(2)
    const changed = await json([
      'patients',
      'update',
      'CLI-1',
      '--first-name',
      'Ada',
      '--messages',
      'no',
      '--if-version',
      '1',
    ])
    expect(changed).toMatchObject({ first_name: 'Ada', transactional_consent: false, version: 2 })
    expect(
      (await ward(['patients', 'update', 'CLI-1', '--first-name', 'Bo', '--if-version', '1'])).code,
    ).toBe(5)
    expect((await ward(['patients', 'update', 'CLI-1'])).code).toBe(2)
    expect(await json(['patients', 'discharge', 'CLI-1'])).toMatchObject({ status: 'DISCHARGED' })
    expect(await json(['patients', 'enroll', 'CLI-1'])).toMatchObject({ status: 'ACTIVE', patient_id: id })
    expect((await ward(['patients', 'enroll', id, '--last-name', 'X'])).code).toBe(2)
    expect((await ward(['patients', 'delete', 'CLI-1'])).code).toBe(2)
    expect((await ward(['patients', 'delete', 'CLI-1', '--yes'])).code).toBe(0)
    expect((await ward(['patients', 'show', id])).code).toBe(3)
  })

  test('a terminal is asked for the last name before a patient is deleted', async () => {
    const { lastName, mrn } = await world.patient([org])
    const terminal = home.terminal(['patients', 'delete', mrn], { url: world.url, token: admin.token })
    await terminal.shows('last name')
    terminal.type(`${lastName}\r`)
    expect(await terminal.ended).toBe(0)
    expect((await ward(['patients', 'show', mrn])).code).toBe(3)
  })

  test('contacts: list, add, update, delete', async () => {
    const { mrn } = await world.patient([org])
    const contacts = ['patients', 'contacts']
    expect((await ward([...contacts, 'list', mrn])).stderr).toContain('No contact.')
    const added = await json([...contacts, 'add', mrn, 'mobile', '(212) 555-0144', '--primary'])
    expect(added).toMatchObject({ type: 'MOBILE', is_primary: true, is_safe_for_voicemail: false })
    expect((await ward([...contacts, 'add', mrn, 'PAGER', '1'])).code).toBe(2)
    expect(await json([...contacts, 'update', mrn, added.id, '--safe', 'yes'])).toMatchObject({
      is_safe_for_voicemail: true,
    })
    expect((await ward([...contacts, 'delete', mrn, added.id])).code).toBe(5)
    await json([...contacts, 'add', mrn, 'EMAIL', 'cli@patient.test'])
    expect((await ward([...contacts, 'delete', mrn, added.id])).code).toBe(0)
    expect((await ward([...contacts, 'list', mrn])).stdout).toContain('cli@patient.test')
  })

  test('invite and proxies: list, assign, update, revoke', async () => {
    const { mrn } = await world.patient([org])
    const email = world.secret('cli.portal@patient.test')
    expect((await ward(['patients', 'invite', mrn, '--email', email])).stderr).toContain(`Invited ${email}`)
    expect((await ward(['patients', 'invite', mrn])).code).toBe(2)
    const person = await world.user()
    const proxies = ['patients', 'proxies']
    const assigned = await ward([...proxies, 'assign', mrn, person.email, '--as', 'PARENT', '--notes', 'yes'])
    expect(assigned).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('has access now: notes billing scheduling'),
    })
    const id = assigned.stdout.trim()
    expect((await ward([...proxies, 'assign', mrn, person.email])).code).toBe(2)
    const guest = world.secret('cli.guest@patient.test')
    expect(
      (await ward([...proxies, 'assign', mrn, guest, '--as', 'POA', '--until', '2099-01-01'])).stderr,
    ).toContain('a link is on its way')
    expect((await ward([...proxies, 'assign', mrn, guest, '--as', 'POA', '--until', 'soon'])).code).toBe(2)
    expect((await ward([...proxies, 'list', mrn])).stdout).toMatch(/INVITED[\s\S]*ACTIVE/)
    expect(await json([...proxies, 'update', mrn, id, '--notes', 'no', '--until', 'never'])).toMatchObject({
      can_view_clinical_notes: false,
    })
    expect((await ward([...proxies, 'revoke', mrn, id])).code).toBe(0)
    expect((await ward([...proxies, 'revoke', mrn, id])).code).toBe(3)
  })
})

describe('ward providers, staff and care teams', () => {
  test('make members what they are, and put them on a care team by NPI', async () => {
    const doctor = await world.user({ roles: { [org]: 'PROVIDER' }, name: 'Dr. Ines Baptiste' })
    const npi = npiNumber('198765432')
    const create = ['providers', 'create', doctor.email, '--npi', npi]
    expect((await ward([...create, '--license', 'NY-1'])).code).toBe(2)
    const made = await ward([...create, '--license', 'ny:301245:2099-06-30', '--dea', 'AB1234563'])
    expect(made).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('Dr. Ines Baptiste is a provider.'),
    })
    expect(await json(['providers', 'show', npi])).toMatchObject({
      id: made.stdout.trim(),
      dea_number: 'AB1234563',
      state_licenses: [{ state: 'NY' }],
    })
    expect(await json(['providers', 'update', npi, '--dea', 'none', '--specialty', 'Surgery'])).toMatchObject(
      { dea_number: null, specialty: 'Surgery' },
    )
    expect((await ward(['providers', 'list', '--specialty', 'surgery'])).stdout).toContain(
      'Dr. Ines Baptiste',
    )
    expect((await ward(['providers', 'create', 'nobody@patient.test', '--npi', npi])).code).toBe(3)
    const { mrn } = await world.patient([org])
    const team = ['patients', 'care-team']
    expect(await json([...team, 'add', mrn, npi])).toMatchObject({ is_primary_provider: false })
    expect(await json([...team, 'primary', mrn, npi])).toMatchObject({ is_primary_provider: true })
    expect((await ward([...team, 'list', mrn])).stdout).toMatch(/Baptiste +Surgery +yes/)
    expect((await ward([...team, 'remove', mrn, npi])).code).toBe(0)
    expect((await ward([...team, 'remove', mrn, npi])).code).toBe(3)
    expect((await ward(['providers', 'delete', npi])).code).toBe(0)
    expect((await ward(['providers', 'show', npi])).code).toBe(3)
  })

  test('staff: create, list, show, update, delete', async () => {
    const user = await world.user({ roles: { [org]: 'STAFF' }, name: 'Theo Brandt' })
    const { id } = await json(['staff', 'create', user.email, '--title', 'Front desk'])
    expect((await ward(['staff', 'list', '--search', 'brandt'])).stdout).toContain('Front desk')
    expect(await json(['staff', 'update', id, '--title', 'Office manager'])).toMatchObject({
      job_title: 'Office manager',
    })
    expect((await ward(['staff', 'show', id], user.token)).stdout).toContain('Office manager')
    expect((await ward(['staff', 'list'], user.token)).code).toBe(4)
    expect((await ward(['staff', 'delete', id])).code).toBe(0)
    expect((await ward(['staff', 'show', id])).code).toBe(3)
  })
})
