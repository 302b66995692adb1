import { describe, expect, it } from 'vitest'
import { createClientWith } from './client.ts'
import type { TelemetryBatcherOptions } from './index.ts'
import { ProblemError, WardlineError } from './index.ts'
import { type Answer, json, problem, type Seen, startServer, TestClock, until } from './testing.ts'

const kept: Answer = ({ body }, response) => json(response, 202, { accepted: eventsOf(body).length })

interface Sent {
  event_name: string
  event_id: string
  occurred_at: string
  properties?: unknown
}
const eventsOf = (body: unknown): Sent[] => (body as { events: Sent[] }).events
const namesOf = ({ body }: Seen): string[] => eventsOf(body).map(({ event_name }) => event_name)

const setup = async (answer: Answer, options: TelemetryBatcherOptions = {}) => {
  const server = await startServer(answer)
  const clock = new TestClock()
  // What waits is sent when the test says so.
  clock.skips = () => false
  const client = createClientWith({ baseUrl: server.baseUrl, auth: 'token-1', clock })
  const dropped: { names: string[]; reason: unknown }[] = []
  const batcher = client.telemetry.batcher({
    onDrop: (events, reason) => dropped.push({ names: events.map((one) => one.event_name), reason }),
    ...options,
  })
  return { server, clock, batcher, dropped, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
}

describe('a batcher of telemetry', () => {
  it('sends what gathers within its interval in one call, each event with its id and time', async () => {
    await using t = await setup(kept, { interval: 2000 })
    t.batcher.record('a.one', { view: 'week' })
    t.batcher.record('a.two')
    expect(t.server.seen).toEqual([])
    t.clock.advance(2000)
    await until(() => t.server.seen.length === 1)
    expect(eventsOf(t.server.seen[0]?.body)).toEqual([
      {
        event_name: 'a.one',
        event_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        occurred_at: '2026-03-02T12:00:00.000Z',
        properties: { view: 'week' },
      },
      { event_name: 'a.two', event_id: expect.any(String), occurred_at: '2026-03-02T12:00:00.000Z' },
    ])
    await t.batcher.close()
    expect(t.server.seen).toHaveLength(1)
  })

  it('sends a full batch at once, and never more than that in a call', async () => {
    await using t = await setup(kept, { batchSize: 3 })
    for (let n = 0; n < 7; n++) t.batcher.record(`a.e${n}`)
    await t.batcher.flush()
    expect(t.server.seen.map(namesOf)).toEqual([['a.e0', 'a.e1', 'a.e2'], ['a.e3', 'a.e4', 'a.e5'], ['a.e6']])
    expect(t.dropped).toEqual([])
  })

  it('sends the same batch again after 503, not before its Retry-After, and loses nothing meanwhile', async () => {
    await using t = await setup((seen, response, at) =>
      at < 2 ? problem(response, 503, 'UNAVAILABLE', {}, { 'retry-after': '7' }) : kept(seen, response, at),
    )
    t.clock.skips = (ms) => ms === 7000
    t.batcher.record('a.one')
    const flushed = t.batcher.flush()
    t.batcher.record('a.two')
    await flushed
    expect(t.clock.waits).toEqual([7000, 7000])
    const sent = t.server.seen.map(({ body }) => eventsOf(body))
    expect(sent[1]?.[0]).toEqual(sent[0]?.[0])
    expect(sent.at(-1)?.map(({ event_name }) => event_name)).toContain('a.two')
    expect(new Set(sent.flat().map(({ event_id }) => event_id)).size).toBe(2)
  })

  it('keeps to a pause that the server asked for, however full it gets and whoever flushes', async () => {
    await using t = await setup(
      (seen, response, at) =>
        at === 0
          ? problem(response, 429, 'RATE_LIMITED', {}, { 'retry-after': '30' })
          : kept(seen, response, at),
      { batchSize: 2 },
    )
    for (const name of ['a.one', 'a.two']) t.batcher.record(name)
    await until(() => t.server.seen.length === 1)
    for (const name of ['a.three', 'a.four']) t.batcher.record(name)
    const flushed = t.batcher.flush()
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(t.server.seen).toHaveLength(1)
    t.clock.advance(30_000)
    await flushed
    expect(t.server.seen.map(namesOf).slice(1)).toEqual([
      ['a.one', 'a.two'],
      ['a.three', 'a.four'],
    ])
  })

  it('drops only what the server refuses of a batch, and says why', async () => {
    await using t = await setup((seen, response, at) =>
      namesOf(seen).includes('Bad')
        ? problem(response, 422, 'VALIDATION_ERROR', {
            errors: [{ pointer: '/events/1/event_name', message: 'must match pattern' }],
          })
        : kept(seen, response, at),
    )
    for (const name of ['a.one', 'Bad', 'a.two']) t.batcher.record(name)
    await t.batcher.flush()
    expect(t.server.seen.map(namesOf)).toEqual([
      ['a.one', 'Bad', 'a.two'],
      ['a.one', 'a.two'],
    ])
    expect(t.dropped).toEqual([{ names: ['Bad'], reason: expect.any(ProblemError) }])
  })

  it('drops a batch that is refused as a whole, and goes on with the next', async () => {
    await using t = await setup(
      (seen, response, at) =>
        at === 0 ? problem(response, 403, 'CONSENT_REQUIRED') : kept(seen, response, at),
      { batchSize: 2 },
    )
    for (const name of ['a.one', 'a.two', 'a.three']) t.batcher.record(name)
    await t.batcher.flush()
    expect(t.dropped).toEqual([{ names: ['a.one', 'a.two'], reason: expect.any(ProblemError) }])
    expect(t.server.seen.map(namesOf).at(-1)).toEqual(['a.three'])
  })

  it('holds a bounded number while the server is away, and tells of the others', async () => {
    await using t = await setup((_, response) => problem(response, 503, 'UNAVAILABLE'), {
      maxWaiting: 2,
      closeTimeout: 50,
    })
    for (const name of ['a.one', 'a.two', 'a.three']) t.batcher.record(name)
    expect(t.dropped).toEqual([{ names: ['a.three'], reason: expect.any(WardlineError) }])
    await t.batcher.close()
    expect(t.dropped.at(-1)).toEqual({ names: ['a.one', 'a.two'], reason: expect.any(WardlineError) })
    expect(() => t.batcher.record('a.four')).toThrow('closed')
  })

  it('sends at close what waits', async () => {
    await using t = await setup(kept)
    {
      await using batcher = t.batcher
      batcher.record('a.one')
    }
    expect(t.server.seen.map(namesOf)).toEqual([['a.one']])
  })

  it('refuses a batch size that the server would', async () => {
    await expect(setup(kept, { batchSize: 101 })).rejects.toThrow('from 1 to 100')
  })
})
