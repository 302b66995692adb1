import type { Command } from 'commander'
import { type Config, loadConfig } from '../config.ts'
import { connect } from '../db/connect.ts'
import { migrate } from '../db/migrate.ts'
import { EXIT, StartupError } from '../startup-error.ts'
import { say } from './terminal.ts'

/** The owner's URL for work on tables and roles. */
export function ownerUrl(config: Config): { url: string; setting: string } {
  if (config.databaseOwnerUrl !== undefined)
    return { url: config.databaseOwnerUrl, setting: 'DATABASE_OWNER_URL' }
  if (config.databaseUrl !== undefined) return { url: config.databaseUrl, setting: 'DATABASE_URL' }
  throw new StartupError(
    'Set DATABASE_OWNER_URL to the database and the role that owns its tables.',
    EXIT.usage,
  )
}

async function run(): Promise<void> {
  const { url, setting } = ownerUrl(loadConfig(process.env))
  const client = await connect(url, setting, 'wardline-migrate')
  try {
    const applied = await migrate(client, { log: say })
    if (applied.length === 0) say('Nothing to apply: the database is up to date.')
  } finally {
    await client.end()
  }
}

export function migrateCommand(program: Command): void {
  program
    .command('migrate')
    .description('apply the missing migrations (DATABASE_OWNER_URL, else DATABASE_URL)')
    .action(run)
}
