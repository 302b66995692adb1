import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { totp } from '../support/sign-in.ts'
import { Machine, type Ran } from '../support/ward.ts'
import { createWorld, type TestUser, type World } from '../support/world.ts'

let world: World
let org: string
let admin: TestUser
const home = new Machine()

beforeAll(async () => {
  world = await createWorld()
  org = await world.organization('Harbor')
  admin = await world.user({ roles: { [org]: 'ADMIN' }, name: 'Sam Adeyemi', mfaAge: 30 })
})
afterAll(async () => {
  home.remove()
  await world.stop()
})

const ward = (argv: string[], token = admin.token): Promise<Ran> => home.ward(argv, { url: world.url, token })

describe('ward orgs', () => {
  test('show, update, members and invite do what they say', async () => {
    expect((await ward(['orgs', 'show'])).stdout).toMatch(/name +Harbor\n/)
    const changed = await ward(['orgs', 'update', org, '--timezone', 'America/Chicago', '-o', 'json'])
    expect(JSON.parse(changed.stdout)).toMatchObject({ name: 'Harbor', timezone: 'America/Chicago' })
    expect((await ward(['orgs', 'update'])).code).toBe(2)
    expect((await ward(['orgs', 'members', '--role', 'ADMIN'])).stdout).toContain('Sam Adeyemi')
    const email = world.secret('ward.guest@patient.test')
    const invited = await ward(['orgs', 'invite', email, '--role', 'STAFF'])
    expect(invited.stderr).toContain(`Invited ${email} as STAFF`)
    const { items } = await admin.client.invitations.list({ org_id: org })
    expect(items.map(({ id }) => `${id}\n`)).toEqual([invited.stdout])
    expect((await ward(['orgs', 'invite', email, '--role', 'STAFF'])).code).toBe(5)
    expect((await ward(['orgs', 'invite', email])).code).toBe(2)
  })
})

describe('ward api-keys', () => {
  test('create prints the secret alone, with a fresh code; the key works until it is revoked', async () => {
    const create = ['api-keys', 'create', 'Laboratory', '--role', 'STAFF', '--days', '30']
    expect((await ward(create)).code).toBe(2)
    const made = await ward([...create, '--mfa-code', totp(world, admin.totpSecret)])
    expect(made).toMatchObject({ code: 0, stdout: expect.stringMatching(/^wlk_[a-z0-9]{12}_[\w-]{43}\n$/) })
    const secret = world.secret(made.stdout.trim())
    expect((await ward(['patients', 'search', 'nobody', '--org', org], secret)).code).toBe(0)
    expect(await ward(['patients', 'search', 'nobody'], secret)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--org'),
    })
    const listed = JSON.parse((await ward(['api-keys', 'list', '-o', 'json'])).stdout)
    expect(listed).toMatchObject([{ name: 'Laboratory', prefix: secret.slice(0, 16), revoked_at: null }])
    expect((await ward(['api-keys', 'list'])).stdout).toContain('ACTIVE')
    expect((await ward(['api-keys', 'revoke', listed[0].id])).code).toBe(0)
    expect((await ward(['patients', 'search', 'nobody', '--org', org], secret)).code).toBe(4)
    expect((await ward(['api-keys', 'list'])).stdout).toContain('REVOKED')
  })
})

describe('ward invitations', () => {
  test('list, resend and cancel do what they say', async () => {
    const email = world.secret('ward.later@patient.test')
    const id = (await ward(['orgs', 'invite', email, '--role', 'PROVIDER'])).stdout.trim()
    const listed = await ward(['invitations', 'list'])
    expect(listed.stdout).toMatch(new RegExp(`${id} +${email} +PROVIDER +PENDING +Sam Adeyemi`))
    expect((await ward(['invitations', 'resend', id])).stderr).toContain(`Sent to ${email}`)
    const [sent] = JSON.parse((await ward(['invitations', 'list', '-o', 'json'])).stdout)
    expect(sent).toMatchObject({ id, resend_count: 1 })
    expect((await ward(['invitations', 'cancel', id])).code).toBe(0)
    expect((await ward(['invitations', 'cancel', id])).code).toBe(1)
    const cancelled = await ward(['invitations', 'list', '--status', 'CANCELLED', '-o', 'json'])
    expect(JSON.parse(cancelled.stdout)).toMatchObject([{ id, status: 'CANCELLED' }])
    expect((await ward(['invitations', 'resend', world.id()])).code).toBe(3)
  })
})

describe('ward members', () => {
  test('role and remove bite at once; the last ADMIN stays', async () => {
    const colleague = await world.user({ roles: { [org]: 'STAFF' }, name: 'Ruth Calloway' })
    const find = async (name: string): Promise<string> => {
      const members = JSON.parse((await ward(['members', 'list', '-o', 'json'])).stdout)
      return members.find((one: { display_name: string }) => one.display_name === name).id
    }
    const id = await find('Ruth Calloway')
    expect((await ward(['members', 'role', id, 'auditor'])).stderr).toContain('Ruth Calloway is AUDITOR now.')
    expect((await ward(['patients', 'search', 'nobody'], colleague.token)).code).toBe(4)
    expect((await ward(['members', 'role', id, 'BOSS'])).code).toBe(2)
    expect((await ward(['members', 'remove', id])).code).toBe(0)
    expect((await ward(['members', 'remove', id])).code).toBe(3)
    expect((await ward(['orgs', 'members', '--org', org], colleague.token)).code).toBe(3)
    expect((await ward(['members', 'remove', await find('Sam Adeyemi')])).code).toBe(5)
    expect((await ward(['members', 'role', await find('Sam Adeyemi'), 'STAFF'])).code).toBe(5)
  })
})
