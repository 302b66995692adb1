import type { Pool, PoolClient } from 'pg'
import { onConnection } from '../db/scope.ts'
import { leafHash, MerkleTree, NO_SEAL_HASH, type SealContent, sealHash } from './merkle.ts'

/*
 * A row's leaf is the JSON array of its columns, each as PostgreSQL's text. Hashed here, not by a function of the
 * database: whoever owns that could make the function lie. All columns count; a test compares them with the table.
 */
export const sealedColumns = [
  'xid',
  'id',
  'actor_user_id',
  'actor_type',
  'organization_id',
  'operation_id',
  'resource_type',
  'resource_id',
  'action_type',
  'ip_address',
  'user_agent',
  'impersonator_id',
  'request_id',
  'reason',
  'outcome',
  'problem_code',
  'changes',
  'occurred_at',
] as const

const asText = sealedColumns.map((name) =>
  // Independent of the session's time zone.
  name === 'occurred_at' ? `(extract(epoch from occurred_at) * 1000)::bigint::text` : `${name}::text`,
)
const XID = 0
const ID = 1
const OCCURRED = sealedColumns.indexOf('occurred_at')

type LeafRow = readonly (string | null)[]

/** Rows to a seal. A broken seal names its range, so smaller is more exact and larger is cheaper. */
export const SEAL_ROWS = 10_000
// Few enough to be gone before the garbage collector takes them for lasting.
const fetchRows = 50

interface Position {
  readonly xid: string
  readonly id: string
}
const start: Position = { xid: '0', id: '00000000-0000-0000-0000-000000000000' }

/** A seal as kept. Instants as ISO text. */
export interface Seal extends SealContent {
  readonly hash: string
  readonly first_occurred_at: string
  readonly last_occurred_at: string
  readonly sealed_at: string
}

const sealColumns = `number, first_xid::text, first_id, last_xid::text, last_id, row_count, first_occurred_at, last_occurred_at,
  encode(root, 'hex') as root, encode(previous_hash, 'hex') as previous_hash, encode(hash, 'hex') as hash, sealed_at`

/** The platform's scope: a seal covers every organization's rows. */
const withPlatform = <T>(
  pool: Pool,
  mode: 'read only' | 'read write',
  work: (client: PoolClient) => Promise<T>,
): Promise<T> =>
  onConnection(
    pool,
    `begin isolation level ${mode === 'read only' ? 'repeatable read' : 'read committed'} ${mode}; select set_config('app.scope', 'platform', true)`,
    async (client) => ({ value: await work(client), commit: true }),
  )

/**
 * Rows after a position in sealing order, up to another with it or up to what can be sealed now, at most `limit`. By a
 * cursor, a few at a time: however many there are, memory holds few.
 */
async function* leaves(
  client: PoolClient,
  from: Position,
  to: Position | null,
  limit: number,
): AsyncGenerator<LeafRow> {
  const bound = to ? '(xid, id) <= ($4::text::xid8, $5::uuid)' : 'xid < (select commit_horizon())'
  await client.query(
    `declare leaves no scroll cursor for select ${asText.join(', ')} from audit_logs
      where (xid, id) > ($1::text::xid8, $2::uuid) and ${bound} order by audit_logs.xid, audit_logs.id limit $3`,
    [from.xid, from.id, limit, ...(to ? [to.xid, to.id] : [])],
  )
  const text = `fetch forward ${fetchRows} from leaves`
  for (;;) {
    const { rows } = await client.query<(string | null)[]>({ rowMode: 'array', text })
    yield* rows
    if (rows.length < fetchRows) break
  }
  await client.query('close leaves')
}

interface Counted {
  readonly rows: number
  readonly root: string
  readonly first: LeafRow | undefined
  readonly last: LeafRow | undefined
  readonly earliest: number
  readonly latest: number
}

async function count(rows: AsyncIterable<LeafRow>): Promise<Counted> {
  const tree = new MerkleTree()
  let first: LeafRow | undefined
  let last: LeafRow | undefined
  let earliest = Number.POSITIVE_INFINITY
  let latest = Number.NEGATIVE_INFINITY
  for await (const row of rows) {
    tree.add(leafHash(JSON.stringify(row)))
    first ??= row
    last = row
    const at = Number(row[OCCURRED])
    earliest = Math.min(earliest, at)
    latest = Math.max(latest, at)
  }
  return { rows: tree.size, root: tree.head().toString('hex'), first, last, earliest, latest }
}

const positionOf = (row: LeafRow): Position => ({ xid: row[XID] ?? '', id: row[ID] ?? '' })
const endOf = (seal: Seal | undefined): Position => (seal ? { xid: seal.last_xid, id: seal.last_id } : start)

async function lastSeal(client: PoolClient): Promise<Seal | undefined> {
  const { rows } = await client.query<Seal>(
    `select ${sealColumns} from audit_seals order by number desc limit 1`,
  )
  return rows[0]
}

/**
 * Seals what is committed and not sealed yet, in at most so many seals, each in a transaction of its own; answers whether
 * that was all. Replicas may all do it: one at a time gets in.
 */
export async function sealAudit(pool: Pool, now: Date, seals = Number.POSITIVE_INFINITY): Promise<boolean> {
  for (let made = 0; made < seals; made++) {
    const rows = await withPlatform(pool, 'read write', async (client) => {
      await client.query(`select pg_advisory_xact_lock(hashtext('wardline.audit-seals'))`)
      const before = await lastSeal(client)
      const range = await count(leaves(client, endOf(before), null, SEAL_ROWS))
      if (!range.first || !range.last) return 0
      const [from, to] = [positionOf(range.first), positionOf(range.last)]
      const seal: SealContent = {
        number: (before?.number ?? 0) + 1,
        first_xid: from.xid,
        first_id: from.id,
        last_xid: to.xid,
        last_id: to.id,
        row_count: range.rows,
        root: range.root,
        previous_hash: before?.hash ?? NO_SEAL_HASH,
      }
      await client.query(
        `insert into audit_seals (number, first_xid, first_id, last_xid, last_id, row_count, first_occurred_at,
           last_occurred_at, root, previous_hash, hash, sealed_at)
         values ($1, $2::text::xid8, $3, $4::text::xid8, $5, $6, $7, $8, decode($9, 'hex'), decode($10, 'hex'), decode($11, 'hex'), $12)`,
        [
          ...[seal.number, from.xid, from.id, to.xid, to.id, range.rows],
          ...[
            new Date(range.earliest),
            new Date(range.latest),
            seal.root,
            seal.previous_hash,
            sealHash(seal),
            now,
          ],
        ],
      )
      return range.rows
    })
    if (rows < SEAL_ROWS) return true
  }
  return false
}

export type Breach =
  | 'ROWS_CHANGED'
  | 'ROWS_REMOVED'
  | 'ROWS_INSERTED'
  | 'SEAL_CHANGED'
  | 'SEAL_MISSING'
  | 'ANCHOR_MISMATCH'

/** What was found. `first_bad` is the first range, in sealing order, that is not as it was sealed. */
export interface Integrity {
  readonly intact: boolean
  readonly checked_seals: number
  readonly checked_rows: number
  readonly first_bad: {
    readonly breach: Breach
    readonly seal_number: number
    readonly from: string | null
    readonly to: string | null
    readonly sealed_rows: number | null
    readonly found_rows: number | null
  } | null
  readonly last_seal: { readonly number: number; readonly hash: string; readonly sealed_at: string } | null
}

/** What to check: the seals made in a span of time, and a seal that was kept outside. */
export interface IntegrityQuery {
  readonly from: Date | null
  /** Exclusive. */
  readonly to: Date | null
  readonly anchor: { readonly number: number; readonly hash: string } | null
}

type Bad = NonNullable<Integrity['first_bad']>

const badSeal = (breach: Breach, number: number, seal?: Seal, found?: number): Bad => ({
  breach,
  seal_number: number,
  from: seal?.first_occurred_at ?? null,
  to: seal?.last_occurred_at ?? null,
  sealed_rows: seal?.row_count ?? null,
  found_rows: found ?? null,
})

/** Whether a seal is what follows the one before. */
function chainBreach(seal: Seal, before: Seal | undefined): Bad | undefined {
  const expected = (before?.number ?? 0) + 1
  if (seal.number !== expected) return badSeal('SEAL_MISSING', expected)
  const chained = seal.previous_hash === (before?.hash ?? NO_SEAL_HASH)
  return chained && sealHash(seal) === seal.hash ? undefined : badSeal('SEAL_CHANGED', seal.number, seal)
}

async function rowsBreach(
  client: PoolClient,
  seal: Seal,
  before: Seal | undefined,
): Promise<{ bad?: Bad; rows: number }> {
  // One more than sealed is enough to know that there are too many.
  const to = endOf(seal)
  const found = await count(leaves(client, endOf(before), to, seal.row_count + 1))
  const { rows } = found
  if (rows < seal.row_count) return { rows, bad: badSeal('ROWS_REMOVED', seal.number, seal, rows) }
  if (rows > seal.row_count) return { rows, bad: badSeal('ROWS_INSERTED', seal.number, seal, rows) }
  return found.root === seal.root ? { rows } : { rows, bad: badSeal('ROWS_CHANGED', seal.number, seal, rows) }
}

/** Compares the seals, and the rows under those of the range, with what they say. The chain is always checked whole. */
export const verifyAudit = (pool: Pool, { from, to, anchor }: IntegrityQuery): Promise<Integrity> =>
  withPlatform(pool, 'read only', async (client) => {
    let before: Seal | undefined
    let bad: Bad | undefined
    let seals = 0
    let rows = 0
    let anchored = anchor === null
    for (;;) {
      const { rows: page } = await client.query<Seal>(
        `select ${sealColumns} from audit_seals where number > $1 order by number limit 500`,
        [before?.number ?? 0],
      )
      for (const seal of page) {
        bad ??= chainBreach(seal, before)
        if (anchor?.number === seal.number) {
          anchored = true
          if (anchor.hash !== seal.hash) bad ??= badSeal('ANCHOR_MISMATCH', seal.number, seal)
        }
        const at = Date.parse(seal.sealed_at)
        const wanted = (from === null || at >= from.getTime()) && (to === null || at < to.getTime())
        if (wanted && !bad) {
          const result = await rowsBreach(client, seal, before)
          seals += 1
          rows += result.rows
          bad = result.bad
        }
        before = seal
      }
      if (page.length === 0) break
    }
    // A chain that was cut off and grown anew is whole in itself: only the seal kept outside tells.
    if (!anchored && anchor) bad ??= badSeal('SEAL_MISSING', anchor.number)
    return {
      intact: !bad,
      checked_seals: seals,
      checked_rows: rows,
      first_bad: bad ?? null,
      last_seal: before ? { number: before.number, hash: before.hash, sealed_at: before.sealed_at } : null,
    }
  })
