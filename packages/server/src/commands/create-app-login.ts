import { randomBytes } from 'node:crypto'
import type { Command } from 'commander'
import { type ClientBase, DatabaseError, escapeIdentifier, escapeLiteral } from 'pg'
import { loadConfig } from '../config.ts'
import { connect } from '../db/connect.ts'
import { ensureAppRole } from '../db/migrate.ts'
import { EXIT, StartupError } from '../startup-error.ts'
import { ownerUrl } from './migrate.ts'

function checkName(name: string): void {
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(name) || name === 'wardline_app')
    throw new StartupError(
      'The name must be of lower-case letters, digits and _, and not wardline_app.',
      EXIT.usage,
    )
}

/** Makes the role, or gives it another password where that is wanted, and lets it into the database. */
async function give(client: ClientBase, name: string, exists: boolean): Promise<string> {
  const password = randomBytes(24).toString('base64url')
  const role = escapeIdentifier(name)
  await client.query('begin')
  try {
    await client.query(
      exists
        ? `alter role ${role} login password ${escapeLiteral(password)}`
        : `create role ${role} login password ${escapeLiteral(password)} in role wardline_app`,
    )
    const database = (await client.query('select current_database() as name')).rows[0]?.name
    await client.query(`grant connect on database ${escapeIdentifier(String(database))} to ${role}`)
    await client.query('commit')
  } catch (error) {
    await client.query('rollback')
    throw error
  }
  return password
}

/**
 * A login for servers, new or with a new password.
 * @returns its password, which is nowhere else.
 * @throws {StartupError} when the name is not fit for a role.
 */
export async function giveAppLogin(client: ClientBase, name: string): Promise<string> {
  checkName(name)
  await ensureAppRole(client)
  const { rows } = await client.query('select from pg_roles where rolname = $1', [name])
  return give(client, name, rows.length > 0)
}

/** The owner's URL with another user. */
export function loginUrl(owner: string, name: string, password: string): string {
  const login = new URL(owner)
  login.username = name
  login.password = password
  return login.href
}

async function run(name: string): Promise<void> {
  checkName(name)
  const { url, setting } = ownerUrl(loadConfig(process.env))
  const client = await connect(url, setting)
  try {
    await ensureAppRole(client)
    const password = await give(client, name, false)
    process.stderr.write(
      'The role owns nothing and obeys row-level security. Its URL, for DATABASE_URL; it is not shown again:\n',
    )
    process.stdout.write(`${loginUrl(url, name, password)}\n`)
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
}

export function createAppLoginCommand(program: Command): void {
  program
    .command('create-app-login')
    .description('make a database role for the server to connect as, and print its URL (DATABASE_OWNER_URL)')
    .argument('<name>', 'the name of the role, for example wardline_server')
    .action(run)
}
