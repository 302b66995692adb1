import { sql } from 'kysely'
import type { Db } from '../../db/scope.ts'
import type { components } from '../../generated/contract.ts'
import { percentile } from '../../observe/histogram.ts'

type Metrics = components['schemas']['SystemMetrics']
type Period = Metrics['period']

interface Shape {
  /** What is read: rows by the minute, or by the hour. */
  readonly unitMs: number
  readonly stepMs: number
  readonly steps: number
}

const MINUTE = 60_000
const HOUR = 60 * MINUTE

const shapes: Readonly<Record<Period, Shape>> = {
  '15m': { unitMs: MINUTE, stepMs: MINUTE, steps: 15 },
  '1h': { unitMs: MINUTE, stepMs: MINUTE, steps: 60 },
  '24h': { unitMs: MINUTE, stepMs: 30 * MINUTE, steps: 48 },
  '7d': { unitMs: HOUR, stepMs: 2 * HOUR, steps: 84 },
}

interface Step {
  readonly step: number
  readonly requests: number
  readonly refused: number
  readonly errors: number
  readonly total_ms: number
  readonly max_ms: number
  readonly latencies: number[]
}

const rowsOf = ({ unitMs }: Shape, from: Date, to: Date) =>
  unitMs === HOUR
    ? sql`select hour as at, requests, refused, errors, total_ms, max_ms, latencies, operations from request_hours
        where hour >= ${from} and hour < ${to}`
    : sql`select minute as at, requests, refused, errors, total_ms, max_ms, latencies, operations from request_minutes
        where minute >= ${from} and minute < ${to}`

/** The steps of the period in which anything was answered. */
const readSteps = async (db: Db, shape: Shape, from: Date, to: Date): Promise<Step[]> =>
  (
    await sql<Step>`
      with measured as materialized (
        select floor(extract(epoch from at - ${from}::timestamptz) * 1000 / ${shape.stepMs}::float8)::int as step, r.*
        from (${rowsOf(shape, from, to)}) r),
      sums as (
        select step, sum(requests)::float8 as requests, sum(refused)::float8 as refused, sum(errors)::float8 as errors,
          sum(total_ms) as total_ms, max(max_ms) as max_ms
        from measured group by step),
      counts as (
        select step, json_agg(n order by bucket) as latencies from (
          select step, bucket, sum(count)::float8 as n
          from measured, unnest(latencies) with ordinality as l(count, bucket) group by step, bucket) b
        group by step)
      select * from sums join counts using (step) order by step`.execute(db)
  ).rows

/** The operations of the period that somebody should look at first. */
const readOperations = async (db: Db, shape: Shape, from: Date, to: Date) =>
  (
    await sql<Metrics['operations'][number]>`
      select operation, requests, refused, errors, round((total / requests)::numeric, 1)::float8 as mean_ms, max_ms from (
        select o.key as operation, sum((o.value ->> 0)::float8) as requests, sum((o.value ->> 1)::float8) as refused,
          sum((o.value ->> 2)::float8) as errors, sum((o.value ->> 3)::float8) as total, max((o.value ->> 4)::float8) as max_ms
        from (${rowsOf(shape, from, to)}) r, jsonb_each(r.operations) o group by o.key) s
      where requests > 0 order by errors desc, total desc, operation limit 10`.execute(db)
  ).rows

/** Sessions that were used since an instant; those under impersonation are an administrator's own. */
const countActive = async (db: Db, since: Date) =>
  (
    await sql<{ users: number; sessions: number }>`
      select count(distinct user_id) as users, count(*) as sessions from user_sessions
      where last_active_at >= ${since} and impersonation_id is null`.execute(db)
  ).rows[0] ?? { users: 0, sessions: 0 }

const tenths = (ms: number | null): number | null => (ms === null ? null : Math.round(ms * 10) / 10)

const quantile = ({ latencies, max_ms: most }: Step, share: number): number | null =>
  tenths(percentile(latencies, share, most))

const nothing: Omit<Step, 'step'> = {
  requests: 0,
  refused: 0,
  errors: 0,
  total_ms: 0,
  max_ms: 0,
  latencies: [],
}

const sumOf = (steps: readonly Step[]): Step =>
  steps.reduce<Step>(
    (sum, one) => ({
      step: 0,
      requests: sum.requests + one.requests,
      refused: sum.refused + one.refused,
      errors: sum.errors + one.errors,
      total_ms: sum.total_ms + one.total_ms,
      max_ms: Math.max(sum.max_ms, one.max_ms),
      latencies: one.latencies.map((count, bucket) => count + (sum.latencies[bucket] ?? 0)),
    }),
    { step: 0, ...nothing },
  )

/** The figures of a period that ends with the present minute, or hour. */
export async function readMetrics(db: Db, period: Period, now: Date): Promise<Metrics> {
  const shape = shapes[period]
  const { unitMs, stepMs, steps } = shape
  const end = Math.floor(now.getTime() / unitMs) * unitMs + unitMs
  const begin = end - steps * stepMs
  const [from, to] = [new Date(begin), new Date(end)]
  const measured = await readSteps(db, shape, from, to)
  const operations = await readOperations(db, shape, from, to)
  const active = await countActive(db, from)
  const byStep = new Map(measured.map((one) => [one.step, one]))
  const all = sumOf(measured)
  return {
    period,
    from: from.toISOString(),
    to: to.toISOString(),
    step_seconds: stepMs / 1000,
    requests: all.requests,
    refused: all.refused,
    errors: all.errors,
    error_rate: all.requests === 0 ? null : all.errors / all.requests,
    latency_ms: {
      mean: all.requests === 0 ? null : tenths(all.total_ms / all.requests),
      p50: quantile(all, 0.5),
      p90: quantile(all, 0.9),
      p95: quantile(all, 0.95),
      p99: quantile(all, 0.99),
      max: all.requests === 0 ? null : all.max_ms,
    },
    active,
    series: Array.from({ length: steps }, (_, step) => {
      const one = byStep.get(step) ?? { step, ...nothing }
      const { requests, refused, errors } = one
      const at = new Date(begin + step * stepMs).toISOString()
      return { at, requests, refused, errors, p50_ms: quantile(one, 0.5), p99_ms: quantile(one, 0.99) }
    }),
    operations,
  }
}
