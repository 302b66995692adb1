import type { Command } from 'commander'
import { DatabaseError } from 'pg'
import { v7 as uuidv7 } from 'uuid'
import { loadConfig } from '../config.ts'
import { connect } from '../db/connect.ts'
import { pendingMigrations } from '../db/migrate.ts'
import { createCipher } from '../security/cipher.ts'
import { loadKeyRing } from '../security/keys.ts'
import { createPasswords } from '../security/passwords.ts'
import { newTotpSecret, totpSecretContext, totpUri } from '../security/totp.ts'
import { EXIT, StartupError } from '../startup-error.ts'
import { readNewPassword, say } from './terminal.ts'

interface Options {
  email: string
  name: string
  passwordStdin?: true
}

async function run({ email, name, passwordStdin }: Options): Promise<void> {
  if (!/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email) || email.length > 254)
    throw new StartupError(`"${email}" is not an e-mail address.`, EXIT.usage)
  if (name.trim() === '' || name.length > 200)
    throw new StartupError('The name must have 1 to 200 characters.', EXIT.usage)
  const config = loadConfig(process.env)
  const url = config.databaseUrl ?? config.databaseOwnerUrl
  if (url === undefined)
    throw new StartupError('Set DATABASE_URL to the database of the new admin.', EXIT.usage)
  const cipher = createCipher(loadKeyRing(config))
  const client = await connect(url, config.databaseUrl === undefined ? 'DATABASE_OWNER_URL' : 'DATABASE_URL')
  try {
    if ((await pendingMigrations(client)).length > 0)
      throw new StartupError('The database is not up to date: run "ward-server migrate" first.')
    const passwords = createPasswords()
    const password = await readNewPassword(passwordStdin === true)
    const weakness = await passwords.weakness(password, [email, name])
    if (weakness !== undefined) throw new StartupError(`The password ${weakness}.`, EXIT.usage)
    const id = uuidv7()
    const secret = newTotpSecret()
    await client.query(
      `insert into users (id, email, password_hash, display_name, is_super_admin, mfa_enabled, mfa_secret)
        values ($1, $2, $3, $4, true, true, $5)`,
      [id, email, await passwords.hash(password), name.trim(), cipher.encrypt(secret, totpSecretContext(id))],
    )
    process.stderr.write(
      `${email} is a super-admin. Give this to an authenticator app; it is not shown again:\n`,
    )
    say(totpUri(secret, email))
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error
    const why =
      error.code === '23505'
        ? 'this e-mail address is in use'
        : error.code === '42501'
          ? 'the database role may not write users'
          : error.message
    throw new StartupError(`The admin was not created: ${why}.`, EXIT.failed, { cause: error })
  } finally {
    await client.end()
  }
}

export function createAdminCommand(program: Command): void {
  program
    .command('create-admin')
    .description('make a super-admin with a second factor (DATABASE_URL and the keys)')
    .requiredOption('--email <address>', 'the e-mail address to sign in with')
    .requiredOption('--name <name>', 'the name to show')
    .option('--password-stdin', 'read the password from the standard input instead of asking')
    .action(run)
}
