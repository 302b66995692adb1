import { randomBytes } from 'node:crypto'
import type { Command } from 'commander'
import { DatabaseError, escapeIdentifier, escapeLiteral } from 'pg'
import { loadConfig } from '../config.ts'
import { connect } from '../db/connect.ts'
import { ensureAppRole } from '../db/migrate.ts'
import { EXIT, StartupError } from '../startup-error.ts'
import { ownerUrl } from './migrate.ts'

async function run(name: string): Promise<void> {
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(name) || name === 'wardline_app')
    throw new StartupError(
      'The name must be of lower-case letters, digits and _, and not wardline_app.',
      EXIT.usage,
    )
  const { url, setting } = ownerUrl(loadConfig(process.env))
  const client = await connect(url, setting)
  const password = randomBytes(24).toString('base64url')
  try {
    await ensureAppRole(client)
    await client.query('begin')
    await client.query(
      `create role ${escapeIdentifier(name)} login password ${escapeLiteral(password)} in role wardline_app`,
    )
    const database = (await client.query('select current_database() as name')).rows[0]?.name
    await client.query(
      `grant connect on database ${escapeIdentifier(String(database))} to ${escapeIdentifier(name)}`,
    )
    await client.query('commit')
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error
    const why =
      error.code === '42710'
        ? 'it exists already'
        : error.code === '42501'
          ? `the user of ${setting} may not create roles`
          : error.message
    throw new StartupError(`The role ${name} was not created: ${why}.`, EXIT.failed, { cause: error })
  } finally {
    await client.end()
  }
  const login = new URL(url)
  login.username = name
  login.password = password
  process.stderr.write(
    'The role owns nothing and obeys row-level security. Its URL, for DATABASE_URL; it is not shown again:\n',
  )
  process.stdout.write(`${login}\n`)
}

export function createAppLoginCommand(program: Command): void {
  program
    .command('create-app-login')
    .description('make a database role for the server to connect as, and print its URL (DATABASE_OWNER_URL)')
    .argument('<name>', 'the name of the role, for example wardline_server')
    .action(run)
}
