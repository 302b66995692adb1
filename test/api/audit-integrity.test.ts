import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { SEAL_ROWS, sealAudit, sealedColumns } from '../../packages/server/src/audit/seals.ts'
import { createPool } from '../../packages/server/src/db/pool.ts'
import { codeOf } from '../support/problems.ts'
import { createWorld, type TestUser, type World } from '../support/world.ts'

let world: World
let org: string
let auditor: TestUser
let pool: pg.Pool

beforeAll(async () => {
  world = await createWorld()
  org = await world.organization()
  auditor = await world.user({ roles: { [org]: 'AUDITOR' } })
  pool = createPool(world.appUrl, 4, () => {})
})
afterAll(async () => {
  await pool.end()
  await world.stop()
})

const sealOnce = () => sealAudit(pool, world.clock.now())
/** Until all is sealed: a transaction that runs anywhere in the database's cluster puts it off. */
const seal = () =>
  vi.waitFor(
    async () => {
      await sealOnce()
      const { rows } = await world.admin.query(
        `select count(*)::int as n from audit_logs where (xid, id) > coalesce(
           (select row(last_xid, last_id) from audit_seals order by number desc limit 1), row('0'::xid8, $1::uuid))`,
        ['00000000-0000-0000-0000-000000000000'],
      )
      expect(rows[0].n).toBe(0)
    },
    { timeout: 15_000, interval: 50 },
  )
const verify = (anchor: { seal_number?: number; seal_hash?: string } = {}) =>
  auditor.client.admin.verifyAuditIntegrity({ organization_id: org, ...anchor })

const insert = (id: string, client: pg.Client | pg.PoolClient = world.admin) =>
  client.query(
    `insert into audit_logs (id, actor_type, organization_id, operation_id, resource_type, action_type, request_id, outcome, occurred_at)
     values ($1, 'SYSTEM', $2, 'getPatient', 'PATIENT', 'READ', 'r', 'SUCCESS', $3)`,
    [id, org, world.clock.now()],
  )

async function sealedRows(count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => world.id())
  for (const id of ids) await insert(id)
  await seal()
  return ids
}

/** As the superuser with triggers off: nothing that the database enforces stands in the way. Undone afterwards. */
async function tamper<T>(statements: [sql: string, values: unknown[]][], look: () => Promise<T>): Promise<T> {
  const unguarded = async (work: () => Promise<void>): Promise<void> => {
    await world.admin.query('begin; set local session_replication_role = replica')
    await work()
    await world.admin.query('commit')
  }
  await world.admin.query(
    'create table kept_rows as select * from audit_logs; create table kept_seals as select * from audit_seals',
  )
  await unguarded(async () => {
    for (const [sql, values] of statements) await world.admin.query(sql, values)
  })
  try {
    return await look()
  } finally {
    await unguarded(async () => {
      await world.admin.query(`
        create temp table since on commit drop as
          select * from audit_logs where xid > (select max(xid) from kept_rows);
        delete from audit_logs; delete from audit_seals;
        insert into audit_logs select * from kept_rows union all select * from since;
        insert into audit_seals select * from kept_seals;
        drop table kept_rows, kept_seals`)
    })
  }
}

const breach = async (...statements: [sql: string, values: unknown[]][]) => {
  const { intact, first_bad } = await tamper(statements, () => verify())
  return { intact, breach: first_bad?.breach, seal: first_bad?.seal_number }
}
const copyOf =
  'insert into audit_logs select (jsonb_populate_record(a, $2)).* from audit_logs a where id = $1'

describe('the seals on the audit trail', () => {
  let first: string[]
  let last: string[]
  let number: number
  beforeAll(async () => {
    await seal()
    first = await sealedRows(7)
    const { last_seal } = await verify()
    number = last_seal?.number ?? 0
    last = await sealedRows(5)
  })

  test('an untouched trail is intact, and what is not sealed yet does no harm', async () => {
    await insert(world.id())
    expect(await verify()).toMatchObject({
      intact: true,
      first_bad: null,
      last_seal: { number: expect.any(Number) },
    })
    await seal()
    expect((await verify()).intact).toBe(true)
  })

  test.each([
    ['a changed field', `update audit_logs set resource_id = gen_random_uuid() where id = $1`],
    ['a changed instant', `update audit_logs set occurred_at = occurred_at - interval '1 ms' where id = $1`],
    ['a changed JSON value', `update audit_logs set changes = '{"a": 1}' where id = $1`],
    ['a changed organization', `update audit_logs set organization_id = null where id = $1`],
  ])('%s is found, and its range named', async (_name, sql) => {
    expect(await breach([sql, [first[3]]])).toEqual({ intact: false, breach: 'ROWS_CHANGED', seal: number })
  })

  test('a removed row is found, the first and last of a range too', async () => {
    for (const id of [first[0], first[3], first[6]])
      expect(await breach(['delete from audit_logs where id = $1', [id]])).toEqual({
        intact: false,
        breach: 'ROWS_REMOVED',
        seal: number,
      })
  })

  test('an inserted row is found', async () => {
    expect(await breach([copyOf, [first[3], { id: world.id() }]])).toEqual({
      intact: false,
      breach: 'ROWS_INSERTED',
      seal: number,
    })
  })

  test('rows that changed places are found', async () => {
    const place = 'update audit_logs set xid = $2::text::xid8 where id = $1'
    const { rows } = await world.admin.query('select id, xid::text from audit_logs where id = any($1)', [
      [first[1], first[2]],
    ])
    const xidOf = (id: string | undefined) => rows.find((row) => row.id === id)?.xid
    expect(await breach([place, [first[1], xidOf(first[2])]], [place, [first[2], xidOf(first[1])]])).toEqual({
      intact: false,
      breach: 'ROWS_CHANGED',
      seal: number,
    })
  })

  test('of several bad ranges the first is named', async () => {
    const drop = 'delete from audit_logs where id = $1'
    expect(await breach([drop, [last[2]]], [drop, [first[2]]])).toMatchObject({ seal: number })
    expect(await breach([drop, [last[2]]])).toMatchObject({ breach: 'ROWS_REMOVED', seal: number + 1 })
  })

  test('a seal that was changed, made anew without its chain, or removed is found', async () => {
    expect(await breach([`update audit_seals set row_count = 6 where number = $1`, [number]])).toMatchObject({
      breach: 'SEAL_CHANGED',
      seal: number,
    })
    expect(await breach(['delete from audit_seals where number = $1', [number]])).toMatchObject({
      breach: 'SEAL_MISSING',
      seal: number,
    })
  })

  test('a history rewritten with its whole chain is found by the seal that was kept outside, and by it alone', async () => {
    const kept = (await verify()).last_seal
    const anchor = { seal_number: kept?.number ?? 0, seal_hash: kept?.hash ?? '' }
    expect((await verify(anchor)).intact).toBe(true)
    const rewrite: [string, unknown[]][] = [
      [`update audit_logs set reason = 'something else' where id = $1`, [first[3]]],
      ['delete from audit_seals', []],
    ]
    const [alone, kept_outside] = await tamper(rewrite, async () => {
      await seal()
      return [await verify(), await verify(anchor)]
    })
    expect(alone.intact).toBe(true)
    expect(kept_outside.first_bad?.breach).toMatch(/ANCHOR_MISMATCH|SEAL_MISSING/)
    expect(await codeOf(verify({ seal_number: 1 }))).toBe('VALIDATION_ERROR')
  })

  test('a row of a transaction that commits late is sealed later, not behind a seal', async () => {
    const slow = await pool.connect()
    const late = world.id()
    try {
      await slow.query('begin')
      await insert(late, slow)
      const early = world.id()
      await insert(early)
      // Nothing above the oldest running transaction is sealed.
      await sealOnce()
      await slow.query('commit')
    } finally {
      slow.release()
    }
    await seal()
    expect((await verify()).intact).toBe(true)
    expect(await breach(['delete from audit_logs where id = $1', [late]])).toMatchObject({
      breach: 'ROWS_REMOVED',
    })
  })

  test('two replicas that seal at once leave one chain', async () => {
    for (let round = 0; round < 3; round++) {
      await insert(world.id())
      await Promise.all([sealOnce(), sealOnce(), sealOnce()])
    }
    expect((await verify()).intact).toBe(true)
  })

  test('a large backlog is sealed in ranges', async () => {
    const before = (await verify()).last_seal?.number ?? 0
    await world.admin.query(
      `insert into audit_logs (id, actor_type, operation_id, resource_type, action_type, request_id, outcome, occurred_at)
       select gen_random_uuid(), 'SYSTEM', 'x', 'PATIENT', 'READ', 'r', 'SUCCESS', $2 from generate_series(1, $1::int)`,
      [SEAL_ROWS + 10, world.clock.now()],
    )
    await seal()
    expect((await verify()).intact).toBe(true)
    // Upkeep may seal at the same moment, so the ranges are looked at, not their number.
    const { rows } = await world.admin.query<{ rows: number }>(
      'select row_count as rows from audit_seals where number > $1',
      [before],
    )
    const sizes = rows.map((row) => row.rows)
    expect(sizes.length).toBeGreaterThanOrEqual(2)
    expect(Math.max(...sizes)).toBe(SEAL_ROWS)
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeGreaterThanOrEqual(SEAL_ROWS + 10)
  })

  test('every column of a row is under the seal', async () => {
    const { rows } = await world.admin.query(
      `select attname from pg_attribute where attrelid = 'audit_logs'::regclass and attnum > 0 and not attisdropped`,
    )
    expect(rows.map(({ attname }) => attname).toSorted()).toEqual([...sealedColumns].toSorted())
  })

  test('seals are append-only, for the owner too, and no tenant sees them', async () => {
    for (const statement of [
      'update audit_seals set row_count = 1',
      'delete from audit_seals',
      'truncate audit_seals',
    ])
      await expect(world.admin.query(statement)).rejects.toThrow(/append-only/)
    expect((await pool.query('select count(*)::int as n from audit_seals')).rows).toEqual([{ n: 0 }])
  })

  test('upkeep seals by itself', async () => {
    const before = (await verify()).last_seal?.number ?? 0
    world.clock.advance({ minutes: 2 })
    const number = async () => (await verify()).last_seal?.number ?? 0
    await expect.poll(number, { timeout: 10_000 }).toBeGreaterThan(before)
  })
})
