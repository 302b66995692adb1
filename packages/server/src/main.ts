import { Command, CommanderError } from 'commander'
import { configCommand } from './commands/config.ts'
import { createAdminCommand } from './commands/create-admin.ts'
import { createAppLoginCommand } from './commands/create-app-login.ts'
import { keysCommand } from './commands/keys.ts'
import { migrateCommand } from './commands/migrate.ts'
import { setupCommand } from './commands/setup.ts'
import { startCommand } from './commands/start.ts'
import { totpCommand } from './commands/totp.ts'
import { workerCommand } from './commands/worker.ts'
import { settingsHelp } from './settings/print.ts'
import { EXIT, StartupError } from './startup-error.ts'

const program = new Command('ward-server')
  .description("Wardline's server. Without DATABASE_URL it runs a demo with a PostgreSQL of its own.")
  .exitOverride()
  .showHelpAfterError('Run with --help for the options.')
  .addHelpText(
    'after',
    `
${settingsHelp()}

Exit codes: 0 done, 1 failed, 2 wrong use, 7 database unreachable, 130 interrupted twice.`,
  )

// Added after exitOverride, or they would not inherit it.
for (const add of [
  startCommand,
  workerCommand,
  setupCommand,
  migrateCommand,
  configCommand,
  keysCommand,
  createAdminCommand,
  createAppLoginCommand,
  totpCommand,
])
  add(program)

// Whoever read our output may leave first (`| head`); the server goes on.
process.stdout.on('error', () => {})

try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? EXIT.done : EXIT.usage
  else if (error instanceof StartupError) {
    process.stderr.write(`${error.message}\n`)
    process.exitCode = error.exitCode
  } else {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
    process.exitCode = EXIT.failed
  }
}
