import { createClient } from '@wardline/sdk'
import { UnsecuredJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { checkedFetch } from '../support/contract.ts'
import { Issuer, type SignIn } from '../support/issuer.ts'
import { codeOf } from '../support/problems.ts'
import { totp } from '../support/sign-in.ts'
import { organizationStream } from '../support/streams.ts'
import { createWorld, type TestUser, type World } from '../support/world.ts'

let world: World
let issuer: Issuer

/** Lets time pass everywhere: for the server, the issuer and what is kept of its keys. */
let passed = 0
const pass = (seconds: number): void => {
  passed += seconds * 1000
}

beforeAll(async () => {
  const now = Date.now.bind(Date)
  vi.spyOn(Date, 'now').mockImplementation(() => now() + passed)
  // The provider advises on running it in production.
  vi.spyOn(console, 'warn').mockImplementation(() => {})
  issuer = await Issuer.start()
  world = await createWorld({
    env: {
      OIDC_ISSUERS: JSON.stringify([
        { issuer: issuer.url, audience: ['wardline', 'mobile'], trusted_mfa: ['mfa'] },
      ]),
    },
  })
})
afterAll(async () => {
  await world.stop()
  await issuer.stop()
  vi.restoreAllMocks()
})

const signIn = async (who: SignIn): Promise<string> => world.secret(await issuer.signIn(who))
const me = (token: string) => codeOf(world.client(token).users.me())
const why = async (token: string) => {
  const response = await world.fetch('/api/users/me', { token })
  const { detail }: Record<string, unknown> = Object(await response.json())
  return detail
}
const sessionsOf = async ({ id }: Pick<TestUser, 'id'>) =>
  (
    await world.admin.query(
      'select id, issuer, revoked_at, expires_at, created_at, idle_seconds from user_sessions where user_id = $1 and issuer is not null order by id',
      [id],
    )
  ).rows

describe('a token of a configured issuer', () => {
  test('signs its person in by the verified address, whatever its case, and leaves one LOGIN row', async () => {
    const user = await world.user()
    const token = await signIn({ email: user.email.toUpperCase() })
    const client = world.client(token)
    const [first] = await Promise.all([1, 2, 3, 4].map(() => client.users.me()))
    expect(first).toMatchObject({ id: user.id })
    const sessions = await sessionsOf(user)
    expect(sessions).toMatchObject([{ issuer: issuer.url }])
    const rows = (await world.auditRows({ actor: user.id })).filter((row) => row.action_type === 'LOGIN')
    expect(rows).toMatchObject([
      { resource_type: 'SESSION', resource_id: sessions[0].id, outcome: 'SUCCESS' },
    ])
  })

  test.each([
    ['for another audience', async () => signIn({ email: (await world.user()).email, audience: 'another' })],
    [
      'with an unverified address',
      async () => signIn({ email: (await world.user()).email, verified: false }),
    ],
    ['of somebody who has no account here', () => signIn({ email: 'nobody.here@patient.test' })],
    [
      'with another key than the issuer publishes',
      async () => {
        const { email } = await world.user()
        const stranger = await Issuer.start()
        const [head, , signature] = (await stranger.signIn({ email })).split('.')
        await stranger.stop()
        const [, payload] = (await signIn({ email })).split('.')
        return [head, payload, signature].join('.')
      },
    ],
    [
      'whose content was changed',
      async () => {
        const [user, victim] = [await world.user(), await world.user()]
        const [head, payload = '', signature] = (await signIn({ email: user.email })).split('.')
        const claims = JSON.parse(Buffer.from(payload, 'base64url').toString())
        const forged = Buffer.from(JSON.stringify({ ...claims, email: victim.email })).toString('base64url')
        return [head, forged, signature].join('.')
      },
    ],
    [
      'that is not signed',
      async () =>
        new UnsecuredJWT({ email: (await world.user()).email, email_verified: true, auth_time: 1 })
          .setIssuer(issuer.url)
          .setAudience('wardline')
          .setSubject('ada')
          .setIssuedAt()
          .setExpirationTime('1h')
          .encode(),
    ],
    [
      'of an issuer that is not configured',
      async () => {
        const stranger = await Issuer.start()
        const token = await stranger.signIn({ email: (await world.user()).email })
        await stranger.stop()
        return token
      },
    ],
  ])('%s is refused', async (_name, make) => {
    expect(await me(await make())).toBe('UNAUTHORIZED')
  })

  test('the issuer’s name must be exactly the configured one', async () => {
    const other = await createWorld({
      env: { OIDC_ISSUERS: JSON.stringify([{ issuer: `${issuer.url}/`, audience: 'wardline' }]) },
    })
    const { email } = await other.user()
    expect(await codeOf(other.client(other.secret(await issuer.signIn({ email }))).users.me())).toBe(
      'UNAUTHORIZED',
    )
    await other.stop()
  })

  test('expires, and comes into force, within a minute of the issuer’s own clock', async () => {
    const user = await world.user()
    const token = await signIn({ email: user.email })
    expect(await me(token)).toBe('passed')
    world.clock.advance({ seconds: 3600 + 45 })
    expect(await me(token)).toBe('passed')
    world.clock.advance({ seconds: 30 })
    expect(await why(token)).toBe('The access token has expired.')
    world.clock.advance({ seconds: -3675 - 45 })
    expect(await me(token)).toBe('passed')
    world.clock.advance({ seconds: -30 })
    expect(await me(token)).toBe('UNAUTHORIZED')
    world.clock.advance({ seconds: 75 })
  })
})

describe('the issuer’s keys', () => {
  test('are fetched once, whoever asks at the same time', async () => {
    const fresh = await Issuer.start()
    const other = await createWorld({
      env: { OIDC_ISSUERS: JSON.stringify([{ issuer: fresh.url, audience: 'wardline' }]) },
    })
    const users = [await other.user(), await other.user(), await other.user()]
    const tokens = []
    for (const { email } of users) tokens.push(other.secret(await fresh.signIn({ email })))
    const answers = await Promise.all(tokens.map((token) => codeOf(other.client(token).users.me())))
    expect(answers).toEqual(['passed', 'passed', 'passed'])
    expect([fresh.asked('/.well-known/openid-configuration'), fresh.asked('/jwks')]).toEqual([1, 1])
    await other.stop()
    await fresh.stop()
  })

  test('may be rotated: a new one is found, and the old one counts until it is withdrawn', async () => {
    const user = await world.user()
    const old = await signIn({ email: user.email })
    expect(await me(old)).toBe('passed')
    issuer.rotate()
    pass(31)
    const asked = issuer.asked('/jwks')
    const renewed = await signIn({ email: user.email })
    expect([await me(renewed), await me(old)]).toEqual(['passed', 'passed'])
    expect(issuer.asked('/jwks')).toBe(asked + 1)
    issuer.rotate({ withdraw: true })
    pass(601)
    expect([await me(renewed), await me(old)]).toEqual(['UNAUTHORIZED', 'UNAUTHORIZED'])
  })

  test('are not asked for again at once by tokens with invented key ids', async () => {
    pass(31)
    const { email } = await world.user()
    expect(await me(await signIn({ email }))).toBe('passed')
    const asked = issuer.asked('/jwks')
    const [, payload, signature] = (await signIn({ email })).split('.')
    for (const kid of ['a', 'b', 'c', 'd']) {
      const head = Buffer.from(JSON.stringify({ alg: 'RS256', kid })).toString('base64url')
      expect(await me([head, payload, signature].join('.'))).toBe('UNAUTHORIZED')
    }
    expect(issuer.asked('/jwks')).toBeLessThanOrEqual(asked + 1)
  })

  test('go on counting for an hour while the issuer is away; then 503, at once for all but the first', async () => {
    const user = await world.user()
    const token = await signIn({ email: user.email })
    expect(await me(token)).toBe('passed')
    issuer.away(true)
    pass(700)
    expect(await me(token)).toBe('passed')
    pass(3600)
    const [began, asked] = [performance.now(), issuer.asked('/jwks')]
    const later = world.fetch('/api/users/me', { token: await forLater(user) })
    const answer = await later
    expect(answer.status).toBe(503)
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(performance.now() - began).toBeLessThan(6000)
    for (let index = 0; index < 5; index++) expect(await me(token)).not.toBe('passed')
    expect(issuer.asked('/jwks')).toBeLessThanOrEqual(asked + 1)
    expect(performance.now() - began).toBeLessThan(6000)
    issuer.away(false)
    pass(6)
    expect(await me(await signIn({ email: user.email }))).toBe('passed')
  }, 30_000)
})

/** A token that was made while the issuer answered, and that is in force now. */
async function forLater({ email }: TestUser): Promise<string> {
  issuer.away(false)
  const token = await signIn({ email })
  issuer.away(true)
  return token
}

describe('the session of a sign-in elsewhere', () => {
  test('is listed, and ended like any other: neither its token nor a later one of it opens a new one', async () => {
    const user = await world.user()
    const token = await signIn({ email: user.email })
    const { items } = await world.client(token).users.sessions()
    expect(items.find((one) => one.is_current)).toMatchObject({ issuer: issuer.url })
    await world.client(token).auth.logout()
    expect(await me(token)).toBe('UNAUTHORIZED')
    expect(await sessionsOf(user)).toHaveLength(1)
    pass(2)
    expect(await me(await signIn({ email: user.email }))).toBe('passed')

    const replica = await world.startServer()
    const again = await signIn({ email: user.email })
    const there = createClient({ baseUrl: replica.url, fetch: checkedFetch, maxRetries: 0, auth: again })
    expect(await codeOf(there.users.me())).toBe('passed')
    const current = (await there.users.sessions()).items.find((one) => one.is_current)
    await user.client.users.revokeSession({ session_id: current?.id ?? '' })
    expect(await codeOf(there.users.me())).toBe('UNAUTHORIZED')
    await replica.close()
  })

  test('of somebody with a role is over 12 hours after the sign-in, and after 15 minutes without a request', async () => {
    const org = await world.organization()
    const user = await world.user({ roles: { [org]: 'STAFF' } })
    const token = await signIn({ email: user.email })
    expect(await me(token)).toBe('passed')
    const [session] = await sessionsOf(user)
    expect(session.idle_seconds).toBe(900)
    const length = session.expires_at.getTime() - session.created_at.getTime()
    expect(Math.abs(length - 12 * 3600_000)).toBeLessThan(10_000)
    world.clock.advance({ minutes: 16 })
    expect(await me(token)).toBe('UNAUTHORIZED')
    world.clock.advance({ minutes: -16 })
    const late = await signIn({ email: user.email })
    await world.admin.query('update user_sessions set expires_at = $2 where user_id = $1', [
      user.id,
      world.clock.now(),
    ])
    expect(await me(late)).toBe('UNAUTHORIZED')
  })

  test('without a time or a session id of the sign-in lasts as long as its token, and serves no role', async () => {
    issuer.saysWhen(false)
    const org = await world.organization()
    const [staff, patient] = [await world.user({ roles: { [org]: 'STAFF' } }), await world.user()]
    expect(await why(await signIn({ email: staff.email }))).toMatch(/auth_time or sid/)
    const token = await signIn({ email: patient.email })
    expect(await me(token)).toBe('passed')
    const [{ expires_at: ends, created_at: began }] = await sessionsOf(patient)
    expect(Math.abs(ends.getTime() - began.getTime() - 3660_000)).toBeLessThan(10_000)
    await world.client(token).auth.logout()
    expect(await me(token)).toBe('UNAUTHORIZED')
    issuer.saysWhen(true)
  })

  test('dies with the account’s suspension, and what was signed in before opens none afterwards', async () => {
    const root = await world.user({ superAdmin: true })
    const user = await world.user()
    const used = await signIn({ email: user.email })
    expect(await me(used)).toBe('passed')
    pass(2)
    const unused = await signIn({ email: user.email })
    pass(2)
    await root.client.superAdmin.suspendUser({ user_id: user.id, reason: 'Stolen laptop, to be checked' })
    expect(await me(used)).toBe('UNAUTHORIZED')
    expect(await me(unused)).toBe('ACCOUNT_SUSPENDED')
    await root.client.superAdmin.reactivateUser({ user_id: user.id, reason: 'Laptop was found again' })
    expect([await me(used), await me(unused)]).toEqual(['UNAUTHORIZED', 'UNAUTHORIZED'])
    pass(2)
    expect(await me(await signIn({ email: user.email }))).toBe('passed')
  })

  test('is refused to a locked account, to a deleted one, and while a password reset is demanded', async () => {
    const [locked, deleted, forced] = [await world.user(), await world.user(), await world.user()]
    const root = await world.user({ superAdmin: true })
    await world.admin.query('update users set locked_until = $2 where id = $1', [
      locked.id,
      new Date(world.clock.now().getTime() + 60_000),
    ])
    expect(await me(await signIn({ email: locked.email }))).toBe('ACCOUNT_LOCKED')
    await world.admin.query('update users set deleted_at = now() where id = $1', [deleted.id])
    expect(await me(await signIn({ email: deleted.email }))).toBe('UNAUTHORIZED')
    await root.client.superAdmin.forcePasswordReset({ user_id: forced.id, reason: 'Password was seen' })
    pass(2)
    expect(await why(await signIn({ email: forced.email }))).toMatch(/password is reset/)
  })

  test('closes its open stream when it is ended, or when its token expires', async () => {
    const org = await world.organization()
    const user = await world.user({ roles: { [org]: 'ADMIN' } })
    const token = await signIn({ email: user.email, amr: ['mfa'] })
    const stream = await organizationStream(world, org, token)
    await world.client(token).auth.logout()
    await stream.ended
    expect(stream.text()).toContain('{"reason":"SESSION_ENDED"}')
    pass(2)
    const short = await organizationStream(world, org, await signIn({ email: user.email, amr: ['mfa'] }))
    world.clock.advance({ seconds: 3662 })
    await short.ended
    expect(short.text()).toContain('{"reason":"TOKEN_EXPIRED"}')
    world.clock.advance({ seconds: -3662 })
  })
})

describe('the second factor after a sign-in elsewhere', () => {
  test('is asked of every role: given here by step-up, or there by a factor that configuration trusts', async () => {
    const org = await world.organization()
    const user = await world.user({ roles: { [org]: 'ADMIN' } })
    const token = await signIn({ email: user.email, amr: ['pwd', 'otp'] })
    const client = world.client(token)
    const list = () => codeOf(client.patients.list({ org_id: org }))
    expect(await list()).toBe('MFA_REQUIRED')
    await client.auth.stepUp({ code: totp(world, user.totpSecret) })
    expect(await list()).toBe('passed')

    const unequipped = await world.user({ roles: { [org]: 'ADMIN' }, mfa: false })
    const trusted = world.client(await signIn({ email: unequipped.email, amr: ['pwd', 'mfa'] }))
    expect(await codeOf(trusted.patients.list({ org_id: org }))).toBe('passed')
    // What needs a fresh code needs one of ours.
    expect(await codeOf(trusted.apiKeys.create({ org_id: org, name: 'Laboratory', role: 'STAFF' }))).toBe(
      'STEP_UP_REQUIRED',
    )
  })

  test('is asked of a patient who has one, too: our own sign-in would have', async () => {
    const org = await world.organization()
    const user = await world.user({ mfa: true })
    const patient = await world.patient([org], { userId: user.id })
    const client = world.client(await signIn({ email: user.email }))
    const read = () => codeOf(client.patients.get({ org_id: org, patient_id: patient.id }))
    expect(await read()).toBe('MFA_REQUIRED')
    await client.auth.stepUp({ code: totp(world, user.totpSecret) })
    expect(await read()).toBe('passed')
  })
})
