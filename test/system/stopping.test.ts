import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from '@wardline/sdk'
import { afterEach, expect, test } from 'vitest'
import { freePort } from '../../scripts/free-port.ts'
import { serverOn } from '../embedded/process.ts'
import { createWorld, type World } from '../support/world.ts'

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end()
})

async function worldOf(): Promise<World> {
  const world = await createWorld()
  ends.push(() => world.stop())
  return world
}

const start = (world: World, port: number, env: Record<string, string> = {}) =>
  serverOn(world, port, { LOG_LEVEL: 'info', ...env })

/** Until one statement waits for a lock. */
const untilLocked = (world: World) =>
  expect
    .poll(
      async () =>
        (
          await world.admin.query(
            `select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`,
          )
        ).rowCount,
    )
    .toBe(1)

interface Answer {
  readonly status: number
  readonly body: string
}

interface Ask {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly token: string
  readonly body?: object
}

/** One request on a kept connection. Rejects with the system's error. */
const ask = (agent: Agent, port: number, { method, path, token, body }: Ask): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${token}`,
      ...(body ? { 'content-type': 'application/json' } : {}),
    }
    const outgoing = request({ agent, host: '127.0.0.1', port, method, path, headers }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }))
      response.on('error', reject)
    })
    outgoing.on('error', reject)
    outgoing.end(body === undefined ? undefined : JSON.stringify(body))
  })

const isRefused = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED'

test('servers that are restarted one after the other under load lose no request', {
  timeout: 120_000,
}, async () => {
  const world = await worldOf()
  const [owner, agentUser] = [await world.user(), await world.user({ supportAgent: true })]
  const ports = [await freePort(), await freePort()] as const
  const runs = [await start(world, ports[0]), await start(world, ports[1])]
  // Keeps its connections, as a proxy does, and takes the next server only when nobody takes the call.
  const agent = new Agent({ keepAlive: true })
  ends.push(() => agent.destroy())
  const lost: string[] = []
  const made: string[] = []
  let answered = 0
  let turn = 0
  let over = false
  async function send(what: Ask): Promise<Answer | undefined> {
    const [first, second] = turn++ % 2 === 0 ? ports : ports.toReversed()
    for (const port of [first ?? 0, second ?? 0]) {
      try {
        return await ask(agent, port, what)
      } catch (error) {
        if (isRefused(error)) continue
        lost.push(`${what.method} ${String(error)}`)
        return undefined
      }
    }
    lost.push(`${what.method} nobody takes the call`)
    return undefined
  }
  async function work(): Promise<void> {
    while (!over) {
      const me = await send({ method: 'GET', path: '/api/users/me', token: owner.token })
      const body = { category: 'OTHER', subject: 'Load', body: 'Again.' }
      const ticket = await send({ method: 'POST', path: '/api/support/tickets', token: owner.token, body })
      for (const answer of [me, ticket]) {
        if (answer === undefined) continue
        answered += 1
        if (answer.status >= 400) lost.push(`${answer.status} ${answer.body}`)
      }
      if (ticket?.status === 201) made.push(JSON.parse(ticket.body).id)
    }
  }
  const workers = Promise.all(Array.from({ length: 8 }, work))

  const stream = createClient({
    baseUrl: `http://127.0.0.1:${ports[0]}`,
    auth: agentUser.token,
  }).events.stream({})
  const streamed = (async () => {
    for await (const event of stream) if (event.event === 'ticket.created') return event.id
    return undefined
  })()
  expect(await streamed).toBeDefined()

  for (const round of [0, 1, 0]) {
    const before = answered
    await expect.poll(() => answered, { timeout: 30_000 }).toBeGreaterThan(before + 50)
    const run = runs[round]
    if (run === undefined) throw new Error('no such server')
    const begun = performance.now()
    run.child.kill('SIGTERM')
    expect(await run.exit).toEqual({ code: 0, signal: null })
    expect(performance.now() - begun).toBeLessThan(10_000)
    expect(run.output()).not.toContain('were cut')
    runs[round] = await start(world, ports[round] ?? 0)
  }
  over = true
  await workers
  expect(lost).toEqual([])
  const { rows } = await world.admin.query<{ n: number }>(
    'select count(*)::int as n from support_tickets where id = any($1)',
    [made],
  )
  const all = await world.admin.query<{ n: number }>('select count(*)::int as n from support_tickets')
  // Each that was answered is there, and none was made that was not answered.
  expect(rows[0]?.n).toBe(made.length)
  expect(all.rows[0]?.n).toBe(made.length)
  expect(made.length).toBeGreaterThan(50)
})

test('a request that hangs is cut in time, and the log says which; everything else ends well', {
  timeout: 60_000,
}, async () => {
  const world = await worldOf()
  const user = await world.user()
  const port = await freePort()
  const run = await start(world, port)
  // Somebody holds the person's row and does not let go.
  await world.admin.query('begin')
  await world.admin.query('select 1 from users where id = $1 for update', [user.id])
  const agent = new Agent({ keepAlive: true })
  ends.push(() => agent.destroy())
  const hanging = fetch(`http://127.0.0.1:${port}/api/users/me`, {
    method: 'PATCH',
    headers: {
      authorization: `Bearer ${user.token}`,
      'content-type': 'application/json',
      'x-request-id': 'hangs-1',
    },
    body: JSON.stringify({ display_name: 'Somebody Else' }),
  }).then(
    ({ status }) => String(status),
    () => 'cut',
  )
  await untilLocked(world)
  const begun = performance.now()
  run.child.kill('SIGTERM')
  expect(await run.exit).toEqual({ code: 0, signal: null })
  const took = performance.now() - begun
  expect(took).toBeGreaterThan(5000)
  expect(took).toBeLessThan(10_500)
  await world.admin.query('rollback')
  expect(await hanging).toBe('cut')
  const lines = run
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line): Record<string, unknown> => JSON.parse(line))
  expect(lines.find(({ cut }) => cut !== undefined)).toMatchObject({
    level: 50,
    cut: [{ request_id: 'hangs-1', operation: 'updateCurrentUser', ms: expect.any(Number) }],
  })
  // What it measured until then is not lost.
  const { rows } = await world.admin.query('select 1 from server_instances where pid = $1', [run.child.pid])
  expect(rows).toEqual([])
})

test('a second signal ends the server at once, and it says so', { timeout: 60_000 }, async () => {
  const world = await worldOf()
  const user = await world.user()
  const port = await freePort()
  const run = await start(world, port)
  await world.admin.query('begin')
  await world.admin.query('select 1 from users where id = $1 for update', [user.id])
  const hanging = fetch(`http://127.0.0.1:${port}/api/users/me`, {
    method: 'PATCH',
    headers: { authorization: `Bearer ${user.token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ display_name: 'Somebody Else' }),
  }).catch(() => undefined)
  await untilLocked(world)
  run.child.kill('SIGTERM')
  // Within a second it would be npm that passes on the same Ctrl-C.
  await sleep(1200)
  const begun = performance.now()
  run.child.kill('SIGTERM')
  expect(await run.exit).toEqual({ code: 130, signal: null })
  expect(performance.now() - begun).toBeLessThan(1000)
  expect(run.output()).toContain('Ended at once, at the second signal: what was under way is cut.')
  await world.admin.query('rollback')
  await hanging
})
