import { isProblem, StreamClosedError, type StreamEvent } from '@wardline/sdk'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { contract } from '../support/contract.ts'
import { notified, published } from '../support/outbox.ts'
import { codeOf } from '../support/problems.ts'
import { totp } from '../support/sign-in.ts'
import { createWorld, type TestPatient, type TestUser, type World } from '../support/world.ts'

let world: World
let org: string
let admin: TestUser
let login: TestUser
let patient: TestPatient
let reason: string

beforeAll(async () => {
  world = await createWorld()
  reason = world.secret('Patient reports an empty appointment list, case 4411')
})
afterAll(() => world.stop())
beforeEach(async () => {
  org = await world.organization()
  admin = await world.user({ roles: { [org]: 'ADMIN' } })
  login = await world.user()
  patient = await world.patient([org], { userId: login.id })
})

async function begin(by: TestUser = admin, patient_id = patient.id) {
  const grant = await by.client.admin.impersonate({ patient_id, organization_id: org, reason })
  world.secret(grant.access_token)
  return { ...grant, client: world.client(grant.access_token) }
}

/** Follows a stream until it ends; `open` settles once it is connected. */
function follow(stream: (onStatus: (status: { state: string }) => void) => AsyncIterable<StreamEvent>) {
  const events: StreamEvent[] = []
  let connected = () => {}
  const open = new Promise<void>((resolve) => {
    connected = resolve
  })
  const ended = (async () => {
    try {
      for await (const event of stream(({ state }) => state === 'open' && connected())) events.push(event)
      return 'ended'
    } catch (error) {
      if (error instanceof StreamClosedError) return error.reason
      if (isProblem(error)) return error.code
      throw error
    }
  })()
  return { events, open, ended }
}

describe('starting', () => {
  test('answers a token for the patient, tied to its row, for at most an hour, without refresh', async () => {
    const before = world.clock.now().getTime()
    const { client: _, ...grant } = await begin()
    expect(grant).toEqual({
      impersonation_id: expect.any(String),
      access_token: expect.any(String),
      token_type: 'Bearer',
      expires_at: expect.any(String),
      patient: { id: patient.id, display_name: `${patient.firstName} ${patient.lastName}` },
      organization_id: org,
    })
    const lasts = Date.parse(grant.expires_at) - before
    expect(lasts).toBeGreaterThan(3_599_000)
    expect(lasts).toBeLessThan(3_605_000)
    const claims = decodeJwt(grant.access_token)
    expect(claims).toMatchObject({
      sub: login.id,
      act_as: patient.id,
      impersonator_id: admin.id,
      impersonation_id: grant.impersonation_id,
    })
    expect((claims.exp ?? 0) * 1000).toBeLessThanOrEqual(Date.parse(grant.expires_at))
    const { rows } = await world.admin.query(
      'select refresh_token_hash, refresh_family_hash from user_sessions where impersonation_id = $1',
      [grant.impersonation_id],
    )
    expect(rows).toEqual([{ refresh_token_hash: null, refresh_family_hash: null }])
  })

  test('no more than an hour, no reason shorter than 10 characters without the space around', async () => {
    const start = (body: { reason: string; duration_minutes?: number }) =>
      codeOf(admin.client.admin.impersonate({ patient_id: patient.id, ...body }))
    for (const short of ['too short', '  too short   ', '          ', ''])
      expect(await start({ reason: short })).toBe('VALIDATION_ERROR')
    expect(await start({ reason, duration_minutes: 61 })).toBe('VALIDATION_ERROR')
    expect(await start({ reason, duration_minutes: 0 })).toBe('VALIDATION_ERROR')
    expect(await start({ reason: ' ten chars! ' })).toBe('passed')
  })

  test('needs an MFA code given in the last 10 minutes, and no older', async () => {
    const stale = await world.user({ roles: { [org]: 'ADMIN' }, mfaAge: 10.1 })
    const start = () => codeOf(begin(stale))
    expect(await start()).toBe('STEP_UP_REQUIRED')
    const { step_up_until: until } = await stale.client.auth.stepUp({ code: totp(world, stale.totpSecret) })
    expect(Math.round((Date.parse(until) - world.clock.now().getTime()) / 1000)).toBe(600)
    expect(await start()).toBe('passed')
    world.clock.advance({ minutes: 9, seconds: 50 })
    expect(await start()).toBe('passed')
    world.clock.advance({ seconds: 15 })
    expect(await start()).toBe('STEP_UP_REQUIRED')
    // The same code opens nothing twice.
    world.clock.advance({ seconds: 30 })
    const code = totp(world, stale.totpSecret)
    await stale.client.auth.stepUp({ code })
    expect(await codeOf(stale.client.auth.stepUp({ code }))).toBe('INVALID_MFA_CODE')
  })

  test('the target is a patient ACTIVE here who has a login and is somebody else', async () => {
    const elsewhere = await world.patient([await world.organization()], { userId: (await world.user()).id })
    const discharged = await world.patient([org], { userId: (await world.user()).id, status: 'DISCHARGED' })
    const mute = await world.patient([org])
    const gone = await world.user()
    const left = await world.patient([org], { userId: gone.id })
    await world.admin.query('update users set deleted_at = now() where id = $1', [gone.id])
    const self = await world.patient([org], { userId: admin.id })
    const start = (id: string) => codeOf(begin(admin, id))
    expect(await start(elsewhere.id)).toBe('NOT_FOUND')
    expect(await start(world.id())).toBe('NOT_FOUND')
    expect(await start(discharged.id)).toBe('PATIENT_DISCHARGED')
    expect(await start(mute.id)).toBe('CONFLICT')
    expect(await start(left.id)).toBe('CONFLICT')
    expect(await start(self.id)).toBe('CONFLICT')
    const { rows } = await world.admin.query('select from impersonations where organization_id = $1', [org])
    expect(rows).toHaveLength(0)
  })

  test('is for the ADMIN here and for SUPER_ADMIN, who names the organization', async () => {
    for (const role of ['PROVIDER', 'STAFF', 'CALL_CENTER_AGENT', 'AUDITOR'] as const)
      expect(await codeOf(begin(await world.user({ roles: { [org]: role } })))).toBe('FORBIDDEN')
    const stranger = await world.user({ roles: { [await world.organization()]: 'ADMIN' } })
    expect(await codeOf(begin(stranger))).toBe('NOT_FOUND')
    expect(await codeOf(begin(await world.user({ supportAgent: true })))).toBe('NOT_FOUND')
    const superAdmin = await world.user({ superAdmin: true })
    const unnamed = superAdmin.client.admin.impersonate({ patient_id: patient.id, reason })
    expect(await codeOf(unnamed)).toBe('ORGANIZATION_REQUIRED')
    expect(await codeOf(begin(superAdmin))).toBe('passed')
  })

  test('15 at once all answer', async () => {
    const codes = await Promise.all(Array.from({ length: 15 }, () => codeOf(begin())))
    expect(codes).toEqual(Array(15).fill('passed'))
    const rows = await world.auditRows({ operation: 'impersonatePatient', actor: admin.id })
    expect(rows).toHaveLength(15)
  })
})

describe('the BREAK_GLASS row', () => {
  const refuse = async (table: string, when: string, work: () => Promise<void>) => {
    await world.admin.query(
      `create or replace function refuse() returns trigger language plpgsql as $$ begin raise 'no room'; end $$`,
    )
    await world.admin.query(
      `create trigger refuse before insert on ${table} for each row when (${when}) execute function refuse()`,
    )
    try {
      await work()
    } finally {
      await world.admin.query(`drop trigger refuse on ${table}`)
    }
  }

  test('says who, where, why, and which impersonation; once', async () => {
    const grant = await begin()
    const rows = await world.auditRows({ operation: 'impersonatePatient', actor: admin.id })
    expect(rows).toHaveLength(1)
    expect(rows[0]).toMatchObject({
      action_type: 'BREAK_GLASS',
      resource_id: grant.impersonation_id,
      organization_id: org,
      reason,
      outcome: 'SUCCESS',
    })
    const { rows: tied } = await world.admin.query('select audit_log_id from impersonations where id = $1', [
      grant.impersonation_id,
    ])
    expect(tied).toEqual([{ audit_log_id: rows[0]?.id }])
  })

  test('is committed before there is a token: it stays when the rest fails', async () => {
    await refuse('impersonations', 'true', async () => {
      expect(await codeOf(begin())).toBe('INTERNAL_ERROR')
    })
    const rows = await world.auditRows({ actor: admin.id })
    expect(rows.map((row) => row.action_type)).toContain('BREAK_GLASS')
    const { rows: sessions } = await world.admin.query('select from user_sessions where user_id = $1', [
      login.id,
    ])
    expect(sessions).toHaveLength(1)
  })

  test('cannot be written: then there is no token', async () => {
    await refuse('audit_logs', `new.action_type = 'BREAK_GLASS'`, async () => {
      expect(await codeOf(begin())).toMatch(/INTERNAL_ERROR|UNAVAILABLE/)
    })
    for (const table of ['impersonations', 'user_sessions']) {
      const column =
        table === 'impersonations' ? 'patient_id = $1' : 'user_id = $2 and impersonation_id is not null'
      const { rows } = await world.admin.query(
        `select from ${table} where ${column} and $1::uuid is not null and $2::uuid is not null`,
        [patient.id, login.id],
      )
      expect(rows).toHaveLength(0)
    }
    expect(await codeOf(begin())).toBe('passed')
  })
})

describe('under it', () => {
  test('one sees what the patient sees, and the banner that says so', async () => {
    const grant = await begin()
    const me = await grant.client.users.me()
    expect(me.id).toBe(login.id)
    expect(me.impersonation).toEqual({
      impersonation_id: grant.impersonation_id,
      patient_id: patient.id,
      patient_name: `${patient.firstName} ${patient.lastName}`,
      medical_record_number: patient.mrn,
      reason,
      impersonator_name: (await admin.client.users.me()).display_name,
      expires_at: grant.expires_at,
    })
    const where = { org_id: org, patient_id: patient.id }
    expect(await grant.client.patients.get(where)).toEqual(await login.client.patients.get(where))
    expect(await codeOf(grant.client.patients.list({ org_id: org }))).toBe('NOT_FOUND')
  })

  test('one sees that organization only: nothing of the rest of the person’s life', async () => {
    const [elsewhere, work] = [await world.organization(), await world.organization()]
    const person = await world.user({ roles: { [work]: 'ADMIN' }, supportAgent: true })
    const child = await world.patient([org])
    await world.proxy(person.id, child.id, { clinical: true })
    const own = await world.patient([org, elsewhere], { userId: person.id })
    const { client } = await begin(admin, own.id)
    const me = await client.users.me()
    expect(me).toMatchObject({ memberships: [], platform_roles: [], proxy_profile: null })
    expect(me.patient_profile?.organizations.map(({ organization_id: id }) => id)).toEqual([org])
    expect(await codeOf(client.patients.get({ org_id: org, patient_id: own.id }))).toBe('passed')
    expect(await codeOf(client.patients.get({ org_id: elsewhere, patient_id: own.id }))).toBe('NOT_FOUND')
    expect(await codeOf(client.patients.get({ org_id: org, patient_id: child.id }))).toBe('NOT_FOUND')
    expect(await codeOf(client.organizations.get({ org_id: work }))).toBe('NOT_FOUND')
    expect(await codeOf(client.patients.list({ org_id: work }))).toBe('NOT_FOUND')
    expect(await client.organizations.list({ include_total: true })).toMatchObject({ items: [], total: 0 })
  })

  const forbidden = Object.entries(contract.paths).flatMap(([path, item]) =>
    Object.entries(item)
      .filter(
        ([, operation]) => (operation as { 'x-impersonation'?: string })['x-impersonation'] === 'forbidden',
      )
      .map(([method, operation]) => ({ path, method, ...operation }) as Forbidden),
  )
  interface Forbidden {
    path: string
    method: string
    operationId: string
    requestBody?: unknown
  }

  test('every operation that is forbidden answers IMPERSONATION_FORBIDDEN', async () => {
    const { access_token: token } = await begin()
    const before = await world.admin.query('select count(*) from user_sessions')
    const answers = await Promise.all(
      forbidden.map(async ({ path, method, operationId, requestBody }) => {
        const filled = path.replace('{org_id}', org).replace(/\{\w+\}/g, () => world.id())
        const response = await world.fetch(filled, {
          method: method.toUpperCase(),
          token,
          ...(requestBody ? { headers: { 'content-type': 'application/json' }, body: '{}' } : {}),
        })
        const { code } = (await response.json()) as { code?: string }
        return [operationId, response.status, code]
      }),
    )
    expect(answers).toEqual(forbidden.map(({ operationId }) => [operationId, 403, 'IMPERSONATION_FORBIDDEN']))
    expect((await world.admin.query('select count(*) from user_sessions')).rows).toEqual(before.rows)
  })

  test('forbidden are all operations of administration, the desk and MFA, signing, and what is personal', () => {
    const tagged = Object.values(contract.paths).flatMap((item) =>
      Object.values(item).map(
        (operation) => operation as unknown as { operationId: string; tags?: string[] },
      ),
    )
    const must = tagged
      .filter(({ tags }) => tags?.some((tag) => ['admin', 'support-desk', 'mfa'].includes(tag)))
      .map(({ operationId }) => operationId)
    const personal = ['recordConsent', 'stepUp', 'logout', 'updateCurrentUser', 'createOrganization']
    expect(must.length).toBeGreaterThan(10)
    expect(forbidden.map(({ operationId }) => operationId)).toEqual(
      expect.arrayContaining([...must, ...personal]),
    )
  })

  test('every audit row carries impersonator_id, of reads, writes and refusals', async () => {
    const { client } = await begin()
    const where = { org_id: org, patient_id: patient.id }
    await client.patients.get(where)
    await client.patients.update({
      ...where,
      last_name: world.secret('Quillfeather-Moss'),
    })
    await client.messages.list({ org_id: org })
    await client.tickets.create({ category: 'TECHNICAL', subject: 'It is empty', body: 'It says no.' })
    await codeOf(client.patients.get({ ...where, patient_id: world.id() }))
    await codeOf(client.mfa.setup())
    const rows = await world.auditRows({ actor: login.id })
    expect(rows.map((row) => [row.operation_id, row.outcome]).toSorted()).toEqual([
      ['createTicket', 'SUCCESS'],
      ['getPatient', 'DENIED'],
      ['getPatient', 'SUCCESS'],
      ['listThreads', 'SUCCESS'],
      ['setupMfa', 'DENIED'],
      ['updatePatient', 'SUCCESS'],
    ])
    expect(new Set(rows.map((row) => row.impersonator_id))).toEqual(new Set([admin.id]))
    const page = await admin.client.admin.listAuditLogs({ organization_id: org, actor: admin.id })
    expect(page.items.filter(({ impersonator_id: id }) => id === admin.id).length).toBeGreaterThanOrEqual(4)
  })
})

describe('what an impersonator sees of the person', () => {
  test('is what the patient sees of this organization: no ticket, notification or event of another, nor a way to answer one', async () => {
    const elsewhere = await world.organization()
    await world.admin.query(
      `insert into organization_patients
         (organization_id, patient_id, medical_record_number, status, enrolled_at, first_name, last_name, dob, search_text)
       values ($1, $2, $3, 'ACTIVE', now(), '', '', now(), '')`,
      [elsewhere, patient.id, world.secret(`MRN-${world.id()}`)],
    )
    const open = (organization_id?: string) =>
      login.client.tickets.create({
        category: 'OTHER',
        subject: 'A question',
        body: 'Of mine',
        organization_id,
      })
    const [here, there, nowhere] = [await open(org), await open(elsewhere), await open()]
    for (const [index, organization] of [org, elsewhere, null].entries())
      await world.admin.query(
        `insert into notifications (id, user_id, organization_id, type, title, body, created_at)
         values ($1, $2, $3, 'message', $4, '', now())`,
        [world.id(), login.id, organization, `Notice ${index}`],
      )
    const { client } = await begin()
    const stream = follow((onStatus) => client.events.stream({}, { onStatus, maxRetries: 0 }))
    await stream.open

    expect((await client.tickets.list({ include_total: true })).total).toBe(1)
    expect((await client.tickets.list()).items.map(({ id }) => id)).toEqual([here.id])
    for (const { id } of [there, nowhere]) {
      expect(await codeOf(client.tickets.get({ ticket_id: id }))).toBe('NOT_FOUND')
      expect(await codeOf(client.tickets.addMessage({ ticket_id: id, body: 'As you' }))).toBe('NOT_FOUND')
    }
    const made = await client.tickets.create({
      category: 'OTHER',
      subject: 'It is empty',
      body: 'It says no.',
    })
    expect(made.organization_id).toBe(org)
    expect(
      await codeOf(
        client.tickets.create({ category: 'OTHER', subject: 'No', body: 'No', organization_id: elsewhere }),
      ),
    ).toBe('NOT_FOUND')

    const seen = await client.notifications.list()
    expect(seen.items.map(({ title }) => title).toSorted()).toEqual(['Notice 0', 'Notice 2'])
    await client.notifications.markAllRead({})
    const own = await login.client.notifications.list({ filter: 'unread' })
    expect(own.items.map(({ title }) => title)).toEqual(['Notice 1'])
    const [hidden] = own.items
    const notification_id = hidden?.id ?? ''
    expect(await codeOf(client.notifications.update({ notification_id, is_read: true }))).toBe('NOT_FOUND')
    expect(await codeOf(client.notifications.delete({ notification_id }))).toBe('NOT_FOUND')

    const publish = (organization_id: string) =>
      world.admin.query(
        `insert into events (user_id, type, payload, created_at) values ($1, 'message.new', $2, now())`,
        [login.id, { organization_id, thread_id: world.id(), message_id: world.id(), sender_id: world.id() }],
      )
    await publish(elsewhere)
    await publish(org)
    await expect.poll(() => stream.events.filter(({ event }) => event === 'message.new')).toHaveLength(1)
    expect(JSON.stringify(stream.events)).not.toContain(elsewhere)
  })
})

describe('the end', () => {
  test('kills the token and its stream at once, and is answered the same again', async () => {
    const { client, impersonation_id } = await begin()
    const stream = follow((onStatus) => client.events.stream({}, { onStatus, maxRetries: 0 }))
    await stream.open
    await admin.client.admin.endImpersonation({ impersonation_id })
    expect(await codeOf(client.users.me())).toBe('IMPERSONATION_EXPIRED')
    expect(await stream.ended).toBe('IMPERSONATION_ENDED')
    await admin.client.admin.endImpersonation({ impersonation_id })
    expect(await codeOf(login.client.users.me())).toBe('passed')
    const stranger = await world.user({ roles: { [await world.organization()]: 'ADMIN' } })
    expect(await codeOf(stranger.client.admin.endImpersonation({ impersonation_id }))).toBe('NOT_FOUND')
    expect(await codeOf(admin.client.admin.endImpersonation({ impersonation_id: world.id() }))).toBe(
      'NOT_FOUND',
    )
  })

  test('comes by itself after the time asked for', async () => {
    const grant = await admin.client.admin.impersonate({
      patient_id: patient.id,
      reason,
      duration_minutes: 5,
    })
    const client = world.client(world.secret(grant.access_token))
    world.clock.advance({ minutes: 4, seconds: 50 })
    expect(await codeOf(client.users.me())).toBe('passed')
    world.clock.advance({ seconds: 11 })
    expect(await codeOf(client.users.me())).toBe('IMPERSONATION_EXPIRED')
  })

  test.each([
    ['loses the role', 'update organization_memberships set deleted_at = now() where user_id = $1'],
    ['is made something less', `update organization_memberships set role = 'STAFF' where user_id = $1`],
    ['is suspended', 'update users set suspended_at = now() where id = $1'],
    ['is deleted', 'update users set deleted_at = now() where id = $1'],
  ])('comes at once when the administrator %s', async (_, change) => {
    const { client } = await begin()
    const stream = follow((onStatus) => client.events.stream({}, { onStatus, maxRetries: 0 }))
    await stream.open
    await world.admin.query(change, [admin.id])
    expect(await codeOf(client.users.me())).toBe('IMPERSONATION_EXPIRED')
    expect(await stream.ended).toBe('IMPERSONATION_ENDED')
  })

  test('start and end go to the organization’s stream, without a name or the reason', async () => {
    const stream = follow((onStatus) =>
      admin.client.events.streamOrganization({ org_id: org }, { onStatus, maxRetries: 0 }),
    )
    await stream.open
    const { impersonation_id, expires_at } = await begin()
    await admin.client.admin.endImpersonation({ impersonation_id })
    const common = { impersonation_id, organization_id: org, patient_id: patient.id, admin_user_id: admin.id }
    const audience = { user: null, organization: org, support: false }
    expect(await published(world, impersonation_id)).toEqual([
      { type: 'impersonation.started', ...audience, data: { ...common, expires_at } },
      { type: 'impersonation.ended', ...audience, data: { ...common, ended_at: expect.any(String) } },
    ])
    await expect
      .poll(() => stream.events.map(({ event }) => event))
      .toEqual(['impersonation.started', 'impersonation.ended'])
    await world.admin.query('update user_sessions set revoked_at = now() where id = $1', [admin.sessionId])
    expect(await stream.ended).toBe('SESSION_ENDED')
  })

  test('the patient is told after it, once, and not before', async () => {
    const { impersonation_id } = await begin()
    expect(await notified(world, login.id)).toEqual([])
    await admin.client.admin.endImpersonation({ impersonation_id })
    await admin.client.admin.endImpersonation({ impersonation_id })
    const told = await notified(world, login.id)
    expect(told).toHaveLength(1)
    expect(told[0]).toMatchObject({ type: 'system', announced: 1, organization_id: org })
    const text = JSON.stringify(told)
    for (const secret of [reason, patient.lastName, patient.mrn]) expect(text).not.toContain(secret)
  })
})

test('nobody acts as a patient of a deleted organization, a super-admin neither', async () => {
  const gone = await world.organization()
  const theirs = await world.patient([gone], { userId: (await world.user()).id })
  const { client } = await world.user({ superAdmin: true })
  const start = () =>
    codeOf(
      client.admin.impersonate({
        patient_id: theirs.id,
        organization_id: gone,
        reason: 'A look at what is left',
      }),
    )
  await world.admin.query('update organizations set deleted_at = now() where id = $1', [gone])
  expect(await start()).toBe('NOT_FOUND')
  await world.admin.query('update organizations set deleted_at = null where id = $1', [gone])
  expect(await start()).not.toBe('NOT_FOUND')
})

describe('the list', () => {
  test('is for ADMIN, AUDITOR and SUPER_ADMIN; names show to the ADMIN only', async () => {
    const first = await begin()
    world.clock.advance({ seconds: 1 })
    const second = await begin()
    await admin.client.admin.endImpersonation({ impersonation_id: first.impersonation_id })
    const list = async (options: Parameters<typeof world.user>[0]) => {
      const { client } = await world.user(options)
      return client.admin.listImpersonations({ organization_id: org })
    }
    const name = `${patient.firstName} ${patient.lastName}`
    const all = await list({ roles: { [org]: 'ADMIN' } })
    expect(all.items).toMatchObject([
      {
        id: second.impersonation_id,
        status: 'ACTIVE',
        ended_at: null,
        patient: { display_name: name },
        reason,
      },
      { id: first.impersonation_id, status: 'ENDED', ended_at: expect.any(String) },
    ])
    for (const options of [{ roles: { [org]: 'AUDITOR' as const } }, { superAdmin: true }]) {
      const masked = JSON.stringify(await list(options))
      expect(masked).toContain(second.impersonation_id)
      expect(masked).not.toContain(patient.lastName)
    }
    for (const role of ['PROVIDER', 'STAFF', 'CALL_CENTER_AGENT'] as const)
      expect(await codeOf(list({ roles: { [org]: role } }))).toBe('FORBIDDEN')
    const { client } = await world.user({ roles: { [await world.organization()]: 'ADMIN' } })
    expect((await client.admin.listImpersonations()).items).toEqual([])
  })

  test('filters and walks in order to the end', async () => {
    const ids = []
    for (let index = 0; index < 5; index++) ids.unshift((await begin()).impersonation_id)
    const other = await world.patient([org], { userId: (await world.user()).id })
    const { impersonation_id } = await begin(admin, other.id)
    await admin.client.admin.endImpersonation({ impersonation_id })
    const walk = async (filter: object) => {
      const seen = []
      for await (const { id } of admin.client.admin.listImpersonations({ limit: 2, ...filter })) seen.push(id)
      return seen
    }
    expect(await walk({})).toEqual([impersonation_id, ...ids])
    expect(await walk({ status: 'ACTIVE' })).toEqual(ids)
    expect(await walk({ status: 'ENDED' })).toEqual([impersonation_id])
    expect(await walk({ patient_id: patient.id })).toEqual(ids)
  })
})
