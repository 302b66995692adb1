import { expect, test } from 'vitest'
import { problemsOf } from './problems.ts'

const now = new Date('2026-03-02T14:30:00.000Z')
const ago = (seconds: number): string => new Date(now.getTime() - seconds * 1000).toISOString()

const server = {
  id: '01934f6e-8d2a-7c41-9a57-0f6f2b7c1d90',
  kind: 'SERVER',
  state: 'RUNNING',
  host: 'ward-1',
  pid: 1,
  version: '1',
  runs_jobs: true,
  started_at: ago(3600),
  seen_at: ago(3),
  streams: 0,
  requests_under_way: 0,
  pool_waiting: 0,
  event_loop_p99_ms: null,
  memory_bytes: 1,
} as const

const finding = {
  name: 'database',
  essential: true,
  status: 'ok',
  latencyMs: 1,
  limitMs: 2000,
  error: null,
} as const
const queue = {
  queue: 'mail',
  waiting: 0,
  retrying: 0,
  running: 0,
  failed: 0,
  failed_lately: 0,
  oldest_due_seconds: null,
}

const well: Parameters<typeof problemsOf>[0] = {
  now,
  findings: [finding],
  pools: [{ name: 'requests', limit: 10, open: 10, idle: 0, waiting: 9 }],
  tailLagSeconds: 0.4,
  jobs: [queue],
  events: { backlog: 0, horizon_lag_seconds: 59 },
  seals: { sealed_at: ago(60), lag_seconds: 800 },
  webhooks: { pending: 3, overdue_seconds: 20, unrecorded: 0, failing_endpoints: 1, disabled_endpoints: 1 },
  servers: [server],
  versions: null,
}

test('where all is well, nothing is said', () => {
  expect(problemsOf(well)).toEqual([])
})

test.each([
  [{ tailLagSeconds: 40 }, 'This server has not read the outbox for 40 s.'],
  [
    { events: { backlog: 12, horizon_lag_seconds: 180 } },
    'A transaction has run for 3 min and holds back 12 events.',
  ],
  [
    { seals: { sealed_at: null, lag_seconds: 7300 } },
    'The audit trail has rows that nothing has sealed for 2 h.',
  ],
  [{ webhooks: { ...well.webhooks, overdue_seconds: 900 } }, 'Webhook deliveries have waited for 15 min.'],
  [{ pools: [{ ...well.pools[0], waiting: 11 }] }, '11 wait for one of the 10 connections for requests.'],
  [{ jobs: null }, 'The figures of jobs cannot be read.'],
  [{ servers: [] }, 'Nobody runs jobs: there is no server that does, and no worker.'],
  [
    { jobs: [{ ...queue, failed: 3, failed_lately: 3 }] },
    '3 jobs failed for good in the last 24 hours (mail 3).',
  ],
] as const)('%j is said in words', (change, sentence) => {
  expect(problemsOf({ ...well, ...change } as typeof well)).toEqual([sentence])
})

test('what the server cannot do without comes first', () => {
  const findings = [
    { ...finding, name: 'mail', essential: false, status: 'failing', error: 'Error ECONNREFUSED' },
    { ...finding, status: 'timeout' },
  ] as const
  expect(problemsOf({ ...well, findings })).toEqual([
    'database did not answer within 2000 ms.',
    'mail does not answer (Error ECONNREFUSED).',
  ])
})

test('who was lost long ago is no news', () => {
  const lost = { ...server, id: '01934f6e-8d2a-7c41-9a57-0f6f2b7c1d91', state: 'LOST' } as const
  expect(problemsOf({ ...well, servers: [server, { ...lost, seen_at: ago(3600) }] })).toEqual([])
  expect(problemsOf({ ...well, servers: [server, { ...lost, seen_at: ago(300) }] })).toEqual([
    'The server ward-1 (process 1) was lost 5 min ago.',
  ])
})
