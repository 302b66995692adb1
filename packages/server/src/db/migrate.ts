import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Client, type ClientBase, DatabaseError, escapeLiteral } from 'pg'
import { StartupError } from '../startup-error.ts'
import { connect } from './connect.ts'

/** Where the server's own migrations are. */
export const MIGRATIONS_DIR = join(import.meta.dirname, '../../migrations')

interface Migration {
  readonly name: string
  readonly sql: string
  readonly checksum: string
  /** The oldest migration that a server must know to run beside it, by its number; null where any server may. */
  readonly needs: string | null
  /** Statements that no transaction may hold: indexes made while the table is in use. */
  readonly concurrent: boolean
}

/** How a migration waits for its locks: everybody else waits behind it meanwhile, so briefly, but again and again. */
export interface Patience {
  readonly lockMs: number
  readonly attempts: number
  readonly pauseMs: number
}

const PATIENCE: Patience = { lockMs: 2000, attempts: 30, pauseMs: 1000 }
const TURN_MS = 200

// Any constant will do; it must never change.
const LOCK = 7_236_114_501

/** The files in the order of their numbers. */
async function readMigrations(dir: string): Promise<Migration[]> {
  const names = (await readdir(dir)).filter((name) => name.endsWith('.sql')).sort()
  const numbers = new Set<string>()
  for (const name of names) {
    const number = /^(\d{4})_[a-z0-9_]+\.sql$/.exec(name)?.[1]
    if (number === undefined)
      throw new StartupError(`The migration ${name} must be named like 0001_identity.sql.`)
    if (numbers.has(number)) throw new StartupError(`Two migrations have the number ${number}.`)
    numbers.add(number)
  }
  return Promise.all(
    names.map(async (name) => {
      // A checkout with other line ends is the same migration.
      const sql = (await readFile(join(dir, name), 'utf8')).replaceAll('\r\n', '\n')
      const checksum = createHash('sha256').update(sql).digest('hex')
      const needs = /^-- contract: needs (\d{4})\b/m.exec(sql)?.[1] ?? null
      return { name, sql, checksum, needs, concurrent: /^-- concurrently$/m.test(sql) }
    }),
  )
}

interface Applied {
  readonly checksum: string
  readonly needs: string | null
}

async function readApplied(client: ClientBase): Promise<Map<string, Applied>> {
  const table = await client.query(`select to_regclass('public.schema_migrations') is not null as present`)
  if (table.rows[0]?.present !== true) return new Map()
  // By way of JSON, because a history that an older server began has no column "needs".
  const { rows } = await client.query(
    `select name, checksum, to_jsonb(m) ->> 'needs' as needs from public.schema_migrations m order by name`,
  )
  return new Map(
    rows.map(({ name, checksum, needs }) => [
      String(name),
      { checksum: String(checksum), needs: needs === null ? null : String(needs) },
    ]),
  )
}

/**
 * What is left to apply, after refusing every history that is neither a beginning of ours nor one that goes on after it
 * and lets servers of our age run beside it.
 */
function findPending(migrations: readonly Migration[], applied: ReadonlyMap<string, Applied>): Migration[] {
  const known = new Set(migrations.map((migration) => migration.name))
  const newest = migrations.at(-1)?.name ?? ''
  for (const [name, { needs }] of applied) {
    if (known.has(name)) continue
    if (name < newest)
      throw new StartupError(
        `The database has the migration ${name}, which this version of the server does not know.`,
      )
    if (needs !== null && needs > newest.slice(0, 4))
      throw new StartupError(
        `The database was changed by ${name} for servers that know the migration ${needs}, and this one is older: start a newer one.`,
      )
  }
  for (const { name, checksum } of migrations)
    if (applied.has(name) && applied.get(name)?.checksum !== checksum)
      throw new StartupError(
        `The migration ${name} was changed after it was applied; write a new migration instead.`,
      )
  const pending = migrations.filter((migration) => !applied.has(migration.name))
  const last = [...applied.keys()].at(-1) ?? ''
  const late = pending.find((migration) => migration.name < last)
  if (late !== undefined)
    throw new StartupError(
      `The migration ${late.name} comes before ${last}, which is applied already; give it a higher number.`,
    )
  return pending
}

/**
 * Makes the group role that migrations grant to.
 * @throws {StartupError} when it is missing and may not be made.
 */
export async function ensureAppRole(client: ClientBase): Promise<void> {
  // A role belongs to the whole cluster: another database's migration may create it at the same moment.
  try {
    await client.query(`do $$ begin
      if not exists (select from pg_roles where rolname = 'wardline_app') then
        begin
          create role wardline_app nologin;
        exception when duplicate_object or unique_violation then null;
        end;
      end if;
    end $$`)
  } catch (error) {
    if (!(error instanceof DatabaseError) || error.code !== '42501') throw error
    throw new StartupError(
      'The role wardline_app is missing and this database user may not create it: run "create role wardline_app nologin" as a superuser.',
    )
  }
}

async function createHistory(client: ClientBase): Promise<void> {
  await client.query(`
    create table if not exists public.schema_migrations (
      name text primary key,
      checksum text not null,
      applied_at timestamptz not null default now(),
      needs text
    );
    grant select on public.schema_migrations to wardline_app`)
  // Only where it is missing: it would wait for a backup that reads the table, and every start behind it.
  const { rows } = await client.query(
    `select from pg_attribute where attrelid = 'public.schema_migrations'::regclass and attname = 'needs'`,
  )
  if (rows.length === 0) await client.query('alter table public.schema_migrations add column needs text')
}

/** " in line 12" for an error that tells its position. */
function lineOf(sql: string, position: string | undefined): string {
  return position === undefined ? '' : ` in line ${sql.slice(0, Number(position)).split('\n').length}`
}

const isLocked = (error: unknown): boolean => error instanceof DatabaseError && error.code === '55P03'

/** Tries until the locks are there. */
async function patiently(
  client: ClientBase,
  { lockMs, attempts, pauseMs }: Patience,
  work: () => Promise<void>,
): Promise<void> {
  for (let attempt = 1; ; attempt++)
    try {
      await client.query(`set lock_timeout = ${lockMs}`)
      await work()
      return
    } catch (error) {
      if (!isLocked(error) || attempt >= attempts) throw error
      await sleep(pauseMs)
    } finally {
      // Fails only when the connection is gone, and then the first error tells more.
      await client.query('set lock_timeout = 0').catch(() => {})
    }
}

async function inTransaction(client: ClientBase, sql: string, record: string): Promise<void> {
  try {
    // "begin" is a query of its own, so that an error's position counts from the file's start.
    await client.query('begin')
    await client.query(sql)
    await client.query(record)
    await client.query('commit')
  } catch (error) {
    await client.query('rollback').catch(() => {})
    throw error
  }
}

const CONCURRENT =
  /^(?:create (?:unique )?index concurrently if not exists|drop index concurrently if exists) (\w+)\b/i

/** One statement after the other, each of which may be repeated when a later one fails. */
async function outsideTransaction(
  client: ClientBase,
  { name, sql }: Migration,
  record: string,
): Promise<void> {
  const statements = sql
    .replaceAll(/^--.*$/gm, '')
    .split(';')
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '')
  for (const statement of statements) {
    const index = CONCURRENT.exec(statement)?.[1]
    if (index === undefined)
      throw new StartupError(
        `The migration ${name} is made concurrently, so it may hold "create index concurrently if not exists" and "drop index concurrently if exists" alone.`,
      )
    // What an attempt that failed leaves behind has the name and serves nobody.
    const { rows } = await client.query(
      'select from pg_index where indexrelid = to_regclass($1) and not indisvalid',
      [index],
    )
    if (rows.length > 0) await client.query(`drop index concurrently ${index}`)
    await client.query(statement)
  }
  await client.query(record)
}

async function apply(client: ClientBase, migration: Migration, patience: Patience): Promise<void> {
  const { name, sql, checksum, needs, concurrent } = migration
  const record = `insert into public.schema_migrations (name, checksum, needs)
    values (${escapeLiteral(name)}, '${checksum}', ${needs === null ? 'null' : `'${needs}'`})`
  try {
    // Making an index waits for transactions to end, but nobody waits behind it.
    if (concurrent) await outsideTransaction(client, migration, record)
    else await patiently(client, patience, () => inTransaction(client, sql, record))
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error
    if (isLocked(error))
      throw new StartupError(
        `The migration ${name} did not get its locks in ${patience.attempts} attempts: something holds a table for long. Nothing was changed; try again when it is over.`,
        1,
        { cause: error },
      )
    const where = lineOf(sql, error.position)
    throw new StartupError(`The migration ${name} failed${where}: ${error.message}.`, 1, { cause: error })
  }
}

/**
 * Whether the database was restored from a dump into a cluster that numbers its transactions lower than its rows remember:
 * events and the trail would lose what happens now. The migrator mends it.
 */
export async function isBehind(client: ClientBase): Promise<boolean> {
  const { rows } = await client.query(`select to_regproc('public.xids_behind') is not null as present`)
  if (rows[0]?.present !== true) return false
  return (await client.query('select xids_behind() as behind')).rows[0]?.behind === true
}

/** Not by waiting in the database: a statement that waits holds up an index that another server makes. */
async function takeTurn(client: ClientBase, log: (line: string) => void): Promise<void> {
  for (let told = false; ; told = true) {
    const lock = await client.query(`select pg_try_advisory_lock(${LOCK}) as held`)
    if (lock.rows[0]?.held === true) return
    if (!told) log('Waiting for another server to finish its migrations.')
    await sleep(TURN_MS)
  }
}

async function migrateWith(client: ClientBase, options: Required<MigrateOptions>): Promise<string[]> {
  const { dir, log, patience } = options
  const migrations = await readMigrations(dir)
  await takeTurn(client, log)
  try {
    await ensureAppRole(client)
    await createHistory(client)
    const pending = findPending(migrations, await readApplied(client))
    for (const migration of pending) {
      await apply(client, migration, patience)
      log(`Applied ${migration.name}.`)
    }
    if (await isBehind(client)) {
      await client.query('select raise_xid_base()')
      log('This database was restored from a dump: its events and audit trail go on after what they had.')
    }
    return pending.map((migration) => migration.name)
  } finally {
    await client.query(`select pg_advisory_unlock(${LOCK})`).catch(() => {})
  }
}

async function withClient<T>(
  target: string | ClientBase,
  use: (client: ClientBase) => Promise<T>,
): Promise<T> {
  if (typeof target !== 'string') return use(target)
  const client: Client = await connect(target, 'the migrations', 'wardline-migrate')
  try {
    return await use(client)
  } finally {
    await client.end()
  }
}

export interface MigrateOptions {
  /** The server's own migrations unless given. */
  readonly dir?: string
  readonly log?: (line: string) => void
  readonly patience?: Patience
}

/**
 * Applies what is missing, each file in a transaction of its own (or, where it says `-- concurrently`, in none). Servers
 * that start together take turns. A file that says `-- contract: needs NNNN` keeps servers from starting that do not know
 * the migration of that number.
 * @param target the owner's URL, or a client that is its owner's.
 * @returns the names of the files that were applied.
 * @throws {StartupError} on a changed or unknown migration, or one that fails.
 */
export function migrate(target: string | ClientBase, options: MigrateOptions = {}): Promise<string[]> {
  const { dir = MIGRATIONS_DIR, log = () => {}, patience = PATIENCE } = options
  return withClient(target, (client) => migrateWith(client, { dir, log, patience }))
}

/**
 * The names of migrations that the database lacks; any role of the application may ask.
 * @throws {StartupError} on a changed or unknown migration.
 */
export async function pendingMigrations(
  target: string | ClientBase,
  options: { dir?: string } = {},
): Promise<string[]> {
  const migrations = await readMigrations(options.dir ?? MIGRATIONS_DIR)
  const applied = await withClient(target, readApplied)
  return findPending(migrations, applied).map((migration) => migration.name)
}
