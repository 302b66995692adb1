import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Client, type ClientBase, DatabaseError, escapeLiteral } from 'pg'
import { StartupError } from '../startup-error.ts'
import { connect } from './connect.ts'

/** Where the server's own migrations are. */
export const MIGRATIONS_DIR = join(import.meta.dirname, '../../migrations')

interface Migration {
  readonly name: string
  readonly sql: string
  readonly checksum: string
}

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
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') }
    }),
  )
}

async function readApplied(client: ClientBase): Promise<Map<string, string>> {
  const table = await client.query(`select to_regclass('public.schema_migrations') is not null as present`)
  if (table.rows[0]?.present !== true) return new Map()
  const { rows } = await client.query('select name, checksum from public.schema_migrations order by name')
  return new Map(rows.map((row) => [String(row.name), String(row.checksum)]))
}

/** What is left to apply, after refusing every history that is not a beginning of ours. */
function findPending(migrations: readonly Migration[], applied: ReadonlyMap<string, string>): Migration[] {
  const known = new Set(migrations.map((migration) => migration.name))
  const unknown = [...applied.keys()].find((name) => !known.has(name))
  if (unknown !== undefined)
    throw new StartupError(
      `The database has the migration ${unknown}, which this version of the server does not know.`,
    )
  for (const { name, checksum } of migrations)
    if (applied.has(name) && applied.get(name) !== checksum)
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
      applied_at timestamptz not null default now()
    );
    grant select on public.schema_migrations to wardline_app`)
}

/** " in line 12" for an error that tells its position. */
function lineOf(sql: string, position: string | undefined): string {
  return position === undefined ? '' : ` in line ${sql.slice(0, Number(position)).split('\n').length}`
}

async function apply(client: ClientBase, { name, sql, checksum }: Migration): Promise<void> {
  const record = `insert into public.schema_migrations (name, checksum) values (${escapeLiteral(name)}, '${checksum}')`
  try {
    // "begin" is a query of its own, so that an error's position counts from the file's start.
    await client.query('begin')
    await client.query(sql)
    await client.query(record)
    await client.query('commit')
  } catch (error) {
    // Fails only when the connection is gone, and then the first error tells more.
    await client.query('rollback').catch(() => {})
    if (!(error instanceof DatabaseError)) throw error
    const where = lineOf(sql, error.position)
    throw new StartupError(`The migration ${name} failed${where}: ${error.message}.`, 1, { cause: error })
  }
}

async function migrateWith(client: ClientBase, dir: string, log: (line: string) => void): Promise<string[]> {
  const migrations = await readMigrations(dir)
  const lock = await client.query(`select pg_try_advisory_lock(${LOCK}) as held`)
  if (lock.rows[0]?.held !== true) {
    log('Waiting for another server to finish its migrations.')
    await client.query(`select pg_advisory_lock(${LOCK})`)
  }
  try {
    await ensureAppRole(client)
    await createHistory(client)
    const pending = findPending(migrations, await readApplied(client))
    for (const migration of pending) {
      await apply(client, migration)
      log(`Applied ${migration.name}.`)
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
}

/**
 * Applies what is missing, each file in a transaction of its own. Servers that start together take turns.
 * @param target the owner's URL, or a client that is its owner's.
 * @returns the names of the files that were applied.
 * @throws {StartupError} on a changed or unknown migration, or one that fails.
 */
export function migrate(target: string | ClientBase, options: MigrateOptions = {}): Promise<string[]> {
  const { dir = MIGRATIONS_DIR, log = () => {} } = options
  return withClient(target, (client) => migrateWith(client, dir, log))
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
