import { existsSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import type { ClientBase } from 'pg'
import { loadConfig } from '../config.ts'
import { connect } from '../db/connect.ts'
import { migrate } from '../db/migrate.ts'
import { generateKeyRing, readKeyRing, writeKeyRing } from '../security/keys.ts'
import { EXIT, StartupError } from '../startup-error.ts'
import { giveAppLogin, loginUrl } from './create-app-login.ts'
import { ownerUrl } from './migrate.ts'
import { say } from './terminal.ts'

/** Makes the keys where there are none; never new ones for a database that needs the old. */
async function ensureKeys(client: ClientBase, file: string): Promise<void> {
  if (existsSync(file)) {
    readKeyRing(file)
    return
  }
  const { rows } = await client.query('select exists (select from users) as used')
  if (rows[0]?.used === true)
    throw new StartupError(
      `${file} is missing, and the database has people whose secrets only the old keys can read: put the old file back.`,
    )
  writeKeyRing(file, generateKeyRing(), false)
  say(`Made ${file}: keep a copy in a safe place, apart from the database.`)
}

/** Gives the login a password and writes its URL, at once or not at all. */
async function ensureLogin(client: ClientBase, owner: string, name: string, file: string): Promise<void> {
  if (existsSync(file)) return
  const password = await giveAppLogin(client, name)
  writeFileSync(`${file}.new`, `${loginUrl(owner, name, password)}\n`, { mode: 0o600, flush: true })
  renameSync(`${file}.new`, file)
  say(`Made the role ${name}, and ${file} with its URL.`)
}

async function run({ folder, login }: { folder: string; login: string }): Promise<void> {
  const { url, setting } = ownerUrl(loadConfig(process.env))
  if (!existsSync(folder)) throw new StartupError(`There is no folder ${folder}.`, EXIT.usage)
  const client = await connect(url, setting, 'wardline-migrate')
  try {
    await migrate(client, { log: say })
    await ensureKeys(client, join(folder, 'keys.json'))
    await ensureLogin(client, url, login, join(folder, 'database_url'))
    say('All is set up.')
  } finally {
    await client.end()
  }
}

export function setupCommand(program: Command): void {
  program
    .command('setup')
    .description(
      'prepare a site, or a new release of it: migrations, keys, a login; what is there already is kept (DATABASE_OWNER_URL)',
    )
    .requiredOption('--folder <dir>', 'where keys.json and database_url go, readable by you alone')
    .option('--login <name>', 'the role that servers connect as', 'wardline_server')
    .addHelpText(
      'after',
      `
The servers then start with WARDLINE_KEYS_FILE=<dir>/keys.json and DATABASE_URL_FILE=<dir>/database_url.

Examples:
  DATABASE_OWNER_URL=postgres://owner@db/wardline ward-server setup --folder /etc/wardline`,
    )
    .action(run)
}
