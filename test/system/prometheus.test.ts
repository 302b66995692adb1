import { createServer } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { freePort } from '../../scripts/free-port.ts'
import { withoutDatabase } from '../support/away.ts'
import { codeOf } from '../support/problems.ts'
import { startReceiver } from '../support/receiver.ts'
import { openStream } from '../support/streams.ts'
import { createWorld, type World } from '../support/world.ts'

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end()
})

async function measured(
  env: Record<string, string> = {},
): Promise<{ world: World; port: number; scrape: () => Promise<string> }> {
  const port = await freePort()
  const world = await createWorld({ env: { METRICS_PORT: String(port), ...env } })
  ends.push(() => world.stop())
  const scrape = async () => (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  return { world, port, scrape }
}

/** The value of one series; undefined when there is none. */
function value(text: string, series: string): number | undefined {
  const line = text.split('\n').find((one) => one.startsWith(`${series} `))
  return line === undefined ? undefined : Number(line.slice(series.length + 1))
}

test('Prometheus gets requests by operation, and what a night’s watch needs', async () => {
  const { world, scrape } = await measured()
  const user = await world.user()
  await user.client.users.me()
  await user.client.users.me()
  expect(await codeOf(world.client().users.me())).toBe('UNAUTHORIZED')
  await world.fetch('/api/no/such/path')
  const text = await scrape()
  expect(value(text, 'wardline_http_requests_total{operation="getCurrentUser",status="2xx"}')).toBe(2)
  expect(value(text, 'wardline_http_requests_total{operation="getCurrentUser",status="4xx"}')).toBe(1)
  expect(value(text, 'wardline_http_requests_total{operation="none",status="4xx"}')).toBe(1)
  expect(value(text, 'wardline_http_request_duration_seconds_count{operation="getCurrentUser"}')).toBe(3)
  expect(
    value(text, 'wardline_http_request_duration_seconds_bucket{le="10",operation="getCurrentUser"}'),
  ).toBe(3)
  expect(value(text, 'wardline_dependency_up{dependency="database"}')).toBe(1)
  expect(value(text, 'wardline_database_connections{pool="requests",state="limit"}')).toBe(
    world.config.databasePoolSize,
  )
  expect(value(text, 'wardline_jobs{queue="mail",state="failed"}')).toBe(0)
  for (const name of [
    'nodejs_eventloop_lag_p99_seconds',
    'process_resident_memory_bytes',
    'wardline_streams_open',
    'wardline_http_requests_under_way',
    'wardline_event_tail_lag_seconds',
    'wardline_outbox_backlog',
    'wardline_outbox_horizon_lag_seconds',
    'wardline_audit_seal_lag_seconds',
    'wardline_webhooks_pending',
    'wardline_webhooks_overdue_seconds',
  ])
    expect([name, value(text, name)]).toEqual([name, expect.any(Number)])
  expect(text).toMatch(/^wardline_build_info\{version="[^"]+",node="[^"]+"\} 1$/m)
})

test('jobs and attempts at webhooks count by outcome', async () => {
  const { world, scrape } = await measured({ WEBHOOKS_ALLOW_PRIVATE: 'true' })
  const receiver = await startReceiver()
  ends.push(() => receiver.close())
  const org_id = await world.organization()
  const admin = await world.user({ roles: { [org_id]: 'ADMIN' } })
  const member = await world.user({ roles: { [org_id]: 'STAFF' } })
  await admin.client.webhooks.create({ org_id, url: receiver.url })
  const { items } = await admin.client.members.list({ org_id, limit: 100 })
  const member_id = items.find(({ user_id }) => user_id === member.id)?.id ?? ''
  await admin.client.members.remove({ org_id, member_id })
  await world.client().auth.forgotPassword({ email: admin.email })
  const count = (series: string) => async () => value(await scrape(), series)
  await expect.poll(count('wardline_webhook_attempts_total{outcome="delivered"}')).toBe(1)
  await expect.poll(count('wardline_jobs_ended_total{queue="password-reset",outcome="completed"}')).toBe(1)
})

test('who hangs up is counted as such, and no longer as under way', async () => {
  const { world, scrape } = await measured()
  const user = await world.user()
  await world.admin.query('begin')
  await world.admin.query('select 1 from users where id = $1 for update', [user.id])
  const abort = new AbortController()
  const left = world
    .fetch('/api/users/me', {
      method: 'PATCH',
      token: user.token,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ display_name: 'Somebody Else' }),
      signal: abort.signal,
    })
    .catch(() => 'left')
  const underWay = async () => value(await scrape(), 'wardline_http_requests_under_way')
  await expect.poll(underWay).toBe(1)
  abort.abort()
  expect(await left).toBe('left')
  await world.admin.query('rollback')
  await expect.poll(underWay).toBe(0)
  expect(
    value(await scrape(), 'wardline_http_requests_total{operation="updateCurrentUser",status="4xx"}'),
  ).toBe(1)
})

test('a stream is no request under way, and counts as open until it is closed', async () => {
  const { world, scrape } = await measured()
  const stream = await openStream(world.url, (await world.user()).token)
  await expect.poll(async () => value(await scrape(), 'wardline_streams_open')).toBe(1)
  expect(value(await scrape(), 'wardline_http_requests_under_way')).toBe(0)
  stream.close()
  await expect.poll(async () => value(await scrape(), 'wardline_streams_open')).toBe(0)
})

test('labels name operations and kinds, never a person, a record or an address', async () => {
  const { world, scrape } = await measured()
  const org_id = await world.organization()
  const admin = await world.user({ roles: { [org_id]: 'ADMIN' } })
  const patient = await world.patient([org_id])
  await admin.client.patients.get({ org_id, patient_id: patient.id })
  await admin.client.patients.list({ org_id, search: patient.lastName }).catch(() => undefined)
  for (let n = 0; n < 20; n++) await world.fetch(`/api/invented/${world.id()}?q=${patient.mrn}`)
  const text = await scrape()
  for (const secret of [
    org_id,
    admin.id,
    admin.email,
    patient.id,
    patient.mrn,
    patient.lastName,
    'invented',
    '127.0.0.1',
  ])
    expect(text).not.toContain(secret)
  expect(value(text, 'wardline_http_requests_total{operation="none",status="4xx"}')).toBe(20)
})

test('there is /metrics on its port and nothing else, and no /metrics on the port for people', async () => {
  const { world, port } = await measured()
  expect((await fetch(`http://127.0.0.1:${port}/health`)).status).toBe(404)
  expect((await fetch(`http://127.0.0.1:${port}/metrics`, { method: 'POST' })).status).toBe(404)
  expect((await world.fetch('/metrics')).status).toBe(404)
})

test('while the database is away, what is not known is left out, and the scrape is answered', async () => {
  const { world, scrape } = await measured()
  await withoutDatabase(world, async () => {
    await expect
      .poll(async () => value(await scrape(), 'wardline_dependency_up{dependency="database"}'))
      .toBe(0)
    await expect.poll(async () => value(await scrape(), 'wardline_outbox_backlog')).toBeUndefined()
    expect(value(await scrape(), 'wardline_streams_open')).toBe(0)
  })
  await expect.poll(async () => value(await scrape(), 'wardline_outbox_backlog')).toBe(0)
})

test('a port that is taken stops the start, with its name', async () => {
  const taken = createServer()
  const port = await freePort()
  await new Promise<void>((resolve) => taken.listen(port, '127.0.0.1', resolve))
  ends.push(() => taken.close())
  const world = await createWorld()
  ends.push(() => world.stop())
  await expect(world.startServer({ env: { METRICS_PORT: String(port) } })).rejects.toThrow(
    /EADDRINUSE.*METRICS_PORT/,
  )
})
