import { type Client, createClient } from '@wardline/sdk'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checkedFetch } from '../support/contract.ts'
import { codeOf } from '../support/problems.ts'
import { register, signIn } from '../support/sign-in.ts'
import { organizationStream } from '../support/streams.ts'
import { createWorld, type TestUser, type World } from '../support/world.ts'

/*
 * What takes access away is called on one server; the very next request, on another, must feel it. Each person asks there
 * before, so that whatever a server may remember of a session is remembered.
 */

let world: World
let replica: { url: string; close: () => Promise<void> }
let org_id: string
let admin: TestUser
let root: TestUser

beforeAll(async () => {
  world = await createWorld()
  replica = await world.startServer()
  org_id = await world.organization()
  admin = await world.user({ roles: { [org_id]: 'ADMIN' } })
  root = await world.user({ superAdmin: true })
})
afterAll(() => world.stop())

const there = (token: string): Client =>
  createClient({ baseUrl: replica.url, fetch: checkedFetch, maxRetries: 0, auth: token })

const memberId = async ({ id }: TestUser): Promise<string> => {
  const { items } = await admin.client.members.list({ org_id, limit: 100 })
  return items.find((one) => one.user_id === id)?.id ?? ''
}

/** Asks on the other server before and after. */
async function around(ask: () => PromiseLike<unknown>, change: () => PromiseLike<unknown>): Promise<string> {
  expect(await codeOf(ask())).toBe('passed')
  expect(await codeOf(ask())).toBe('passed')
  await change()
  return codeOf(ask())
}

describe('on every server the next request feels', () => {
  test('that the session was ended, by its person, by logging out, or by a changed password', async () => {
    const user = await register(world)
    const [revoked, out, changed] = [
      await signIn(world, user),
      await signIn(world, user),
      await signIn(world, user),
    ]
    const me = (token: string) => () => there(token).users.me()
    const revoke = () => user.client.users.revokeSession({ session_id: revoked.session_id })
    expect(await around(me(revoked.access_token), revoke)).toBe('UNAUTHORIZED')
    const logout = () => world.client(out.access_token).auth.logout()
    expect(await around(me(out.access_token), logout)).toBe('UNAUTHORIZED')
    const change = () =>
      user.client.auth.changePassword({
        current_password: user.password,
        new_password: world.secret('heron-19-granite-x'),
      })
    expect(await around(me(changed.access_token), change)).toBe('UNAUTHORIZED')
  })

  test('a suspension, a forced reset, and the end of an account', async () => {
    const [suspended, forced] = [await world.user(), await world.user()]
    const reason = 'Reported by the practice'
    const me = (token: string) => () => there(token).users.me()
    const suspend = () => root.client.superAdmin.suspendUser({ user_id: suspended.id, reason })
    expect(await around(me(suspended.token), suspend)).toBe('UNAUTHORIZED')
    const force = () => root.client.superAdmin.forcePasswordReset({ user_id: forced.id, reason })
    expect(await around(me(forced.token), force)).toBe('UNAUTHORIZED')
    const leaving = await register(world)
    const leave = () => leaving.client.users.deleteMe({ password: leaving.password })
    expect(await around(me(leaving.tokens.access_token), leave)).toBe('UNAUTHORIZED')
  })

  test('a lock that failures elsewhere brought', async () => {
    const user = await register(world)
    const fail = async () => {
      for (let index = 0; index < 5; index++)
        await codeOf(world.client().auth.login({ email: user.email, password: 'not the right one' }))
    }
    expect(await around(() => there(user.tokens.access_token).users.me(), fail)).toBe('ACCOUNT_LOCKED')
  })

  test('a removal from the organization, and another role', async () => {
    const [removed, changed] = [
      await world.user({ roles: { [org_id]: 'STAFF' } }),
      await world.user({ roles: { [org_id]: 'STAFF' } }),
    ]
    const list = (user: TestUser) => () => there(user.token).patients.list({ org_id })
    const [first, second] = [await memberId(removed), await memberId(changed)]
    const remove = () => admin.client.members.remove({ org_id, member_id: first })
    expect(await around(list(removed), remove)).toBe('NOT_FOUND')
    const demote = () => admin.client.members.update({ org_id, member_id: second, role: 'AUDITOR' })
    expect(await around(list(changed), demote)).toBe('FORBIDDEN')
  })

  test('another role on an open stream, too: it closes', async () => {
    const user = await world.user({ roles: { [org_id]: 'ADMIN' } })
    const member_id = await memberId(user)
    const stream = await organizationStream(world, org_id, user.token, replica.url)
    await admin.client.members.update({ org_id, member_id, role: 'STAFF' })
    await stream.ended
    expect(stream.text()).toContain('ACCESS_LOST')
  })

  test('a suspended organization, its reopening, and its end', async () => {
    const org = await world.organization()
    const boss = await world.user({ roles: { [org]: 'ADMIN' } })
    const ask = () => there(boss.token).patients.list({ org_id: org })
    const reason = 'The invoice is not paid'
    const suspend = () => root.client.superAdmin.suspendOrganization({ org_id: org, reason })
    expect(await around(ask, suspend)).toBe('ACCOUNT_SUSPENDED')
    await root.client.superAdmin.reactivateOrganization({ org_id: org, reason })
    expect(await around(ask, () => boss.client.organizations.delete({ org_id: org }))).toBe('NOT_FOUND')
  })

  test('a revoked API key, and an impersonation that was ended', async () => {
    const key = await admin.client.apiKeys.create({ org_id, name: 'Laboratory', role: 'STAFF' })
    const ask = () => there(world.secret(key.secret)).patients.list({ org_id })
    const revoke = () => admin.client.apiKeys.revoke({ org_id, api_key_id: key.id })
    expect(await around(ask, revoke)).toBe('UNAUTHORIZED')

    const patient = await world.patient([org_id], { userId: (await world.user()).id })
    const { access_token, impersonation_id } = await admin.client.admin.impersonate({
      patient_id: patient.id,
      reason: 'Patient reports an empty list',
    })
    const me = () => there(world.secret(access_token)).users.me()
    const end = () => admin.client.admin.endImpersonation({ impersonation_id })
    expect(await around(me, end)).toBe('IMPERSONATION_EXPIRED')
  })

  test('a new consent document, and that it was signed', async () => {
    const own = await createWorld()
    const other = await own.startServer()
    const user = await own.user()
    const ask = () =>
      createClient({
        baseUrl: other.url,
        fetch: checkedFetch,
        maxRetries: 0,
        auth: user.token,
      }).users.sessions()
    let document_id = ''
    const publish = async () => {
      document_id = await own.consentDocument()
    }
    expect(await around(ask, publish)).toBe('CONSENT_REQUIRED')
    await user.client.consent.record({ document_id })
    expect(await codeOf(ask())).toBe('passed')
    await own.stop()
  })
})
