import { afterEach, expect, test } from 'vitest'
import { createLog } from '../../packages/server/src/log.ts'
import { withoutValues } from '../../packages/server/src/observe/sql.ts'
import { createServer } from '../../packages/server/src/server.ts'
import { startBlackHole } from '../support/black-hole.ts'
import { type Collector, startCollector } from '../support/collector.ts'
import { startReceiver } from '../support/receiver.ts'
import { createWorld, type World } from '../support/world.ts'

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end()
})

async function traced(env: Record<string, string> = {}): Promise<{ world: World; collector: Collector }> {
  const collector = await startCollector()
  ends.push(() => collector.close())
  const world = await createWorld({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ...env } })
  ends.push(() => world.stop())
  return { world, collector }
}

const trace = '4bf92f3577b34da6a3ce929d0e0e4736'
const caller = '00f067aa0ba902b7'

test('a request is a span named by its operation, a child of the caller’s, with its statements below it', async () => {
  const { world, collector } = await traced({
    OTEL_SERVICE_NAME: 'ward-test',
    OTEL_EXPORTER_OTLP_HEADERS: 'x-team=night%20shift',
  })
  const org_id = await world.organization()
  const admin = await world.user({ roles: { [org_id]: 'ADMIN' } })
  const patient = await world.patient([org_id])
  const answer = await world.fetch(`/api/organizations/${org_id}/patients/${patient.id}`, {
    token: admin.token,
    headers: { traceparent: `00-${trace}-${caller}-01`, 'x-request-id': 'traced-1' },
  })
  expect(answer.status).toBe(200)
  await expect.poll(() => collector.spans.find(({ name }) => name === 'getPatient')).toBeDefined()
  const server = collector.spans.find(({ name }) => name === 'getPatient')
  expect(server).toMatchObject({
    kind: 2,
    traceId: trace,
    parentSpanId: caller,
    isError: false,
    attributes: {
      'http.request.method': 'GET',
      'http.route': '/api/organizations/{org_id}/patients/{patient_id}',
      'http.response.status_code': 200,
      'wardline.request_id': 'traced-1',
    },
  })
  const own = collector.spans.filter(({ traceId, kind }) => traceId === trace && kind === 3)
  expect(own.length).toBeGreaterThanOrEqual(4)
  for (const span of own) {
    expect(span.parentSpanId).toBe(server?.spanId)
    expect(span.attributes['db.system.name']).toBe('postgresql')
  }
  expect(own.map(({ name }) => name)).toContain('BEGIN')
  expect(collector.resource).toMatchObject({
    'service.name': 'ward-test',
    'service.version': expect.any(String),
  })
  expect(collector.headers[0]).toMatchObject({
    'x-team': 'night shift',
    'content-type': 'application/x-protobuf',
  })
  // No id of a record, of a person or of an organization, in anything that was sent.
  const text = JSON.stringify(collector.spans)
  for (const secret of [
    org_id,
    admin.id,
    admin.sessionId,
    patient.id,
    patient.mrn,
    patient.lastName,
    admin.token,
  ])
    expect(text).not.toContain(secret)
})

test('a request with a body is traced to its end, and one that fails says so', async () => {
  const { world, collector } = await traced()
  const user = await world.user()
  await user.client.tickets.create({ category: 'OTHER', subject: 'Synthetic words', body: 'More of them.' })
  await world.admin.query('alter table support_tickets rename to support_tickets_away')
  await user.client.tickets.list().catch(() => undefined)
  await world.admin.query('alter table support_tickets_away rename to support_tickets')
  await expect.poll(() => collector.spans.filter(({ name }) => /Ticket/.test(name))).toHaveLength(2)
  const [made, failed] = ['createTicket', 'listTickets'].map((name) =>
    collector.spans.find((span) => span.name === name),
  )
  const below = (parent: string | undefined) =>
    collector.spans.filter(({ parentSpanId }) => parentSpanId === parent)
  expect(below(made?.spanId).map(({ name }) => name)).toEqual(expect.arrayContaining(['INSERT', 'COMMIT']))
  expect(failed).toMatchObject({
    isError: true,
    attributes: { 'http.response.status_code': 500, 'error.type': '500' },
  })
  expect(below(failed?.spanId).find(({ isError }) => isError)?.attributes['error.type']).toBe('42P01')
  expect(JSON.stringify(collector.spans)).not.toContain('Synthetic')
})

test('jobs and webhooks are traces of their own, and a webhook hands its trace on', async () => {
  const { world, collector } = await traced({ WEBHOOKS_ALLOW_PRIVATE: 'true' })
  const receiver = await startReceiver()
  ends.push(() => receiver.close())
  const org_id = await world.organization()
  const admin = await world.user({ roles: { [org_id]: 'ADMIN' } })
  await admin.client.webhooks.create({ org_id, url: `${receiver.url}/hook?key=letmein-please` })
  const { email } = await world.user()
  const invited = await admin.client.members.invite({ org_id, email, role: 'STAFF' })
  expect(invited).toBeDefined()
  const member = await world.user({ roles: { [org_id]: 'STAFF' } })
  const { items } = await admin.client.members.list({ org_id, limit: 100 })
  const member_id = items.find(({ user_id }) => user_id === member.id)?.id ?? ''
  await admin.client.members.remove({ org_id, member_id })
  await expect.poll(() => receiver.hooks.length).toBeGreaterThan(0)
  await expect.poll(() => collector.spans.find(({ name }) => name === 'job mail')).toBeDefined()
  await expect.poll(() => collector.spans.find(({ name }) => name === 'webhook delivery')).toBeDefined()
  const delivery = collector.spans.find(({ name }) => name === 'webhook delivery')
  await expect.poll(() => collector.spans.find(({ name }) => name === 'POST')).toBeDefined()
  const post = collector.spans.find(({ name }) => name === 'POST')
  expect(post).toMatchObject({
    kind: 3,
    traceId: delivery?.traceId,
    parentSpanId: delivery?.spanId,
    attributes: { 'server.address': '127.0.0.1', 'http.response.status_code': 204 },
  })
  expect(receiver.hooks[0]?.headers.traceparent).toBe(`00-${post?.traceId}-${post?.spanId}-01`)
  const text = JSON.stringify(collector.spans)
  for (const secret of ['letmein', email, member.id, org_id]) expect(text).not.toContain(secret)
})

test('each line of the log says in which trace it was written', async () => {
  const { collector } = await traced()
  const world = await createWorld()
  ends.push(() => world.stop())
  const lines: Record<string, unknown>[] = []
  const server = await createServer({
    config: { ...world.config, traces: { endpoint: collector.url, headers: {}, serviceName: 'x', share: 0 } },
    keys: world.keys,
    databaseUrl: world.appUrl,
    log: createLog('info', { write: (line: string) => lines.push(JSON.parse(line)) }),
    clock: world.clock,
  })
  const url = await server.listen()
  ends.push(() => server.close())
  await fetch(`${url}/api/users/me`, { headers: { traceparent: `00-${trace}-${caller}-01` } })
  await expect
    .poll(() => lines.find(({ operation }) => operation === 'getCurrentUser'))
    .toMatchObject({ trace_id: trace, status: 401 })
})

test('where no share of the requests is to be traced, those that the caller traces are all the same', async () => {
  const { world, collector } = await traced({ OTEL_TRACES_SAMPLER_ARG: '0' })
  await world.fetch('/health')
  await world.fetch('/health', { headers: { traceparent: `00-${trace}-${caller}-01` } })
  await world.fetch('/health', { headers: { traceparent: 'nonsense' } })
  await world.stop()
  expect(collector.spans.map(({ traceId }) => traceId)).toEqual([trace])
})

test('what was measured last is sent before the server ends, and a collector that hangs holds up nobody', async () => {
  const { world, collector } = await traced()
  await world.fetch('/health')
  await world.stop()
  expect(collector.spans.map(({ name }) => name)).toContain('getHealth')

  const hole = await startBlackHole()
  ends.push(() => hole.close())
  const other = await createWorld({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${hole.port}` } })
  expect((await other.fetch('/health')).status).toBe(200)
  await other.stop()
})

test('statements are told without their values', () => {
  expect(withoutValues(`begin read only; select set_config('app.user_id', '0193-it''s', true)`)).toBe(
    'begin read only; select set_config(?, ?, true)',
  )
  expect(withoutValues('select a1, $1, $12 from t2 where x = 42 and y > 1.5\n limit 50')).toBe(
    'select a1, $1, $12 from t2 where x = ? and y > ? limit ?',
  )
  expect(withoutValues('do $body$ begin x := 7; end $body$')).toBe('do ?')
})
