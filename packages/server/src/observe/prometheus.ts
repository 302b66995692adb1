import { createServer, type Server } from 'node:http'
import type { Logger } from 'pino'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { StartupError } from '../startup-error.ts'
import type { Finding } from './dependencies.ts'
import type { Figures } from './figures.ts'
import type { PoolFigures } from './problems.ts'

/** What is asked when Prometheus asks. */
export interface Sources {
  readonly version: string
  readonly pools: () => readonly PoolFigures[]
  readonly streams: () => number
  readonly requestsUnderWay: () => number
  readonly tailLagSeconds: () => number | null
  readonly findings: () => Promise<readonly Finding[]>
  readonly figures: () => Promise<Figures>
}

/** What is counted as it happens. */
export interface Prometheus {
  answered(operation: string, status: number, ms: number): void
  jobEnded(queue: string, outcome: 'completed' | 'failed' | 'gave_up'): void
  webhookAttempted(outcome: string): void
  /** @throws {StartupError} when the port cannot be used. */
  listen(host: string, port: number): Promise<void>
  close(): Promise<void>
}

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
const CLASSES = ['1xx', '2xx', '3xx', '4xx', '5xx']

/*
 * Labels are operation ids, queues, kinds of outcome and names of ours: a closed set each. No address, no id, no person.
 */
export function createPrometheus(sources: Sources, log: Logger): Prometheus {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })

  const requests = new Counter({
    name: 'wardline_http_requests_total',
    help: 'Requests answered, by operation and class of status.',
    labelNames: ['operation', 'status'],
    registers,
  })
  const durations = new Histogram({
    name: 'wardline_http_request_duration_seconds',
    help: 'How long answers took, by operation.',
    labelNames: ['operation'],
    buckets: SECONDS,
    registers,
  })
  const jobsEnded = new Counter({
    name: 'wardline_jobs_ended_total',
    help: 'Attempts at jobs of this process, by kind and outcome.',
    labelNames: ['queue', 'outcome'],
    registers,
  })
  const webhooks = new Counter({
    name: 'wardline_webhook_attempts_total',
    help: 'Attempts at webhook deliveries of this process, by outcome.',
    labelNames: ['outcome'],
    registers,
  })

  const gauge = <Label extends string>(
    name: string,
    help: string,
    labelNames: readonly Label[],
    collect: (set: (labels: Readonly<Record<Label, string>>, value: number) => void) => void | Promise<void>,
  ) =>
    new Gauge({
      name: `wardline_${name}`,
      help,
      labelNames,
      registers,
      async collect() {
        this.reset()
        await collect((labels, value) => this.set(labels, value))
      },
    })
  const plain = (
    name: string,
    help: string,
    read: () => number | null | undefined | Promise<number | null | undefined>,
  ) =>
    new Gauge({
      name: `wardline_${name}`,
      help,
      registers,
      async collect() {
        // What is not known is left out: a zero would say that all is well.
        const value = await read()
        if (value === null || value === undefined) this.remove()
        else this.set(value)
      },
    })

  gauge('build_info', 'Always 1; the labels say what runs.', ['version', 'node'], (set) =>
    set({ version: sources.version, node: process.versions.node }, 1),
  )
  plain(
    'http_requests_under_way',
    'Requests that this process has begun and not answered.',
    sources.requestsUnderWay,
  )
  plain('streams_open', 'Live streams that this process holds.', sources.streams)
  plain(
    'event_tail_lag_seconds',
    'Since when this process last read the outbox to its end.',
    sources.tailLagSeconds,
  )
  gauge(
    'database_connections',
    'Connections of this process, by pool and state.',
    ['pool', 'state'],
    (set) => {
      for (const { name: pool, limit, open, idle, waiting } of sources.pools()) {
        set({ pool, state: 'busy' }, open - idle)
        set({ pool, state: 'idle' }, idle)
        set({ pool, state: 'limit' }, limit)
        set({ pool, state: 'waiting' }, waiting)
      }
    },
  )
  gauge('dependency_up', '1 when the dependency answers.', ['dependency'], async (set) => {
    for (const { name, status } of await sources.findings())
      set({ dependency: name }, status === 'ok' ? 1 : 0)
  })
  gauge('dependency_latency_seconds', 'How long the dependency took.', ['dependency'], async (set) => {
    for (const { name, latencyMs } of await sources.findings()) set({ dependency: name }, latencyMs / 1000)
  })

  // From here on of the whole system: every process says the same.
  gauge('jobs', 'Jobs by kind and state; of the whole system.', ['queue', 'state'], async (set) => {
    for (const { queue, waiting, retrying, running, failed } of (await sources.figures()).jobs ?? [])
      for (const [state, value] of Object.entries({ waiting, retrying, running, failed }))
        set({ queue, state }, value)
  })
  gauge(
    'jobs_oldest_due_seconds',
    'For how long the oldest due job of a kind waits.',
    ['queue'],
    async (set) => {
      for (const { queue, oldest_due_seconds: age } of (await sources.figures()).jobs ?? [])
        set({ queue }, age ?? 0)
    },
  )
  gauge('servers', 'Servers and workers by kind and state.', ['kind', 'state'], async (set) => {
    const { servers } = await sources.figures()
    for (const kind of ['SERVER', 'WORKER'])
      for (const state of ['RUNNING', 'STOPPING', 'LOST'])
        if (servers !== null)
          set({ kind, state }, servers.filter((one) => one.kind === kind && one.state === state).length)
  })
  plain(
    'outbox_backlog',
    'Events behind a transaction that still runs.',
    async () => (await sources.figures()).events?.backlog,
  )
  plain(
    'outbox_horizon_lag_seconds',
    'For how long the oldest transaction that holds events back has run.',
    async () => (await sources.figures()).events?.horizon_lag_seconds,
  )
  plain(
    'audit_seal_lag_seconds',
    'How old the oldest row of the audit trail is that no seal covers.',
    async () => (await sources.figures()).seals?.lag_seconds,
  )
  plain(
    'webhooks_pending',
    'Webhook deliveries that wait, capped at 10000.',
    async () => (await sources.figures()).webhooks?.pending,
  )
  plain(
    'webhooks_overdue_seconds',
    'For how long the oldest webhook delivery that is due waits.',
    async () => (await sources.figures()).webhooks?.overdue_seconds,
  )
  plain(
    'webhook_endpoints_failing',
    'Webhook endpoints whose attempts fail.',
    async () => (await sources.figures()).webhooks?.failing_endpoints,
  )

  const server: Server = createServer((request, response) => {
    if (request.method !== 'GET' || request.url?.split('?')[0] !== '/metrics') {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('Only GET /metrics is here.\n')
      return
    }
    registry.metrics().then(
      (text) =>
        response
          .writeHead(200, { 'content-type': registry.contentType, 'cache-control': 'no-store' })
          .end(text),
      (error: unknown) => {
        log.error({ err: error }, 'metrics could not be collected')
        response.writeHead(500).end()
      },
    )
  })
  server.requestTimeout = 10_000

  return {
    answered(operation, status, ms) {
      requests.inc({ operation, status: CLASSES[Math.floor(status / 100) - 1] ?? '5xx' })
      durations.observe({ operation }, ms / 1000)
    },
    jobEnded: (queue, outcome) => jobsEnded.inc({ queue, outcome }),
    webhookAttempted: (outcome) => webhooks.inc({ outcome }),
    async listen(host, port) {
      await new Promise<void>((resolve, reject) => {
        server.once('error', (error) =>
          reject(
            new StartupError(
              `Metrics cannot be served on port ${port} of ${host} (${'code' in error ? String(error.code) : error.name}): choose another METRICS_PORT or METRICS_HOST.`,
              1,
              { cause: error },
            ),
          ),
        )
        server.listen(port, host, resolve)
      })
    },
    async close() {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
