import { afterAll, beforeAll, describe, expect, test } from 'vitest'
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

const json = { 'content-type': 'application/json' }
const patient = { first_name: 'Ngozi', last_name: 'Okafor', dob: '1984-07-21' }

async function counts(): Promise<unknown> {
  const { rows } = await world.admin.query(
    'select (select count(*) from patients) as patients, (select count(*) from idempotency_keys) as keys, (select count(*) from events) as events',
  )
  return rows[0]
}

/** Sends it and expects the problem, and that nothing changed. */
async function refused(
  init: RequestInit & { path?: string; token?: string },
  status: number,
  code: string,
  pointers?: string[],
): Promise<Record<string, unknown>> {
  const before = await counts()
  const { path = `/api/organizations/${org}/patients`, token = staff.token, ...rest } = init
  const response = await world.fetch(path, { token, ...rest })
  const body = (await response.json()) as Record<string, unknown>
  expect(body).toMatchObject({ status, code })
  expect(response.status).toBe(status)
  expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/)
  expect(response.headers.get('x-request-id')).toBe(body.request_id)
  if (pointers) {
    const errors = body.errors as { pointer: string }[]
    expect(errors.map(({ pointer }) => pointer).toSorted()).toEqual(pointers.toSorted())
  }
  expect(await counts()).toEqual(before)
  return body
}

const post = (body: unknown, headers: Record<string, string> = {}): RequestInit => ({
  method: 'POST',
  body: JSON.stringify(body),
  headers: { ...json, ...headers },
})

describe('bad input answers its problem and changes nothing', () => {
  test('malformed JSON', () =>
    refused({ method: 'POST', body: '{"first_name":', headers: json }, 422, 'VALIDATION_ERROR'))
  test('an empty body', () => refused({ method: 'POST', headers: json }, 422, 'VALIDATION_ERROR'))
  test('another media type', () =>
    refused(
      { method: 'POST', body: 'first_name=x', headers: { 'content-type': 'text/plain' } },
      422,
      'VALIDATION_ERROR',
    ))
  test('a wrong type is not coerced', () =>
    refused(post({ ...patient, first_name: 7 }), 422, 'VALIDATION_ERROR', ['/first_name']))
  test('every wrong field is named', () =>
    refused(post({ first_name: '', dob: 'yesterday' }), 422, 'VALIDATION_ERROR', [
      '/first_name',
      '/dob',
      '/last_name',
    ]))
  test('an unknown body field is refused, not dropped', () =>
    refused(post({ ...patient, is_admin: true }), 422, 'VALIDATION_ERROR', ['/is_admin']))
  test('an unknown query parameter', () =>
    refused({ path: `/api/organizations/${org}/patients?offset=5` }, 422, 'VALIDATION_ERROR', [
      '/query/offset',
    ]))
  test('a limit out of bounds', () =>
    refused({ path: `/api/organizations/${org}/patients?limit=101` }, 422, 'VALIDATION_ERROR', [
      '/query/limit',
    ]))
  test('a path id that is no uuid', () =>
    refused({ path: `/api/organizations/${org}/patients/42` }, 422, 'VALIDATION_ERROR', ['/path/patient_id']))
  test('a body beyond the limit', () =>
    refused(post({ ...patient, last_name: 'x'.repeat(2 ** 20) }), 413, 'PAYLOAD_TOO_LARGE'))
  test('prototype pollution', () =>
    refused({ method: 'POST', body: '{"__proto__": {"x": 1}}', headers: json }, 422, 'VALIDATION_ERROR'))
  test('a character that cannot be stored', () =>
    refused(post({ ...patient, last_name: 'a\u0000b' }), 422, 'VALIDATION_ERROR'))
  test('an unknown path', () => refused({ path: '/api/nothing' }, 404, 'NOT_FOUND'))
  test('an unknown method of a known path', () => refused({ method: 'DELETE' }, 404, 'NOT_FOUND'))

  test.each([
    ['no token', undefined, 401],
    ['a forged token', 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.', 401],
    ['not a token', 'hello', 401],
  ])('%s', async (_name, token, status) => {
    const init: RequestInit & { token?: string } = token === undefined ? {} : { token }
    const response = await world.fetch(`/api/organizations/${org}/patients`, init)
    expect(response.status).toBe(status)
    expect(await response.json()).toMatchObject({ code: 'UNAUTHORIZED' })
  })

  test('a token signed by a foreign key', async () => {
    const other = await createWorld()
    try {
      const stranger = await other.user({ roles: {} })
      await refused({ token: stranger.token }, 401, 'UNAUTHORIZED')
    } finally {
      await other.stop()
    }
  })

  test('an expired token', async () => {
    const aged = await createWorld()
    try {
      const user = await aged.user()
      aged.clock.advance({ hours: 13 })
      await expect(user.client.users.me()).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
    } finally {
      await aged.stop()
    }
  })

  test('a forged cursor, and one of another list or filter', async () => {
    for (let index = 0; index < 3; index++) await world.patient([org])
    const { next_cursor: cursor } = await staff.client.patients.list({ org_id: org, limit: 1 })
    expect(cursor).toBeTypeOf('string')
    const forged = `${String(cursor).slice(0, -4)}AAAA`
    await refused({ path: `/api/organizations/${org}/patients?cursor=${forged}` }, 400, 'INVALID_CURSOR')
    await refused({ path: `/api/organizations/${org}/patients?cursor=abc` }, 400, 'INVALID_CURSOR')
    await refused(
      { path: `/api/organizations/${org}/patients?status=DISCHARGED&cursor=${cursor}` },
      400,
      'INVALID_CURSOR',
    )
    await refused({ path: `/api/organizations/${org}/appointments?cursor=${cursor}` }, 400, 'INVALID_CURSOR')
  })

  test('nothing of an error is a stack, SQL or what was sent', async () => {
    const marker = 'Zebulon'
    const body = await refused(post({ ...patient, dob: marker }), 422, 'VALIDATION_ERROR')
    expect(JSON.stringify(body)).not.toContain(marker)
    expect(JSON.stringify(body)).not.toMatch(/select|insert|node_modules|\.ts/i)
  })

  test('a request id is taken from the caller when it is safe, else made', async () => {
    const kept = await world.fetch('/health', { headers: { 'x-request-id': 'trace-1.a:b' } })
    expect(kept.headers.get('x-request-id')).toBe('trace-1.a:b')
    const made = await world.fetch('/health', { headers: { 'x-request-id': 'a b' } })
    expect(made.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  })
})

describe('a database that goes away', () => {
  test('answers 503 UNAVAILABLE mid-request, and the server recovers by itself', async () => {
    const fragile = await createWorld()
    try {
      const organization = await fragile.organization()
      const user = await fragile.user({ roles: { [organization]: 'STAFF' } })
      const name = new URL(fragile.adminUrl).pathname.slice(1)
      const list = () => user.client.patients.list({ org_id: organization })
      await list()
      // Forbids new connections and ends those that there are, all but our own.
      await fragile.admin.query(`alter database ${name} connection limit 0`)
      await fragile.admin.query(
        'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
      )
      await expect(list()).rejects.toMatchObject({ code: 'UNAVAILABLE', status: 503 })
      // What was found a moment ago is told for a second.
      await expect
        .poll(() => user.client.health.deep().catch((error: unknown) => error), { timeout: 5000 })
        .toMatchObject({ status: 503 })
      expect(await user.client.health.get()).toMatchObject({ status: 'ok' })
      await fragile.admin.query(`alter database ${name} connection limit -1`)
      await expect.poll(() => list().catch(() => null), { timeout: 5000 }).toMatchObject({ items: [] })
    } finally {
      await fragile.stop()
    }
  })
})
