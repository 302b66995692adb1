import type { EventStream } from '@wardline/sdk'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type MailServer, startMailServer, tokenIn } from '../support/mail.ts'
import { published } from '../support/outbox.ts'
import { codeOf } from '../support/problems.ts'
import { register, signIn } from '../support/sign-in.ts'
import { createWorld, type TestUser, type World } from '../support/world.ts'

let world: World
let smtp: MailServer
let boss: TestUser
const reason = 'Asked for by phone, identity checked'

beforeAll(async () => {
  smtp = await startMailServer()
  world = await createWorld({ env: smtp.env })
  boss = await world.user({ superAdmin: true, name: 'Ada Moreau' })
})
afterAll(async () => {
  await world.stop()
  await smtp.close()
})

const admins = () => boss.client.superAdmin
const ids = (page: { items: readonly { id: string }[] }) => page.items.map(({ id }) => id)
/** The newest row of an operation about a record. */
const row = async (operation: string, id: string) =>
  (await world.auditRows({ operation })).filter(({ resource_id }) => resource_id === id).at(-1)
/** Why a stream was closed by the server. */
async function closedFor(stream: EventStream): Promise<string> {
  try {
    for await (const _ of stream);
  } catch (error) {
    if (error instanceof Error && 'reason' in error) return String(error.reason)
    throw error
  }
  return 'ended'
}

describe('organizations', () => {
  test('are all listed by name, with their status, and found by name, status and subscription', async () => {
    const mark = world.id().slice(-8)
    const [alder, birch] = [
      await world.organization(`Alder ${mark}`),
      await world.organization(`Bïrch ${mark}`),
    ]
    const gone = await world.organization(`Cedar ${mark}`)
    await world.admin.query('update organizations set deleted_at = now() where id = $1', [gone])
    await world.admin.query(`update organizations set subscription_status = 'TRIALING' where id = $1`, [
      birch,
    ])
    await world.patient([alder])
    await world.user({ roles: { [alder]: 'STAFF' } })
    const page = await admins().organizations({ search: mark.toUpperCase(), limit: 1, include_total: true })
    expect(page).toMatchObject({
      total: 2,
      items: [{ id: alder, status: 'ACTIVE', member_count: 1, patient_count: 1, suspended_at: null }],
    })
    expect(ids((await page.next()) ?? { items: [] })).toEqual([birch])
    expect(ids(await admins().organizations({ search: `birch ${mark}` }))).toEqual([birch])
    expect(ids(await admins().organizations({ search: mark, subscription_status: 'TRIALING' }))).toEqual([
      birch,
    ])
    await admins().suspendOrganization({ org_id: birch, reason })
    expect(ids(await admins().organizations({ search: mark, status: 'SUSPENDED' }))).toEqual([birch])
    expect(ids(await admins().organizations({ search: mark, status: 'ACTIVE' }))).toEqual([alder])
    expect((await admins().organizations({ search: '%_' })).items).toEqual([])
  })

  test('a suspended one refuses members, patients and proxies, closes streams, and opens again', async () => {
    const org = await world.organization()
    const admin = await world.user({ roles: { [org]: 'ADMIN' } })
    const login = await world.user()
    const patient = await world.patient([org], { userId: login.id })
    const parent = await world.user()
    await world.proxy(parent.id, patient.id, { clinical: true })
    const read = (user: TestUser) => user.client.patients.get({ org_id: org, patient_id: patient.id })
    for (const user of [admin, login, parent]) expect(await codeOf(read(user))).toBe('passed')
    const stream = admin.client.events.streamOrganization({ org_id: org })
    const closed = closedFor(stream)
    await new Promise((resolve) => setTimeout(resolve, 500))

    const answer = await admins().suspendOrganization({ org_id: org, reason })
    expect(answer).toMatchObject({ id: org, status: 'SUSPENDED', suspended_reason: reason })
    expect(await closed).toBe('ACCOUNT_CLOSED')
    for (const user of [admin, login, parent]) expect(await codeOf(read(user))).toBe('ACCOUNT_SUSPENDED')
    expect(await codeOf(login.client.users.me())).toBe('passed')
    expect(await row('suspendOrganization', org)).toMatchObject({
      actor_user_id: boss.id,
      action_type: 'SUSPEND',
      organization_id: org,
      reason,
      outcome: 'SUCCESS',
      changes: { suspended_reason: { old: null, new: reason } },
    })
    expect(await codeOf(admins().suspendOrganization({ org_id: org, reason }))).toBe('CONFLICT')

    expect(await admins().reactivateOrganization({ org_id: org, reason })).toMatchObject({
      status: 'ACTIVE',
      suspended_at: null,
      suspended_reason: null,
    })
    for (const user of [admin, login, parent]) expect(await codeOf(read(user))).toBe('passed')
    expect(await row('reactivateOrganization', org)).toMatchObject({ action_type: 'REACTIVATE', reason })
    expect(await codeOf(admins().reactivateOrganization({ org_id: org, reason }))).toBe('CONFLICT')
    expect(await codeOf(admins().suspendOrganization({ org_id: world.id(), reason }))).toBe('NOT_FOUND')
  })

  test('of two suspensions at once, one does it', async () => {
    const org_id = await world.organization()
    const codes = await Promise.all(
      [1, 2, 3].map(() => codeOf(admins().suspendOrganization({ org_id, reason }))),
    )
    expect(codes.sort()).toEqual(['CONFLICT', 'CONFLICT', 'passed'])
  })

  test('a super-admin who works in a suspended one can open it again', async () => {
    const org_id = await world.organization()
    const both = await world.user({ superAdmin: true, roles: { [org_id]: 'ADMIN' } })
    await both.client.superAdmin.suspendOrganization({ org_id, reason })
    expect(await codeOf(both.client.patients.list({ org_id }))).toBe('ACCOUNT_SUSPENDED')
    expect(await codeOf(both.client.superAdmin.reactivateOrganization({ org_id, reason }))).toBe('passed')
    await world.admin.query('update users set is_super_admin = false where id = $1', [both.id])
  })

  test('only the platform can suspend, whatever a query says', async () => {
    const org = await world.organization()
    await world.admin.query('begin')
    try {
      await world.admin.query('set local role wardline_app')
      await world.admin.query(`select set_config('app.scope', 'organization', true)`)
      await expect(
        world.admin.query('select set_organization_suspension($1, now(), null)', [org]),
      ).rejects.toThrow('only the platform')
    } finally {
      await world.admin.query('rollback')
    }
  })
})

describe('accounts', () => {
  test('are listed newest first and found by name, address, status and MFA', async () => {
    const mark = `Zq${world.id().slice(-8).replaceAll(/\d/g, 'x')}`
    const plain = await world.user({ name: `Ngozi ${mark}` })
    world.clock.advance({ seconds: 1 })
    const locked = await world.user({ name: `Bea ${mark}`, mfa: true })
    const suspended = await world.user({ name: `Çem ${mark}` })
    const gone = await world.user({ name: `Gone ${mark}` })
    const until = new Date(world.clock.now().getTime() + 60_000)
    await world.admin.query('update users set locked_until = $2 where id = any($1)', [
      [locked.id, suspended.id],
      until,
    ])
    await world.admin.query('update users set suspended_at = now() where id = $1', [suspended.id])
    await world.admin.query('update users set deleted_at = now() where id = $1', [gone.id])
    const find = async (filters: Parameters<TestUser['client']['superAdmin']['users']>[0]) =>
      ids(await admins().users({ search: mark, ...filters }))
    expect(new Set(await find({}))).toEqual(new Set([plain.id, locked.id, suspended.id]))
    const paged = await admins().users({ search: mark, limit: 2, include_total: true })
    expect(paged).toMatchObject({ total: 3 })
    expect([...ids(paged), ...ids((await paged.next()) ?? { items: [] })]).toEqual(await find({}))
    expect(await find({ status: 'ACTIVE' })).toEqual([plain.id])
    expect(await find({ status: 'LOCKED' })).toEqual([locked.id])
    expect(await find({ status: 'SUSPENDED' })).toEqual([suspended.id])
    expect(await find({ mfa_enabled: true })).toEqual([locked.id])
    expect(await find({ mfa_enabled: false, status: 'ACTIVE' })).toEqual([plain.id])
    expect(ids(await admins().users({ search: `cem ${mark}` }))).toEqual([suspended.id])
    expect(ids(await admins().users({ search: plain.email.toUpperCase() }))).toEqual([plain.id])
    expect((await admins().users({ search: mark, status: 'LOCKED' })).items[0]).toEqual({
      id: locked.id,
      email: locked.email,
      display_name: `Bea ${mark}`,
      status: 'LOCKED',
      platform_roles: [],
      mfa_enabled: true,
      must_reset_password: false,
      last_login_at: null,
      created_at: expect.any(String),
    })
    world.clock.advance({ minutes: 2 })
    expect(await find({ status: 'LOCKED' })).toEqual([])
  })

  test('one shows its lockout, its organizations and its live sessions, and the look is audited', async () => {
    const org = await world.organization('Harbor Family Practice')
    const user = await world.user({ roles: { [org]: 'STAFF' }, supportAgent: true })
    const ended = await world.session(user.id)
    await world.admin.query('update user_sessions set revoked_at = now() where id = $1', [ended.sessionId])
    const until = new Date(world.clock.now().getTime() + 60_000)
    await world.admin.query('update users set locked_until = $2, failed_login_attempts = 5 where id = $1', [
      user.id,
      until,
    ])
    const found = await admins().user({ user_id: user.id })
    expect(found).toMatchObject({
      id: user.id,
      status: 'LOCKED',
      platform_roles: ['SUPPORT_AGENT'],
      lockout_info: { failed_attempts: 5, locked_until: until.toISOString() },
      organizations: [{ organization_id: org, organization_name: 'Harbor Family Practice', role: 'STAFF' }],
      sessions: [{ id: user.sessionId, is_impersonation: false }],
    })
    expect(found.sessions).toHaveLength(1)
    expect(found.organizations).toHaveLength(1)
    expect(await row('getUser', user.id)).toMatchObject({ action_type: 'READ', actor_user_id: boss.id })
    expect(await codeOf(admins().user({ user_id: world.id() }))).toBe('NOT_FOUND')
  })

  test('a locked one is unlocked, for a reason that the trail keeps', async () => {
    const user = await register(world)
    for (let index = 0; index < 5; index++)
      await codeOf(world.client().auth.login({ email: user.email, password: 'not-the-password' }))
    await expect(signIn(world, user)).rejects.toMatchObject({ code: 'ACCOUNT_LOCKED' })
    const { id: user_id } = user.tokens.user
    expect(await admins().user({ user_id })).toMatchObject({ lockout_info: { failed_attempts: 5 } })
    expect(await codeOf(admins().unlockUser({ user_id, reason: 'too short' }))).toBe('VALIDATION_ERROR')
    expect(await admins().unlockUser({ user_id, reason: `  ${reason} ` })).toMatchObject({
      status: 'ACTIVE',
      lockout_info: { failed_attempts: 0, locked_until: null },
    })
    await signIn(world, user)
    expect(await row('unlockUser', user_id)).toMatchObject({
      action_type: 'UNLOCK_ACCOUNT',
      reason,
      outcome: 'SUCCESS',
      changes: { locked_until: { new: null } },
    })
  })

  test('a suspended one loses its sessions and streams at once, cannot sign in, and comes back', async () => {
    const user = await register(world)
    const { id: user_id } = user.tokens.user
    const closed = closedFor(user.client.events.stream())
    await new Promise((resolve) => setTimeout(resolve, 500))
    expect(await admins().suspendUser({ user_id, reason })).toMatchObject({
      status: 'SUSPENDED',
      suspended_reason: reason,
      sessions: [],
    })
    expect(await closed).toBe('SESSION_ENDED')
    expect(await codeOf(user.client.users.me())).toBe('UNAUTHORIZED')
    const { refresh_token } = user.tokens
    expect(await codeOf(world.client().auth.refresh({ refresh_token }))).toBe('UNAUTHORIZED')
    await expect(signIn(world, user)).rejects.toMatchObject({ code: 'ACCOUNT_SUSPENDED' })
    expect(await published(world, user.tokens.session_id)).toMatchObject([
      { type: 'session.revoked', user: user_id, data: { reason: 'ACCOUNT_CLOSED' } },
    ])
    expect(await row('suspendUser', user_id)).toMatchObject({ action_type: 'SUSPEND_ACCOUNT', reason })
    expect(await codeOf(admins().suspendUser({ user_id, reason }))).toBe('CONFLICT')

    expect(await admins().reactivateUser({ user_id, reason })).toMatchObject({ status: 'ACTIVE' })
    expect(await codeOf(user.client.users.me())).toBe('UNAUTHORIZED')
    await signIn(world, user)
    expect(await row('reactivateUser', user_id)).toMatchObject({ action_type: 'REACTIVATE_ACCOUNT', reason })
    expect(await codeOf(admins().reactivateUser({ user_id, reason }))).toBe('CONFLICT')
  })

  test('an impersonation of a suspended patient, and one by a suspended admin, end with it', async () => {
    const org = await world.organization()
    const impersonate = async (admin: TestUser) => {
      const login = await world.user()
      const { id: patient_id } = await world.patient([org], { userId: login.id })
      const grant = await admin.client.admin.impersonate({ patient_id, reason })
      return { login, patient: world.client(world.secret(grant.access_token)) }
    }
    const admin = await world.user({ roles: { [org]: 'ADMIN' } })
    const [one, two] = [await impersonate(admin), await impersonate(admin)]
    await admins().suspendUser({ user_id: one.login.id, reason })
    expect(await codeOf(one.patient.users.me())).toBe('ACCOUNT_SUSPENDED')
    expect(await codeOf(two.patient.users.me())).toBe('passed')
    await admins().suspendUser({ user_id: admin.id, reason })
    expect(await codeOf(two.patient.users.me())).toBe('IMPERSONATION_EXPIRED')
  })

  test('one that must reset its password loses its sessions, and is let in by the mailed link alone', async () => {
    const user = await register(world)
    const { id: user_id } = user.tokens.user
    expect(await admins().forcePasswordReset({ user_id, reason })).toMatchObject({
      must_reset_password: true,
      sessions: [],
    })
    expect(await codeOf(user.client.users.me())).toBe('UNAUTHORIZED')
    await expect(signIn(world, user)).rejects.toMatchObject({ code: 'PASSWORD_RESET_REQUIRED' })
    expect(await row('forcePasswordReset', user_id)).toMatchObject({
      action_type: 'FORCE_PASSWORD_RESET',
      reason,
    })
    const mails = () => smtp.mails.filter(({ to }) => to.includes(user.email))
    await expect.poll(() => mails().length, { timeout: 15_000 }).toBe(1)
    const [mail] = mails()
    if (!mail) throw new Error('no mail came')
    const password = world.secret(`heron-${user_id.slice(-12)}-meadow`)
    await world.client().auth.resetPassword({ token: world.secret(tokenIn(mail)), password })
    await signIn(world, { email: user.email, password })
    expect(await admins().user({ user_id })).toMatchObject({ must_reset_password: false })
  })
})

describe('who may', () => {
  test('nobody suspends themselves; of two who suspend each other at once, one remains', async () => {
    const own = await createWorld()
    try {
      const [one, two] = [await own.user({ superAdmin: true }), await own.user({ superAdmin: true })]
      expect(await codeOf(one.client.superAdmin.suspendUser({ user_id: one.id, reason }))).toBe('CONFLICT')
      const codes = await Promise.all([
        codeOf(one.client.superAdmin.suspendUser({ user_id: two.id, reason })),
        codeOf(two.client.superAdmin.suspendUser({ user_id: one.id, reason })),
      ])
      expect(codes.filter((code) => code === 'passed')).toHaveLength(1)
      const { rows } = await own.admin.query(
        'select count(*)::int as left from users where is_super_admin and suspended_at is null',
      )
      expect(rows).toEqual([{ left: 1 }])
    } finally {
      await own.stop()
    }
  })

  test('the last super-admin cannot be suspended', async () => {
    const own = await createWorld()
    try {
      const [one, two] = [await own.user({ superAdmin: true }), await own.user({ superAdmin: true })]
      // Their own suspension arrives after the gates have let the call in.
      const lock = await own.admin
        .query('begin')
        .then(() => own.admin.query('update users set suspended_at = now() where id = $1', [two.id]))
      expect(lock.rowCount).toBe(1)
      const call = codeOf(two.client.superAdmin.suspendUser({ user_id: one.id, reason }))
      await expect
        .poll(async () => {
          const { rows } = await own.admin.query(
            `select count(*)::int as waiting from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`,
          )
          return rows[0].waiting
        })
        .toBe(1)
      await own.admin.query('commit')
      expect(await call).toBe('CONFLICT')
    } finally {
      await own.stop()
    }
  })

  test('only super-admins with MFA; suspending needs a fresh code; a refusal leaves a row', async () => {
    const org_id = await world.organization()
    const user_id = (await world.user()).id
    const calls = ({ superAdmin }: TestUser['client']) => [
      superAdmin.organizations(),
      superAdmin.suspendOrganization({ org_id, reason }),
      superAdmin.reactivateOrganization({ org_id, reason }),
      superAdmin.users(),
      superAdmin.user({ user_id }),
      superAdmin.unlockUser({ user_id, reason }),
      superAdmin.suspendUser({ user_id, reason }),
      superAdmin.reactivateUser({ user_id, reason }),
      superAdmin.forcePasswordReset({ user_id, reason }),
    ]
    const codes = (client: TestUser['client']) => Promise.all(calls(client).map(codeOf))
    const admin = await world.user({ roles: { [org_id]: 'ADMIN' } })
    const agent = await world.user({ supportAgent: true })
    for (const { client } of [admin, agent, await world.user()])
      expect(await codes(client)).toEqual(Array.from({ length: 9 }, () => 'FORBIDDEN'))
    const weak = await world.session(boss.id)
    expect(await codes(weak.client)).toEqual(Array.from({ length: 9 }, () => 'MFA_REQUIRED'))
    const stale = await world.session(boss.id, { mfa: true, age: 11 })
    expect(await codeOf(stale.client.superAdmin.suspendOrganization({ org_id, reason }))).toBe(
      'STEP_UP_REQUIRED',
    )
    expect(await codeOf(stale.client.superAdmin.suspendUser({ user_id, reason }))).toBe('STEP_UP_REQUIRED')
    expect(await world.auditRows({ operation: 'suspendUser', actor: agent.id })).toMatchObject([
      { outcome: 'DENIED', problem_code: 'FORBIDDEN', resource_id: user_id },
    ])
  })
})

test('the lists are read from indexes that give their order, searches from indexes that find', async () => {
  const own = await createWorld()
  try {
    // In small transactions: a long one holds back the events of every test that runs beside this one.
    for (let from = 1; from <= 3000; from += 200) {
      const numbers = `generate_series(${from}, ${from + 199}) n`
      await own.admin.query(
        `insert into users (id, email, display_name, created_at)
         select gen_random_uuid(), 'p' || n || '@patient.test', md5(n::text), now() - make_interval(secs => n)
         from ${numbers}`,
      )
      await own.admin.query(
        `insert into organizations (id, name) select gen_random_uuid(), md5(n::text) from ${numbers}`,
      )
    }
    // Also puts away what a fresh index has only noted so far.
    await own.admin.query('vacuum analyze users, organizations')
    const plan = async (query: string) =>
      (await own.admin.query<{ 'QUERY PLAN': string }>(`explain ${query}`)).rows
        .map((line) => line['QUERY PLAN'])
        .join('\n')
    const users = 'select id from users where deleted_at is null'
    const organizations = 'select id from organizations where deleted_at is null'
    const byAge = await plan(`${users} order by created_at desc, id desc limit 51`)
    expect(byAge).toContain('using users_created')
    expect(byAge).not.toContain('Sort')
    const byName = await plan(`${organizations} order by name, id limit 51`)
    expect(byName).toContain('using organizations_name')
    expect(byName).not.toContain('Sort')
    expect(
      await plan(`${users} and search_form(display_name || ' ' || email::text) like search_form('%p2711@%')`),
    ).toContain('users_search')
    expect(await plan(`${organizations} and search_form(name) like search_form('%c4ca42%')`)).toContain(
      'organizations_search',
    )
  } finally {
    await own.stop()
  }
})

test('a reason that is not for the trail stays out of it', async () => {
  const org_id = await world.organization()
  const provider = await world.provider(org_id)
  const patient = await world.patient([org_id])
  const visit = world.secret('A lump that worries her')
  const at = new Date(world.clock.now().getTime() + 86_400_000).toISOString()
  await provider.client.appointments.create({
    org_id,
    patient_id: patient.id,
    provider_id: provider.providerId,
    scheduled_at: at,
    appointment_type: 'TELEHEALTH',
    reason: visit,
  })
  expect(await world.auditRows({ operation: 'createAppointment' })).toMatchObject([{ reason: null }])
})
