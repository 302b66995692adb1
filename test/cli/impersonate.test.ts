import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { totp } from '../support/sign-in.ts'
import { Machine } from '../support/ward.ts'
import { createWorld, type TestPatient, type TestUser, type World } from '../support/world.ts'

let world: World
let org: string
let admin: TestUser
let patient: TestPatient
const reason = 'The appointment list is empty'

beforeAll(async () => {
  world = await createWorld()
  org = await world.organization()
  admin = await world.user({ roles: { [org]: 'ADMIN' } })
  const login = await world.user({ name: 'Ngozi Okafor' })
  patient = await world.patient([org], { userId: login.id })
})
afterAll(() => world.stop())

const machines: Machine[] = []
afterAll(() => {
  for (const machine of machines) machine.remove()
})
const signedIn = (token = admin.token): Machine => {
  const machine = new Machine()
  machines.push(machine)
  machine.keep({ url: world.url, access_token: token, organization_id: org })
  return machine
}
const keepSecret = (machine: Machine) => {
  const stored = machine.credentials().profiles.default?.impersonation
  if (typeof stored === 'object' && stored !== null && 'access_token' in stored)
    world.secret(String(stored.access_token))
}

describe('ward impersonate', () => {
  test('acts as the patient, ends, and leaves the audit rows', async () => {
    const home = signedIn()
    const url = world.url
    const started = await home.ward(
      ['impersonate', 'start', patient.id, '--reason', reason, '--yes', '-o', 'json'],
      { url },
    )
    expect(started.code).toBe(0)
    const grant = JSON.parse(started.stdout)
    expect(grant).toMatchObject({ patient: { id: patient.id } })
    expect(grant).not.toHaveProperty('access_token')
    keepSecret(home)

    const script =
      'fetch(process.env.WARD_URL + "/api/users/me", { headers: { authorization: "Bearer " + process.env.WARD_TOKEN } }).then((r) => r.json()).then((me) => { console.log(me.impersonation.patient_id); process.exitCode = 9 })'
    const ran = await home.ward(['impersonate', 'exec', '--', process.execPath, '-e', script], { url })
    expect(ran).toMatchObject({ code: 9, stdout: `${patient.id}\n` })
    expect(ran.stderr).toContain('the token expires in 60 min')

    expect((await home.ward(['impersonate', 'list', '--status', 'ACTIVE'], { url })).stdout).toContain(
      grant.impersonation_id,
    )
    expect((await home.ward(['impersonate', 'end'], { url })).code).toBe(0)
    expect((await home.ward(['impersonate', 'exec', '--', 'true'], { url })).code).toBe(4)
    const audit = await home.ward(['audit', 'list', '--action', 'BREAK_GLASS', '-o', 'ndjson'], { url })
    expect(JSON.parse(audit.stdout)).toMatchObject({ actor_user_id: admin.id, reason, outcome: 'SUCCESS' })
  })

  test('asks for the reason and for the patient’s name on a terminal', async () => {
    const home = signedIn()
    const terminal = home.terminal(['impersonate', 'start', patient.id], { url: world.url })
    await terminal.shows('Reason, for the audit trail:')
    terminal.type('short\r')
    await terminal.shows('At least 10 characters')
    terminal.type(' and then long enough\r')
    await terminal.shows('last name')
    terminal.type('Somebody\r')
    await terminal.shows('does not match')
    terminal.type(`\u0015${patient.lastName}\r`)
    await terminal.shows('Acting as')
    expect(await terminal.ended).toBe(0)
    keepSecret(home)
  })

  test('asks for a fresh code when the session is not strong any more', async () => {
    const session = await world.session(admin.id, { mfa: true, age: 11 })
    const home = signedIn(session.token)
    const argv = ['impersonate', 'start', patient.id, '--reason', reason, '--yes']
    const refused = await home.ward(argv, { url: world.url })
    expect(refused.code).toBe(2)
    expect(refused.stderr).toContain('--mfa-code is required')
    const ran = await home.ward([...argv, '--mfa-code', totp(world, admin.totpSecret)], { url: world.url })
    expect(ran.code).toBe(0)
    keepSecret(home)
  })

  test('patients are found by name, for those who may', async () => {
    const home = signedIn()
    const found = await home.ward(['patients', 'search', patient.lastName, '-o', 'csv'], { url: world.url })
    expect(found.stdout).toContain(patient.mrn)
    expect((await home.ward(['patients', 'show', patient.id], { url: world.url })).stdout).toContain(
      patient.firstName,
    )
    expect((await home.ward(['patients', 'show', world.id()], { url: world.url })).code).toBe(3)
  })
})
