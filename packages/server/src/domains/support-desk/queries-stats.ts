import { sql } from 'kysely'
import type { Db } from '../../db/scope.ts'
import { live, overdueAt } from './queries.ts'

const DAY_MS = 24 * 3_600_000

/** How many tickets each view holds: one pass over what is unfinished. */
export const countViews = (db: Db, agentId: string, now: Date) =>
  db
    .selectFrom('support_tickets as t')
    .where(live)
    .select([
      sql<number>`count(*)`.as('all'),
      sql<number>`count(*) filter (where t.assignee_id = ${agentId})`.as('mine'),
      sql<number>`count(*) filter (where t.assignee_id is null)`.as('unassigned'),
      sql<number>`count(*) filter (where ${overdueAt(now)})`.as('breaching'),
    ])
    .executeTakeFirstOrThrow()

/** How the queue stands. */
export const countQueueNow = (db: Db, now: Date) =>
  db
    .selectFrom('support_tickets as t')
    .where(live)
    .select([
      sql<number>`count(*) filter (where t.urgency = 'LOW')`.as('low'),
      sql<number>`count(*) filter (where t.urgency = 'NORMAL')`.as('normal'),
      sql<number>`count(*) filter (where t.urgency = 'HIGH')`.as('high'),
      sql<number>`count(*) filter (where t.urgency = 'URGENT')`.as('urgent'),
      sql<number>`count(*) filter (where t.assignee_id is null)`.as('unassigned'),
      sql<number>`count(*) filter (where ${overdueAt(now)})`.as('overdue'),
      sql<number>`count(*) filter (where t.status = 'WAITING_ON_USER')`.as('waiting'),
    ])
    .executeTakeFirstOrThrow()

const percentiles = sql`percentile_cont(array[0.5, 0.9, 0.99]) within group`

/** Seconds to the first answer of tickets first answered since an instant. */
export const readFirstResponses = (db: Db, since: Date) =>
  db
    .selectFrom('support_tickets as t')
    .where('t.first_responded_at', '>=', since.toISOString())
    .select(
      sql<
        number[] | null
      >`${percentiles} (order by extract(epoch from t.first_responded_at - t.created_at))`.as('seconds'),
    )
    .executeTakeFirstOrThrow()

/** Seconds to the resolution of tickets resolved since an instant, without what was spent waiting on the owner. */
export const readResolutions = (db: Db, since: Date) =>
  db
    .selectFrom('support_tickets as t')
    .where('t.resolved_at', '>=', since.toISOString())
    .select(
      sql<number[] | null>`${percentiles} (order by
        greatest(0, extract(epoch from t.resolved_at - t.created_at) - t.paused_ms / 1000.0))`.as('seconds'),
    )
    .executeTakeFirstOrThrow()

export interface Day {
  readonly day: string
  readonly created: number
  readonly resolved: number
  readonly first_response_p50: number | null
}

/** One row a day (UTC), the latest last. */
export async function readDays(db: Db, now: Date, days: number): Promise<Day[]> {
  const last = now.toISOString().slice(0, 10)
  const first = new Date(Date.parse(`${last}T00:00:00Z`) - (days - 1) * DAY_MS)
  const { rows } = await sql<Day>`
    with created as (
      select (created_at at time zone 'UTC')::date as day, count(*) as n from support_tickets
        where created_at >= ${first} group by 1
    ), resolved as (
      select (resolved_at at time zone 'UTC')::date as day, count(*) as n from support_tickets
        where resolved_at >= ${first} group by 1
    ), answered as (
      select (first_responded_at at time zone 'UTC')::date as day,
          percentile_cont(0.5) within group (order by extract(epoch from first_responded_at - created_at)) as p50
        from support_tickets where first_responded_at >= ${first} group by 1
    )
    select to_char(d, 'YYYY-MM-DD') as day, coalesce(c.n, 0) as created, coalesce(r.n, 0) as resolved,
        a.p50 as first_response_p50
      from generate_series(${first}::timestamptz at time zone 'UTC', ${last}::date, interval '1 day') d
      left join created c on c.day = d::date left join resolved r on r.day = d::date
      left join answered a on a.day = d::date
      order by d`.execute(db)
  return rows
}

/** What each agent has to do, and resolved since an instant; the busiest first. */
export const listLoads = (db: Db, now: Date, since: Date) =>
  db
    .selectFrom('support_tickets as t')
    .innerJoin('users as u', 'u.id', 't.assignee_id')
    .where((eb) => eb.or([live, eb('t.resolved_at', '>=', since.toISOString())]))
    .groupBy(['u.id', 'u.display_name'])
    .select(['u.id', 'u.display_name'])
    .select([
      sql<number>`count(*) filter (where ${live})`.as('open'),
      sql<number>`count(*) filter (where t.status = 'WAITING_ON_USER')`.as('waiting'),
      sql<number>`count(*) filter (where ${live} and ${overdueAt(now)})`.as('overdue'),
      sql<number>`count(*) filter (where t.resolved_at >= ${since})`.as('resolved'),
    ])
    .orderBy('open', 'desc')
    .orderBy('u.display_name')
    .orderBy('u.id')
    .limit(100)
    .execute()
