import pg from 'pg'
import type { Logger } from 'pino'
import { connectionConfig } from '../../db/pool.ts'

/** A place in the outbox: transaction, then row. Ordered. */
export interface Position {
  readonly xid: bigint
  readonly id: bigint
}

export interface OutboxRow extends Position {
  readonly userId: string | null
  readonly organizationId: string | null
  readonly toSupport: boolean
  readonly type: string
  readonly payload: unknown
}

export const compare = (a: Position, b: Position): number =>
  a.xid < b.xid ? -1 : a.xid > b.xid ? 1 : a.id < b.id ? -1 : a.id > b.id ? 1 : 0

export const formatPosition = ({ xid, id }: Position): string => `${xid}.${id}`

/** Reads an event id of the wire; undefined when it is none. */
export function parsePosition(text: string): Position | undefined {
  const [, xid, id] = /^(\d{1,20})\.(\d{1,20})$/.exec(text) ?? []
  if (xid === undefined || id === undefined) return undefined
  const position = { xid: BigInt(xid), id: BigInt(id) }
  return position.xid < 2n ** 64n && position.id < 2n ** 63n ? position : undefined
}

const lastId = 2n ** 63n - 1n
const pageSize = 500
// A transaction that is still running holds the horizon back; nobody announces its end. Most are short.
const pendingPollMs = [2, 4, 8, 16, 20] as const
const backstopPollMs = 1000
const reconnectMs = 500

interface Row {
  xid: string
  id: string
  user_id: string | null
  organization_id: string | null
  to_support: boolean
  type: string
  payload: unknown
}

const toOutboxRow = (row: Row): OutboxRow => ({
  xid: BigInt(row.xid),
  id: BigInt(row.id),
  userId: row.user_id,
  organizationId: row.organization_id,
  toSupport: row.to_support,
  type: row.type,
  payload: row.payload,
})

const columns = 'xid::text, id::text, user_id, organization_id, to_support, type, payload'

/** Connections that only ever read the outbox may keep its scope for good. */
function scoped(url: string, name: string): pg.ClientConfig {
  const config = connectionConfig(url, name)
  return { ...config, options: `${config.options} -c app.scope=events` }
}

/** Who reads, for a catch-up from the table. */
export interface Reader {
  readonly user: string | null
  readonly organization: string | null
  readonly support: boolean
}

/**
 * The process's one reader of the outbox. Transactions commit out of id order, so it reads (xid, id) only below
 * the oldest transaction that still runs in this database: nothing is ever skipped, a long transaction only delays. Notifications wake
 * it; a short poll is the backstop.
 */
export class Tailer {
  readonly #url: string
  readonly #log: Logger
  /** For those who catch up: a thousand of them at once must not hold up the tail. */
  readonly #pages: pg.Pool
  readonly #deliver: (rows: readonly OutboxRow[]) => void
  readonly #accessChanged: (userId: string | null) => void
  #client: pg.Client | null = null
  #position: Position = { xid: 0n, id: 0n }
  #timer: NodeJS.Timeout | undefined
  #polling: Promise<void> | null = null
  #again = false
  /** How many looks in a row found rows behind the horizon. */
  #held = 0
  #stopped = false
  #readAt = performance.now()

  constructor(
    url: string,
    log: Logger,
    deliver: (rows: readonly OutboxRow[]) => void,
    accessChanged: (userId: string | null) => void,
  ) {
    this.#url = url
    this.#log = log
    this.#pages = new pg.Pool({ ...scoped(url, 'wardline-events-pages'), max: 2, idleTimeoutMillis: 30_000 })
    this.#pages.on('error', (error) => log.warn({ err: error }, 'an idle connection for events was lost'))
    this.#deliver = deliver
    this.#accessChanged = accessChanged
  }

  /** Everything up to here was delivered. */
  get position(): Position {
    return this.#position
  }

  /** Since when the outbox was last read to its end: some milliseconds, while the database answers. */
  get lagMs(): number {
    return performance.now() - this.#readAt
  }

  async start(): Promise<void> {
    await this.#connect()
    const { rows } = await this.#query<{ horizon: string }>('select commit_horizon()::text as horizon')
    this.#position = { xid: BigInt(rows[0]?.horizon ?? '1') - 1n, id: lastId }
    this.#schedule(backstopPollMs)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    await this.#polling?.catch(() => {})
    await this.#client?.end().catch(() => {})
    await this.#pages.end()
  }

  /** Reads what is new; resolves when everything committed before the call is delivered or held by the horizon. */
  poll(): Promise<void> {
    // Requests that are finished while the server stops still publish: the others tell it.
    if (this.#stopped) return Promise.resolve()
    if (this.#polling) {
      this.#again = true
      return this.#polling
    }
    this.#polling = this.#pollUntilIdle().finally(() => {
      this.#polling = null
    })
    return this.#polling
  }

  /** Wakes the tailer without waiting for it. */
  wake(): void {
    void this.poll().catch(() => {})
  }

  /** A page of one reader's events in (after, upTo]; a row that matches twice comes twice, next to each other. */
  async readPage(reader: Reader, after: Position, upTo: Position, limit: number): Promise<OutboxRow[]> {
    // "order by xid" alone would mean the output column, which is text.
    const part = (condition: string) =>
      `(select ${columns}, xid as x, id as i from events where ${condition}
        and (xid, id) > ($4::xid8, $5::bigint) and (xid, id) <= ($6::xid8, $7::bigint)
        order by events.xid, events.id limit $8)`
    const { rows } = await this.#pages.query<Row>(
      `select ${columns.replaceAll('::text', '')} from (
        ${part('user_id = $1')} union all ${part('organization_id = $2')} union all ${part('to_support and $3')}
      ) e order by x, i limit $8`,
      [
        reader.user,
        reader.organization,
        reader.support,
        `${after.xid}`,
        `${after.id}`,
        `${upTo.xid}`,
        `${upTo.id}`,
        limit,
      ],
    )
    return rows.map(toOutboxRow)
  }

  /** The place right before the first event since an instant; undefined when there is none. */
  async before(since: string): Promise<Position | undefined> {
    const { rows } = await this.#pages.query<{ xid: string; id: string }>(
      `select xid::text, id::text from events where created_at >= $1 order by events.xid, events.id limit 1`,
      [since],
    )
    const [first] = rows
    return first && { xid: BigInt(first.xid), id: BigInt(first.id) - 1n }
  }

  /** How far retention has deleted. */
  async purged(): Promise<Position> {
    const { rows } = await this.#pages.query<{ xid: string; id: string }>(
      'select xid::text, id::text from events_purged',
    )
    return { xid: BigInt(rows[0]?.xid ?? '0'), id: BigInt(rows[0]?.id ?? '0') }
  }

  async #pollUntilIdle(): Promise<void> {
    do {
      this.#again = false
      this.#held = (await this.#readNew()) ? this.#held + 1 : 0
      this.#schedule(this.#held === 0 ? backstopPollMs : (pendingPollMs[this.#held - 1] ?? 20))
    } while (this.#again && !this.#stopped)
  }

  /** Answers whether rows wait behind the horizon. */
  async #readNew(): Promise<boolean> {
    for (;;) {
      const { rows } = await this.#query<Partial<Row> & { horizon: string; pending: boolean }>(
        `with s as materialized (select commit_horizon() as xmin)
         select s.xmin::text as horizon, exists (select from events where xid >= s.xmin) as pending, e.*
         from s left join lateral (
           select ${columns} from events where (xid, id) > ($1::xid8, $2::bigint) and xid < s.xmin
           order by events.xid, events.id limit ${pageSize}) e on true`,
        [`${this.#position.xid}`, `${this.#position.id}`],
      )
      const fresh = rows.flatMap((row) =>
        row.xid === undefined || row.xid === null ? [] : [toOutboxRow(row as Row)],
      )
      const last = fresh.at(-1)
      const full = fresh.length === pageSize
      const horizon = { xid: BigInt(rows[0]?.horizon ?? '1') - 1n, id: lastId }
      const reached = full && last ? { xid: last.xid, id: last.id } : horizon
      // The position moves before the delivery: a stream that joins meanwhile starts after these rows or has them.
      if (compare(reached, this.#position) > 0) this.#position = reached
      if (fresh.length > 0) this.#deliver(fresh)
      if (full) continue
      this.#readAt = performance.now()
      return rows[0]?.pending ?? false
    }
  }

  #schedule(delay: number): void {
    clearTimeout(this.#timer)
    if (this.#stopped) return
    this.#timer = setTimeout(() => this.wake(), delay)
  }

  async #connect(): Promise<pg.Client> {
    const client = new pg.Client(scoped(this.#url, 'wardline-events'))
    client.on('error', () => this.#lost(client))
    client.on('end', () => this.#lost(client))
    client.on('notification', ({ channel, payload }) => {
      if (channel === 'wardline_access') this.#accessChanged(payload ?? null)
      else this.wake()
    })
    await client.connect()
    await client.query('listen wardline_events; listen wardline_access')
    this.#client = client
    return client
  }

  #lost(client: pg.Client): void {
    if (this.#client !== client) return
    this.#client = null
    if (this.#stopped) return
    this.#log.warn('the event tail lost its database connection')
    this.#schedule(reconnectMs)
  }

  #query<T extends pg.QueryResultRow>(text: string, values: unknown[] = []): Promise<pg.QueryResult<T>> {
    const answer = this.#send<T>(text, values)
    answer.catch(() => this.#schedule(reconnectMs))
    return answer
  }

  async #send<T extends pg.QueryResultRow>(text: string, values: unknown[]): Promise<pg.QueryResult<T>> {
    let client = this.#client
    if (!client) {
      client = await this.#connect()
      // Announcements may have been missed while nobody listened.
      this.#accessChanged(null)
    }
    return client.query<T>(text, values)
  }
}
