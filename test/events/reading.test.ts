import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openStream, publishTo } from '../support/streams.ts'
import { createWorld, type World } from '../support/world.ts'

let world: World

beforeAll(async () => {
  world = await createWorld({ env: { HEARTBEAT_SECONDS: '2' } })
})
afterAll(() => world.stop())

const numbers = (events: readonly { data?: Record<string, unknown> }[]) => events.map(({ data }) => data?.n)

function rawStream(token: string): Socket {
  const socket = connect({ port: Number(new URL(world.url).port), host: '127.0.0.1' })
  socket.write(`GET /api/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\n\r\n`)
  return socket
}

describe('a reader', () => {
  test('may begin at an instant, and gets what happened from then on', async () => {
    const reader = await world.user()
    await publishTo(world, reader.id, 1, { when: 'before' })
    world.clock.advance({ minutes: 5 })
    const since = world.clock.now().toISOString()
    await publishTo(world, reader.id, 3, { when: 'after' })
    const stream = await openStream(world.url, reader.token, {
      path: `/api/events?since=${encodeURIComponent(since)}`,
    })
    await expect.poll(() => numbers(stream.events)).toEqual([1, 2, 3])
    expect(stream.events.every(({ data }) => data?.when === 'after')).toBe(true)
    stream.close()
  })

  test('that begins where nothing has happened yet is at now', async () => {
    const reader = await world.user()
    const later = new Date(world.clock.now().getTime() + 3600_000).toISOString()
    const stream = await openStream(world.url, reader.token, { path: `/api/events?since=${later}` })
    await publishTo(world, reader.id, 2)
    await expect.poll(() => numbers(stream.events)).toEqual([1, 2])
    stream.close()
  })

  test('that begins before retention is told so, and goes on from now', async () => {
    const reader = await world.user()
    const old = new Date(world.clock.now().getTime() - 8 * 24 * 3600_000).toISOString()
    const stream = await openStream(world.url, reader.token, { path: `/api/events?since=${old}` })
    expect(stream.frames.find(({ event }) => event === 'stream.reset')?.data).toEqual({ reason: 'TOO_OLD' })
    stream.close()
    const wrong = await world.fetch('/api/events?since=yesterday', { token: reader.token })
    expect(wrong.status).toBe(422)
  })

  test('gets an id’s place, not the instant’s, when both are given', async () => {
    const reader = await world.user()
    const since = world.clock.now().toISOString()
    await publishTo(world, reader.id, 4)
    const first = await openStream(world.url, reader.token, { path: `/api/events?since=${since}` })
    await expect.poll(() => numbers(first.events)).toEqual([1, 2, 3, 4])
    const lastEventId = first.events[1]?.id ?? ''
    first.close()
    const again = await openStream(world.url, reader.token, {
      path: `/api/events?since=${since}`,
      lastEventId,
    })
    await expect.poll(() => numbers(again.events)).toEqual([3, 4])
    again.close()
  })

  test('may ask for one patient’s events only, live and missed', async () => {
    const reader = await world.user()
    const [one, other] = [world.id(), world.id()]
    const path = `/api/events?patient_id=${one}`
    const stream = await openStream(world.url, reader.token, { path })
    const lastEventId = stream.frames.find(({ event }) => event === 'heartbeat')?.id ?? ''
    await publishTo(world, reader.id, 2, { patient_id: other })
    await publishTo(world, reader.id, 2, { patient_id: one })
    await publishTo(world, reader.id, 1)
    await expect.poll(() => stream.events.length).toBe(2)
    const missed = await openStream(world.url, reader.token, { path, lastEventId })
    await expect.poll(() => missed.events.length).toBe(2)
    for (const { events } of [stream, missed])
      expect(events.map(({ data }) => data?.patient_id)).toEqual([one, one])
    stream.close()
    missed.close()
  })

  test('hears a comment between two heartbeats, for proxies that end idle connections', async () => {
    const reader = await world.user()
    const stream = await openStream(world.url, reader.token)
    await expect.poll(() => stream.comments, { timeout: 8000 }).toBeGreaterThan(1)
    expect(stream.frames.filter(({ event }) => event === 'heartbeat').length).toBeGreaterThan(1)
    stream.close()
  })

  test('that does not read for a minute is closed with the reason, and resumes without a gap', async () => {
    const reader = await world.user()
    const socket = rawStream(reader.token)
    await new Promise((resolve) => socket.once('data', resolve))
    socket.pause()
    const other = await openStream(world.url, reader.token)
    const padding = 'x'.repeat(2000)
    for (let round = 0; round < 8; round++) await publishTo(world, reader.id, 1000, { padding, round })
    // Another one who has got everything shows that the server has tried; its heartbeats, that it has looked around.
    await expect.poll(() => other.events.length, { timeout: 15_000 }).toBe(8000)
    world.clock.advance({ seconds: 61 })
    const heartbeats = () => other.frames.filter(({ event }) => event === 'heartbeat').length
    const seen = heartbeats()
    await expect.poll(heartbeats).toBeGreaterThan(seen + 1)
    other.close()
    let text = ''
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
    })
    socket.resume()
    await new Promise((resolve) => socket.once('close', resolve))
    const blocks = text.split('\n\n').filter((block) => block.startsWith('id: '))
    expect(blocks.at(-1)).toContain('event: stream.closed\ndata: {"reason":"SLOW_READER"}')
    const received = blocks.filter((block) => block.includes('event: notification.new'))
    expect(received.length).toBeLessThan(8000)
    const lastEventId = /^id: (\S+)/.exec(received.at(-1) ?? '')?.[1] ?? ''
    const again = await openStream(world.url, reader.token, { lastEventId })
    await expect.poll(() => received.length + again.events.length, { timeout: 15_000 }).toBe(8000)
    again.close()
  }, 60_000)

  test('that hangs up half way is gone at once; what it sends besides is nobody’s', async () => {
    const reader = await world.user()
    const socket = rawStream(reader.token)
    let text = ''
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
    })
    await expect.poll(() => text).toContain('event: heartbeat')
    socket.write('GET /health HTTP/1.1\r\nhost: x\r\n\r\nneither HTTP nor \0')
    await publishTo(world, reader.id, 1)
    await expect.poll(() => text).toContain('event: notification.new')
    expect(text.match(/HTTP\/1\.1/g)).toHaveLength(1)
    socket.end()
    await new Promise((resolve) => socket.once('close', resolve))
    await publishTo(world, reader.id, 1)
  })

  test('that left before its stream was open keeps no session awake', async () => {
    const [gone, there] = [await world.user(), await world.user()]
    const activeAt = async (userId: string): Promise<number> => {
      const { rows } = await world.admin.query(
        'select last_active_at as at from user_sessions where user_id = $1',
        [userId],
      )
      return new Date(rows[0]?.at).getTime()
    }
    const stream = await openStream(world.url, there.token)
    const [left, stayed] = [await activeAt(gone.id), await activeAt(there.id)]
    await world.admin.query('begin; lock table user_sessions in access exclusive mode')
    const socket = rawStream(gone.token)
    const waiting = `select 1 from pg_locks where not granted and relation = 'user_sessions'::regclass`
    await expect.poll(async () => (await world.admin.query(waiting)).rowCount).toBeGreaterThan(0)
    socket.destroy()
    await new Promise((resolve) => socket.once('close', resolve))
    await world.admin.query('commit')
    await publishTo(world, there.id, 1)
    await expect.poll(() => stream.events.length).toBe(1)
    world.clock.advance({ minutes: 3 })
    await expect.poll(() => activeAt(there.id)).toBeGreaterThan(stayed)
    expect(await activeAt(gone.id)).toBe(left)
    stream.close()
  })

  test('is told when to come back by a server that stops: not everybody at once', async () => {
    const reader = await world.user()
    const replica = await world.startServer()
    const streams = await Promise.all(Array.from({ length: 12 }, () => openStream(replica.url, reader.token)))
    await replica.close()
    await Promise.all(streams.map(({ ended }) => ended))
    const delays = streams.map(({ frames }) => {
      expect(frames.at(-1)).toMatchObject({ event: 'stream.closed', data: { reason: 'SERVER_STOPPING' } })
      return Number(frames.at(-2)?.retry)
    })
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(500)
    expect(new Set(delays).size).toBeGreaterThan(6)
  })
})
