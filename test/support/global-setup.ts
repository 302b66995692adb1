import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import pg from 'pg'
import type { TestProject } from 'vitest/node'
import { migrate } from '../../packages/server/src/db/migrate.ts'
import { databaseUrl, execute, testPostgres } from '../../scripts/postgres.ts'

export interface TestDatabase {
  /** A superuser's connection to the server. */
  adminUrl: string
  /** A migrated database to clone. */
  template: string
  /** The application's login on any database, its name to be put in. */
  appUrl: string
  /** Every database of this run begins so. */
  prefix: string
  /** Where the servers of this run log, and the PHI that was put into them is listed. */
  logFolder: string
}

declare module 'vitest' {
  export interface ProvidedContext {
    database: TestDatabase
    /** The bundle of `ward`, built from what is tested. */
    ward: string
  }
}

/** Builds the CLI as it stands, into a folder of its own: a stale bundle must not be what is tested. */
const buildWard = async (folder: string): Promise<string> => {
  const cwd = fileURLToPath(new URL('../../packages/cli', import.meta.url))
  const tsup = fileURLToPath(new URL('../../node_modules/tsup/dist/cli-default.js', import.meta.url))
  await promisify(execFile)(process.execPath, [tsup, '--silent', '--out-dir', folder], { cwd })
  return join(folder, 'ward.cjs')
}

/** One migrated template per run; each test file clones it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const wardFolder = mkdtempSync(join(tmpdir(), 'wardline-test-ward-'))
  const [postgres, ward] = await Promise.all([testPostgres(), buildWard(wardFolder)])
  project.provide('ward', ward)
  const run = randomBytes(5).toString('hex')
  const prefix = `wardline_test_${run}`
  const template = `${prefix}_template`
  const login = `wardline_test_${run}`
  const password = randomBytes(12).toString('hex')
  const logFolder = mkdtempSync(join(tmpdir(), 'wardline-test-log-'))
  await execute(
    postgres.adminUrl,
    `create database ${template} template template0 encoding 'UTF8' lc_collate 'C' lc_ctype 'C'`,
  )
  await migrate(databaseUrl(postgres.adminUrl, template))
  // Otherwise every clone makes its partitions anew.
  await execute(databaseUrl(postgres.adminUrl, template), 'select ensure_partitions(current_date)')
  await execute(postgres.adminUrl, `create role ${login} login password '${password}' in role wardline_app`)
  const appUrl = new URL(postgres.adminUrl)
  appUrl.username = login
  appUrl.password = password
  project.provide('database', {
    adminUrl: postgres.adminUrl,
    template,
    appUrl: appUrl.href,
    prefix,
    logFolder,
  })

  return async () => {
    const client = new pg.Client(postgres.adminUrl)
    await client.connect()
    const { rows } = await client.query('select datname from pg_database where starts_with(datname, $1)', [
      prefix,
    ])
    for (const { datname } of rows) await client.query(`drop database if exists ${datname} with (force)`)
    await client.query(`drop role if exists ${login}`)
    await client.end()
    await postgres.stop()
    rmSync(logFolder, { recursive: true, force: true })
    rmSync(wardFolder, { recursive: true, force: true })
  }
}
