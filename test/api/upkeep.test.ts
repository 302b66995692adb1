import { afterAll, beforeAll, expect, test } from 'vitest'
import { createWorld, type World } from '../support/world.ts'

let world: World

beforeAll(async () => {
  world = await createWorld()
})
afterAll(() => world.stop())

test('an impersonation that runs out is ended, announced and told to the patient once, by whichever server notices', async () => {
  const org = await world.organization()
  const admin = await world.user({ roles: { [org]: 'ADMIN' } })
  const login = await world.user()
  const patient = await world.patient([org], { userId: login.id })
  await world.startServer()
  const { impersonation_id: id } = await admin.client.admin.impersonate({
    patient_id: patient.id,
    reason: 'Looking into a complaint',
    duration_minutes: 15,
  })
  world.clock.advance({ minutes: 16 })
  const ended = async () =>
    (await world.admin.query('select ended_at, expires_at, ended_by from impersonations where id = $1', [id]))
      .rows[0]
  await expect.poll(async () => (await ended()).ended_at, { timeout: 10_000 }).not.toBeNull()
  const row = await ended()
  expect(row.ended_at).toEqual(row.expires_at)
  const count = async (statement: string, value: string) => {
    const { rows } = await world.admin.query(statement, [value])
    return Number(rows[0].n)
  }
  expect(
    await count(
      `select count(*) as n from events where type = 'impersonation.ended' and organization_id = $1`,
      org,
    ),
  ).toBe(1)
  expect(await count('select count(*) as n from notifications where user_id = $1', login.id)).toBe(1)
  expect(
    await count(
      'select count(*) as n from user_sessions where impersonation_id = $1 and revoked_at is null',
      id,
    ),
  ).toBe(0)
})

test('what has expired is deleted, and partitions stand ready a year ahead', async () => {
  await world.admin.query(
    `insert into idempotency_keys (actor_id, operation_id, key, request_hash, status, expires_at)
     values (gen_random_uuid(), 'x', 'old', '', 201, now() - interval '1 day')`,
  )
  world.clock.advance({ minutes: 11 })
  const old = async () =>
    (await world.admin.query(`select 1 from idempotency_keys where key = 'old'`)).rowCount
  await expect.poll(old, { timeout: 10_000 }).toBe(0)
  const ahead = new Date(world.clock.now().getTime() + 366 * 86_400_000)
  const name = `audit_logs_${ahead.getUTCFullYear()}_${String(ahead.getUTCMonth() + 1).padStart(2, '0')}`
  const { rows } = await world.admin.query('select to_regclass($1) as name', [name])
  expect(rows[0].name).toBe(name)
})

test('an invitation that runs out is written down as EXPIRED', async () => {
  const org_id = await world.organization()
  const admin = await world.user({ roles: { [org_id]: 'ADMIN' } })
  const invite = async (email: string) =>
    (await admin.client.members.invite({ org_id, email: world.secret(email), role: 'STAFF' })).id
  const [late, cancelled] = [
    await invite('late.guest@patient.test'),
    await invite('unwanted.guest@patient.test'),
  ]
  await admin.client.invitations.cancel({ org_id, invitation_id: cancelled })
  const status = async (id: string) =>
    (await world.admin.query('select status from invitations where id = $1', [id])).rows[0].status
  world.clock.advance({ days: 6 })
  const open = await world.user({ roles: { [org_id]: 'ADMIN' } })
  const fresh = await open.client.members.invite({
    org_id,
    email: world.secret('new.guest@patient.test'),
    role: 'STAFF',
  })
  world.clock.advance({ days: 1, minutes: 2 })
  await expect.poll(() => status(late), { timeout: 10_000 }).toBe('EXPIRED')
  expect([await status(cancelled), await status(fresh.id)]).toEqual(['CANCELLED', 'PENDING'])
})

test('sessions are deleted 90 days after their end, with what hangs on them, and no day before', async () => {
  const user = await world.user()
  const [revoked, over] = [await world.session(user.id), await world.session(user.id)]
  await revoked.client.events.createTicket()
  await revoked.client.auth.logout()
  const left = async () =>
    (
      await world.admin.query('select id from user_sessions where id = any($1)', [
        [revoked.sessionId, over.sessionId, user.sessionId],
      ])
    ).rows.map(({ id }) => id)
  // Their ends are 12 hours away, unlike that of the revoked one.
  world.clock.advance({ days: 89, hours: 23 })
  const cleaned = async () => {
    await world.admin.query(
      `insert into idempotency_keys (actor_id, operation_id, key, request_hash, status, expires_at)
       values (gen_random_uuid(), 'x', 'mark', '', 201, now() - interval '1 day') on conflict do nothing`,
    )
    world.clock.advance({ minutes: 11 })
    const mark = async () =>
      (await world.admin.query(`select 1 from idempotency_keys where key = 'mark'`)).rowCount
    await expect.poll(mark, { timeout: 10_000 }).toBe(0)
  }
  await cleaned()
  expect(await left()).toHaveLength(3)
  world.clock.advance({ hours: 2 })
  await expect.poll(left, { timeout: 10_000 }).not.toContain(revoked.sessionId)
  expect(await left()).toHaveLength(2)
  world.clock.advance({ hours: 12 })
  await expect.poll(left, { timeout: 10_000 }).toEqual([])
})

test('the audit trail outlives everything that upkeep deletes: eight years later every row is there', async () => {
  const own = await createWorld()
  try {
    const org = await own.organization()
    const admin = await own.user({ roles: { [org]: 'ADMIN' } })
    await admin.client.patients.list({ org_id: org })
    const rows = async () => (await own.auditRows()).map(({ id }) => id)
    const before = await rows()
    expect(before.length).toBeGreaterThan(0)
    await own.admin.query(
      `insert into idempotency_keys (actor_id, operation_id, key, request_hash, status, expires_at)
       values (gen_random_uuid(), 'x', 'mark', '', 201, now())`,
    )
    own.clock.advance({ days: 8 * 366 })
    // What may go has gone: upkeep has been here.
    const mark = async () =>
      (await own.admin.query(`select 1 from idempotency_keys where key = 'mark'`)).rowCount
    await expect.poll(mark, { timeout: 15_000 }).toBe(0)
    expect(await rows()).toEqual(expect.arrayContaining(before))
  } finally {
    await own.stop()
  }
})
