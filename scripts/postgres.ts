/**
 * A PostgreSQL for generation, tests and benchmarks: the one of TEST_POSTGRES_URL, else one that answers
 * on 127.0.0.1:5432 and lets us create databases, else an ephemeral embedded one.
 */
import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { startEmbedded } from '../packages/server/src/db/embedded.ts'
import { migrate } from '../packages/server/src/db/migrate.ts'

export interface TestPostgres {
  /** A connection URL of a role that may create databases and roles. */
  adminUrl: string
  stop(): Promise<void>
}

const mayCreate = async (url: string): Promise<boolean> => {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 })
  client.on('error', () => {})
  try {
    await client.connect()
    const { rows } = await client.query('select rolsuper from pg_roles where rolname = current_user')
    return rows[0]?.rolsuper === true
  } catch {
    return false
  } finally {
    await client.end().catch(() => {})
  }
}

/** Finds or starts a PostgreSQL. */
export async function testPostgres(): Promise<TestPostgres> {
  const named = process.env.TEST_POSTGRES_URL
  const candidates = named
    ? [named]
    : ['root', 'postgres'].map((user) => `postgres://${user}@127.0.0.1:5432/postgres`)
  for (const adminUrl of candidates) if (await mayCreate(adminUrl)) return { adminUrl, stop: async () => {} }
  if (named) throw new Error('TEST_POSTGRES_URL does not answer as a superuser')
  const embedded = await startEmbedded({ dataDir: '', ephemeral: true })
  return { adminUrl: embedded.adminUrl, stop: () => embedded.stop() }
}

/** The same server and role, another database. */
export const databaseUrl = (url: string, database: string): string => {
  const parsed = new URL(url)
  parsed.pathname = `/${database}`
  return parsed.href
}

/** Runs one statement on the server, outside any transaction. */
export async function execute(url: string, statement: string): Promise<void> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}

/** Runs `use` on a fresh, migrated database, which is dropped afterwards. */
export async function withMigratedDatabase<T>(use: (url: string) => Promise<T>): Promise<T> {
  const postgres = await testPostgres()
  const name = `wardline_gen_${randomBytes(6).toString('hex')}`
  try {
    await execute(
      postgres.adminUrl,
      `create database ${name} template template0 encoding 'UTF8' lc_collate 'C' lc_ctype 'C'`,
    )
    const url = databaseUrl(postgres.adminUrl, name)
    await migrate(url)
    return await use(url)
  } finally {
    await execute(postgres.adminUrl, `drop database if exists ${name} with (force)`)
    await postgres.stop()
  }
}
