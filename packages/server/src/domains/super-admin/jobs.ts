import { type RawBuilder, type SqlBool, sql } from 'kysely'
import { rowAfter, type Slice } from '../../db/keyset.ts'
import type { Db } from '../../db/scope.ts'
import type { components, operations } from '../../generated/contract.ts'

/*
 * pg-boss has no list over all queues, so its table is read here; it is changed by pg-boss alone. Of a job's payload and
 * output only the kind of its last error leaves, which the queue's own code writes.
 */

type Job = components['schemas']['Job']
type Filters = NonNullable<operations['listJobs']['parameters']['query']>

const states = {
  created: 'WAITING',
  retry: 'RETRYING',
  active: 'RUNNING',
  completed: 'COMPLETED',
  cancelled: 'CANCELLED',
  failed: 'FAILED',
} as const satisfies Record<string, Job['state']>

const stateOf = sql.join(
  Object.entries(states).map(([theirs, ours]) => sql`when ${sql.lit(theirs)} then ${sql.lit(ours)}`),
  sql` `,
)

const columns: RawBuilder<unknown> = sql`
  id, name as queue, case state ${stateOf} end as state,
  case when state in ('created', 'retry') then retry_count + (state = 'retry')::int else retry_count + 1 end as attempts,
  retry_limit + 1 as max_attempts,
  case when state <> 'completed' then coalesce(output ->> 'error',
    case when output is not null then 'Interrupted' end) end as last_error,
  case when state in ('created', 'retry') then date_trunc('milliseconds', start_after) end as next_attempt_at,
  date_trunc('milliseconds', created_on) as created_at, date_trunc('milliseconds', started_on) as started_at,
  date_trunc('milliseconds', completed_on) as finished_at`

/** pg-boss keeps its schedule and such in queues of its own. */
const ours = sql<SqlBool>`name not like '\_\_pgboss\_\_%'`

function conditions({ state, queue }: Filters): RawBuilder<SqlBool> {
  const parts = [ours]
  const [theirs] = Object.entries(states).find(([, name]) => name === state) ?? []
  // A literal, so that the index of the failed ones serves them.
  if (theirs !== undefined) parts.push(sql<SqlBool>`state = ${sql.lit(theirs)}`)
  if (queue !== undefined) parts.push(sql<SqlBool>`name = ${queue}`)
  return sql`${sql.join(parts, sql` and `)}`
}

/** The newest first. `position` is their order's, to the microsecond, unlike what is shown. */
export async function listJobs(db: Db, filters: Filters, { after, limit }: Slice) {
  const from = after === null ? sql`true` : rowAfter(['created_on', 'id'], 'descending', after)
  const { rows } = await sql<Job & { position: string }>`
    select ${columns}, created_on::text as position from jobs.job_common
    where ${conditions(filters)} and ${from} order by created_on desc, id desc limit ${limit}`.execute(db)
  return rows
}

export async function countJobs(db: Db, filters: Filters): Promise<number> {
  const { rows } = await sql<{ n: number }>`
    select count(*) as n from jobs.job_common where ${conditions(filters)}`.execute(db)
  return rows[0]?.n ?? 0
}

export const findJob = async (db: Db, id: string): Promise<Job | undefined> =>
  (await sql<Job>`select ${columns} from jobs.job_common where id = ${id} and ${ours}`.execute(db)).rows[0]

/** Locked, so that two callers do not run it again at once. */
export const lockJob = async (db: Db, id: string) =>
  (
    await sql<{ queue: string; failed: boolean }>`
      select name as queue, state = 'failed' as failed from jobs.job_common where id = ${id} and ${ours} for update`.execute(
      db,
    )
  ).rows[0]
