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
  const other = await migrationsFolder({
    '0002_a.sql': 'create table a ();\n',
    '0004_c.sql': 'create table c ();',
  })
  await expect(pendingMigrations(url, { dir: other })).rejects.toThrow(
    'The database has the migration 0003_b.sql, which this version of the server does not know.',
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

test('an older server runs beside a newer schema, until a migration takes away what it needs', async () => {
  const url = await emptyDatabase()
  const files = {
    '0001_a.sql': 'create table a (old int);',
    '0002_b.sql': 'alter table a add column new int;',
  }
  const [first, second] = [
    await migrationsFolder({ '0001_a.sql': files['0001_a.sql'] }),
    await migrationsFolder(files),
  ]
  await migrate(url, { dir: second })
  expect(await pendingMigrations(url, { dir: first })).toEqual([])
  expect(await migrate(url, { dir: first })).toEqual([])

  const third = await migrationsFolder({
    ...files,
    '0003_c.sql': '-- contract: needs 0002, which reads "new" only\nalter table a drop column old;',
  })
  await migrate(url, { dir: third })
  expect(await pendingMigrations(url, { dir: second })).toEqual([])
  const refusal =
    'The database was changed by 0003_c.sql for servers that know the migration 0002, and this one is older: start a newer one.'
  await expect(pendingMigrations(url, { dir: first })).rejects.toThrow(refusal)
  await expect(migrate(url, { dir: first })).rejects.toThrow(refusal)
})

test('a history without that column, of an earlier migrator, goes on', async () => {
  const url = await emptyDatabase()
  const dir = await migrationsFolder({ '0001_a.sql': 'create table a ();' })
  await migrate(url, { dir })
  await execute(url, 'alter table schema_migrations drop column needs')
  expect(await pendingMigrations(url, { dir })).toEqual([])
  writeFileSync(join(dir, '0002_b.sql'), 'create table b ();')
  expect(await migrate(url, { dir })).toEqual(['0002_b.sql'])
})

/** Holds a lock on table a until told otherwise. */
async function holdTable(url: string): Promise<() => Promise<void>> {
  const holder = new pg.Client(url)
  await holder.connect()
  await holder.query('begin; lock table a in share mode')
  onTestFinished(() => holder.end())
  return async () => {
    await holder.query('commit')
  }
}

const briefly = { lockMs: 50, pauseMs: 50 }

test('a migration waits for its lock briefly and again, so that nobody waits behind it', async () => {
  const url = await emptyDatabase()
  const dir = await migrationsFolder({ '0001_a.sql': 'create table a (id int);' })
  await migrate(url, { dir })
  writeFileSync(join(dir, '0002_b.sql'), 'alter table a add column more int;')
  const release = await holdTable(url)
  await expect(migrate(url, { dir, patience: { ...briefly, attempts: 2 } })).rejects.toThrow(
    'The migration 0002_b.sql did not get its locks in 2 attempts',
  )
  const done = migrate(url, { dir, patience: { ...briefly, attempts: 1000 } })
  const reader = new pg.Client(url)
  await reader.connect()
  onTestFinished(() => reader.end())
  // A read waits for one attempt at most.
  await reader.query('set statement_timeout = 2000')
  for (let n = 0; n < 20; n++) await reader.query('select from a')
  await release()
  expect(await done).toEqual(['0002_b.sql'])
})

test('an index is made while the table is written to, and one that failed half-way is made anew', async () => {
  const url = await emptyDatabase()
  const dir = await migrationsFolder({
    '0001_a.sql': 'create table a (id int); insert into a values (1), (1);',
    '0002_i.sql':
      '-- concurrently\n-- For the list.\ncreate index concurrently if not exists a_id on a (id);\ncreate unique index concurrently if not exists a_one on a (id);\n',
  })
  await expect(migrate(url, { dir })).rejects.toThrow(
    /0002_i.sql failed.*could not create unique index "a_one"/,
  )
  await execute(url, 'delete from a where ctid = (select min(ctid) from a)')
  // Waits for the writer, who does not wait for it; another server waits for its turn meanwhile.
  const writer = new pg.Client(url)
  await writer.connect()
  onTestFinished(() => writer.end())
  await writer.query('begin')
  await writer.query('insert into a values (2)')
  const both = Promise.all([migrate(url, { dir }), migrate(url, { dir })])
  await execute(url, 'insert into a values (3)')
  await writer.query('commit')
  expect((await both).flat()).toEqual(['0002_i.sql'])
  const { rows } = await writer.query(
    'select indexrelid::regclass::text as name, indisvalid as valid from pg_index where indrelid = $1::regclass order by 1',
    ['a'],
  )
  expect(rows).toEqual([
    { name: 'a_id', valid: true },
    { name: 'a_one', valid: true },
  ])

  writeFileSync(join(dir, '0003_x.sql'), '-- concurrently\ndrop table a;')
  await expect(migrate(url, { dir })).rejects.toThrow('The migration 0003_x.sql is made concurrently')
})

test.each(['1_a.sql', '0001-a.sql', '0001_A.sql'])('a file named %s is refused', async (name) => {
  const dir = await migrationsFolder({ [name]: '' })
  await expect(migrate(await emptyDatabase(), { dir })).rejects.toThrow(
    `The migration ${name} must be named like`,
  )
})
