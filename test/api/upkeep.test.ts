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
