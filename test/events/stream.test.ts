import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openStream, publishTo } from '../support/streams.ts'
import { createWorld, type TestUser, type World } from '../support/world.ts'

let world: World
let agent: TestUser
let owner: TestUser

beforeAll(async () => {
  world = await createWorld({ env: { HEARTBEAT_SECONDS: '1' } })
  agent = await world.user({ supportAgent: true })
  owner = await world.user()
})
afterAll(() => world.stop())

const open = (token: string | undefined, options: Parameters<typeof openStream>[2] = {}) =>
  openStream(world.url, token, options)

const ticket = (user: TestUser, subject = 'Cannot sign in') =>
  user.client.tickets.create({ category: 'TECHNICAL', subject, body: 'It says no.', urgency: 'HIGH' })

const publish = (userId: string, count: number, database = world) => publishTo(database, userId, count)

describe('the stream', () => {
  test('shows the desk a new ticket, and its owner the reply, with id, type and data', async () => {
    const desk = await open(agent.token)
    const mine = await open(owner.token)
    const created = await ticket(owner)
    await expect.poll(() => desk.events.map(({ event }) => event)).toContain('ticket.created')
    expect(desk.events.find(({ event }) => event === 'ticket.created')).toMatchObject({
      id: expect.stringMatching(/^\d+\.\d+$/),
      data: { ticket_id: created.id, ticket_number: created.ticket_number, urgency: 'HIGH' },
    })
    await agent.client.supportDesk.reply({
      ticket_id: created.id,
      body: 'Try again.',
      is_internal_note: false,
    })
    await expect.poll(() => mine.events.map(({ event }) => event)).toContain('ticket.reply')
    expect(mine.events.map(({ event }) => event)).not.toContain('ticket.created')
    desk.close()
    mine.close()
  })

  test('never shows the owner an internal note', async () => {
    const created = await ticket(owner)
    const mine = await open(owner.token)
    await agent.client.supportDesk.reply({
      ticket_id: created.id,
      body: 'Knows nothing.',
      is_internal_note: true,
    })
    await agent.client.supportDesk.reply({ ticket_id: created.id, body: 'Hello.', is_internal_note: false })
    await expect.poll(() => mine.events.length).toBeGreaterThan(0)
    expect(JSON.stringify(mine.frames)).not.toContain('Knows nothing')
    expect(mine.events.filter(({ event }) => event?.startsWith('ticket.'))).toHaveLength(1)
    mine.close()
  })

  test('sets retry, no-store and no buffering, and beats while nothing happens', async () => {
    const stream = await open(owner.token)
    expect(stream.response.headers.get('content-type')).toMatch(/^text\/event-stream/)
    expect(stream.response.headers.get('cache-control')).toBe('no-store')
    expect(stream.response.headers.get('x-accel-buffering')).toBe('no')
    expect(stream.frames[0]?.retry).toMatch(/^\d+$/)
    await expect
      .poll(() => stream.frames.filter(({ event }) => event === 'heartbeat').length, { timeout: 5000 })
      .toBeGreaterThan(2)
    stream.close()
  })

  test('filters by type; an unknown type is refused', async () => {
    const desk = await open(agent.token, { path: '/api/events?types=ticket.updated' })
    const created = await ticket(owner)
    await agent.client.supportDesk.claim({ ticket_id: created.id })
    await expect.poll(() => desk.events.map(({ event }) => event)).toEqual(['ticket.updated'])
    desk.close()
    const wrong = await world.fetch('/api/events?types=ticket.exploded', { token: agent.token })
    expect(await wrong.json()).toMatchObject({ status: 422, code: 'VALIDATION_ERROR' })
  })

  test('resumes after Last-Event-ID: every event since, in order, each once, on another server too', async () => {
    const reader = await world.user()
    const first = await open(reader.token)
    await publish(reader.id, 5)
    await expect.poll(() => first.events.length).toBe(5)
    const last = first.events.at(-1)?.id ?? ''
    first.close()
    await publish(reader.id, 700)
    const replica = await world.startServer()
    for (const base of [world.url, replica.url]) {
      const again = await open(reader.token, { base, lastEventId: last })
      await expect.poll(() => again.events.length).toBe(700)
      expect(again.events.map(({ data }) => data?.n)).toEqual(Array.from({ length: 700 }, (_, n) => n + 1))
      again.close()
    }
    await replica.close()
    const query = await open(reader.token, { path: `/api/events?last_event_id=${last}` })
    await expect.poll(() => query.events.length).toBe(700)
    query.close()
  })

  test('reaches the streams of another server, and goes on after a restart', async () => {
    const reader = await world.user()
    const replica = await world.startServer()
    const stream = await open(reader.token, { base: replica.url })
    await publish(reader.id, 1)
    await expect.poll(() => stream.events.length, { timeout: 3000 }).toBe(1)
    const last = stream.events[0]?.id ?? ''
    await replica.close()
    await stream.ended
    expect(stream.frames.at(-1)).toMatchObject({
      event: 'stream.closed',
      data: { reason: 'SERVER_STOPPING' },
    })
    await publish(reader.id, 2)
    const restarted = await world.startServer()
    const again = await open(reader.token, { base: restarted.url, lastEventId: last })
    await expect.poll(() => again.events.length).toBe(2)
    again.close()
    await restarted.close()
  })

  test('never skips an event whose transaction commits late', async () => {
    const reader = await world.user()
    const stream = await open(reader.token)
    const { default: pg } = await import('pg')
    const slow = new pg.Client(world.adminUrl)
    await slow.connect()
    await slow.query('begin')
    const insert = (n: number) =>
      `insert into events (user_id, type, payload, created_at) values ('${reader.id}', 'notification.new', '{"n": ${n}}', now())`
    await slow.query(insert(1))
    // A later id commits first: a tail by id alone would pass over the earlier one.
    await world.admin.query(insert(2))
    await new Promise((resolve) => setTimeout(resolve, 300))
    await slow.query('commit')
    await slow.end()
    await expect.poll(() => stream.events.map(({ data }) => data?.n), { timeout: 3000 }).toEqual([1, 2])
    stream.close()
  })

  test('does not wait for a long transaction in another database of the cluster', async () => {
    const other = await createWorld()
    try {
      await other.admin.query('begin')
      await other.admin.query(`insert into organizations (id, name) values ($1, 'Import')`, [other.id()])
      const reader = await world.user()
      const stream = await open(reader.token)
      await publish(reader.id, 2)
      await expect.poll(() => stream.events.map(({ data }) => data?.n)).toEqual([1, 2])
      stream.close()
    } finally {
      await other.admin.query('rollback')
      await other.stop()
    }
  })

  test('answers stream.reset for an id that retention has passed, and for one it never gave', async () => {
    const own = await createWorld()
    try {
      const reader = await own.user()
      const first = await open(reader.token, { base: own.url })
      await publish(reader.id, 3, own)
      await expect.poll(() => first.events.length).toBe(3)
      const oldest = first.events[0]?.id ?? ''
      first.close()
      await own.admin.query(`update events set created_at = now() - interval '8 days'`)
      // Nothing goes before the webhooks have seen it.
      const left = async () => {
        await own.admin.query('select purge_expired(now(), 1000)')
        return (await own.admin.query('select from events')).rowCount
      }
      await expect.poll(left, { timeout: 10_000 }).toBe(0)
      const late = await open(reader.token, { base: own.url, lastEventId: oldest })
      await expect
        .poll(() => late.frames.find(({ event }) => event === 'stream.reset')?.data)
        .toEqual({ reason: 'TOO_OLD' })
      late.close()
      const foreign = await open(reader.token, { base: own.url, lastEventId: '999999999999.1' })
      await expect
        .poll(() => foreign.frames.find(({ event }) => event === 'stream.reset')?.data)
        .toEqual({ reason: 'UNKNOWN_ID' })
      foreign.close()
    } finally {
      await own.stop()
    }
  })

  test('takes a single-use ticket of 60 seconds instead of a header, and no token in the query', async () => {
    const { ticket: once } = await owner.client.events.createTicket()
    world.secret(once)
    const stream = await open(undefined, { path: `/api/events?ticket=${once}` })
    stream.close()
    expect((await world.fetch(`/api/events?ticket=${once}`)).status).toBe(401)
    expect((await world.fetch(`/api/events?access_token=${owner.token}`)).status).toBe(401)
    const { ticket: late } = await owner.client.events.createTicket()
    await world.admin.query(
      `update stream_tickets set expires_at = expires_at - interval '61 seconds' where used_at is null`,
    )
    expect((await world.fetch(`/api/events?ticket=${late}`)).status).toBe(401)
  })

  test.each([
    [
      'a revoked session',
      'SESSION_ENDED',
      (user: TestUser) => ['update user_sessions set revoked_at = now() where id = $1', user.sessionId],
    ],
    [
      'a suspended account',
      'ACCOUNT_CLOSED',
      (user: TestUser) => ['update users set suspended_at = now() where id = $1', user.id],
    ],
    [
      'a lost platform role',
      'ACCESS_LOST',
      (user: TestUser) => ['update users set is_support_agent = false where id = $1', user.id],
    ],
  ] satisfies [string, string, (user: TestUser) => string[]][])(
    'is closed within a second by %s, with the reason, on every server',
    async (_name, reason, change) => {
      const user = await world.user({ supportAgent: true })
      const replica = await world.startServer()
      const streams = [await open(user.token), await open(user.token, { base: replica.url })]
      const [statement = '', id] = change(user)
      await world.admin.query(statement, [id])
      const closed = Promise.all(streams.map(({ ended }) => ended))
      await Promise.race([
        closed,
        new Promise((_, reject) => setTimeout(() => reject(new Error('still open')), 1000)),
      ])
      for (const { frames } of streams)
        expect(frames.at(-1)).toMatchObject({ event: 'stream.closed', data: { reason } })
      await replica.close()
    },
  )

  test('of an organization is its admins’ only, and ends with the membership', async () => {
    const org = await world.organization()
    const admin = await world.user({ roles: { [org]: 'ADMIN' } })
    const staff = await world.user({ roles: { [org]: 'STAFF' } })
    const path = `/api/organizations/${org}/events`
    expect((await world.fetch(path, { token: staff.token })).status).toBe(403)
    expect((await world.fetch(path, { token: owner.token })).status).toBe(404)
    const stream = await open(admin.token, { path })
    await world.admin.query(
      `insert into events (organization_id, type, payload, created_at) values ($1, 'impersonation.started', '{}', now())`,
      [org],
    )
    await expect.poll(() => stream.events.length).toBe(1)
    await world.admin.query('update organization_memberships set deleted_at = now() where user_id = $1', [
      admin.id,
    ])
    await stream.ended
    expect(stream.frames.at(-1)).toMatchObject({ event: 'stream.closed', data: { reason: 'ACCESS_LOST' } })
  })

  test('ends with its token, so that the client comes back with a fresh one', async () => {
    const own = await createWorld()
    try {
      const user = await own.user()
      const stream = await open(user.token, { base: own.url })
      // Kept from idling: the stream itself is activity.
      own.clock.advance({ hours: 12, minutes: 1 })
      await stream.ended
      expect(stream.frames.at(-1)?.event).toBe('stream.closed')
      expect(['TOKEN_EXPIRED', 'SESSION_ENDED']).toContain(stream.frames.at(-1)?.data?.reason)
    } finally {
      await own.stop()
    }
  })

  test('costs bounded memory when its reader does not read, and gives everything once it does', async () => {
    const user = await world.user()
    const socket: Socket = connect({ port: Number(new URL(world.url).port), host: '127.0.0.1' })
    socket.write(`GET /api/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${user.token}\r\n\r\n`)
    socket.pause()
    const padding = 'x'.repeat(2000)
    const total = 6000
    await world.admin.query(
      `insert into events (user_id, type, payload, created_at)
       select $1, 'notification.new', jsonb_build_object('n', n, 'p', $3::text), now() from generate_series(1, $2::int) n`,
      [user.id, 1, padding],
    )
    // 12 MB against kernel buffers of a few and 256 KiB of ours.
    const before = process.memoryUsage().rss
    for (let round = 0; round < 6; round++)
      await world.admin.query(
        `insert into events (user_id, type, payload, created_at)
         select $1, 'notification.new', jsonb_build_object('n', n, 'p', $4::text), now() from generate_series($2::int, $3::int) n`,
        [user.id, round * 1000 + 2, (round + 1) * 1000 + 1, padding],
      )
    await new Promise((resolve) => setTimeout(resolve, 500))
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * 2 ** 20)
    let text = ''
    socket.setEncoding('utf8')
    socket.on('data', (chunk) => {
      text += chunk
    })
    socket.resume()
    await expect.poll(() => text.match(/"n": ?\d+/g)?.length ?? 0, { timeout: 15_000 }).toBe(total + 1)
    const numbers = [...text.matchAll(/"n": ?(\d+)/g)].map((match) => Number(match[1]))
    expect(numbers).toEqual(Array.from({ length: total + 1 }, (_, n) => n + 1))
    socket.destroy()
  })
})
