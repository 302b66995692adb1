import { sql } from 'kysely'
import type { Db } from '../../db/scope.ts'
import { formatPosition } from '../events/tailer.ts'
import type { NewDelivery } from './queries.ts'
import type { Sent } from './sender.ts'
import { WEBHOOK_EVENT_TYPES } from './types.ts'

/*
 * What the courier asks and writes, in the scope `webhooks`: across organizations, and nothing else of them.
 */

/** How many rows of the outbox are read at once. With ten endpoints each, one insert still takes them. */
const PAGE = 500

interface Planned {
  readonly xid: string
  readonly id: string
  readonly endpoint_id: string | null
  readonly organization_id: string
  readonly type: string
  readonly payload: unknown
}

/**
 * Turns the next rows of the outbox into deliveries. Like the streams it reads only below the oldest transaction that
 * still runs, so none is skipped. The place moves in this same transaction and one at a time does it, whoever comes
 * second does nothing: each event becomes exactly one delivery an endpoint.
 * @returns whether there may be more
 */
export async function planDeliveries(db: Db, newId: () => string, now: Date): Promise<boolean> {
  const place = await takePlace(db)
  if (place === undefined) return false
  const rows = await readPage(db, place)
  const deliveries = rows.flatMap((row): NewDelivery[] =>
    row.endpoint_id === null
      ? []
      : [
          {
            id: newId(),
            organization_id: row.organization_id,
            endpoint_id: row.endpoint_id,
            event_id: formatPosition({ xid: BigInt(row.xid), id: BigInt(row.id) }),
            event_type: row.type,
            payload: JSON.stringify(row.payload),
            next_attempt_at: now,
            created_at: now,
          },
        ],
  )
  if (deliveries.length > 0) await db.insertInto('webhook_deliveries').values(deliveries).execute()
  const last = rows.at(-1)
  if (last === undefined) return false
  await sql`update webhook_cursor set xid = ${last.xid}::xid8, id = ${last.id}::bigint`.execute(db)
  return new Set(rows.map(({ id }) => id)).size === PAGE
}

/** Where to go on, locked; undefined when nothing is new, or somebody else is at it. A look alone writes nothing. */
async function takePlace(db: Db): Promise<{ xid: string; id: string } | undefined> {
  const { rows } = await sql<{ xid: string; id: string }>`
    select c.xid::text, c.id::text from webhook_cursor c
    where exists (select from events e where (e.xid, e.id) > (c.xid, c.id) and e.xid < (select commit_horizon()))
    for update of c skip locked`.execute(db)
  return rows[0]
}

/** An event comes once for each endpoint that wants it, and once with none when nobody does. */
async function readPage(db: Db, place: { xid: string; id: string }): Promise<Planned[]> {
  const { rows } = await sql<Planned>`
    with horizon as materialized (select commit_horizon() as xid),
    page as (
      select e.xid, e.id, e.organization_id, e.type, e.payload from events e, horizon
      where (e.xid, e.id) > (${place.xid}::xid8, ${place.id}::bigint) and e.xid < horizon.xid
      order by e.xid, e.id limit ${PAGE})
    select p.xid::text, p.id::text, w.id as endpoint_id, p.organization_id, p.type, p.payload
    from page p
    left join (webhook_endpoints w join organizations o
        on o.id = w.organization_id and o.deleted_at is null and o.suspended_at is null)
      on w.organization_id = p.organization_id and w.disabled_at is null
        and p.type = any(${WEBHOOK_EVENT_TYPES}) and (w.event_types = '{}' or p.type = any(w.event_types))
    order by p.xid, p.id, w.id`.execute(db)
  return rows
}

/** A delivery whose attempt is the caller's. */
export interface Claimed {
  readonly id: string
  readonly organization_id: string
  readonly endpoint_id: string
  readonly event_id: string
  readonly event_type: string
  readonly payload: unknown
  readonly attempts: number
  readonly created_at: string
  readonly url: string
  readonly secret: string
  readonly old_secret: string | null
  readonly old_secret_until: string | null
}

interface Claim {
  readonly now: Date
  /** When the attempt counts as lost, and another may begin it. */
  readonly until: Date
  readonly room: number
  readonly roomPerEndpoint: number
  /** How many attempts this process has under way, by endpoint. */
  readonly busy: ReadonlyMap<string, number>
}

/**
 * Takes deliveries that are due, a few of each endpoint, so that none holds up the others. Another process that claims
 * at the same time gets others; a process that dies leaves its own to be claimed again.
 */
export async function claimDeliveries(
  db: Db,
  { now, until, room, roomPerEndpoint, busy }: Claim,
): Promise<Claimed[]> {
  // From endpoint to endpoint that has something pending, by the index: those that have nothing cost nothing. Materialized,
  // because what is planned anew for each row that it is joined with would take more than it may.
  const { rows } = await sql<Claimed>`
    with recursive pending (endpoint_id) as (
      (select endpoint_id from webhook_deliveries
        where status = 'PENDING'
          and (select min(next_attempt_at) from webhook_deliveries where status = 'PENDING') <= ${now}
        order by endpoint_id limit 1)
      union all
      select (select x.endpoint_id from webhook_deliveries x
          where x.status = 'PENDING' and x.endpoint_id > p.endpoint_id order by x.endpoint_id limit 1)
        from pending p where p.endpoint_id is not null),
    taken as materialized (
      select due.id from pending p
      join webhook_endpoints e on e.id = p.endpoint_id and e.disabled_at is null
      join organizations o on o.id = e.organization_id and o.deleted_at is null and o.suspended_at is null
      left join unnest(${[...busy.keys()]}::uuid[], ${[...busy.values()]}::int[]) b (id, n) on b.id = e.id
      cross join lateral (
        select x.id from webhook_deliveries x
        where x.endpoint_id = e.id and x.status = 'PENDING' and x.next_attempt_at <= ${now}
        order by x.next_attempt_at, x.id limit greatest(0, ${roomPerEndpoint}::int - coalesce(b.n, 0))
        for update of x skip locked) due
      order by random() limit ${room})
    update webhook_deliveries d set attempts = d.attempts + 1, next_attempt_at = ${until}
    from taken, webhook_endpoints w
    where d.id = taken.id and w.id = d.endpoint_id
    returning d.id, d.organization_id, d.endpoint_id, d.event_id, d.event_type, d.payload, d.attempts, d.created_at,
      w.url, w.secret, w.old_secret, w.old_secret_until`.execute(db)
  return rows
}

/** Writes how an attempt went, unless it took so long that another has begun. */
const settle = (
  db: Db,
  { id, attempts }: Claimed,
  { responseCode, error, latencyMs }: Sent,
  now: Date,
  next: { readonly status: 'PENDING' | 'DELIVERED' | 'FAILED'; readonly next_attempt_at: Date | null },
) =>
  db
    .updateTable('webhook_deliveries')
    .set({ ...next, last_attempt_at: now, response_code: responseCode, error, latency_ms: latencyMs })
    .where('id', '=', id)
    .where('attempts', '=', attempts)
    .where('status', '=', 'PENDING')
    .execute()

export async function settleDelivered(db: Db, delivery: Claimed, sent: Sent, now: Date): Promise<void> {
  await settle(db, delivery, sent, now, { status: 'DELIVERED', next_attempt_at: null })
  await db
    .updateTable('webhook_endpoints')
    .set({ failing_since: null })
    .where('id', '=', delivery.endpoint_id)
    .where('failing_since', 'is not', null)
    .execute()
}

/**
 * @param next undefined when there is no further attempt
 * @returns since when the endpoint has been failing; undefined when it is gone or disabled
 */
export async function settleFailed(
  db: Db,
  delivery: Claimed,
  sent: Sent,
  now: Date,
  next: Date | undefined,
): Promise<Date | undefined> {
  await settle(
    db,
    delivery,
    sent,
    now,
    next === undefined
      ? { status: 'FAILED', next_attempt_at: null }
      : { status: 'PENDING', next_attempt_at: next },
  )
  await db
    .updateTable('webhook_endpoints')
    .set({ failing_since: now })
    .where('id', '=', delivery.endpoint_id)
    .where('failing_since', 'is', null)
    .execute()
  const endpoint = await db
    .selectFrom('webhook_endpoints')
    .select('failing_since')
    .where('id', '=', delivery.endpoint_id)
    .where('disabled_at', 'is', null)
    .executeTakeFirst()
  const since = endpoint?.failing_since
  return since ? new Date(since) : undefined
}
