import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { expect, inject, onTestFinished, test } from 'vitest'
import { migrate, pendingMigrations } from '../../packages/server/src/db/migrate.ts'
import { databaseUrl, execute } from '../../scripts/postgres.ts'
import { temporaryFolder } from './process.ts'

async function emptyDatabase(): Promise<string> {
  const { adminUrl, prefix } = inject('database')
  const name = `${prefix}_migrate_${randomBytes(4).toString('hex')}`
  await execute(
    adminUrl,
    `create database ${name} template template0 encoding 'UTF8' lc_collate 'C' lc_ctype 'C'`,
  )
  return databaseUrl(adminUrl, name)
}

/** A folder of migrations of the test's own. */
async function migrationsFolder(files: Record<string, string>): Promise<string> {
  const dir = await temporaryFolder()
  for (const [name, sql] of Object.entries(files)) writeFileSync(join(dir, name), sql)
  return dir
}

async function tables(url: string): Promise<string[]> {
  const client = new pg.Client(url)
  await client.connect()
  onTestFinished(() => client.end())
  const { rows } = await client.query(
    `select tablename from pg_tables where schemaname = 'public' order by 1`,
  )
  return rows.map((row) => row.tablename)
}

test('two servers that migrate at once do not collide: one applies, the other finds nothing left', async () => {
  const url = await emptyDatabase()
  const lines: string[] = []
  const [one, other] = await Promise.all([migrate(url, { log: (line) => lines.push(line) }), migrate(url)])
  const applied = [...one, ...other]
  expect(applied.length).toBeGreaterThan(0)
  expect(new Set(applied).size).toBe(applied.length)
  expect([one.length, other.length]).toContain(0)
  expect(await pendingMigrations(url)).toEqual([])
})

test('a changed old file, an unknown one and one with too low a number are refused', async () => {
  const url = await emptyDatabase()
  const dir = await migrationsFolder({
    '0002_a.sql': 'create table a ();\n',
    '0003_b.sql': 'create table b ();',
  })
  expect(await pendingMigrations(url, { dir })).toEqual(['0002_a.sql', '0003_b.sql'])
  expect(await migrate(url, { dir })).toEqual(['0002_a.sql', '0003_b.sql'])

  // A checkout with other line ends is the same migration.
  writeFileSync(join(dir, '0002_a.sql'), 'create table a ();\r\n')
  await expect(migrate(url, { dir })).resolves.toEqual([])
  writeFileSync(join(dir, '0002_a.sql'), 'create table a (id int);')
  await expect(migrate(url, { dir })).rejects.toThrow(
    'The migration 0002_a.sql was changed after it was applied',
  )

  const early = await migrationsFolder({
    '0001_z.sql': 'create table z ();',
    '0002_a.sql': 'create table a ();\n',
    '0003_b.sql': 'create table b ();',
  })
  await expect(migrate(url, { dir: early })).rejects.toThrow(
    'The migration 0001_z.sql comes before 0003_b.sql',
  )
  const less = await migrationsFolder({ '0002_a.sql': 'create table a ();\n' })
  await expect(pendingMigrations(url, { dir: less })).rejects.toThrow(
    'The database has the migration 0003_b.sql',
  )
  expect(await tables(url)).toEqual(['a', 'b', 'schema_migrations'])
})

test('a migration that fails leaves nothing of itself, tells its line and can be mended', async () => {
  const url = await emptyDatabase()
  const dir = await migrationsFolder({
    '0001_a.sql': 'create table a ();',
    '0002_b.sql': 'create table b ();\n\ncreate table c (id nonsense);\n',
  })
  await expect(migrate(url, { dir })).rejects.toThrow(
    'The migration 0002_b.sql failed in line 3: type "nonsense" does not exist.',
  )
  expect(await tables(url)).toEqual(['a', 'schema_migrations'])
  writeFileSync(join(dir, '0002_b.sql'), 'create table b ();')
  expect(await migrate(url, { dir })).toEqual(['0002_b.sql'])
})

test.each(['1_a.sql', '0001-a.sql', '0001_A.sql'])('a file named %s is refused', async (name) => {
  const dir = await migrationsFolder({ [name]: '' })
  await expect(migrate(await emptyDatabase(), { dir })).rejects.toThrow(
    `The migration ${name} must be named like`,
  )
})
