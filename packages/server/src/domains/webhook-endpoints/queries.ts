import { type Insertable, sql, type Updateable } from 'kysely'
import { rowAfter, type Slice } from '../../db/keyset.ts'
import type { Db } from '../../db/scope.ts'
import type { components } from '../../generated/contract.ts'
import type { WebhookDeliveriesTable, WebhookEndpointsTable } from '../../generated/database.ts'
import { isWebhookEventType } from './types.ts'

type Endpoint = components['schemas']['WebhookEndpoint']

const endpointsOf = (db: Db, organizationId: string) =>
  db
    .selectFrom('webhook_endpoints')
    .select([
      'id',
      'organization_id',
      'url',
      'description',
      'event_types',
      'disabled_at',
      'disabled_reason',
      'failing_since',
      'lost_count',
      'lost_at',
      'old_secret_until',
      'created_at',
      'updated_at',
    ])
    .where('organization_id', '=', organizationId)

type EndpointRow = Awaited<ReturnType<ReturnType<typeof endpointsOf>['execute']>>[number]

const isLossUntold = sql<boolean>`(lost_told_at is null or lost_told_at < lost_at)`

const toEndpoint = (row: EndpointRow, now: Date): Endpoint => ({
  ...row,
  event_types: row.event_types.filter(isWebhookEventType),
  enabled: row.disabled_at === null,
  old_secret_until:
    row.old_secret_until !== null && Date.parse(row.old_secret_until) > now.getTime()
      ? row.old_secret_until
      : null,
})

/** The newest first: ids are ordered by time. */
export const listEndpoints = async (db: Db, organizationId: string, { after, limit }: Slice, now: Date) =>
  (
    await endpointsOf(db, organizationId)
      .$if(after !== null, (query) => query.where(rowAfter(['id'], 'descending', after ?? [])))
      .orderBy('id', 'desc')
      .limit(limit)
      .execute()
  ).map((row) => toEndpoint(row, now))

export const countEndpoints = async (db: Db, organizationId: string): Promise<number> =>
  (
    await db
      .selectFrom('webhook_endpoints')
      .select((eb) => eb.fn.countAll<number>().as('n'))
      .where('organization_id', '=', organizationId)
      .executeTakeFirstOrThrow()
  ).n

/** Holds up whoever else adds an endpoint to this organization, until this transaction ends. */
export const lockEndpoints = (db: Db, organizationId: string) =>
  sql`select pg_advisory_xact_lock(hashtext('webhook_endpoints'), hashtext(${organizationId}))`.execute(db)

export async function findEndpoint(
  db: Db,
  organizationId: string,
  id: string,
  now: Date,
): Promise<Endpoint | undefined> {
  const row = await endpointsOf(db, organizationId).where('id', '=', id).executeTakeFirst()
  return row && toEndpoint(row, now)
}

export const insertEndpoint = (db: Db, endpoint: Insertable<WebhookEndpointsTable>) =>
  db.insertInto('webhook_endpoints').values(endpoint).execute()

/** Locked, so that two rotations at once make two secrets, one after the other. */
export const lockSecret = (db: Db, organizationId: string, id: string) =>
  db
    .selectFrom('webhook_endpoints')
    .select(['secret'])
    .where('organization_id', '=', organizationId)
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst()

export const updateEndpoint = (
  db: Db,
  organizationId: string,
  id: string,
  change: Updateable<WebhookEndpointsTable>,
) =>
  db
    .updateTable('webhook_endpoints')
    .set(change)
    .where('organization_id', '=', organizationId)
    .where('id', '=', id)
    .execute()

/** False when there is none. */
export const deleteEndpoint = async (db: Db, organizationId: string, id: string): Promise<boolean> => {
  const { numDeletedRows } = await db
    .deleteFrom('webhook_endpoints')
    .where('organization_id', '=', organizationId)
    .where('id', '=', id)
    .executeTakeFirst()
  return numDeletedRows === 1n
}

/** Disables an endpoint that says it is gone; undefined when it is disabled, or has moved since. */
export const disableGone = (db: Db, organizationId: string, id: string, url: string, now: Date) =>
  db
    .updateTable('webhook_endpoints')
    .set({ disabled_at: now, disabled_reason: 'GONE' })
    .where('organization_id', '=', organizationId)
    .where('id', '=', id)
    .where('disabled_at', 'is', null)
    .where('url', '=', url)
    .returning(['id', 'url'])
    .executeTakeFirst()

/** Notes that the ADMINs are told of what was lost until now; undefined when somebody else did. */
export const markLossTold = (db: Db, organizationId: string, id: string, now: Date) =>
  db
    .updateTable('webhook_endpoints')
    .set({ lost_told_at: now })
    .where('organization_id', '=', organizationId)
    .where('id', '=', id)
    .where(isLossUntold)
    .returning(['id', 'url', 'lost_count'])
    .executeTakeFirst()

/** Endpoints of which something was lost that nobody was told of, in the scope `webhooks`. */
export const listUntoldLosses = (db: Db, limit: number) =>
  db
    .selectFrom('webhook_endpoints')
    .select(['id', 'organization_id', 'lost_count'])
    .where('lost_at', 'is not', null)
    .where(isLossUntold)
    .orderBy('id')
    .limit(limit)
    .execute()

/** Disables an endpoint that has failed since `limit` or longer; undefined when it is disabled, or works again. */
export const disableFailing = (db: Db, organizationId: string, id: string, limit: Date, now: Date) =>
  db
    .updateTable('webhook_endpoints')
    .set({ disabled_at: now, disabled_reason: 'FAILING' })
    .where('organization_id', '=', organizationId)
    .where('id', '=', id)
    .where('disabled_at', 'is', null)
    .where('failing_since', '<=', limit.toISOString())
    .returning(['id', 'url'])
    .executeTakeFirst()

interface DeliveryFilter {
  readonly organizationId: string
  readonly endpointId: string
  readonly status: components['schemas']['WebhookDeliveryStatus'] | undefined
}

const deliveriesOf = (db: Db, { organizationId, endpointId, status }: DeliveryFilter) =>
  db
    .selectFrom('webhook_deliveries')
    .where('organization_id', '=', organizationId)
    .where('endpoint_id', '=', endpointId)
    .$if(status !== undefined, (query) => query.where('status', '=', status ?? 'PENDING'))

const shown = [
  'id',
  'endpoint_id',
  'event_id',
  'event_type',
  'status',
  'attempts',
  'last_attempt_at',
  'response_code',
  'error',
  'latency_ms',
  'next_attempt_at',
  'replay_of',
  'created_at',
] as const

type DeliveryRow = Pick<
  Awaited<ReturnType<ReturnType<typeof shownOf>['executeTakeFirstOrThrow']>>,
  (typeof shown)[number]
>

const shownOf = (db: Db, filter: DeliveryFilter) => deliveriesOf(db, filter).select(shown)

/** Only what may leave is ever recorded; what a later version took back is not shown either. */
const toDelivery = ({ event_type, ...row }: DeliveryRow) =>
  isWebhookEventType(event_type) ? [{ ...row, event_type }] : []

/** The newest first. */
export const listDeliveries = async (db: Db, filter: DeliveryFilter, { after, limit }: Slice) =>
  (
    await shownOf(db, filter)
      .$if(after !== null, (query) => query.where(rowAfter(['id'], 'descending', after ?? [])))
      .orderBy('id', 'desc')
      .limit(limit)
      .execute()
  ).flatMap(toDelivery)

export const countDeliveries = async (db: Db, filter: DeliveryFilter): Promise<number> =>
  (
    await deliveriesOf(db, filter)
      .select((eb) => eb.fn.countAll<number>().as('n'))
      .executeTakeFirstOrThrow()
  ).n

export const findDelivery = async (db: Db, filter: Omit<DeliveryFilter, 'status'>, id: string) => {
  const row = await shownOf(db, { ...filter, status: undefined })
    .where('id', '=', id)
    .executeTakeFirst()
  return row && toDelivery(row)[0]
}

/** The same event again, due at once. */
export const insertReplay = (db: Db, organizationId: string, of: string, id: string, now: Date) =>
  db
    .insertInto('webhook_deliveries')
    .columns([
      'id',
      'organization_id',
      'endpoint_id',
      'event_id',
      'event_type',
      'payload',
      'next_attempt_at',
      'replay_of',
      'created_at',
    ])
    .expression((eb) =>
      eb
        .selectFrom('webhook_deliveries')
        .select([
          sql<string>`${id}::uuid`.as('id'),
          'organization_id',
          'endpoint_id',
          'event_id',
          'event_type',
          'payload',
          sql<string>`${now}::timestamptz`.as('next_attempt_at'),
          'id as replay_of',
          sql<string>`${now}::timestamptz`.as('created_at'),
        ])
        .where('organization_id', '=', organizationId)
        .where('id', '=', of),
    )
    .execute()

export type NewDelivery = Insertable<WebhookDeliveriesTable>
