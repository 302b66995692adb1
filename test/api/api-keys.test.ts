import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { operations } from '../../packages/server/src/generated/operations.ts'
import { codeOf } from '../support/problems.ts'
import { createWorld, type TestUser, type World } from '../support/world.ts'

let world: World
let org_id: string
let admin: TestUser

beforeAll(async () => {
  world = await createWorld()
  org_id = await world.organization()
  admin = await world.user({ roles: { [org_id]: 'ADMIN' } })
})
afterAll(() => world.stop())

type Wanted = Partial<Parameters<TestUser['client']['apiKeys']['create']>[0]>

const create = async (wanted: Wanted = {}) => {
  const key = await admin.client.apiKeys.create({ org_id, name: 'Laboratory', role: 'STAFF', ...wanted })
  world.secret(key.secret)
  return { ...key, client: world.client(key.secret) }
}

describe('making one', () => {
  test('shows the secret once; the list and the database hold a prefix and a hash', async () => {
    const { secret, client: _, ...key } = await create({ name: ' Laboratory import ' })
    expect(secret).toMatch(/^wlk_[a-z0-9]{12}_[\w-]{43}$/)
    expect(key).toMatchObject({
      name: 'Laboratory import',
      prefix: secret.slice(0, 16),
      scopes: ['read', 'write'],
      created_by: { id: admin.id },
      last_used_at: null,
      expires_at: null,
      revoked_at: null,
      stopped: false,
    })
    const page = await admin.client.apiKeys.list({ org_id, include_total: true })
    expect(page.items[0]).toEqual(key)
    const { rows } = await world.admin.query('select to_jsonb(k)::text as text from api_keys k')
    expect(JSON.stringify([page, rows])).not.toContain(secret.slice(17))
    const trail = await world.auditRows({ operation: 'createApiKey', actor: admin.id })
    expect(trail.at(-1)).toMatchObject({
      action_type: 'CREATE',
      resource_type: 'API_KEY',
      resource_id: key.id,
      organization_id: org_id,
    })
  })

  test('needs a code of the last 10 minutes, and the role ADMIN', async () => {
    const stale = await world.user({ roles: { [org_id]: 'ADMIN' }, mfaAge: 11 })
    const call = { org_id, name: 'Laboratory', role: 'STAFF' as const }
    expect(await codeOf(stale.client.apiKeys.create(call))).toBe('STEP_UP_REQUIRED')
    const staff = await world.user({ roles: { [org_id]: 'STAFF' } })
    expect(await codeOf(staff.client.apiKeys.create(call))).toBe('FORBIDDEN')
    expect(await codeOf(staff.client.apiKeys.list({ org_id }))).toBe('FORBIDDEN')
  })

  test('an end in the past is refused', async () => {
    await expect(create({ expires_at: '2020-01-01T00:00:00.000Z' })).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
      errors: [{ pointer: '/expires_at' }],
    })
  })
})

describe('acting', () => {
  test('with its role inside its one organization; another is not there', async () => {
    const staff = await create()
    expect(await codeOf(staff.client.patients.list({ org_id }))).toBe('passed')
    const created = await staff.client.patients.create({
      org_id,
      first_name: world.secret('Keymade'),
      last_name: world.secret('Patientson'),
      dob: '1980-01-01',
    })
    expect((await staff.client.patients.get({ org_id, patient_id: created.id })).id).toBe(created.id)
    expect(await codeOf(staff.client.organizations.update({ org_id, name: 'Mine' }))).toBe('FORBIDDEN')
    const elsewhere = await world.organization()
    const other = await world.patient([elsewhere])
    expect(await codeOf(staff.client.patients.list({ org_id: elsewhere }))).toBe('NOT_FOUND')
    for (const org of [elsewhere, org_id])
      expect(await codeOf(staff.client.patients.get({ org_id: org, patient_id: other.id }))).toBe('NOT_FOUND')
    const auditor = await create({ role: 'AUDITOR' })
    expect(await codeOf(auditor.client.patients.list({ org_id }))).toBe('FORBIDDEN')
    expect(await codeOf(auditor.client.admin.listAuditLogs())).toBe('passed')
    expect(await codeOf(auditor.client.admin.listAuditLogs({ organization_id: elsewhere }))).toBe('NOT_FOUND')
  })

  test('a key that may only read changes nothing', async () => {
    const { client } = await create({ role: 'ADMIN', scopes: ['read'] })
    expect(await codeOf(client.members.list({ org_id }))).toBe('passed')
    expect(await codeOf(client.organizations.update({ org_id, name: 'Mine' }))).toBe('FORBIDDEN')
  })

  test('neither consents nor a second factor hold it up, and it signs none', async () => {
    const own = await createWorld()
    try {
      const org = await own.organization()
      const boss = await own.user({ roles: { [org]: 'ADMIN' } })
      const { secret } = await boss.client.apiKeys.create({ org_id: org, name: 'Laboratory', role: 'STAFF' })
      const document_id = await own.consentDocument()
      const client = own.client(own.secret(secret))
      expect(await codeOf(boss.client.patients.list({ org_id: org }))).toBe('CONSENT_REQUIRED')
      expect(await codeOf(client.patients.list({ org_id: org }))).toBe('passed')
      expect(await codeOf(client.consent.record({ document_id }))).toBe('FORBIDDEN')
    } finally {
      await own.stop()
    }
  })

  test('no operation of a person, of the platform, of a stream, or with step-up is open to it, nor what makes keys or members', async () => {
    const { client, secret } = await create({ role: 'ADMIN' })
    const patient = await world.patient([org_id], { userId: (await world.user()).id })
    const impersonate = client.admin.impersonate({ patient_id: patient.id, reason: 'A key must not do this' })
    expect(await codeOf(impersonate)).toBe('FORBIDDEN')
    const calls = [
      client.users.me(),
      client.organizations.list(),
      client.tickets.list(),
      client.supportDesk.list(),
      client.events.createTicket(),
      client.messages.list({ org_id }),
      client.apiKeys.list({ org_id }),
      client.apiKeys.create({ org_id, name: 'Child', role: 'ADMIN' }),
      client.members.invite({ org_id, email: 'mate@patient.test', role: 'ADMIN' }),
      client.organizations.delete({ org_id }),
    ]
    expect(new Set(await Promise.all(calls.map((call) => codeOf(call))))).toEqual(new Set(['FORBIDDEN']))
    for (const path of ['/api/events', `/api/organizations/${org_id}/events`])
      expect((await fetch(world.url + path, { headers: { authorization: `Bearer ${secret}` } })).status).toBe(
        403,
      )
    const open = Object.values(operations).filter(
      ({ gates }) => !('organization' in gates.access) && !('public' in gates.access),
    )
    expect(open.filter(({ codes }) => !codes.some((code) => code === 'FORBIDDEN'))).toEqual([])
  })

  test('is audited as an API key, by the key’s id, refusals too', async () => {
    const { id, client } = await create()
    await client.patients.list({ org_id })
    await codeOf(client.organizations.update({ org_id, name: 'Mine' }))
    await codeOf(client.organizations.create({ name: 'Mine' }))
    const { items } = await admin.client.admin.listAuditLogs({ organization_id: org_id, actor: id })
    expect(items).toHaveLength(3)
    expect(items[0]).toMatchObject({ actor_type: 'API_KEY', actor_user_id: id, actor_name: 'Laboratory' })
    expect(await world.auditRows({ actor: id })).toMatchObject([
      { actor_type: 'API_KEY', operation_id: 'listPatients', organization_id: org_id, outcome: 'SUCCESS' },
      {
        actor_type: 'API_KEY',
        operation_id: 'updateOrganization',
        outcome: 'DENIED',
        problem_code: 'FORBIDDEN',
      },
      {
        actor_type: 'API_KEY',
        operation_id: 'createOrganization',
        organization_id: org_id,
        outcome: 'DENIED',
      },
    ])
  })

  test('retries are safe, each key’s own', async () => {
    const [one, two] = [await create(), await create()]
    const patient = { org_id, first_name: world.secret('Twicemade'), last_name: 'Once', dob: '1980-01-01' }
    const send = (client: typeof one.client) =>
      client.patients.create(patient, { idempotencyKey: 'the-same-key' })
    const first = await send(one.client)
    expect((await send(one.client)).id).toBe(first.id)
    expect((await send(two.client)).id).not.toBe(first.id)
  })

  test('has a rate limit of its own', async () => {
    const own = await createWorld({ env: { RATE_LIMIT_GENERAL: '3/1m' } })
    try {
      const org = await own.organization()
      const boss = await own.user({ roles: { [org]: 'ADMIN' } })
      const make = async () => {
        const { secret } = await boss.client.apiKeys.create({
          org_id: org,
          name: 'Laboratory',
          role: 'STAFF',
        })
        return own.client(own.secret(secret))
      }
      const [one, two] = [await make(), await make()]
      const codes = []
      for (let call = 0; call < 4; call++) codes.push(await codeOf(one.patients.list({ org_id: org })))
      expect(codes).toEqual(['passed', 'passed', 'passed', 'RATE_LIMITED'])
      expect(await codeOf(two.patients.list({ org_id: org }))).toBe('passed')
    } finally {
      await own.stop()
    }
  })

  test('notes its use, at most once a minute', async () => {
    const { id, client } = await create()
    const used = async () =>
      (await world.admin.query('select last_used_at from api_keys where id = $1', [id])).rows[0]
    await client.patients.list({ org_id })
    const first = await used()
    expect(first.last_used_at).toEqual(expect.any(Date))
    world.clock.advance({ seconds: 30 })
    await client.patients.list({ org_id })
    expect(await used()).toEqual(first)
    world.clock.advance({ seconds: 31 })
    await client.patients.list({ org_id })
    expect((await used()).last_used_at.getTime()).toBeGreaterThan(first.last_used_at.getTime())
  })
})

describe('its end', () => {
  test('a revoked key is refused at once, on every server; revoking again changes nothing', async () => {
    const replica = await world.startServer()
    const { id, client, secret } = await create()
    const elsewhere = async () => {
      const headers = { authorization: `Bearer ${secret}` }
      return (await fetch(`${replica.url}/api/organizations/${org_id}/patients`, { headers })).status
    }
    expect([await codeOf(client.patients.list({ org_id })), await elsewhere()]).toEqual(['passed', 200])
    const foreign = await world.organization()
    const stranger = await world.user({ roles: { [foreign]: 'ADMIN' } })
    const theirs = { org_id: foreign, api_key_id: id }
    expect(await codeOf(stranger.client.apiKeys.revoke(theirs))).toBe('NOT_FOUND')
    await admin.client.apiKeys.revoke({ org_id, api_key_id: id })
    expect([await codeOf(client.patients.list({ org_id })), await elsewhere()]).toEqual(['UNAUTHORIZED', 401])
    const revoked = async () =>
      (await admin.client.apiKeys.list({ org_id })).items.find((key) => key.id === id)?.revoked_at
    const at = await revoked()
    expect(at).toEqual(expect.any(String))
    world.clock.advance({ seconds: 1 })
    await admin.client.apiKeys.revoke({ org_id, api_key_id: id })
    expect(await revoked()).toBe(at)
    const rows = await world.auditRows({ operation: 'revokeApiKey', actor: admin.id })
    expect(rows[0]).toMatchObject({ action_type: 'REVOKE', resource_type: 'API_KEY', resource_id: id })
  })

  test('an expired, an altered and an unknown key are refused alike', async () => {
    const { secret, client } = await create({
      expires_at: new Date(world.clock.now().getTime() + 60_000).toISOString(),
    })
    const answer = async (key: string) => {
      const response = await world.fetch(`/api/organizations/${org_id}/patients`, { token: key })
      const { request_id: _, ...body } = Object(await response.json())
      return body
    }
    expect(await codeOf(client.patients.list({ org_id }))).toBe('passed')
    const altered = await answer(`${secret.slice(0, -1)}${secret.endsWith('A') ? 'B' : 'A'}`)
    expect(altered.code).toBe('UNAUTHORIZED')
    expect(await answer(`wlk_${'a'.repeat(12)}_${'b'.repeat(43)}`)).toEqual(altered)
    expect(await answer('wlk_short')).toEqual(altered)
    world.clock.advance({ seconds: 60 })
    expect(await answer(secret)).toEqual(altered)
  })

  test('a suspended organization’s keys are refused, a deleted one’s are no longer known', async () => {
    const own = await world.organization()
    const boss = await world.user({ roles: { [own]: 'ADMIN' } })
    const { secret } = await boss.client.apiKeys.create({ org_id: own, name: 'Laboratory', role: 'STAFF' })
    const client = world.client(world.secret(secret))
    await world.admin.query('update organizations set suspended_at = now() where id = $1', [own])
    expect(await codeOf(client.patients.list({ org_id: own }))).toBe('ACCOUNT_SUSPENDED')
    await world.admin.query(
      'update organizations set suspended_at = null, deleted_at = now() where id = $1',
      [own],
    )
    expect(await codeOf(client.patients.list({ org_id: own }))).toBe('UNAUTHORIZED')
  })

  test('the wall around a tenant holds for keys and invitations too', async () => {
    const { rows } = await world.admin.query(
      `select relname from pg_class where relname in ('api_keys', 'invitations') and relrowsecurity and relforcerowsecurity`,
    )
    expect(rows).toHaveLength(2)
  })
})

describe('whoever made it', () => {
  const keyOf = async (maker: TestUser) => {
    const key = await maker.client.apiKeys.create({ org_id, name: 'Laboratory', role: 'ADMIN' })
    const secret = world.secret(key.secret)
    return { id: key.id, secret, client: world.client(secret) }
  }
  const passes = (client: TestUser['client']) => codeOf(client.members.list({ org_id }))
  const isStopped = async (id: string) =>
    (await admin.client.apiKeys.list({ org_id })).items.find((one) => one.id === id)?.stopped

  test('suspended, leaves no key behind that works; on every server, from the next request on, until reactivated', async () => {
    const replica = await world.startServer()
    const maker = await world.user({ roles: { [org_id]: 'ADMIN' } })
    const root = await world.user({ superAdmin: true })
    const { id, secret, client } = await keyOf(maker)
    expect(await passes(client)).toBe('passed')
    await root.client.superAdmin.suspendUser({ user_id: maker.id, reason: 'Under investigation' })
    expect(await passes(client)).toBe('UNAUTHORIZED')
    const there = await fetch(`${replica.url}/api/organizations/${org_id}/members`, {
      headers: { authorization: `Bearer ${secret}` },
    })
    expect(there.status).toBe(401)
    expect(await isStopped(id)).toBe(true)
    await root.client.superAdmin.reactivateUser({ user_id: maker.id, reason: 'Found innocent' })
    expect(await passes(client)).toBe('passed')
    await replica.close()
  })

  test('removed, demoted or gone, leaves none that works either; another ADMIN sees it as stopped', async () => {
    const [removed, demoted, gone] = [
      await world.user({ roles: { [org_id]: 'ADMIN' } }),
      await world.user({ roles: { [org_id]: 'ADMIN' } }),
      await world.user({ roles: { [org_id]: 'ADMIN' } }),
    ]
    const keys = [await keyOf(removed), await keyOf(demoted), await keyOf(gone)]
    const { items } = await admin.client.members.list({ org_id, limit: 100 })
    const memberOf = (user: TestUser) => items.find((one) => one.user_id === user.id)?.id ?? ''
    await admin.client.members.remove({ org_id, member_id: memberOf(removed) })
    await admin.client.members.update({ org_id, member_id: memberOf(demoted), role: 'STAFF' })
    await world.admin.query('update users set deleted_at = now() where id = $1', [gone.id])
    for (const { id, client } of keys) {
      expect(await passes(client)).toBe('UNAUTHORIZED')
      expect(await isStopped(id)).toBe(true)
    }
  })
})
