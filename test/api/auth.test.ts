import { createClient } from '@wardline/sdk'
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { rotateKeyRing } from '../../packages/server/src/security/keys.ts'
import { checkedFetch } from '../support/contract.ts'
import { notified, published } from '../support/outbox.ts'
import { codeOf } from '../support/problems.ts'
import { enableMfa, guarded, type Registered, register, signIn, totp } from '../support/sign-in.ts'
import { createWorld, type World } from '../support/world.ts'

let world: World

beforeAll(async () => {
  world = await createWorld()
})
afterAll(() => world.stop())

const post = async (path: string, body: object) => {
  const response = await world.fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const { request_id: _, ...answer } = (await response.json()) as Record<string, unknown>
  return { status: response.status, answer }
}
const login = (email: string, password: string) => post('/api/auth/login', { email, password })
const fail = async (user: Registered, times = 1) => {
  for (let index = 0; index < times; index++) {
    const { status } = await login(user.email, 'not-the-password')
    expect(status).toBe(401)
  }
}
const userRow = async (email: string) => {
  const { rows } = await world.admin.query('select * from users where email = $1', [email])
  return rows[0]
}
const refresh = async (token: string) =>
  guarded(world, await world.client().auth.refresh({ refresh_token: token }))

/** Somebody with a role in an organization, who signs in with a password. */
async function roleHolder(): Promise<Registered> {
  const user = await register(world)
  await world.admin.query(
    `insert into organization_memberships (id, organization_id, user_id, role) values ($1, $2, $3, 'STAFF')`,
    [world.id(), await world.organization(), user.tokens.user.id],
  )
  return user
}

describe('register', () => {
  test('makes an account that is signed in, and keeps the password as argon2id only', async () => {
    const user = await register(world)
    expect(user.tokens).toMatchObject({ result: 'tokens', token_type: 'Bearer', expires_in: 600 })
    expect(await user.client.users.me()).toMatchObject({
      id: user.tokens.user.id,
      email: user.email,
      memberships: [],
      platform_roles: [],
      mfa_enabled: false,
    })
    const { password_hash: hash } = await userRow(user.email)
    expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
    const stored = await world.admin.query(
      'select row_to_json(s)::text as text from user_sessions s where id = $1',
      [user.tokens.session_id],
    )
    expect(stored.rows[0].text).not.toContain(user.tokens.refresh_token)
    expect((await world.auditRows({ operation: 'register', actor: user.tokens.user.id }))[0]).toMatchObject({
      outcome: 'SUCCESS',
      action_type: 'CREATE',
      resource_id: user.tokens.user.id,
    })
  })

  test('an e-mail address belongs to one account, whatever its case', async () => {
    const user = await register(world)
    const again = {
      email: world.secret(user.email.toUpperCase()),
      password: user.password,
      display_name: 'Ada',
    }
    expect(await codeOf(world.client().auth.register(again))).toBe('EMAIL_TAKEN')
    expect((await signIn(world, { ...user, email: user.email.toUpperCase() })).user.id).toBe(
      user.tokens.user.id,
    )
  })

  test('of ten registrations of one address at once one is made', async () => {
    const body = {
      email: world.secret(`race.${world.id()}@patient.test`),
      password: world.secret(`otter-${world.id()}`),
      display_name: 'Ada',
    }
    const codes = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        codeOf(
          world.client().auth.register({ ...body, email: index % 2 ? body.email : body.email.toUpperCase() }),
        ),
      ),
    )
    expect(codes.toSorted()).toEqual([...Array(9).fill('EMAIL_TAKEN'), 'passed'])
  })

  test.each([
    ['shorter than 12 characters', 'otter-4-bas'],
    ['a common one', 'Password1234!'],
    ['a common one, repeated', 'qwertyqwerty'],
    ['a row', 'abcdefghijkl'],
    ['the e-mail address', 'personal.weak@patient.test'],
    ['the name', 'Bartholomew-1234'],
  ])('refuses a password that is %s and makes nothing', async (_, password) => {
    const body = {
      email: 'personal.weak@patient.test',
      password: world.secret(password),
      display_name: 'Bartholomew',
    }
    await expect(world.client().auth.register(body)).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
      errors: [{ pointer: '/password' }],
    })
    expect(await userRow(body.email)).toBeUndefined()
  })

  test('refuses a time zone that does not exist', async () => {
    const body = { email: 'zone@patient.test', password: 'otter-lantern-basalt-47', display_name: 'Zoe' }
    await expect(world.client().auth.register({ ...body, timezone: 'Mars/Base' })).rejects.toMatchObject({
      errors: [{ pointer: '/timezone' }],
    })
  })
})

describe('login', () => {
  test('an unknown address, a wrong password and a wrong password on a locked or suspended account answer the same', async () => {
    const [known, locked, suspended] = [await register(world), await register(world), await register(world)]
    await fail(locked, 5)
    await world.admin.query('update users set suspended_at = now() where email = $1', [suspended.email])
    const unknown = await login('nobody@patient.test', 'not-the-password')
    expect(unknown).toMatchObject({ status: 401, answer: { code: 'UNAUTHORIZED' } })
    for (const { email } of [known, locked, suspended])
      expect(await login(email, 'not-the-password')).toEqual(unknown)
    expect((await login(suspended.email, suspended.password)).answer).toMatchObject({
      code: 'ACCOUNT_SUSPENDED',
    })
    expect((await login(locked.email, locked.password)).answer).toMatchObject({ code: 'ACCOUNT_LOCKED' })
  })

  test('an unknown address costs the time of a known one', async () => {
    const user = await register(world)
    const times = async (email: string) => {
      const taken = []
      for (let index = 0; index < 4; index++) {
        const begun = performance.now()
        await login(email, 'not-the-password')
        taken.push(performance.now() - begun)
      }
      return Math.min(...taken)
    }
    const [known, unknown] = [await times(user.email), await times('nobody@patient.test')]
    // Without the decoy hash an unknown address is many times faster.
    expect(unknown).toBeGreaterThan(known / 3)
  })

  test('a deleted account is an unknown one', async () => {
    const user = await register(world)
    await world.admin.query('update users set deleted_at = now() where email = $1', [user.email])
    expect((await login(user.email, user.password)).status).toBe(401)
    expect(await codeOf(refresh(user.tokens.refresh_token))).toBe('UNAUTHORIZED')
    expect(await codeOf(user.client.users.me())).toBe('UNAUTHORIZED')
  })

  test('leaves a row for a success and for a refusal, the refused one without saying whose', async () => {
    const user = await register(world)
    const tokens = await signIn(world, user)
    await fail(user)
    const rows = await world.auditRows({ operation: 'login' })
    expect(rows).toContainEqual(
      expect.objectContaining({
        outcome: 'SUCCESS',
        actor_user_id: user.tokens.user.id,
        resource_id: tokens.session_id,
      }),
    )
    expect(rows.at(-1)).toMatchObject({
      outcome: 'DENIED',
      problem_code: 'UNAUTHORIZED',
      actor_type: 'ANONYMOUS',
    })
  })
})

describe('lockout', () => {
  test('5 failures lock 15 minutes, 6 to 10 lock 30, from 11 on an hour; a sign-in clears the count', async () => {
    const user = await register(world)
    const lockedFor = async () => {
      const { answer, status } = await login(user.email, user.password)
      expect({ status, code: answer.code }).toEqual({ status: 403, code: 'ACCOUNT_LOCKED' })
      return Math.round(Number(answer.retry_after) / 60)
    }
    await fail(user, 4)
    expect(await codeOf(user.client.users.me())).toBe('passed')
    await fail(user)
    expect(await lockedFor()).toBe(15)
    expect(await codeOf(user.client.users.me())).toBe('ACCOUNT_LOCKED')
    expect(await codeOf(refresh(user.tokens.refresh_token))).toBe('ACCOUNT_LOCKED')
    // What comes while it is locked counts nothing and prolongs nothing.
    await fail(user, 3)
    world.clock.advance({ minutes: 15 })
    const locks = []
    for (let failures = 6; failures <= 12; failures++) {
      await fail(user)
      const minutes = await lockedFor()
      locks.push(minutes)
      world.clock.advance({ minutes })
    }
    expect(locks).toEqual([30, 30, 30, 30, 30, 60, 60])
    await signIn(world, user)
    await fail(user, 4)
    await signIn(world, user)
    await fail(user, 5)
    expect(await lockedFor()).toBe(15)
  })

  test('a lock ends by itself, to the second', async () => {
    const user = await register(world)
    await fail(user, 5)
    world.clock.advance({ minutes: 14, seconds: 50 })
    expect((await login(user.email, user.password)).status).toBe(403)
    world.clock.advance({ seconds: 10 })
    expect((await login(user.email, user.password)).status).toBe(200)
  })

  test('failures that arrive at once are all counted, and lock once', async () => {
    const user = await register(world)
    await Promise.all(Array.from({ length: 10 }, () => login(user.email, 'not-the-password')))
    expect((await userRow(user.email)).failed_login_attempts).toBe(5)
  })

  test('the lock is told to the person, once, without saying more than it must', async () => {
    const user = await register(world)
    await fail(user, 5)
    await fail(user, 2)
    await expect
      .poll(() => notified(world, user.tokens.user.id), { timeout: 12_000, interval: 200 })
      .toEqual([
        expect.objectContaining({
          type: 'system',
          title: 'Your account was locked',
          metadata: expect.objectContaining({ kind: 'account-locked' }),
          announced: 1,
        }),
      ])
    expect(JSON.stringify(await notified(world, user.tokens.user.id))).not.toContain(user.email)
  })
})

describe('refresh', () => {
  test('rotates: each token works once, and the new pair goes on with the same session', async () => {
    const { tokens } = await register(world)
    const next = await refresh(tokens.refresh_token)
    expect(next.session_id).toBe(tokens.session_id)
    expect(next.refresh_token).not.toBe(tokens.refresh_token)
    expect(await codeOf(world.client(next.access_token).users.me())).toBe('passed')
  })

  test.each([
    ['the last one', 1],
    ['one two generations back', 2],
  ])('reuse of a rotated token, %s, revokes the session at once', async (_, generations) => {
    const { tokens } = await register(world)
    let latest = tokens
    for (let index = 0; index < generations; index++) latest = await refresh(latest.refresh_token)
    expect(await codeOf(refresh(tokens.refresh_token))).toBe('UNAUTHORIZED')
    expect(await codeOf(world.client(latest.access_token).users.me())).toBe('UNAUTHORIZED')
    expect(await codeOf(refresh(latest.refresh_token))).toBe('UNAUTHORIZED')
    const told = { session_id: tokens.session_id, reason: 'TOKEN_REUSED' }
    expect(await published(world, tokens.session_id)).toEqual([
      { type: 'session.revoked', user: tokens.user.id, organization: null, support: false, data: told },
    ])
  })

  test('reuse in one session leaves the others of the person alone', async () => {
    const user = await register(world)
    const other = await signIn(world, user)
    await refresh(user.tokens.refresh_token)
    await codeOf(refresh(user.tokens.refresh_token))
    expect(await codeOf(refresh(other.refresh_token))).toBe('passed')
  })

  test('of one token shown several times at once one refresh works, and the session is revoked', async () => {
    const { tokens } = await register(world)
    const shown = await Promise.allSettled(Array.from({ length: 4 }, () => refresh(tokens.refresh_token)))
    const won = shown.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
    expect(won).toHaveLength(1)
    expect(await codeOf(world.client(won[0]?.access_token).users.me())).toBe('UNAUTHORIZED')
  })

  test('a token that never was is refused', async () => {
    const forged = `${'A'.repeat(22)}.${'B'.repeat(43)}`
    expect(await codeOf(refresh(forged))).toBe('UNAUTHORIZED')
  })

  test('concurrent calls of one SDK session share a single refresh', async () => {
    const user = await register(world)
    let refreshes = 0
    const client = createClient({
      baseUrl: world.url,
      maxRetries: 0,
      fetch: (input, init) => {
        if (new Request(input, init).url.endsWith('/auth/refresh')) refreshes += 1
        return checkedFetch(input, init)
      },
    })
    await client.signIn({ email: user.email, password: user.password })
    world.clock.advance({ minutes: 11 })
    const mine = await Promise.all(Array.from({ length: 8 }, () => client.users.me()))
    expect(new Set(mine.map(({ id }) => id))).toEqual(new Set([user.tokens.user.id]))
    expect(refreshes).toBe(1)
  })
})

describe('sessions', () => {
  test('an access token lasts 10 minutes', async () => {
    const { client } = await register(world)
    world.clock.advance({ minutes: 9, seconds: 50 })
    expect(await codeOf(client.users.me())).toBe('passed')
    world.clock.advance({ seconds: 11 })
    expect(await codeOf(client.users.me())).toBe('UNAUTHORIZED')
  })

  test('of people with a role end after 15 minutes idle', async () => {
    let tokens = await signIn(world, await roleHolder())
    for (let index = 0; index < 3; index++) {
      world.clock.advance({ minutes: 14, seconds: 50 })
      tokens = await refresh(tokens.refresh_token)
    }
    world.clock.advance({ minutes: 15 })
    expect(await codeOf(refresh(tokens.refresh_token))).toBe('UNAUTHORIZED')
  })

  test('of people with a role end after 12 hours, however busy', async () => {
    let tokens = await signIn(world, await roleHolder())
    for (let minutes = 0; minutes < 714; minutes += 14) {
      world.clock.advance({ minutes: 14 })
      tokens = await refresh(tokens.refresh_token)
    }
    const { client } = { client: world.client(tokens.access_token) }
    world.clock.advance({ minutes: 5, seconds: 50 })
    expect(await codeOf(client.users.me())).toBe('passed')
    world.clock.advance({ seconds: 15 })
    expect(await codeOf(client.users.me())).toBe('UNAUTHORIZED')
    expect(await codeOf(refresh(tokens.refresh_token))).toBe('UNAUTHORIZED')
  })

  test('follow the roles held now: who is given one is out after 15 minutes idle', async () => {
    const { tokens } = await roleHolder()
    const next = await refresh(tokens.refresh_token)
    world.clock.advance({ minutes: 15, seconds: 1 })
    expect(await codeOf(refresh(next.refresh_token))).toBe('UNAUTHORIZED')
  })

  test('logout bites at once, access token or not', async () => {
    const user = await register(world)
    const other = await signIn(world, user)
    await user.client.auth.logout()
    expect(await codeOf(user.client.users.me())).toBe('UNAUTHORIZED')
    expect(await codeOf(refresh(user.tokens.refresh_token))).toBe('UNAUTHORIZED')
    expect(await codeOf(world.client(other.access_token).users.me())).toBe('passed')
    expect(await published(world, user.tokens.session_id)).toMatchObject([
      { type: 'session.revoked', user: user.tokens.user.id, data: { reason: 'LOGOUT' } },
    ])
  })
})

describe('the keys', () => {
  test('verify an access token for anybody, and name the person and the session', async () => {
    const { tokens } = await register(world)
    const { payload, protectedHeader } = await jwtVerify(
      tokens.access_token,
      createLocalJWKSet(await world.client().auth.jwks()),
      { algorithms: ['EdDSA'], issuer: 'wardline', audience: 'wardline', currentDate: world.clock.now() },
    )
    expect(protectedHeader).toMatchObject({ alg: 'EdDSA', typ: 'at+jwt' })
    expect(payload).toMatchObject({ sub: tokens.user.id, sid: tokens.session_id })
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(600)
  })

  test('are public parts only', async () => {
    const { keys } = await world.client().auth.jwks()
    for (const key of keys)
      expect(Object.keys(key).toSorted()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x'])
  })

  test('after a rotation a token and an MFA secret of the older keys still work; new tokens carry the new key', async () => {
    const user = await register(world)
    const { secret } = await enableMfa(world, user)
    const keys = rotateKeyRing(world.keys, { signing: true, encryption: true })
    const rotated = await world.startServer({ keys })
    const at = (token?: string) =>
      createClient({
        baseUrl: rotated.url,
        fetch: checkedFetch,
        maxRetries: 0,
        ...(token === undefined ? {} : { auth: token }),
      })
    expect(await codeOf(at(user.tokens.access_token).users.me())).toBe('passed')
    expect(await codeOf(at(user.tokens.access_token).auth.stepUp({ code: totp(world, secret) }))).toBe(
      'passed',
    )
    const { access_token: token } = guarded(
      world,
      await at().auth.refresh({ refresh_token: user.tokens.refresh_token }),
    )
    const [newest, older] = keys.signing.map(({ kid }) => kid)
    expect(decodeProtectedHeader(user.tokens.access_token).kid).toBe(older)
    expect(decodeProtectedHeader(token).kid).toBe(newest)
    expect((await at().auth.jwks()).keys.map(({ kid }) => kid)).toEqual([newest, older])
    await rotated.close()
  })
})

// Last: it moves the clock by months.
test('sessions of patients last 30 days without use, and move along with it', async () => {
  let { tokens } = await register(world)
  for (let index = 0; index < 2; index++) {
    world.clock.advance({ days: 29, hours: 23 })
    tokens = await refresh(tokens.refresh_token)
  }
  world.clock.advance({ days: 30, seconds: 1 })
  expect(await codeOf(refresh(tokens.refresh_token))).toBe('UNAUTHORIZED')
})
