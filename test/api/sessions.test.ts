import { createClient } from '@wardline/sdk'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checkedFetch } from '../support/contract.ts'
import { published } from '../support/outbox.ts'
import { codeOf } from '../support/problems.ts'
import { guarded, register, signIn } from '../support/sign-in.ts'
import { createWorld, type World } from '../support/world.ts'

let world: World

beforeAll(async () => {
  world = await createWorld()
})
afterAll(() => world.stop())

/** An administrator's look through the person's account. */
async function impersonate(userId: string): Promise<{ token: string; patientId: string }> {
  const org = await world.organization()
  const admin = await world.user({ roles: { [org]: 'ADMIN' } })
  const patient = await world.patient([org], { userId })
  const { access_token: token } = await admin.client.admin.impersonate({
    patient_id: patient.id,
    organization_id: org,
    reason: 'Patient reports an empty list',
  })
  return { token: world.secret(token), patientId: patient.id }
}

describe('the list of sessions', () => {
  test('shows device, address and times of each, the newest first, and which one asks', async () => {
    const user = await register(world)
    world.clock.advance({ minutes: 1 })
    const laptop = guarded(
      world,
      await world
        .client()
        .auth.login({
          email: user.email,
          password: user.password,
          device: 'ward on a laptop',
        })
        .then((result) => {
          if (result.result !== 'tokens') throw new Error('a code is asked for')
          return result
        }),
    )
    const page = await user.client.users.sessions({ include_total: true })
    expect(page).toEqual({
      items: [
        {
          id: laptop.session_id,
          device: 'ward on a laptop',
          issuer: null,
          user_agent: expect.any(String),
          ip_address: '127.0.0.1',
          is_current: false,
          created_at: expect.any(String),
          last_active_at: expect.any(String),
        },
        expect.objectContaining({ id: user.tokens.session_id, device: null, is_current: true }),
      ],
      next_cursor: null,
      total: 2,
    })
  })

  test('leaves out what has ended: signed out, idle for too long, over, and of others', async () => {
    const user = await world.user()
    const [out, idle, over] = [
      await world.session(user.id),
      await world.session(user.id),
      await world.session(user.id),
    ]
    const stranger = await world.user()
    await out.client.auth.logout()
    await world.admin.query(
      `update user_sessions set last_active_at = last_active_at - interval '11 hours' where id = $1`,
      [idle.sessionId],
    )
    await world.admin.query('update user_sessions set expires_at = $2 where id = $1', [
      over.sessionId,
      world.clock.now(),
    ])
    const ids = (await user.client.users.sessions()).items.map(({ id }) => id)
    expect(ids).toEqual([user.sessionId])
    expect(ids).not.toContain(stranger.sessionId)
  })

  test('an impersonation is no device of the patient: not shown, not to be ended by the patient', async () => {
    const user = await world.user()
    const { token } = await impersonate(user.id)
    expect((await user.client.users.sessions()).items.map(({ id }) => id)).toEqual([user.sessionId])
    const { rows } = await world.admin.query(
      'select id from user_sessions where user_id = $1 and impersonation_id is not null',
      [user.id],
    )
    expect(await codeOf(user.client.users.revokeSession({ session_id: rows[0].id }))).toBe('NOT_FOUND')
    expect(await codeOf(world.client(token).users.me())).toBe('passed')
  })

  test('nor does an administrator see the patient’s devices, or end them', async () => {
    const user = await world.user()
    const { token } = await impersonate(user.id)
    const { users } = world.client(token)
    expect(await codeOf(users.sessions())).toBe('IMPERSONATION_FORBIDDEN')
    expect(await codeOf(users.revokeSession({ session_id: user.sessionId }))).toBe('IMPERSONATION_FORBIDDEN')
  })

  test('is read page by page, each session once; a cursor of somebody else is refused', async () => {
    const user = await world.user()
    for (let index = 0; index < 4; index++) await world.session(user.id)
    const first = await user.client.users.sessions({ limit: 2 })
    const seen = []
    for await (const { id } of user.client.users.sessions({ limit: 2 })) seen.push(id)
    expect(seen).toHaveLength(5)
    expect(new Set(seen).size).toBe(5)
    const other = await world.user()
    const stolen = other.client.users.sessions({ limit: 2, cursor: first.next_cursor ?? '' })
    expect(await codeOf(stolen)).toBe('INVALID_CURSOR')
  })
})

describe('ending a session', () => {
  test('bites on its next request on every server, access token or not, and is told to the person', async () => {
    const replica = await world.startServer()
    const user = await register(world)
    const other = await signIn(world, user)
    const there = createClient({
      baseUrl: replica.url,
      fetch: checkedFetch,
      maxRetries: 0,
      auth: other.access_token,
    })
    expect(await codeOf(there.users.me())).toBe('passed')
    await user.client.users.revokeSession({ session_id: other.session_id })
    expect(await codeOf(there.users.me())).toBe('UNAUTHORIZED')
    expect(await codeOf(there.auth.refresh({ refresh_token: other.refresh_token }))).toBe('UNAUTHORIZED')
    expect(await codeOf(user.client.users.me())).toBe('passed')
    expect(await published(world, other.session_id)).toEqual([
      {
        type: 'session.revoked',
        user: user.tokens.user.id,
        organization: null,
        support: false,
        data: { session_id: other.session_id, reason: 'REVOKED' },
      },
    ])
    expect((await world.auditRows({ operation: 'revokeSession' })).at(-1)).toMatchObject({
      action_type: 'REVOKE',
      resource_type: 'SESSION',
      resource_id: other.session_id,
      actor_user_id: user.tokens.user.id,
    })
    await replica.close()
  })

  test('can be the current one', async () => {
    const user = await world.user()
    await user.client.users.revokeSession({ session_id: user.sessionId })
    expect(await codeOf(user.client.users.me())).toBe('UNAUTHORIZED')
  })

  test('that is somebody else’s, ended, or never was, is the same 404', async () => {
    const [user, stranger] = [await world.user(), await world.user()]
    const ended = await world.session(user.id)
    await ended.client.auth.logout()
    for (const session_id of [stranger.sessionId, ended.sessionId, world.id()])
      expect(await codeOf(user.client.users.revokeSession({ session_id }))).toBe('NOT_FOUND')
    expect(await codeOf(stranger.client.users.me())).toBe('passed')
  })

  test('waits for the consents, as everything but the way in does', async () => {
    const user = await world.user()
    await world.consentDocument('TERMS_OF_SERVICE')
    expect(await codeOf(user.client.users.sessions())).toBe('CONSENT_REQUIRED')
    expect(await codeOf(user.client.users.me())).toBe('passed')
  })
})

test('of many who call at once each is known as who they are, and one whose session is gone is refused among them', async () => {
  const users = []
  for (let n = 0; n < 12; n++) users.push(await world.user())
  const gone = await world.user()
  await world.admin.query('delete from user_sessions where id = $1', [gone.sessionId])
  const ended = await world.user()
  await world.admin.query('update user_sessions set revoked_at = now() where id = $1', [ended.sessionId])
  const calls = [...users, gone, ended, ...users, ...users].flatMap((user) => [user, user])
  const answers = await Promise.all(
    calls.map(async (user) => {
      const response = await world.fetch('/api/users/me', { token: user.token })
      return { status: response.status, id: response.ok ? (await response.json()).id : null }
    }),
  )
  expect(answers).toEqual(
    calls.map((user) =>
      user === gone || user === ended ? { status: 401, id: null } : { status: 200, id: user.id },
    ),
  )
})
