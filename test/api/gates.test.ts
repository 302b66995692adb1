import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { organizationStream } from '../support/streams.ts'
import { createWorld, type World } from '../support/world.ts'

let world: World
let org: string

beforeAll(async () => {
  world = await createWorld()
  org = await world.organization()
})
afterAll(() => world.stop())

const code = (promise: PromiseLike<unknown>) =>
  Promise.resolve(promise).then(
    () => 'passed',
    (error: { code?: string }) => error.code,
  )

describe('the gates, each refusing by default', () => {
  test('a session that is revoked is refused on the next request, access token or not', async () => {
    const user = await world.user()
    await user.client.users.me()
    await world.admin.query('update user_sessions set revoked_at = now() where id = $1', [user.sessionId])
    expect(await code(user.client.users.me())).toBe('UNAUTHORIZED')
  })

  test('an idle session ends', async () => {
    const own = await createWorld()
    try {
      const user = await own.user()
      await own.admin.query('update user_sessions set idle_seconds = 900 where id = $1', [user.sessionId])
      own.clock.advance({ minutes: 14 })
      await user.client.users.me()
      own.clock.advance({ minutes: 14 })
      await user.client.users.me()
      own.clock.advance({ minutes: 16 })
      expect(await code(user.client.users.me())).toBe('UNAUTHORIZED')
    } finally {
      await own.stop()
    }
  })

  test('a session with an open stream is not idle: a tail stays open through a working day', async () => {
    const admin = await world.user({ roles: { [org]: 'ADMIN' } })
    const [watching, away] = [await world.session(admin.id, { mfa: true }), await world.session(admin.id)]
    await world.admin.query('update user_sessions set idle_seconds = 900 where user_id = $1', [admin.id])
    const stream = await organizationStream(world, org, watching.token)
    for (let round = 0; round < 2; round++) {
      world.clock.advance({ minutes: 14 })
      const touched = async () => {
        const { rows } = await world.admin.query('select last_active_at from user_sessions where id = $1', [
          watching.sessionId,
        ])
        return world.clock.now().getTime() - rows[0].last_active_at.getTime()
      }
      await expect.poll(touched, { timeout: 10_000 }).toBeLessThan(60_000)
    }
    expect(await code(watching.client.users.me())).toBe('passed')
    expect(await code(away.client.users.me())).toBe('UNAUTHORIZED')
    await watching.client.auth.logout()
    await stream.ended
  })

  test('a suspended and a locked account are refused', async () => {
    const suspended = await world.user()
    await world.admin.query('update users set suspended_at = now() where id = $1', [suspended.id])
    expect(await code(suspended.client.users.me())).toBe('ACCOUNT_SUSPENDED')
    const locked = await world.user()
    const until = new Date(world.clock.now().getTime() + 60_000)
    await world.admin.query('update users set locked_until = $2 where id = $1', [locked.id, until])
    await expect(locked.client.users.me()).rejects.toMatchObject({
      code: 'ACCOUNT_LOCKED',
      retryAfter: expect.any(Number),
    })
  })

  test('a suspended organization refuses its members, a deleted one is not there', async () => {
    const [suspended, deleted] = [await world.organization(), await world.organization()]
    const member = await world.user({ roles: { [suspended]: 'ADMIN', [deleted]: 'ADMIN' } })
    await world.admin.query('update organizations set suspended_at = now() where id = $1', [suspended])
    await world.admin.query('update organizations set deleted_at = now() where id = $1', [deleted])
    expect(await code(member.client.patients.list({ org_id: suspended }))).toBe('ACCOUNT_SUSPENDED')
    expect(await code(member.client.patients.list({ org_id: deleted }))).toBe('NOT_FOUND')
  })

  test('a role that is not listed is refused; a removed member at once', async () => {
    const auditor = await world.user({ roles: { [org]: 'AUDITOR' } })
    expect(await code(auditor.client.patients.list({ org_id: org }))).toBe('FORBIDDEN')
    const staff = await world.user({ roles: { [org]: 'STAFF' } })
    expect(await code(staff.client.patients.list({ org_id: org }))).toBe('passed')
    await world.admin.query('update organization_memberships set deleted_at = now() where user_id = $1', [
      staff.id,
    ])
    expect(await code(staff.client.patients.list({ org_id: org }))).toBe('NOT_FOUND')
  })

  test('platform roles see no patient: the desk only', async () => {
    const agent = await world.user({ supportAgent: true })
    const superAdmin = await world.user({ superAdmin: true })
    for (const { client } of [agent, superAdmin]) {
      expect(await code(client.patients.list({ org_id: org }))).toBe('NOT_FOUND')
      expect(await code(client.supportDesk.list())).toBe('passed')
    }
    const nobody = await world.user()
    expect(await code(nobody.client.supportDesk.list())).toBe('FORBIDDEN')
  })

  test('a role holder without a second factor reaches no PHI and no admin operation', async () => {
    const without = await world.user({ roles: { [org]: 'ADMIN' }, mfa: false })
    expect(await code(without.client.patients.list({ org_id: org }))).toBe('MFA_REQUIRED')
    expect(await code(without.client.admin.listAuditLogs({ organization_id: org }))).toBe('MFA_REQUIRED')
    expect(await code(without.client.users.me())).toBe('passed')
    expect(await code(without.client.organizations.list())).toBe('passed')
  })

  test('unsigned consents close everything but what leads to signing them', async () => {
    const own = await createWorld()
    try {
      const organization = await own.organization()
      const before = await own.user({ roles: { [organization]: 'STAFF' } })
      const document = await own.consentDocument()
      await expect(before.client.patients.list({ org_id: organization })).rejects.toMatchObject({
        code: 'CONSENT_REQUIRED',
        problem: { pending_documents: [{ id: document, type: 'HIPAA_NOTICE' }] },
      })
      await before.client.users.me()
      const required = await before.client.consent.required()
      expect(JSON.stringify(required)).toContain(document)
      await before.client.consent.record({ document_id: document })
      await before.client.consent.record({ document_id: document })
      expect(await code(before.client.patients.list({ org_id: organization }))).toBe('passed')
      await own.consentDocument('HIPAA_NOTICE', '2.0')
      expect(await code(before.client.patients.list({ org_id: organization }))).toBe('CONSENT_REQUIRED')
    } finally {
      await own.stop()
    }
  })

  test('the first gate that refuses answers: role before consent before MFA', async () => {
    const own = await createWorld()
    try {
      const organization = await own.organization()
      await own.consentDocument()
      const bare = { mfa: false, consents: false }
      const auditor = await own.user({ roles: { [organization]: 'AUDITOR' }, ...bare })
      expect(await code(auditor.client.patients.list({ org_id: organization }))).toBe('FORBIDDEN')
      const staff = await own.user({ roles: { [organization]: 'STAFF' }, ...bare })
      expect(await code(staff.client.patients.list({ org_id: organization }))).toBe('CONSENT_REQUIRED')
      await own.admin.query(
        'insert into consents (id, user_id, document_id, agreed_at) select gen_random_uuid(), $1, id, now() from consent_documents',
        [staff.id],
      )
      expect(await code(staff.client.patients.list({ org_id: organization }))).toBe('MFA_REQUIRED')
    } finally {
      await own.stop()
    }
  })

  test('the patient reaches the own record, a proxy what the permission covers, until the very second it ends', async () => {
    const self = await world.user()
    const patient = await world.patient([org], { userId: self.id })
    const other = await world.patient([org])
    const id = { org_id: org, patient_id: patient.id }
    expect((await self.client.patients.get(id)).id).toBe(patient.id)
    expect(await code(self.client.patients.get({ ...id, patient_id: other.id }))).toBe('NOT_FOUND')
    expect(await code(self.client.patients.list({ org_id: org }))).toBe('NOT_FOUND')

    const own = await createWorld()
    try {
      const organization = await own.organization()
      const child = await own.patient([organization])
      const parent = await own.user()
      const expiresAt = new Date(own.clock.now().getTime() + 3600_000)
      await own.proxy(parent.id, child.id, { expiresAt })
      const call = () => code(parent.client.patients.get({ org_id: organization, patient_id: child.id }))
      expect(await call()).toBe('passed')
      expect(await code(parent.client.messages.list({ org_id: organization }))).toBe(
        'PROXY_PERMISSION_DENIED',
      )
      own.clock.advance({ minutes: 59, seconds: 50 })
      expect(await call()).toBe('passed')
      own.clock.advance({ seconds: 11 })
      expect(await call()).toBe('PROXY_ACCESS_EXPIRED')
    } finally {
      await own.stop()
    }
  })

  test('an operation that acts inside an organization without naming it takes the only suitable one, else asks which', async () => {
    const [one, two] = [await world.organization(), await world.organization()]
    const single = await world.user({ roles: { [one]: 'ADMIN', [two]: 'STAFF' } })
    expect(await code(single.client.admin.listAuditLogs())).toBe('passed')
    const several = await world.user({ roles: { [one]: 'ADMIN', [two]: 'AUDITOR' } })
    expect(await code(several.client.admin.listAuditLogs())).toBe('ORGANIZATION_REQUIRED')
    expect(await code(several.client.admin.listAuditLogs({ organization_id: two }))).toBe('passed')
    const none = await world.user({ roles: { [two]: 'STAFF' } })
    expect(await code(none.client.admin.listAuditLogs())).toBe('FORBIDDEN')
  })

  test('rate limits answer 429 with Retry-After and say what is left', async () => {
    const own = await createWorld({ env: { RATE_LIMIT_GENERAL: '3/1m' } })
    try {
      const user = await own.user()
      const path = '/api/organizations'
      for (const left of ['2', '1', '0']) {
        const response = await own.fetch(path, { token: user.token })
        expect(response.status).toBe(200)
        expect(response.headers.get('x-ratelimit-remaining')).toBe(left)
        expect(response.headers.get('ratelimit-policy')).toBe('"general";q=3;w=60')
      }
      const refused = await own.fetch(path, { token: user.token })
      expect(refused.status).toBe(429)
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
      const colleague = await own.user()
      expect((await own.fetch(path, { token: colleague.token })).status).toBe(200)
      for (let index = 0; index < 10; index++) expect((await own.fetch('/health')).status).toBe(200)
    } finally {
      await own.stop()
    }
  })

  test('answers carry security headers and are not stored', async () => {
    const response = await world.fetch('/health')
    expect(response.headers.get('x-content-type-options')).toBe('nosniff')
    expect(response.headers.get('strict-transport-security')).toMatch(/max-age/)
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(response.headers.get('x-powered-by')).toBeNull()
  })
})
