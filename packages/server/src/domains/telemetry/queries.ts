import { sql } from 'kysely'
import type { Db } from '../../db/scope.ts'
import type { components } from '../../generated/contract.ts'

type Top = components['schemas']['TelemetryTop']

/** One event, ready to be stored. */
export interface TelemetryRow {
  readonly id: string
  readonly user_id: string
  readonly event_name: string
  /** JSON. */
  readonly properties: string
  readonly ip_address: string
  readonly user_agent: string | null
  readonly occurred_at: Date
  readonly created_at: Date
}

/**
 * All or none; what is there already is left as it is. One parameter however many they are, and in the order of their ids, so
 * that two who store the same do not lock each other out.
 */
export const insertEvents = (db: Db, rows: readonly TelemetryRow[]) =>
  sql`insert into telemetry_events (id, user_id, event_name, properties, ip_address, user_agent, occurred_at, created_at)
    select id, user_id, event_name, properties::jsonb, ip_address, user_agent, occurred_at, created_at
    from json_to_recordset(${JSON.stringify(rows)}::json) as r(id uuid, user_id uuid, event_name text, properties text,
      ip_address inet, user_agent text, occurred_at timestamptz, created_at timestamptz)
    order by id
    on conflict do nothing`.execute(db)

interface TopFilter {
  readonly from: Date
  readonly to: Date
  readonly prefix: string
  readonly limit: number
}

/** Sums up hours, never events: their number is that of names and hours, however much happens. */
export async function findTop(
  db: Db,
  { from, to, prefix, limit }: TopFilter,
): Promise<Pick<Top, 'total' | 'names' | 'events'>> {
  const { rows } = await sql<Pick<Top, 'total' | 'names' | 'events'>>`
    with counted as materialized (
      select event_name, sum(events)::bigint as count from telemetry_hours
      where hour >= ${from} and hour <= ${to} and starts_with(event_name, ${prefix})
      group by event_name),
    best as (select event_name, count from counted order by count desc, event_name limit ${limit})
    select coalesce(sum(count), 0)::bigint as total, count(*)::int as names,
      (select coalesce(json_agg(best order by count desc, event_name), '[]') from best) as events
    from counted`.execute(db)
  return rows[0] ?? { total: 0, names: 0, events: [] }
}
