import type { ServerResponse } from 'node:http'
import { describe, expect, it } from 'vitest'
import { createClientWith } from './client.ts'
import { isAccessLost, type StreamEvent, type StreamOptions, type StreamStatus, session } from './index.ts'
import { type Answer, closedAddress, json, jwt, problem, startServer, TestClock, until } from './testing.ts'

const open = (response: ServerResponse, retry?: number): void => {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.write(retry === undefined ? ': hello\n\n' : `retry: ${retry}\n\n`)
}
const send = (response: ServerResponse, id: number | string, event: string, data: unknown = {}): void => {
  response.write(`id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
}

const setup = async (answer: Answer, options: Partial<Parameters<typeof createClientWith>[0]> = {}) => {
  const server = await startServer(answer)
  const clock = new TestClock()
  const client = createClientWith({ baseUrl: server.baseUrl, auth: 'token-1', clock, ...options })
  const statuses: StreamStatus[] = []
  const start = (more: StreamOptions = {}) =>
    client.events.stream(
      { types: 'ticket.created' },
      { onStatus: (status) => statuses.push(status), ...more },
    )
  const states = () => statuses.map((status) => status.state)
  return {
    server,
    clock,
    client,
    statuses,
    states,
    start,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

const take = async (stream: AsyncIterableIterator<StreamEvent>, count: number): Promise<string[]> => {
  const ids: string[] = []
  while (ids.length < count) {
    const { done, value } = await stream.next()
    if (done) break
    ids.push(value.id)
  }
  return ids
}

describe('a stream', () => {
  it('gives typed events, keeps heartbeats to itself and sends what it was asked for', async () => {
    await using t = await setup((_, response) => {
      open(response)
      send(response, '1.1', 'heartbeat', { at: 'now' })
      send(response, '1.2', 'ticket.created', { ticket_number: 'TKT-2026-00001' })
    })
    for await (const event of t.start()) {
      if (event.event !== 'ticket.created') throw new Error(event.event)
      event.data.ticket_number satisfies string
      expect(event).toEqual({ id: '1.2', event: 'ticket.created', data: { ticket_number: 'TKT-2026-00001' } })
      break
    }
    const [seen] = t.server.seen
    expect(seen?.query.get('types')).toBe('ticket.created')
    expect(seen?.headers).toMatchObject({ authorization: 'Bearer token-1', accept: 'text/event-stream' })
    expect(seen?.headers['last-event-id']).toBeUndefined()
    await until(() => t.server.connections() === 0, 'closing the connection')
    expect(t.states()).toEqual(['connecting', 'open', 'closed'])
  })

  it('passes on types that this version does not know', async () => {
    await using t = await setup((_, response) => {
      open(response)
      send(response, '1.1', 'ticket.merged', {})
    })
    const { value } = await t.start().next()
    expect(value?.event).toBe('ticket.merged')
  })

  it('resumes after the last event, each once, with a wait that honours retry:', async () => {
    await using t = await setup(({ headers }, response, n) => {
      open(response, 2000)
      if (n === 0) {
        send(response, '1.1', 'ticket.created')
        send(response, '1.2', 'ticket.created')
        return void setTimeout(() => response.end(), 10)
      }
      expect(headers['last-event-id']).toBe('1.2')
      send(response, '1.2', 'ticket.created')
      send(response, '1.3', 'ticket.created')
      send(response, '1.4', 'ticket.created')
      send(response, '1.4', 'heartbeat')
    })
    const stream = t.start()
    expect(await take(stream, 4)).toEqual(['1.1', '1.2', '1.3', '1.4'])
    await until(() => t.states().includes('caught-up'))
    expect(t.clock.waits).toEqual([2500])
    expect(t.statuses.filter((one) => one.state !== 'connecting')).toMatchObject([
      { state: 'open', resumedFrom: undefined },
      { state: 'reconnecting', attempt: 1, delayMs: 2500 },
      { state: 'open', resumedFrom: '1.2' },
      { state: 'caught-up', count: 2 },
    ])
    stream.close()
  })

  it('begins where it is told, and says where it is', async () => {
    await using t = await setup((_, response) => {
      open(response)
      send(response, '5.1', 'ticket.created')
      send(response, '5.2', 'ticket.created')
    })
    const stream = t.start({ lastEventId: '4.9' })
    expect(stream.lastEventId).toBe('4.9')
    await stream.next()
    expect(t.server.seen[0]?.headers['last-event-id']).toBe('4.9')
    expect(stream.lastEventId).toBe('5.1')
    stream.close()
    expect(() => t.start({ lastEventId: 'a\nb' })).toThrow('not an event id')
  })

  it('counts silence as a dead connection', async () => {
    await using t = await setup((_, response, n) => {
      open(response)
      if (n === 1) send(response, '1.1', 'ticket.created')
    })
    const stream = t.start()
    const first = stream.next()
    await until(() => t.states().includes('open'))
    await new Promise((resolve) => setTimeout(resolve, 20))
    t.clock.advance(74_999)
    expect(t.states()).not.toContain('reconnecting')
    t.clock.advance(1)
    expect((await first).value?.id).toBe('1.1')
    expect(t.statuses).toContainEqual(
      expect.objectContaining({ state: 'reconnecting', reason: 'Nothing was heard for 75000 ms' }),
    )
    stream.close()
  })

  it('waits longer and longer while the server is away, with full jitter', async () => {
    let away = true
    await using t = await setup((_, response, n) => {
      if (n > 0 && away) return problem(response, 503, 'UNAVAILABLE')
      open(response)
      if (n === 0) response.end()
      else send(response, '1.1', 'ticket.created')
    })
    const stream = t.start({
      onStatus: (status) => {
        if (status.state === 'reconnecting' && status.attempt === 7) away = false
      },
    })
    await stream.next()
    expect(t.clock.waits).toEqual([500, 1000, 2000, 4000, 8000, 15_000, 15_000])
    stream.close()
  })

  it('tells a server that was never reached', async () => {
    const clock = new TestClock()
    const client = createClientWith({ baseUrl: await closedAddress(), auth: 't', clock })
    await expect(client.events.stream().next()).rejects.toMatchObject({
      name: 'ConnectionError',
      code: 'ECONNREFUSED',
    })
    expect(clock.waits).toHaveLength(2)
  })

  it('renews the session once after a 401, and goes on', async () => {
    const clock = new TestClock()
    const dead = jwt('dead', clock, 600)
    await using t = await setup(
      ({ path, headers }, response) => {
        if (path === '/api/auth/refresh')
          return json(response, 200, { access_token: 'fresh', refresh_token: 'r2' })
        if (headers.authorization === `Bearer ${dead}`) return problem(response, 401, 'UNAUTHORIZED')
        open(response)
        send(response, '1.1', 'ticket.created')
      },
      { clock, auth: session({ access_token: dead, refresh_token: 'r1' }) },
    )
    const stream = t.start()
    expect(await take(stream, 1)).toEqual(['1.1'])
    expect(clock.waits).toEqual([])
    stream.close()
  })

  it('ends after a second 401', async () => {
    let n = 0
    await using t = await setup((_, response) => problem(response, 401, 'UNAUTHORIZED'), {
      auth: () => `t${n++}`,
    })
    await expect(t.start().next()).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
    expect(t.server.seen).toHaveLength(2)
  })

  it.each([403, 404, 422])('ends when it is refused with %i, without another try', async (status) => {
    await using t = await setup((_, response) =>
      problem(response, status, status === 403 ? 'FORBIDDEN' : 'NOT_FOUND'),
    )
    const stream = t.start()
    const error = await stream.next().catch((caught: unknown) => caught)
    expect(error).toMatchObject({ name: 'ProblemError', status })
    expect(isAccessLost(error)).toBe(status !== 422)
    expect(await stream.next()).toEqual({ done: true, value: undefined })
    expect(t.server.seen).toHaveLength(1)
    expect(t.states()).toEqual(['connecting', 'closed'])
  })

  it('delivers what came before access was lost, then ends with the reason', async () => {
    await using t = await setup((_, response) => {
      open(response)
      send(response, '1.1', 'ticket.created')
      send(response, '1.2', 'stream.closed', { reason: 'ACCESS_LOST' })
      response.end()
    })
    const stream = t.start()
    expect(await take(stream, 1)).toEqual(['1.1'])
    const error = await stream.next().catch((caught: unknown) => caught)
    expect(error).toMatchObject({ name: 'StreamClosedError', reason: 'ACCESS_LOST', lastEventId: '1.2' })
    expect(isAccessLost(error)).toBe(true)
    expect(t.server.seen).toHaveLength(1)
  })

  it('comes back with a fresh token when the old one expired, at once', async () => {
    let n = 0
    await using t = await setup(
      (_, response, index) => {
        open(response)
        if (index === 0) send(response, '1.1', 'stream.closed', { reason: 'TOKEN_EXPIRED' })
        else send(response, '1.2', 'ticket.created')
      },
      { auth: () => `t${n++}` },
    )
    const stream = t.start()
    expect(await take(stream, 1)).toEqual(['1.2'])
    expect(t.server.seen.map((one) => one.headers.authorization)).toEqual(['Bearer t0', 'Bearer t1'])
    expect(t.server.seen[1]?.headers['last-event-id']).toBe('1.1')
    expect(t.clock.waits).toEqual([])
    stream.close()
  })

  it('shows a reset to the consumer and to onStatus', async () => {
    await using t = await setup((_, response) => {
      open(response)
      send(response, '9.9', 'stream.reset', { reason: 'TOO_OLD' })
    })
    const stream = t.start({ lastEventId: '1.1' })
    expect((await stream.next()).value).toEqual({
      id: '9.9',
      event: 'stream.reset',
      data: { reason: 'TOO_OLD' },
    })
    expect(t.statuses).toContainEqual({ state: 'reset', reason: 'TOO_OLD' })
    stream.close()
  })

  it('holds no more than its queue for a slow consumer, and loses nothing', async () => {
    await using t = await setup(({ headers }, response) => {
      open(response)
      const from = Number(String(headers['last-event-id'] ?? '0').split('.')[1] ?? 0)
      for (let n = from + 1; n <= 50; n++) send(response, `1.${n}`, 'ticket.created')
    })
    const stream = t.start({ maxQueue: 20 })
    expect(await take(stream, 1)).toEqual(['1.1'])
    await until(() => t.server.connections() === 0, 'closing the connection')
    expect(t.server.seen).toHaveLength(1)
    expect(await take(stream, 49)).toEqual(Array.from({ length: 49 }, (_, n) => `1.${n + 2}`))
    expect(t.server.seen.length).toBe(3)
    stream.close()
  })

  it('throws the reason of an aborted signal, also while it waits to reconnect', async () => {
    await using t = await setup((_, response) => open(response))
    const controller = new AbortController()
    const stream = t.start({ signal: controller.signal })
    const next = stream.next()
    await until(() => t.states().includes('open'))
    controller.abort(new Error('enough'))
    await expect(next).rejects.toThrow('enough')
    await until(() => t.server.connections() === 0, 'closing the connection')

    await using u = await setup((_, response) => problem(response, 503, 'UNAVAILABLE'))
    u.clock.skips = () => false
    const again = new AbortController()
    const waiting = u.start({ signal: again.signal }).next()
    await until(() => u.states().includes('reconnecting'))
    again.abort()
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' })
  })

  it('refuses an answer that is no event stream', async () => {
    await using t = await setup(
      (_, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('hi'),
    )
    await expect(t.start().next()).rejects.toThrow('not an event stream')
  })
})
