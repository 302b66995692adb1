import { verifyWebhook } from '@wardline/sdk'
import { Webhook } from 'standardwebhooks'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { codeOf } from '../support/problems.ts'
import { type Receiver, startReceiver } from '../support/receiver.ts'
import { cleanAt } from '../support/upkeep.ts'
import { createWorld, type TestUser, type World } from '../support/world.ts'

const HOUR = 3600_000

let world: World
let org_id: string
let admin: TestUser
const receivers: Receiver[] = []

beforeAll(async () => {
  world = await createWorld({ env: { WEBHOOKS_ALLOW_PRIVATE: 'true', WEBHOOKS_TIMEOUT_SECONDS: '4' } })
})
afterEach(async () => {
  for (const receiver of receivers.splice(0)) await receiver.close()
})
afterAll(() => world.stop())

/** Each test has an organization of its own: nothing else is published there. */
const fresh = async () => {
  org_id = await world.organization()
  admin = await world.user({ roles: { [org_id]: 'ADMIN' } })
}
const receive = async (): Promise<Receiver> => {
  const receiver = await startReceiver()
  receivers.push(receiver)
  return receiver
}
const listen = async (
  receiver: Receiver,
  wanted: Partial<Parameters<TestUser['client']['webhooks']['create']>[0]> = {},
) => {
  const endpoint = await admin.client.webhooks.create({ org_id, url: receiver.url, ...wanted })
  world.secret(endpoint.secret)
  return endpoint
}
/** Publishes as handlers do, in a transaction of its own. */
const publish = async (count = 1, type = 'member.joined', organization: string | null = org_id) => {
  await world.admin.query(
    `insert into events (organization_id, user_id, type, payload, created_at)
     select $1, case when $1::uuid is null then $4::uuid end, $2,
       jsonb_build_object('organization_id', $4::uuid, 'member_id', gen_random_uuid(), 'user_id', gen_random_uuid(), 'role', 'STAFF'), now()
     from generate_series(1, $3)`,
    [organization, type, count, org_id],
  )
}
const deliveries = async (endpoint_id: string, query: { status?: 'PENDING' | 'DELIVERED' | 'FAILED' } = {}) =>
  (await admin.client.webhooks.listDeliveries({ org_id, endpoint_id, limit: 100, ...query })).items
const arrives = (receiver: Receiver, count: number) =>
  expect.poll(() => receiver.hooks.length, { timeout: 10_000 }).toBe(count)
/** Waits until no attempt is under way or due. */
const settled = (endpoint_id: string, attempts: number) =>
  expect
    .poll(async () => (await deliveries(endpoint_id))[0], { timeout: 10_000 })
    .toMatchObject({ attempts, last_attempt_at: expect.any(String) })

describe('an endpoint', () => {
  beforeAll(fresh)

  test('shows its secret once; the database holds it encrypted, and the trail not at all', async () => {
    const receiver = await receive()
    const { secret, ...endpoint } = await listen(receiver, { description: ' Directory ' })
    expect(secret).toMatch(/^whsec_/)
    expect(endpoint).toMatchObject({
      url: receiver.url,
      description: 'Directory',
      event_types: [],
      enabled: true,
      disabled_at: null,
      failing_since: null,
      old_secret_until: null,
    })
    const page = await admin.client.webhooks.list({ org_id, include_total: true })
    expect(page.items[0]).toEqual(endpoint)
    const rotated = await admin.client.webhooks.rotateSecret({ org_id, endpoint_id: endpoint.id })
    world.secret(rotated.secret)
    const { rows } = await world.admin.query('select to_jsonb(e)::text as text from webhook_endpoints e')
    const trail = await world.auditRows({ actor: admin.id })
    const kept = JSON.stringify([page, rows, trail])
    for (const text of [secret, rotated.secret]) expect(kept).not.toContain(text.slice(6))
    expect(JSON.stringify(trail)).not.toContain('old_secret"')
    expect(trail).toMatchObject([
      { operation_id: 'createWebhookEndpoint', action_type: 'CREATE', resource_type: 'WEBHOOK_ENDPOINT' },
      { operation_id: 'rotateWebhookSecret', action_type: 'UPDATE', resource_id: endpoint.id },
    ])
    await admin.client.webhooks.delete({ org_id, endpoint_id: endpoint.id })
    expect(await codeOf(admin.client.webhooks.delete({ org_id, endpoint_id: endpoint.id }))).toBe('NOT_FOUND')
  })

  test('is of ADMINs, and of nobody elsewhere', async () => {
    const receiver = await receive()
    const { id: endpoint_id } = await listen(receiver)
    const elsewhere = await world.organization()
    const stranger = await world.user({ roles: { [elsewhere]: 'ADMIN' } })
    const staff = await world.user({ roles: { [org_id]: 'STAFF' } })
    expect(await codeOf(staff.client.webhooks.list({ org_id }))).toBe('FORBIDDEN')
    const theirs = { org_id: elsewhere, endpoint_id }
    const { webhooks } = stranger.client
    const calls = [
      webhooks.update({ ...theirs, enabled: false }),
      webhooks.delete(theirs),
      webhooks.rotateSecret(theirs),
      webhooks.listDeliveries(theirs),
      webhooks.replay({ ...theirs, delivery_id: world.id() }),
    ]
    expect(await Promise.all(calls.map((call) => codeOf(call)))).toEqual(calls.map(() => 'NOT_FOUND'))
    await admin.client.webhooks.delete({ org_id, endpoint_id })
  })

  test('is one of ten at most, however many are made at once', async () => {
    const receiver = await receive()
    const codes = await Promise.all(
      Array.from({ length: 14 }, () => codeOf(admin.client.webhooks.create({ org_id, url: receiver.url }))),
    )
    expect(codes.filter((code) => code === 'passed')).toHaveLength(10)
    expect(codes.filter((code) => code === 'CONFLICT')).toHaveLength(4)
  })
})

describe('an endpoint’s address', () => {
  test('is public and https, unless configuration says otherwise; the field is named', async () => {
    const strict = await createWorld()
    try {
      const org = await strict.organization()
      const { client } = await strict.user({ roles: { [org]: 'ADMIN' } })
      const make = (url: string) => client.webhooks.create({ org_id: org, url })
      for (const url of [
        'http://hooks.clinic.example/',
        'https://10.0.0.1/',
        'https://u:p@hooks.clinic.example/',
      ])
        await expect(make(url)).rejects.toMatchObject({
          code: 'VALIDATION_ERROR',
          errors: [{ pointer: '/url' }],
        })
      const { id: endpoint_id, secret } = await make('https://hooks.clinic.example')
      strict.secret(secret)
      const change = client.webhooks.update({ org_id: org, endpoint_id, url: 'https://[::1]/' })
      expect(await codeOf(change)).toBe('VALIDATION_ERROR')
      // What was allowed once is not for that allowed for ever.
      await strict.admin.query(`update webhook_endpoints set url = 'https://127.0.0.1:1/'`)
      await strict.admin.query(
        `insert into events (organization_id, type, payload, created_at) values ($1, 'member.joined', '{}', now())`,
        [org],
      )
      await expect
        .poll(async () => (await client.webhooks.listDeliveries({ org_id: org, endpoint_id })).items[0])
        .toMatchObject({ status: 'PENDING', error: 'ADDRESS_NOT_ALLOWED', response_code: null })
    } finally {
      await strict.stop()
    }
  })
})

describe('a delivery', () => {
  test('is the event as the stream shows it, signed so that Standard Webhooks and the SDK take it', async () => {
    await fresh()
    const receiver = await receive()
    const { id: endpoint_id, secret } = await listen(receiver)
    const mate = await world.user({ roles: { [org_id]: 'STAFF' } })
    const { items } = await admin.client.members.list({ org_id })
    const member_id = items.find(({ user_id }) => user_id === mate.id)?.id ?? ''
    await admin.client.members.remove({ org_id, member_id })
    await arrives(receiver, 1)
    const [hook] = receiver.hooks
    const { rows } = await world.admin.query(
      `select xid || '.' || id as id, type, payload from events where organization_id = $1`,
      [org_id],
    )
    const headers = hook?.headers ?? {}
    const now = world.clock.now().getTime()
    const event = await verifyWebhook(hook?.body ?? '', headers, secret, { now })
    expect(event).toEqual({ id: rows[0].id, event: 'member.removed', data: rows[0].payload })
    expect(headers['webhook-id']).toBe(rows[0].id)
    const library = new Webhook(secret).verify(hook?.body ?? '', headers as Record<string, string>)
    expect(library).toEqual(event)
    await settled(endpoint_id, 1)
    expect(await deliveries(endpoint_id)).toMatchObject([
      {
        event_id: rows[0].id,
        event_type: 'member.removed',
        status: 'DELIVERED',
        response_code: 204,
        error: null,
        latency_ms: expect.any(Number),
        next_attempt_at: null,
        replay_of: null,
      },
    ])
  })

  test('happens only of the wanted types, of this organization, of its stream; never of a person’s own', async () => {
    await fresh()
    const [all, some] = [await receive(), await receive()]
    await listen(all)
    await listen(some, { event_types: ['member.removed'] })
    const elsewhere = await world.organization()
    await publish(1, 'member.joined', elsewhere)
    await publish(1, 'message.new', null)
    await publish(1, 'ticket.message')
    await publish(1, 'member.joined')
    await publish(1, 'member.removed')
    await arrives(all, 2)
    await arrives(some, 1)
    expect(all.hooks.map(({ body }) => JSON.parse(body).event).toSorted()).toEqual([
      'member.joined',
      'member.removed',
    ])
    expect(JSON.parse(some.hooks[0]?.body ?? '').event).toBe('member.removed')
  })

  test('is neither lost nor doubled by two servers that share the work, while transactions commit out of order', async () => {
    await fresh()
    const replica = await world.startServer()
    const receiver = await receive()
    const { id: endpoint_id } = await listen(receiver)
    const { default: pg } = await import('pg')
    const late = new pg.Client(world.adminUrl)
    await late.connect()
    try {
      await late.query('begin')
      await late.query(
        `insert into events (organization_id, type, payload, created_at)
         values ($1, 'member.removed', '{"first": true}', now())`,
        [org_id],
      )
      for (let batch = 0; batch < 10; batch++) await publish(30)
      await late.query('commit')
    } finally {
      await late.end()
    }
    await arrives(receiver, 301)
    const ids = receiver.hooks.map(({ headers }) => headers['webhook-id'])
    const { rows } = await world.admin.query<{ id: string }>(
      `select xid || '.' || id as id from events where organization_id = $1`,
      [org_id],
    )
    expect(ids.toSorted()).toEqual(rows.map(({ id }) => id).toSorted())
    await replica.close()
    expect((await deliveries(endpoint_id, { status: 'DELIVERED' })).length).toBe(100)
  })

  test('is tried again with the same id, ever more slowly; a success ends it', async () => {
    await fresh()
    const receiver = await receive()
    const { id: endpoint_id } = await listen(receiver)
    receiver.answer((response) => response.writeHead(503).end('busy'))
    await publish()
    await arrives(receiver, 1)
    await settled(endpoint_id, 1)
    const [first] = await deliveries(endpoint_id)
    expect(first).toMatchObject({ status: 'PENDING', response_code: 503, error: 'HTTP_STATUS' })
    const pause = Date.parse(first?.next_attempt_at ?? '') - Date.parse(first?.last_attempt_at ?? '')
    expect(pause).toBeGreaterThanOrEqual(4000)
    expect(pause).toBeLessThanOrEqual(6000)
    expect(
      await codeOf(admin.client.webhooks.replay({ org_id, endpoint_id, delivery_id: first?.id ?? '' })),
    ).toBe('CONFLICT')
    world.clock.advance({ seconds: 7 })
    await arrives(receiver, 2)
    await settled(endpoint_id, 2)
    const [second] = await deliveries(endpoint_id)
    const longer = Date.parse(second?.next_attempt_at ?? '') - Date.parse(second?.last_attempt_at ?? '')
    expect(longer).toBeGreaterThanOrEqual(4 * 60_000)
    receiver.answer((response) => response.writeHead(200).end())
    world.clock.advance({ minutes: 7 })
    await arrives(receiver, 3)
    expect(new Set(receiver.hooks.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
    await expect.poll(async () => (await deliveries(endpoint_id))[0]?.status).toBe('DELIVERED')
    const [endpoint] = (await admin.client.webhooks.list({ org_id })).items
    expect(endpoint?.failing_since).toBeNull()
  })

  test('waits while the endpoint is disabled or the organization suspended; nothing new is recorded meanwhile', async () => {
    await fresh()
    const [receiver, other] = [await receive(), await receive()]
    receiver.answer((response) => response.writeHead(500).end())
    const { id: endpoint_id } = await listen(receiver)
    const { id: other_id } = await listen(other)
    await publish()
    await settled(endpoint_id, 1)
    await arrives(other, 1)
    await admin.client.webhooks.update({ org_id, endpoint_id, enabled: false, description: null })
    world.clock.advance({ seconds: 7 })
    await publish()
    await arrives(other, 2)
    await world.admin.query('update organizations set suspended_at = now() where id = $1', [org_id])
    await publish()
    await admin.client.webhooks.list({ org_id }).catch(() => undefined)
    const passed = async () => {
      const { rows } = await world.admin.query<{ n: number }>(
        'select count(*)::int as n from events e, webhook_cursor c where (e.xid, e.id) > (c.xid, c.id)',
      )
      return rows[0]?.n
    }
    await expect.poll(passed).toBe(0)
    await world.admin.query('update organizations set suspended_at = null where id = $1', [org_id])
    expect(await deliveries(endpoint_id)).toHaveLength(1)
    expect(await deliveries(other_id)).toHaveLength(2)
    receiver.answer((response) => response.writeHead(204).end())
    const enabled = await admin.client.webhooks.update({ org_id, endpoint_id, enabled: true })
    expect(enabled).toMatchObject({
      enabled: true,
      disabled_at: null,
      description: null,
      failing_since: null,
    })
    await arrives(receiver, 2)
    expect(new Set(receiver.hooks.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
  })

  test('is logged in pages, newest first, for 30 days; a cursor is of its endpoint only', async () => {
    await fresh()
    const receiver = await receive()
    const { id: endpoint_id } = await listen(receiver)
    await publish(5)
    await arrives(receiver, 5)
    const list = { org_id, endpoint_id, limit: 2 }
    const ids: string[] = []
    for await (const one of admin.client.webhooks.listDeliveries(list)) ids.push(one.id)
    expect(ids).toHaveLength(5)
    expect(ids).toEqual(ids.toSorted().toReversed())
    const page = await admin.client.webhooks.listDeliveries({ ...list, include_total: true })
    expect(page.total).toBe(5)
    const { id: other } = await listen(receiver)
    const cursor = page.next_cursor ?? ''
    const elsewhere = admin.client.webhooks.listDeliveries({ ...list, endpoint_id: other, cursor })
    expect(await codeOf(elsewhere)).toBe('INVALID_CURSOR')
    expect(await codeOf(admin.client.webhooks.list({ org_id, cursor }))).toBe('INVALID_CURSOR')
    await world.admin.query(`update webhook_deliveries set created_at = $2 where id = $1`, [
      ids[0],
      new Date(world.clock.now().getTime() - 30 * 24 * HOUR - 1000),
    ])
    await world.admin.query('select purge_webhook_deliveries($1, 1000)', [world.clock.now()])
    expect((await deliveries(endpoint_id)).map(({ id }) => id)).toEqual(ids.slice(1))
  })

  test('whose secret can no longer be read says so, and goes out once there is another', async () => {
    await fresh()
    const receiver = await receive()
    const { id: endpoint_id } = await listen(receiver)
    await world.admin.query(`update webhook_endpoints set secret = 'gone.a.b.c' where id = $1`, [endpoint_id])
    await publish()
    await settled(endpoint_id, 1)
    expect((await deliveries(endpoint_id))[0]).toMatchObject({
      status: 'PENDING',
      error: 'SECRET_UNREADABLE',
    })
    const { secret } = await admin.client.webhooks.rotateSecret({ org_id, endpoint_id })
    world.secret(secret)
    world.clock.advance({ seconds: 7 })
    await arrives(receiver, 1)
  })

  test('can be sent again, as one of its own with the same id', async () => {
    await fresh()
    const receiver = await receive()
    const { id: endpoint_id } = await listen(receiver)
    await publish()
    await arrives(receiver, 1)
    await settled(endpoint_id, 1)
    const [first] = await deliveries(endpoint_id)
    const replay = await admin.client.webhooks.replay({ org_id, endpoint_id, delivery_id: first?.id ?? '' })
    expect(replay).toMatchObject({ status: 'PENDING', replay_of: first?.id, event_id: first?.event_id })
    await arrives(receiver, 2)
    expect(receiver.hooks[1]?.body).toBe(receiver.hooks[0]?.body)
    expect(receiver.hooks[1]?.headers['webhook-id']).toBe(receiver.hooks[0]?.headers['webhook-id'])
    const [audited] = await world.auditRows({ operation: 'replayWebhookDelivery', actor: admin.id })
    expect(audited).toMatchObject({ action_type: 'REPLAY', resource_type: 'WEBHOOK_DELIVERY' })
    const unknown = { org_id, endpoint_id, delivery_id: world.id() }
    expect(await codeOf(admin.client.webhooks.replay(unknown))).toBe('NOT_FOUND')
    await admin.client.webhooks.update({ org_id, endpoint_id, enabled: false })
    const off = admin.client.webhooks.replay({ org_id, endpoint_id, delivery_id: first?.id ?? '' })
    expect(await codeOf(off)).toBe('CONFLICT')
  })

  test('is signed with the old secret too, for 24 hours after a rotation', async () => {
    await fresh()
    const receiver = await receive()
    const { id: endpoint_id, secret: old } = await listen(receiver)
    const rotated = await admin.client.webhooks.rotateSecret({ org_id, endpoint_id })
    world.secret(rotated.secret)
    expect(Date.parse(rotated.old_secret_until ?? '') - world.clock.now().getTime()).toBeGreaterThan(
      23.9 * HOUR,
    )
    await publish()
    await arrives(receiver, 1)
    const verify = async (at: number, secret: string) => {
      const { body = '', headers = {} } = receiver.hooks[at] ?? {}
      return verifyWebhook(body, headers, secret, { now: world.clock.now().getTime() }).then(
        () => 'accepted',
        (error: { reason?: string }) => error.reason,
      )
    }
    expect([await verify(0, old), await verify(0, rotated.secret)]).toEqual(['accepted', 'accepted'])
    world.clock.advance({ hours: 24 })
    const { token } = await world.session(admin.id, { mfa: true })
    expect((await world.client(token).webhooks.list({ org_id })).items[0]?.old_secret_until).toBeNull()
    await publish()
    await arrives(receiver, 2)
    expect([await verify(1, old), await verify(1, rotated.secret)]).toEqual(['WRONG_SIGNATURE', 'accepted'])
  })
})

describe('a bad receiver', () => {
  test('that hangs is given up in time, holds few connections, and holds up nobody else', {
    timeout: 40_000,
  }, async () => {
    await fresh()
    const [stuck, fine] = [await receive(), await receive()]
    stuck.answer(() => {})
    const { id: endpoint_id } = await listen(stuck)
    await listen(fine)
    await publish(20)
    await arrives(fine, 20)
    // Before the first is given up: from then on others take its place.
    expect(stuck.peak).toBeLessThanOrEqual(4)
    const timedOut = async () =>
      (await deliveries(endpoint_id)).filter(({ error }) => error === 'TIMEOUT').length
    await expect.poll(timedOut, { timeout: 20_000 }).toBeGreaterThanOrEqual(4)
    await admin.client.webhooks.delete({ org_id, endpoint_id })
  })

  test('that redirects is not followed; one that never stops answering is cut, and counts by its status', async () => {
    await fresh()
    const [target, redirect, endless] = [await receive(), await receive(), await receive()]
    redirect.answer((response) => response.writeHead(307, { location: target.url }).end())
    endless.answer((response) => {
      response.writeHead(200)
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
        if (!response.destroyed) response.once('drain', more)
      }
      more()
    })
    const one = await listen(redirect)
    const other = await listen(endless)
    await publish()
    await settled(one.id, 1)
    await settled(other.id, 1)
    expect((await deliveries(one.id))[0]).toMatchObject({ status: 'PENDING', response_code: 307 })
    expect((await deliveries(other.id))[0]).toMatchObject({ status: 'DELIVERED', response_code: 200 })
    expect(target.hooks).toHaveLength(0)
    for (const { id } of [one, other]) await admin.client.webhooks.delete({ org_id, endpoint_id: id })
  })

  test('is disabled after three days, and its ADMINs are told once; enabled, it gets what waited', async () => {
    await fresh()
    // Three days are long for those of the other tests too.
    await world.admin.query('delete from webhook_endpoints')
    const receiver = await receive()
    receiver.answer((response) => response.writeHead(500).end())
    const { id: endpoint_id } = await listen(receiver)
    await publish()
    await settled(endpoint_id, 1)
    world.clock.advance({ hours: 71 })
    admin = { ...admin, ...(await world.session(admin.id, { mfa: true })) }
    await settled(endpoint_id, 2)
    await publish()
    await expect.poll(async () => (await deliveries(endpoint_id)).length).toBe(2)
    await settled(endpoint_id, 1)
    expect((await admin.client.webhooks.list({ org_id })).items[0]?.enabled).toBe(true)
    world.clock.advance({ hours: 1, seconds: 1 })
    await expect
      .poll(async () => (await admin.client.webhooks.list({ org_id })).items[0], { timeout: 10_000 })
      .toMatchObject({ enabled: false, disabled_reason: 'FAILING' })
    const log = await deliveries(endpoint_id)
    expect(log.map(({ status }) => status)).toEqual(['PENDING', 'FAILED'])
    const { rows: notices } = await world.admin.query(
      `select title, body from notifications where user_id = $1 and organization_id = $2`,
      [admin.id, org_id],
    )
    expect(notices).toEqual([
      { title: 'A webhook endpoint was disabled', body: expect.stringContaining('127.0.0.1') },
    ])
    const { rows: mails } = await world.admin.query(`select from jobs.job where name = 'mail'`)
    expect(mails).toHaveLength(1)
    receiver.answer((response) => response.writeHead(204).end())
    const before = receiver.hooks.length
    await publish()
    await admin.client.webhooks.update({ org_id, endpoint_id, enabled: true })
    await arrives(receiver, before + 1)
    await expect.poll(async () => (await deliveries(endpoint_id))[0]?.status).toBe('DELIVERED')
  })

  test('that answers 410 is disabled at once, and its ADMINs are told once; enabled, it gets what waited', async () => {
    await fresh()
    const receiver = await receive()
    receiver.answer((response) => response.writeHead(410).end())
    const { id: endpoint_id } = await listen(receiver)
    await publish(5)
    await expect
      .poll(async () => (await admin.client.webhooks.list({ org_id })).items[0], { timeout: 10_000 })
      .toMatchObject({ enabled: false, disabled_reason: 'GONE', disabled_at: expect.any(String) })
    const log = await deliveries(endpoint_id)
    expect(log.map(({ status }) => status)).toEqual(log.map(() => 'PENDING'))
    expect(log.some(({ response_code }) => response_code === 410)).toBe(true)
    const { rows: notices } = await world.admin.query(
      'select title, body from notifications where user_id = $1 and organization_id = $2',
      [admin.id, org_id],
    )
    expect(notices).toEqual([
      { title: 'A webhook endpoint was disabled', body: expect.stringContaining('410 Gone') },
    ])
    receiver.answer((response) => response.writeHead(204).end())
    const before = receiver.hooks.length
    world.clock.advance({ seconds: 30 })
    await admin.client.webhooks.update({ org_id, endpoint_id, enabled: true })
    await arrives(receiver, before + 5)
    const delivered = async () => (await deliveries(endpoint_id, { status: 'DELIVERED' })).length
    await expect.poll(delivered).toBe(5)
  })

  test('whose 410 comes after the endpoint has moved disables nothing', async () => {
    await fresh()
    const [old, moved] = [await receive(), await receive()]
    let answer = (): void => {}
    old.answer((response) => {
      answer = () => response.writeHead(410).end()
    })
    const { id: endpoint_id } = await listen(old)
    await publish()
    await arrives(old, 1)
    await admin.client.webhooks.update({ org_id, endpoint_id, url: moved.url })
    answer()
    await settled(endpoint_id, 1)
    world.clock.advance({ seconds: 7 })
    await arrives(moved, 1)
    expect((await admin.client.webhooks.list({ org_id })).items[0]).toMatchObject({ enabled: true })
  })

  test.each([
    ['503, seconds', 503, () => '3600', 3600],
    ['429, a date', 429, () => new Date(world.clock.now().getTime() + HOUR).toUTCString(), 3600],
    ['429, beyond a day', 429, () => '999999', 86_400],
    ['500, which promises nothing', 500, () => '3600', 5],
  ])('that says Retry-After is asked again then: %s', async (_what, status, header, seconds) => {
    await fresh()
    const receiver = await receive()
    receiver.answer((response) => response.writeHead(status, { 'retry-after': header() }).end())
    const { id: endpoint_id } = await listen(receiver)
    await publish()
    await settled(endpoint_id, 1)
    const [first] = await deliveries(endpoint_id)
    const pause = (Date.parse(first?.next_attempt_at ?? '') - Date.parse(first?.last_attempt_at ?? '')) / 1000
    expect(Math.abs(pause - seconds)).toBeLessThanOrEqual(2)
    if (status === 500 || seconds > 3600) return
    receiver.answer((response) => response.writeHead(204).end())
    world.clock.advance({ minutes: 55 })
    await new Promise((resolve) => setTimeout(resolve, 1500))
    expect(receiver.hooks).toHaveLength(1)
    world.clock.advance({ minutes: 6 })
    await arrives(receiver, 2)
  })
})

describe('what nobody carried', () => {
  const cleanAfter = (own: World, days: number) =>
    cleanAt(own, new Date(own.clock.now().getTime() + days * 24 * HOUR))
  const publishIn = (own: World, organization: string, count: number) =>
    own.admin.query(
      `insert into events (organization_id, type, payload, created_at)
       select $1, 'member.joined', '{"role": "STAFF"}', $2 from generate_series(1, $3::int)`,
      [organization, own.clock.now(), count],
    )
  const endpointOf = async (own: World, id: string) => {
    const { rows } = await own.admin.query('select * from webhook_endpoints where id = $1', [id])
    return rows[0]
  }

  test('for longer than the outbox keeps it is not lost: upkeep records it, and the next courier brings it', {
    timeout: 60_000,
  }, async () => {
    const own = await createWorld({ env: { JOBS: 'off', WEBHOOKS_ALLOW_PRIVATE: 'true' } })
    const receiver = await receive()
    try {
      const org = await own.organization()
      const theirs = await own.user({ roles: { [org]: 'ADMIN' } })
      const { secret } = await theirs.client.webhooks.create({ org_id: org, url: receiver.url })
      own.secret(secret)
      // More than one page of the outbox.
      await publishIn(own, org, 510)
      await cleanAfter(own, 8)
      const count = async (table: string) =>
        (await own.admin.query(`select count(*)::int as n from ${table} where organization_id = $1`, [org]))
          .rows[0].n
      await expect.poll(() => count('events'), { timeout: 10_000 }).toBe(0)
      expect(await count('webhook_deliveries')).toBe(510)
      expect(receiver.hooks).toHaveLength(0)
      await own.startServer({ env: { JOBS: 'on' } })
      await expect.poll(() => receiver.hooks.length, { timeout: 30_000 }).toBe(510)
    } finally {
      await own.stop()
    }
  })

  test('is not forgotten by the outbox before it is recorded, whoever purges', async () => {
    await world.admin.query('begin')
    try {
      const { rows } = await world.admin.query<{ id: string }>(
        `insert into events (organization_id, type, payload, created_at)
         values ($1, 'member.joined', '{}', '2020-01-01') returning id`,
        [org_id],
      )
      const purged = async () => {
        await world.admin.query('select purge_expired($1, 1000)', [world.clock.now()])
        return (await world.admin.query('select from events where id = $1', [rows[0]?.id])).rowCount === 0
      }
      expect(await purged()).toBe(false)
      await world.admin.query(
        'update webhook_cursor set (xid, id) = (select xid, id from events where id = $1)',
        [rows[0]?.id],
      )
      expect(await purged()).toBe(true)
    } finally {
      await world.admin.query('rollback')
    }
  })

  test('until the log forgets it is an alarm: the endpoint counts it, its ADMINs are told once', async () => {
    const own = await createWorld({ env: { JOBS: 'off', WEBHOOKS_ALLOW_PRIVATE: 'true' } })
    const receiver = await receive()
    try {
      const org = await own.organization()
      const theirs = await own.user({ roles: { [org]: 'ADMIN' } })
      const { id, secret } = await theirs.client.webhooks.create({ org_id: org, url: receiver.url })
      own.secret(secret)
      const at = own.clock.now()
      const delivery = (status: string, replay_of: string | null = null) =>
        own.admin.query(
          `insert into webhook_deliveries (id, organization_id, endpoint_id, event_id, event_type, payload, status,
             next_attempt_at, replay_of, created_at)
           values (gen_random_uuid(), $1, $2, '1.1', 'member.joined', '{}', $3, case when $3 = 'PENDING' then $4::timestamptz end, $5, $4)
           returning id`,
          [org, id, status, at, replay_of],
        )
      await delivery('PENDING')
      await delivery('FAILED')
      await delivery('DELIVERED')
      const { rows: again } = await delivery('FAILED')
      await delivery('DELIVERED', again[0].id)
      await cleanAfter(own, 29.9)
      expect(await endpointOf(own, id)).toMatchObject({ lost_count: 0, lost_at: null })
      await cleanAfter(own, 0.2)
      expect((await own.admin.query('select from webhook_deliveries')).rowCount).toBe(0)
      expect(await endpointOf(own, id)).toMatchObject({ lost_count: 2, lost_at: expect.any(Date) })
      const told = async () =>
        (await own.admin.query('select title, body from notifications where user_id = $1', [theirs.id])).rows
      await expect
        .poll(told, { timeout: 10_000 })
        .toEqual([
          { title: 'Webhook events were lost', body: expect.stringContaining('2 events for 127.0.0.1') },
        ])
      await cleanAfter(own, 0.1)
      expect(await told()).toHaveLength(1)
      const { client } = await own.session(theirs.id, { mfa: true })
      expect((await client.webhooks.list({ org_id: org })).items[0]).toMatchObject({
        lost_count: 2,
        lost_at: expect.any(String),
      })
      const { rows: mails } = await own.admin.query(`select from jobs.job where name = 'mail'`)
      expect(mails).toHaveLength(1)
    } finally {
      await own.stop()
    }
  })
})
