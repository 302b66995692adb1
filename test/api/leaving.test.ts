import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { OrganizationRole } from '../../packages/server/src/http/operation.ts'
import { published } from '../support/outbox.ts'
import { codeOf } from '../support/problems.ts'
import { enableMfa, type Registered, register, signIn } from '../support/sign-in.ts'
import { createWorld, type World } from '../support/world.ts'

let world: World

beforeAll(async () => {
  world = await createWorld()
})
afterAll(() => world.stop())

const joins = async ({ tokens }: Registered, organization: string, role: OrganizationRole) => {
  const id = world.id()
  await world.admin.query(
    'insert into organization_memberships (id, organization_id, user_id, role) values ($1, $2, $3, $4)',
    [id, organization, tokens.user.id, role],
  )
  return id
}
const leave = ({ client, password }: Pick<Registered, 'client' | 'password'>) =>
  codeOf(client.users.deleteMe({ password }))
const live = async (table: string, userId: string): Promise<number> => {
  const { rows } = await world.admin.query(
    `select count(*)::int as live from ${table} where user_id = $1 and deleted_at is null`,
    [userId],
  )
  return rows[0].live
}

describe('closing an account', () => {
  test('ends sessions and sign-in, and frees the address; the row and its trail stay', async () => {
    const user = await register(world)
    const other = await signIn(world, user)
    expect(await leave(user)).toBe('passed')
    for (const token of [user.tokens.access_token, other.access_token])
      expect(await codeOf(world.client(token).users.me())).toBe('UNAUTHORIZED')
    expect(await codeOf(signIn(world, user))).toBe('UNAUTHORIZED')
    expect(await codeOf(world.client().auth.refresh({ refresh_token: other.refresh_token }))).toBe(
      'UNAUTHORIZED',
    )
    expect(await published(world, other.session_id)).toMatchObject([
      { type: 'session.revoked', data: { reason: 'ACCOUNT_CLOSED' } },
    ])
    const { id } = user.tokens.user
    const { rows } = await world.admin.query('select email, deleted_at from users where id = $1', [id])
    expect(rows).toEqual([{ email: user.email, deleted_at: expect.any(Date) }])
    expect((await world.auditRows({ operation: 'deleteCurrentUser', actor: id })).at(-1)).toMatchObject({
      action_type: 'DELETE',
      resource_type: 'USER',
      outcome: 'SUCCESS',
    })
    expect((await world.auditRows({ operation: 'register', actor: id })).length).toBe(1)
    const again = { email: user.email, password: user.password, display_name: 'Ada Moreau' }
    expect(await codeOf(world.client().auth.register(again))).toBe('passed')
  })

  test('takes memberships, role profiles, proxy access, devices and MFA with it', async () => {
    const org = await world.organization()
    const user = await register(world)
    const { id } = user.tokens.user
    await enableMfa(world, user)
    const member = await joins(user, org, 'PROVIDER')
    const provider = world.id()
    await world.admin.query(`insert into providers (id, user_id, npi_number) values ($1, $2, $3)`, [
      provider,
      id,
      '1234567893',
    ])
    await world.admin.query('insert into staff (id, user_id) values ($1, $2)', [world.id(), id])
    const child = await world.patient([org])
    await world.proxy(id, child.id)
    await user.client.users.registerDevice({ token: world.secret(`fcm:${id}`), platform: 'ios' })
    expect(await leave(user)).toBe('passed')
    for (const table of ['organization_memberships', 'providers', 'staff', 'proxies'])
      expect([table, await live(table, id)]).toEqual([table, 0])
    const { rows } = await world.admin.query(
      `select (select count(*)::int from user_devices where user_id = $1) as devices,
         (select count(*)::int from user_mfa_backup_codes where user_id = $1) as codes,
         (select mfa_secret from users where id = $1) as secret,
         (select count(*)::int from patient_proxy_assignments where patient_id = $2 and deleted_at is null) as proxies,
         (select member_count from organizations where id = $3) as members`,
      [id, child.id, org],
    )
    expect(rows).toEqual([{ devices: 0, codes: 0, secret: null, proxies: 0, members: 0 }])
    expect(await published(world, member)).toEqual([
      {
        type: 'member.removed',
        user: null,
        organization: org,
        support: false,
        data: { organization_id: org, member_id: member, user_id: id, role: 'PROVIDER' },
      },
    ])
  })

  test('of a patient leaves the record with the practice, without a sign-in', async () => {
    const org = await world.organization()
    const staff = await world.user({ roles: { [org]: 'STAFF' } })
    const user = await register(world)
    const patient = await world.patient([org], { userId: user.tokens.user.id })
    expect(await leave(user)).toBe('passed')
    const record = await staff.client.patients.get({ org_id: org, patient_id: patient.id })
    expect(record.last_name).toBe(patient.lastName)
    const { rows } = await world.admin.query('select user_id from patients where id = $1', [patient.id])
    expect(rows).toEqual([{ user_id: null }])
  })

  test('needs the password; a wrong one changes nothing and counts towards the lockout', async () => {
    const user = await register(world)
    const codes = []
    for (let index = 0; index < 6; index++) codes.push(await leave({ ...user, password: 'not-the-password' }))
    expect(codes).toEqual([...Array(5).fill('INVALID_PASSWORD'), 'ACCOUNT_LOCKED'])
    world.clock.advance({ minutes: 16 })
    expect(await codeOf(signIn(world, user))).toBe('passed')
  })

  test('is refused to the last ADMIN of an organization, and then nothing has happened', async () => {
    const org = await world.organization()
    const user = await register(world)
    await enableMfa(world, user)
    await joins(user, org, 'ADMIN')
    expect(await leave(user)).toBe('LAST_ADMIN')
    expect(await codeOf(user.client.users.me())).toBe('passed')
    expect(await live('organization_memberships', user.tokens.user.id)).toBe(1)
    await world.user({ roles: { [org]: 'ADMIN' } })
    expect(await leave(user)).toBe('passed')
  })

  test('of the two last ADMINs who leave at once one stays, in whichever of their organizations they meet', async () => {
    for (let round = 0; round < 3; round++) {
      const orgs = [await world.organization(), await world.organization()]
      const users = [await register(world), await register(world)]
      for (const user of users) for (const org of orgs) await joins(user, org, 'ADMIN')
      const codes = await Promise.all(users.map(leave))
      expect(codes.toSorted()).toEqual(['LAST_ADMIN', 'passed'])
      const { rows } = await world.admin.query(
        `select count(*)::int as admins from organization_memberships
         where organization_id = any($1) and deleted_at is null group by organization_id`,
        [orgs],
      )
      expect(rows).toEqual([{ admins: 1 }, { admins: 1 }])
    }
  })

  test('is not an administrator’s to do while impersonating', async () => {
    const org = await world.organization()
    const admin = await world.user({ roles: { [org]: 'ADMIN' } })
    const user = await register(world)
    const patient = await world.patient([org], { userId: user.tokens.user.id })
    const { access_token: token } = await admin.client.admin.impersonate({
      patient_id: patient.id,
      organization_id: org,
      reason: 'Patient reports an empty list',
    })
    const client = world.client(world.secret(token))
    expect(await leave({ client, password: user.password })).toBe('IMPERSONATION_FORBIDDEN')
  })
})
