import { createClient } from '@wardline/sdk'
import pg from 'pg'
import { afterEach, describe, expect, test } from 'vitest'
import { createLog } from '../../packages/server/src/log.ts'
import { createServer } from '../../packages/server/src/server.ts'
import { startBlackHole, startFreezer } from '../support/black-hole.ts'
import { checkedFetch } from '../support/contract.ts'
import { codeOf } from '../support/problems.ts'
import { createWorld, type World } from '../support/world.ts'

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end()
})

async function worldOf(env: Record<string, string> = {}): Promise<World> {
  const world = await createWorld({ env })
  ends.push(() => world.stop())
  return world
}

async function blackHole() {
  const hole = await startBlackHole()
  ends.push(() => hole.close())
  return hole
}

/** How it answers, and within how many ms. */
async function timed<T>(work: () => Promise<T>): Promise<{ value: T; ms: number }> {
  const begun = performance.now()
  return { value: await work(), ms: performance.now() - begun }
}

describe('readiness', () => {
  test('a mail server, a Redis and a scanner that take the call and say nothing hold up no answer', async () => {
    const hole = await blackHole()
    const world = await worldOf({
      SMTP_URL: `smtp://someone:hunter2-pass@127.0.0.1:${hole.port}`,
      MAIL_FROM: 'mail@clinic.example',
      REDIS_URL: `redis://127.0.0.1:${hole.port}`,
      CLAMD_URL: `tcp://127.0.0.1:${hole.port}`,
    })
    const { value, ms } = await timed(() => world.client().health.deep())
    // Far from the limits of any of them, added up or not.
    expect(ms).toBeLessThan(2000)
    expect(value.status).toBe('degraded')
    const state = Object.fromEntries(value.checks.map(({ name, status }) => [name, status]))
    expect(state).toMatchObject({
      database: 'ok',
      keys: 'ok',
      jobs: 'ok',
      blobs: 'ok',
      mail: 'timeout',
      scanner: 'timeout',
    })
    expect(state.redis).not.toBe('ok')
    // And people are served.
    expect(await codeOf((await world.user()).client.users.me())).toBe('passed')
  })

  test('a database that hangs is named, within its limit; people and probes get no hanging answer', async () => {
    const world = await worldOf()
    const direct = new URL(world.appUrl)
    const freezer = await startFreezer(direct.hostname, Number(direct.port || 5432))
    ends.push(() => freezer.close())
    const through = new URL(world.appUrl)
    through.hostname = '127.0.0.1'
    through.port = String(freezer.port)
    const server = await createServer({
      config: world.config,
      keys: world.keys,
      databaseUrl: through.href,
      log: createLog('silent'),
      clock: world.clock,
    })
    const baseUrl = await server.listen()
    ends.push(() => server.close())
    const client = createClient({ baseUrl, fetch: checkedFetch, maxRetries: 0 })
    expect((await client.health.deep()).status).toBe('ok')
    freezer.freeze(true)
    await expect
      .poll(
        () =>
          client.health.deep().then(
            () => '',
            (error: unknown) => Object(error).message,
          ),
        { interval: 300 },
      )
      .toContain('database')
    const { ms } = await timed(() => codeOf(client.health.deep()))
    expect(ms).toBeLessThan(3000)
    expect((await timed(() => client.health.get())).ms).toBeLessThan(1000)
    freezer.freeze(false)
    await expect.poll(() => codeOf(client.health.deep())).toBe('passed')
  })

  test('asked by many, and often, it asks each dependency once', async () => {
    const hole = await blackHole()
    const world = await worldOf({ CLAMD_URL: `tcp://127.0.0.1:${hole.port}` })
    for (let round = 0; round < 5; round++)
      await Promise.all(Array.from({ length: 20 }, () => world.client().health.deep()))
    expect(hole.connections).toBe(1)
  })

  test('it tells nobody where things are, or how to get in', async () => {
    const hole = await blackHole()
    const world = await worldOf({
      SMTP_URL: `smtp://someone:hunter2-pass@127.0.0.1:${hole.port}`,
      MAIL_FROM: 'mail@clinic.example',
      REDIS_URL: 'redis://:hunter2-pass@127.0.0.1:1',
    })
    const text = await (await world.fetch('/health/deep')).text()
    for (const secret of [
      'hunter2',
      'someone',
      '127.0.0.1',
      String(hole.port),
      'postgres',
      'clinic.example',
      'ECONN',
    ])
      expect(text).not.toContain(secret)
  })

  test('a server that stops is not ready at once, is alive, and closes the connections of those it still answers', async () => {
    const world = await worldOf({ SHUTDOWN_GRACE_SECONDS: '1' })
    const other = await world.startServer()
    const closing = other.close()
    await expect.poll(async () => (await fetch(`${other.url}/health/deep`)).status).toBe(503)
    const deep = await fetch(`${other.url}/health/deep`)
    expect(await deep.json()).toMatchObject({ code: 'UNAVAILABLE', detail: 'The server is stopping.' })
    const alive = await fetch(`${other.url}/health`)
    expect(alive.status).toBe(200)
    expect(alive.headers.get('connection')).toBe('close')
    await closing
    await expect(fetch(`${other.url}/health`)).rejects.toThrow()
  })
})

describe('the health of the whole system', () => {
  test('says how everything is, where all is well', async () => {
    const world = await worldOf()
    const root = await world.user({ superAdmin: true })
    await expect.poll(async () => (await root.client.system.health()).status).toBe('ok')
    const health = await root.client.system.health()
    expect(health).toMatchObject({
      problems: [],
      version: expect.stringMatching(/^\d/),
      schema_version: expect.stringMatching(/^\d{4}_.*\.sql$/),
      database_version: expect.stringMatching(/^\d\d/),
      events: { backlog: 0, tail_lag_seconds: expect.any(Number) },
      seals: { lag_seconds: expect.any(Number) },
      webhooks: {
        pending: 0,
        overdue_seconds: 0,
        unrecorded: 0,
        failing_endpoints: 0,
        disabled_endpoints: 0,
      },
      streams: 0,
    })
    expect(health.dependencies.map(({ name }) => name)).toEqual([
      'database',
      'keys',
      'jobs',
      'events',
      'blobs',
    ])
    expect(health.pools.map(({ name }) => name)).toEqual([
      'requests',
      'audit',
      'webhooks',
      'telemetry',
      'watching',
    ])
    expect(health.jobs?.map(({ queue }) => queue)).toContain('mail')
    expect(health.servers).toHaveLength(1)
    expect(health.servers?.[0]).toMatchObject({
      id: health.server_id,
      kind: 'SERVER',
      state: 'RUNNING',
      pid: process.pid,
      runs_jobs: true,
    })
  })

  test('every server is seen; one that stops says goodbye, one that dies is missed, and called lost', async () => {
    const world = await worldOf()
    const root = await world.user({ superAdmin: true })
    const other = await world.startServer({ env: { JOBS: 'off' } })
    const states = async () =>
      (await root.client.system.health()).servers?.map(({ state, runs_jobs }) => `${state} ${runs_jobs}`)
    await expect.poll(states).toEqual(['RUNNING false', 'RUNNING true'])
    await other.close()
    await expect.poll(states).toEqual(['RUNNING true'])
    // It was here, and never said that it goes.
    await world.admin.query(
      `insert into server_instances (id, kind, host, pid, version, runs_jobs, started_at, seen_at)
       values ($1, 'WORKER', 'ward-7', 77, '0.0.1', true, $2, $2)`,
      [world.id(), new Date(world.clock.now().getTime() - 60_000)],
    )
    await expect
      .poll(async () => (await root.client.system.health()).problems)
      .toEqual([expect.stringMatching(/^The worker ward-7 \(process 77\) was lost 6\d s ago\.$/)])
    expect((await root.client.system.health()).status).toBe('degraded')
    // It is forgotten a day later.
    world.clock.advance({ hours: 25 })
    await expect
      .poll(async () => (await world.admin.query('select 1 from server_instances')).rowCount, {
        timeout: 15_000,
      })
      .toBe(1)
  })

  test('jobs that failed for good, that are late, or that nobody runs are problems, in words', async () => {
    const world = await worldOf({ JOBS: 'off' })
    const root = await world.user({ superAdmin: true })
    await world.admin.query(
      `insert into jobs.job_common (name, state, completed_on, retry_limit, retry_count)
       values ('mail', 'failed', now(), 0, 0), ('mail', 'failed', now() - interval '3 days', 0, 0)`,
    )
    await world.admin.query(
      `insert into jobs.job_common (name, state, start_after) values ('document-scan', 'created', now() - interval '10 minutes')`,
    )
    await expect
      .poll(async () => (await root.client.system.health()).problems)
      .toEqual([
        'Nobody runs jobs: there is no server that does, and no worker.',
        'Jobs of the kind document-scan have waited for 10 min.',
        '1 job failed for good in the last 24 hours (mail 1).',
      ])
    const { jobs } = await root.client.system.health()
    expect(jobs?.find(({ queue }) => queue === 'mail')).toMatchObject({ failed: 2, waiting: 0 })
    expect(jobs?.find(({ queue }) => queue === 'document-scan')).toMatchObject({ waiting: 1 })
  })

  test('a transaction that stays open shows in how far events are held back', async () => {
    const world = await worldOf()
    const root = await world.user({ superAdmin: true })
    const client = new pg.Client(world.appUrl)
    await client.connect()
    ends.push(() => client.end())
    await client.query('begin; select pg_current_xact_id()')
    await expect
      .poll(async () => (await root.client.system.health()).events?.horizon_lag_seconds)
      .toBeGreaterThan(0.1)
    await client.query('rollback')
    await expect.poll(async () => (await root.client.system.health()).events?.horizon_lag_seconds).toBe(0)
  })

  test('rows of the audit trail that wait for their seal show as lag', async () => {
    const world = await worldOf()
    const org_id = await world.organization()
    const admin = await world.user({ roles: { [org_id]: 'ADMIN' } })
    const root = await world.user({ superAdmin: true })
    await admin.client.patients.list({ org_id })
    const rows = await world.admin.query('select count(*)::int as n from audit_logs')
    expect(rows.rows[0]?.n).toBeGreaterThan(0)
    await expect.poll(async () => (await root.client.system.health()).seals?.lag_seconds).toBeGreaterThan(0)
  })
})
