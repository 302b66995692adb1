import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { createClientWith } from './client.ts'
import {
  ConnectionError,
  createClient,
  isProblem,
  MfaCodeRequiredError,
  ProblemError,
  ResponseError,
  type SessionTokens,
  session,
  TimeoutError,
  WardlineError,
} from './index.ts'
import { type Answer, closedAddress, json, jwt, problem, startServer, TestClock } from './testing.ts'

const ORG = '01934f6e-8d2a-7c41-9a57-0f6f2b7c1d10'
const patient = (n: number) => ({ id: `p${n}`, last_name: `Name${n}` })
const page = (items: unknown[], next_cursor: string | null = null) => ({ items, next_cursor })
const newTicket = { subject: 'It is slow', body: 'Since noon.', category: 'TECHNICAL' } as const

const setup = async (answer: Answer, options: Partial<Parameters<typeof createClientWith>[0]> = {}) => {
  const server = await startServer(answer)
  const clock = new TestClock()
  const client = createClientWith({ baseUrl: server.baseUrl, auth: 'token-1', clock, ...options })
  return { server, clock, client, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
}

describe('a call', () => {
  it('puts each part of the input where the contract says', async () => {
    await using t = await setup((_, response) => json(response, 200, { id: 'p1', version: 4 }))
    const answer = await t.client.patients.update({
      org_id: ORG,
      patient_id: 'p/1',
      if_match: 3,
      last_name: 'Reed',
    })
    expect(answer).toEqual({ id: 'p1', version: 4 })
    const [seen] = t.server.seen
    expect(seen).toMatchObject({
      method: 'PATCH',
      path: `/api/organizations/${ORG}/patients/p%2F1`,
      body: { last_name: 'Reed' },
    })
    expect(seen?.headers).toMatchObject({
      'if-match': '"3"',
      authorization: 'Bearer token-1',
      'user-agent': 'wardline-sdk',
    })
    expect(seen?.headers['idempotency-key']).toBeUndefined()
  })

  it('leaves out what is undefined', async () => {
    await using t = await setup((_, response) => json(response, 200, page([])))
    await t.client.patients.list({ org_id: ORG, search: undefined, limit: 5 })
    expect(t.server.seen[0]?.query.toString()).toBe('limit=5')
  })

  it.each(['', '.', '..'])(
    'refuses the path segment "%s", which would reach another address',
    async (patient_id) => {
      await using t = await setup((_, response) => json(response, 200, {}))
      await expect(t.client.patients.get({ org_id: ORG, patient_id })).rejects.toThrow('needs a patient_id')
      expect(t.server.seen).toHaveLength(0)
    },
  )

  it('answers undefined for 204', async () => {
    await using t = await setup((_, response) => void response.writeHead(204).end())
    expect(await t.client.auth.logout()).toBeUndefined()
  })

  it('sends no credential with a public operation', async () => {
    await using t = await setup((_, response) => json(response, 200, { status: 'ok' }))
    await t.client.health.get()
    expect(t.server.seen[0]?.headers.authorization).toBeUndefined()
  })

  it('reaches an address that the package does not know', async () => {
    await using t = await setup((_, response) => json(response, 200, { made: true }))
    expect(
      await t.client.request({ method: 'post', path: '/api/new', query: { a: 1 }, body: { b: 2 } }),
    ).toEqual({ made: true })
    expect(t.server.seen[0]).toMatchObject({ method: 'POST', path: '/api/new', body: { b: 2 } })
    expect(t.server.seen[0]?.query.get('a')).toBe('1')
  })

  it('lets hooks see attempts and add headers', async () => {
    const log: string[] = []
    await using t = await setup(
      (_, response, n) => (n === 0 ? problem(response, 503, 'UNAVAILABLE') : json(response, 200, page([]))),
      {
        hooks: {
          onRequest: ({ headers, attempt }) => headers.set('traceparent', `00-${attempt}`),
          onResponse: ({ status, operation }) => log.push(`${operation} ${status}`),
          onRetry: ({ delayMs, reason }) => log.push(`wait ${delayMs} ${reason}`),
        },
      },
    )
    await t.client.organizations.list()
    expect(log).toEqual(['listOrganizations 503', 'wait 250 HTTP 503', 'listOrganizations 200'])
    expect(t.server.seen.map((one) => one.headers.traceparent)).toEqual(['00-0', '00-1'])
  })
})

describe('errors', () => {
  it('narrow by code and carry the request id', async () => {
    await using t = await setup((_, response) =>
      problem(response, 409, 'CONFLICT', { detail: 'Bo has it.', assignee: 'Bo' }),
    )
    const error = await t.client.supportDesk.claim({ ticket_id: 't1' }).catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(ProblemError)
    expect(error).toBeInstanceOf(WardlineError)
    if (!isProblem(error, 'CONFLICT', 'NOT_FOUND')) throw error
    error.code satisfies 'CONFLICT' | 'NOT_FOUND'
    expect(error).toMatchObject({
      status: 409,
      requestId: 'req-1',
      operation: 'claimTicket',
      problem: { assignee: 'Bo' },
    })
    expect(error.message).toBe('CONFLICT: Bo has it. (request req-1)')
    expect(isProblem(error, 'NOT_FOUND')).toBe(false)
  })

  it('tell an answer that is no problem document from one that is', async () => {
    await using t = await setup(
      (_, response) => void response.writeHead(404, { 'content-type': 'text/html' }).end('<h1>nginx</h1>'),
    )
    const error = await t.client.users.me().catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(ResponseError)
    expect(error).toMatchObject({ status: 404 })
  })

  it('tell a success that is no JSON', async () => {
    await using t = await setup(
      (_, response) => void response.writeHead(200).end('<h1>Sign in to the Wi-Fi</h1>'),
    )
    await expect(t.client.users.me()).rejects.toThrow(ResponseError)
  })

  it('name the server that cannot be reached, after the retries', async () => {
    const clock = new TestClock()
    const baseUrl = await closedAddress()
    const client = createClientWith({ baseUrl, auth: 'secret-token', clock })
    const error = await client.users.me().catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(ConnectionError)
    expect(String(error)).toContain(`${new URL(baseUrl).host} could not be reached (ECONNREFUSED)`)
    expect(clock.waits).toEqual([250, 500])
  })

  it('never show a credential', async () => {
    const secret = 'eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl'
    const client = createClient({
      baseUrl: 'http://127.0.0.1:1',
      auth: secret,
      maxRetries: 0,
      fetch: async (_, init) => {
        const header = new Headers(init.headers).get('authorization')
        throw new TypeError(`bad header "${header}" to http://me:hunter2@host/?ticket=abc`, {
          cause: new Error(`${header}`),
        })
      },
    })
    const text = inspect(await client.users.me().catch((caught: unknown) => caught), { depth: 9 })
    for (const word of [secret, 'c2lnbmF0dXJl', 'hunter2', 'ticket=abc']) expect(text).not.toContain(word)
    await expect(createClient({ baseUrl: 'http://x', auth: 'a\nb' }).users.me()).rejects.toThrow(
      'The credential is empty or',
    )
    expect(() => createClient({ baseUrl: 'http://me:pw@host' })).toThrow('must not contain credentials')
    expect(() => createClient({ baseUrl: 'ward' })).toThrow('http or https')
  })
})

describe('retries', () => {
  it('back off with full jitter, from half a second, doubling to eight', async () => {
    await using t = await setup((_, response) => problem(response, 503, 'UNAVAILABLE'), { maxRetries: 6 })
    await expect(t.client.users.me()).rejects.toThrow('UNAVAILABLE')
    expect(t.clock.waits).toEqual([250, 500, 1000, 2000, 4000, 4000])
  })

  it.each([408, 429, 502, 503, 504])('try a read again after %i', async (status) => {
    await using t = await setup((_, response, n) =>
      n === 0 ? void response.writeHead(status).end() : json(response, 200, { id: 'u' }),
    )
    expect(await t.client.users.me()).toEqual({ id: 'u' })
  })

  it.each([400, 403, 404, 500])('do not after %i', async (status) => {
    await using t = await setup((_, response) => problem(response, status, 'NOT_FOUND'))
    await expect(t.client.users.me()).rejects.toThrow()
    expect(t.server.seen).toHaveLength(1)
  })

  it('never repeat a write that is not idempotent', async () => {
    await using t = await setup((_, response) => problem(response, 503, 'UNAVAILABLE'))
    await expect(t.client.organizations.create({ name: 'North Clinic' })).rejects.toThrow('UNAVAILABLE')
    expect(t.server.seen).toHaveLength(1)
  })

  it('repeat an idempotent write with the same key and body, and take a new key for the next call', async () => {
    await using t = await setup((_, response, n) => {
      if (n === 0) response.destroy()
      else if (n === 1) problem(response, 409, 'IDEMPOTENCY_IN_PROGRESS')
      else json(response, 201, { id: 't1' })
    })
    await t.client.tickets.create(newTicket)
    await t.client.tickets.create(newTicket)
    await t.client.tickets.create(newTicket, { idempotencyKey: 'mine' })
    const keys = t.server.seen.map((one) => one.headers['idempotency-key'])
    expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/)
    expect(keys.slice(0, 3)).toEqual([keys[0], keys[0], keys[0]])
    expect(keys[3]).not.toBe(keys[0])
    expect(keys[4]).toBe('mine')
    expect(t.server.seen.map((one) => one.body)).toEqual(Array(5).fill(newTicket))
  })

  it('do not repeat another conflict', async () => {
    await using t = await setup((_, response) => problem(response, 409, 'CONFLICT'))
    await expect(t.client.tickets.create(newTicket)).rejects.toThrow('CONFLICT')
    expect(t.server.seen).toHaveLength(1)
  })

  it('honour Retry-After in seconds and as a date', async () => {
    await using t = await setup((_, response, n) => {
      if (n === 0) problem(response, 429, 'RATE_LIMITED', {}, { 'retry-after': '3' })
      else if (n === 1) {
        const date = new Date(t.clock.now() + 5000).toUTCString()
        problem(response, 503, 'UNAVAILABLE', {}, { 'retry-after': date })
      } else json(response, 200, { id: 'u' })
    })
    await t.client.users.me()
    expect(t.clock.waits).toEqual([3000, 5000])
  })

  it('give a wait of more than a minute to the caller instead of sleeping', async () => {
    await using t = await setup((_, response) =>
      problem(response, 429, 'RATE_LIMITED', {}, { 'retry-after': '61' }),
    )
    const error = await t.client.users.me().catch((caught: unknown) => caught)
    expect(error).toMatchObject({ code: 'RATE_LIMITED', retryAfter: 61 })
    expect(t.server.seen).toHaveLength(1)
  })
})

describe('time limits', () => {
  it('cover the body, and a read is tried again', async () => {
    await using t = await setup((_, response, n) => {
      if (n > 0) return json(response, 200, { id: 'u' })
      response.writeHead(200, { 'content-type': 'application/json' })
      response.write('{"id":')
      setTimeout(() => t.clock.advance(30_000), 20)
    })
    expect(await t.client.users.me()).toEqual({ id: 'u' })
    expect(t.server.seen).toHaveLength(2)
  })

  it('end a write with a TimeoutError', async () => {
    await using t = await setup(() => void setTimeout(() => t.clock.advance(25_000), 20))
    const call = t.client.organizations.create({ name: 'North Clinic' }, { timeout: 25_000 })
    await expect(call).rejects.toThrow(TimeoutError)
  })

  it('an aborted call rejects with the reason of its signal, in flight and between attempts', async () => {
    const flight = new AbortController()
    await using t = await setup(() => void setTimeout(() => flight.abort(new Error('changed my mind')), 10))
    await expect(t.client.users.me({}, { signal: flight.signal })).rejects.toThrow('changed my mind')

    const between = new AbortController()
    await using u = await setup((_, response) => problem(response, 503, 'UNAVAILABLE'))
    u.clock.skips = () => false
    setTimeout(() => between.abort(), 30)
    await expect(u.client.users.me({}, { signal: between.signal })).rejects.toMatchObject({
      name: 'AbortError',
    })
    await expect(u.client.users.me({}, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      name: 'AbortError',
    })
    expect(u.server.seen).toHaveLength(1)
  })
})

describe('pages', () => {
  const answer: Answer = ({ query }, response) => {
    if (query.get('cursor') === null)
      json(response, 200, { ...page([patient(1), patient(2)], 'c2'), total: 3 })
    else json(response, 200, page([patient(3)]))
  }

  it('await to the first and lead on', async () => {
    await using t = await setup(answer)
    const first = await t.client.patients.list({ org_id: ORG, include_total: true })
    expect(first).toMatchObject({ items: [patient(1), patient(2)], next_cursor: 'c2', total: 3 })
    expect(JSON.parse(JSON.stringify(first))).not.toHaveProperty('next')
    const second = await first.next()
    expect(second?.items).toEqual([patient(3)])
    expect(await second?.next()).toBeUndefined()
    expect(t.server.seen[1]?.query.get('include_total')).toBe('true')
  })

  it('iterate over every item, and no further than the consumer', async () => {
    await using t = await setup(answer)
    const list = t.client.patients.list({ org_id: ORG })
    const ids = []
    for await (const { id } of list) ids.push(id)
    expect(ids).toEqual(['p1', 'p2', 'p3'])
    expect(t.server.seen).toHaveLength(2)
    for await (const _ of t.client.patients.list({ org_id: ORG })) break
    expect(t.server.seen).toHaveLength(3)
  })

  it('send nothing until they are asked', async () => {
    await using t = await setup(answer)
    const list = t.client.patients.list({ org_id: ORG })
    expect(t.server.seen).toHaveLength(0)
    await list
    for await (const _ of list) break
    expect(t.server.seen).toHaveLength(1)
  })
})

describe('credentials', () => {
  it('of a provider are asked for before each attempt, and once more after a 401', async () => {
    const tokens = ['old', 'new', 'newer']
    await using t = await setup(
      ({ headers }, response) =>
        headers.authorization === 'Bearer old'
          ? problem(response, 401, 'UNAUTHORIZED')
          : json(response, 200, { id: 'u' }),
      { auth: async () => tokens.shift() ?? 'none' },
    )
    expect(await t.client.users.me()).toEqual({ id: 'u' })
    expect(t.server.seen).toHaveLength(2)
  })

  it('that are a fixed token are not retried', async () => {
    await using t = await setup((_, response) => problem(response, 401, 'UNAUTHORIZED'))
    await expect(t.client.users.me()).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
    expect(t.server.seen).toHaveLength(1)
  })

  const signedIn = async (life: number, more: { refuse?: boolean; stored?: SessionTokens } = {}) => {
    const clock = new TestClock()
    const stored: (SessionTokens | undefined)[] = []
    let refreshes = 0
    const server = await startServer(async ({ path, headers, body }, response) => {
      if (path === '/api/auth/refresh') {
        refreshes++
        await new Promise((resolve) => setTimeout(resolve, 20))
        if (more.refuse) return problem(response, 401, 'UNAUTHORIZED')
        expect(body).toEqual({ refresh_token: `r${refreshes}` })
        return json(response, 200, {
          result: 'tokens',
          access_token: jwt(`a${refreshes + 1}`, clock, 600),
          refresh_token: `r${refreshes + 1}`,
        })
      }
      if (headers.authorization === `Bearer ${jwt('dead', clock, life)}`)
        return problem(response, 401, 'UNAUTHORIZED')
      json(response, 200, { id: 'u' })
    })
    const auth = session({
      access_token: jwt('dead', clock, life),
      refresh_token: 'r1',
      onChange: (tokens) => void stored.push(tokens),
      ...(more.stored ? { exclusive: (refresh) => refresh(more.stored) } : {}),
    })
    const client = createClientWith({ baseUrl: server.baseUrl, auth, clock })
    return {
      server,
      clock,
      client,
      auth,
      stored,
      refreshes: () => refreshes,
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    }
  }

  it('of a session are renewed once for many calls that meet a 401', async () => {
    await using t = await signedIn(600)
    await Promise.all(Array.from({ length: 8 }, () => t.client.users.me()))
    expect(t.refreshes()).toBe(1)
    expect(t.stored).toHaveLength(1)
    expect(t.auth.tokens?.refresh_token).toBe('r2')
  })

  it('are renewed before they expire', async () => {
    await using t = await signedIn(20)
    await t.client.users.me()
    expect(t.server.seen.map((one) => one.path)).toEqual(['/api/auth/refresh', '/api/users/me'])
    t.clock.advance(580_000)
    await t.client.users.me()
    expect(t.refreshes()).toBe(2)
  })

  it('also serve a write that met a 401: it was not done', async () => {
    await using t = await signedIn(600)
    await t.client.organizations.create({ name: 'North Clinic' })
    expect(t.server.seen.map((one) => one.path)).toEqual([
      '/api/organizations',
      '/api/auth/refresh',
      '/api/organizations',
    ])
  })

  it('that cannot be renewed end the session', async () => {
    await using t = await signedIn(600, { refuse: true })
    await expect(Promise.all([t.client.users.me(), t.client.users.me()])).rejects.toMatchObject({
      code: 'UNAUTHORIZED',
    })
    expect(t.stored).toEqual([undefined])
    expect(t.refreshes()).toBe(1)
    await expect(t.client.users.me()).rejects.toThrow('sign in again')
  })

  it('that another process renewed are taken over without asking', async () => {
    await using t = await signedIn(600, { stored: { access_token: 'theirs', refresh_token: 'r9' } })
    await t.client.users.me()
    expect(t.refreshes()).toBe(0)
    expect(t.server.seen.at(-1)?.headers.authorization).toBe('Bearer theirs')
  })

  it('come from signIn, with a code when the account asks for one, and go with signOut', async () => {
    await using t = await setup(
      ({ path, body }, response) => {
        if (path === '/api/auth/login')
          return json(response, 200, { result: 'mfa_required', mfa_token: 'm1', expires_in: 300 })
        if (path === '/api/auth/mfa/challenge') {
          expect(body).toEqual({ mfa_token: 'm1', code: '123456' })
          return json(response, 200, { result: 'tokens', access_token: 'a1', refresh_token: 'r1' })
        }
        if (path === '/api/auth/logout') return void response.writeHead(204).end()
        json(response, 200, { id: 'u' })
      },
      { auth: undefined },
    )
    const stored: (SessionTokens | undefined)[] = []
    const who = { email: 'ada@example.com', password: 'otter-lantern-basalt-47' }
    await expect(t.client.signIn(who)).rejects.toThrow(MfaCodeRequiredError)
    await t.client.signIn({ ...who, mfa: () => '123456', onChange: (tokens) => void stored.push(tokens) })
    await t.client.users.me()
    expect(t.server.seen.at(-1)?.headers.authorization).toBe('Bearer a1')
    await t.client.signOut()
    expect(stored).toEqual([{ access_token: 'a1', refresh_token: 'r1' }, undefined])
    await t.client.users.me()
    expect(t.server.seen.at(-1)?.headers.authorization).toBeUndefined()
  })
})
