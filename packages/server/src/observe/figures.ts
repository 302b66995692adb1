import { sql } from 'kysely'
import type { Pool } from 'pg'
import type { Logger } from 'pino'
import type { Clock } from '../clock.ts'
import { type Db, type Scope, transaction } from '../db/scope.ts'

/*
 * Figures that belong to no request: how much waits in the database, and how old it is. Whoever asks often is given what
 * was read a moment ago, and a part that cannot be read is null.
 */

const freshMs = 2000
const CAP = 10_000
const LOST_MS = 45_000

/** The jobs of one kind. */
export interface QueueFigures {
  readonly queue: string
  readonly waiting: number
  readonly retrying: number
  readonly running: number
  readonly failed: number
  /** Of those, the ones of the last day. */
  readonly failed_lately: number
  readonly oldest_due_seconds: number | null
}

const readJobs = async (db: Db): Promise<QueueFigures[]> =>
  // By pg-boss's own clock, which is the database's.
  (
    await sql<QueueFigures>`
      select q.name as queue,
        count(*) filter (where j.state = 'created') as waiting, count(*) filter (where j.state = 'retry') as retrying,
        count(*) filter (where j.state = 'active') as running, count(*) filter (where j.state = 'failed') as failed,
        count(*) filter (where j.state = 'failed' and j.completed_on > now() - interval '1 day') as failed_lately,
        round(greatest(0, extract(epoch from now() - min(j.start_after) filter (
          where j.state in ('created', 'retry') and j.start_after <= now())))::numeric, 1)::float8 as oldest_due_seconds
      from jobs.queue q
      left join jobs.job_common j on j.name = q.name and j.state in ('created', 'retry', 'active', 'failed')
      where q.name not like '\\_\\_pgboss\\_\\_%'
      group by q.name order by q.name`.execute(db)
  ).rows

const readSeals = async (db: Db, now: Date) =>
  (
    await sql<{ sealed_at: string | null; lag_seconds: number }>`
      with last as (
        select last_xid, last_id, sealed_at from audit_seals order by number desc limit 1)
      select (select sealed_at from last) as sealed_at,
        coalesce((
          select greatest(0, extract(epoch from ${now}::timestamptz - occurred_at))::float8 from audit_logs
          where (xid, id) > (coalesce((select last_xid from last), '0'::xid8),
            coalesce((select last_id from last), '00000000-0000-0000-0000-000000000000'::uuid))
          order by audit_logs.xid, audit_logs.id limit 1), 0) as lag_seconds`.execute(db)
  ).rows[0]

const readEvents = async (db: Db, now: Date) =>
  // Whose transactions these are, others may not see; but everybody sees how long their events have waited.
  (
    await sql<{ backlog: number; horizon_lag_seconds: number }>`
      with horizon as materialized (select commit_horizon() as xid),
      held as (select e.created_at from events e, horizon h where e.xid >= h.xid limit ${CAP})
      select (select count(*) from held) as backlog,
        greatest(0,
          (select extract(epoch from ${now}::timestamptz - min(created_at)) from held),
          (select extract(epoch from clock_timestamp() - min(xact_start)) from pg_stat_activity
            where datname = current_database() and backend_xid is not null and pid <> pg_backend_pid()))::float8
          as horizon_lag_seconds`.execute(db)
  ).rows[0]

const readWebhooks = async (db: Db, now: Date) =>
  (
    await sql<{
      pending: number
      overdue_seconds: number
      unrecorded: number
      failing_endpoints: number
      disabled_endpoints: number
    }>`
      select
        (select count(*) from (select from webhook_deliveries where status = 'PENDING' limit ${CAP}) p) as pending,
        coalesce((
          select greatest(0, extract(epoch from ${now}::timestamptz - next_attempt_at))::float8 from webhook_deliveries d
          join webhook_endpoints w on w.id = d.endpoint_id and w.disabled_at is null
          where status = 'PENDING' and next_attempt_at < ${now} order by next_attempt_at limit 1), 0) as overdue_seconds,
        (select count(*) from (
          select from events e, webhook_cursor c where (e.xid, e.id) > (c.xid, c.id) and e.xid < (select commit_horizon())
          limit ${CAP}) u) as unrecorded,
        (select count(*) from webhook_endpoints where failing_since is not null and disabled_at is null) as failing_endpoints,
        (select count(*) from webhook_endpoints where disabled_reason = 'FAILING') as disabled_endpoints`.execute(
      db,
    )
  ).rows[0]

const readServers = async (db: Db, now: Date) => {
  const lost = new Date(now.getTime() - LOST_MS)
  return db
    .selectFrom('server_instances')
    .select([
      'id',
      'kind',
      'host',
      'pid',
      'version',
      'runs_jobs',
      'streams',
      'requests_under_way',
      'pool_waiting',
      'memory_bytes',
      'started_at',
      'seen_at',
      sql<number | null>`round(event_loop_p99_ms::numeric, 1)::float8`.as('event_loop_p99_ms'),
      sql<
        'RUNNING' | 'STOPPING' | 'LOST'
      >`case when seen_at < ${lost} then 'LOST' when stopping then 'STOPPING'
        else 'RUNNING' end`.as('state'),
    ])
    .where('seen_at', '>=', new Date(now.getTime() - 24 * 3_600_000).toISOString())
    .orderBy('started_at', 'desc')
    .orderBy('id')
    .limit(500)
    .execute()
}

const readVersions = async (db: Db) =>
  (
    await sql<{ database_version: string; schema_version: string | null }>`
      select current_setting('server_version') as database_version,
        (select max(name) from public.schema_migrations) as schema_version`.execute(db)
  ).rows[0]

/** Null where it could not be read. */
export interface Figures {
  readonly jobs: QueueFigures[] | null
  readonly seals: Awaited<ReturnType<typeof readSeals>> | null
  readonly events: Awaited<ReturnType<typeof readEvents>> | null
  readonly webhooks: Awaited<ReturnType<typeof readWebhooks>> | null
  readonly servers: Awaited<ReturnType<typeof readServers>> | null
  readonly versions: Awaited<ReturnType<typeof readVersions>> | null
}

/** @param pool whose statements have a time limit: then no figure takes longer. */
export function createFigures(pool: Pool, clock: Clock, log: Logger): () => Promise<Figures> {
  let last: { readonly figures: Figures; readonly at: number } | undefined
  let reading: Promise<Figures> | undefined

  const part = <T>(name: string, scope: Scope['name'], query: (db: Db) => Promise<T>): Promise<T | null> =>
    transaction(pool, { name: scope, organizationId: null, userId: null }, 'read', async (db) => ({
      value: await query(db),
      commit: true,
    })).catch((error: unknown) => {
      log.warn({ err: error, part: name }, 'a figure of the system could not be read')
      return null
    })

  async function read(): Promise<Figures> {
    const now = clock.now()
    const [jobs, seals, events, webhooks, servers, versions] = await Promise.all([
      part('jobs', 'platform', readJobs),
      part('seals', 'platform', (db) => readSeals(db, now)),
      part('events', 'webhooks', (db) => readEvents(db, now)),
      part('webhooks', 'webhooks', (db) => readWebhooks(db, now)),
      part('servers', 'platform', (db) => readServers(db, now)),
      part('versions', 'none', readVersions),
    ])
    const figures: Figures = { jobs, seals, events, webhooks, servers, versions }
    last = { figures, at: performance.now() }
    return figures
  }

  return () => {
    if (last !== undefined && performance.now() - last.at < freshMs) return Promise.resolve(last.figures)
    reading ??= read().finally(() => {
      reading = undefined
    })
    return reading
  }
}
