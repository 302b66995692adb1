import type { Command } from 'commander'
import { systemClock } from '../clock.ts'
import { loadConfig } from '../config.ts'
import { createLog } from '../log.ts'
import { EXIT, StartupError } from '../startup-error.ts'
import { within } from '../time-limit.ts'
import { CLOSE_TIMEOUT_MS, openDatabase, stopRequest } from './start.ts'
import { say } from './terminal.ts'

async function run(): Promise<void> {
  const config = loadConfig(process.env)
  if (config.databaseUrl === undefined)
    throw new StartupError('A worker needs DATABASE_URL; the embedded demo runs its jobs itself.', EXIT.usage)
  const stopWanted = stopRequest()
  const { keys, databaseUrl } = await openDatabase(config, config.databaseUrl)
  // Loaded here, because the other commands do not need it.
  const { createServer } = await import('../server.ts')
  const server = await createServer({
    config,
    keys,
    databaseUrl,
    log: createLog(config.logLevel),
    clock: systemClock,
  })
  try {
    await server.work()
    say('Wardline works on its jobs.')
    await stopWanted
  } finally {
    await within(CLOSE_TIMEOUT_MS, server.close(), undefined)
  }
  say('Stopped.')
  // A connection that would not close in time must not keep the process.
  process.exit(EXIT.done)
}

export function workerCommand(program: Command): void {
  program
    .command('worker')
    .allowExcessArguments(false)
    .description('run jobs and serve nobody, beside servers that were started with --no-jobs or not')
    .action(run)
}
