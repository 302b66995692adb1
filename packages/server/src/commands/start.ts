import { lookup } from 'node:dns/promises'
import { writeSync } from 'node:fs'
import { createServer as createListener } from 'node:net'
import { join, relative } from 'node:path'
import type { Command } from 'commander'
import { createBlobs } from '../adapters/blobs/blobs.ts'
import { createBlobLinks } from '../adapters/blobs/links.ts'
import { systemClock } from '../clock.ts'
import { type Config, loadConfig } from '../config.ts'
import { connect } from '../db/connect.ts'
import { type Embedded, startEmbedded } from '../db/embedded.ts'
import { isBehind, migrate, pendingMigrations } from '../db/migrate.ts'
import { refuseUnsafeRole } from '../db/role-check.ts'
import { demoKeyRing } from '../demo/keys.ts'
import { seedDemo } from '../demo/seed.ts'
import { DEMO_PASSWORD, DEMO_SIGN_INS } from '../demo/sign-ins.ts'
import { createLog } from '../log.ts'
import { createCipher } from '../security/cipher.ts'
import { type KeyRing, loadKeyRing } from '../security/keys.ts'
import { EXIT, StartupError } from '../startup-error.ts'
import { within } from '../time-limit.ts'
import { paint, say, table } from './terminal.ts'

const DEFAULT_DATA = join(import.meta.dirname, '../../../../.wardline')
const LOOPBACK = new Set(['127.0.0.1', 'localhost', '::1'])
export const CLOSE_TIMEOUT_MS = 10_000
// npm passes on the Ctrl-C that the terminal has sent already: that is one wish, not two.
const SECOND_SIGNAL_MS = 1000

interface StartOptions {
  jobs: boolean
  port?: string
  host?: string
  data?: string
  ephemeral?: true
}

interface Running {
  readonly config: Config
  /** What to print when all is up. */
  readonly report: (url: string) => void
  readonly keys: KeyRing
  readonly databaseUrl: string
  readonly stopDatabase: () => Promise<void>
}

function listenError(config: Config, error: unknown): StartupError | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  const { host, port } = config
  const sentences: Record<string, string> = {
    EADDRINUSE: `Port ${port} of ${host} is in use by another program: choose another with --port, or 0 for any free one.`,
    EACCES: `This user may not listen on port ${port}: choose one above 1023 with --port.`,
    EADDRNOTAVAIL: `${host} is not an address of this machine: choose another with --host.`,
    ENOTFOUND: `The host ${host} is unknown: choose another with --host.`,
    EAI_AGAIN: `The host ${host} is unknown: choose another with --host.`,
  }
  const sentence = typeof code === 'string' ? sentences[code] : undefined
  return sentence === undefined ? undefined : new StartupError(sentence, EXIT.failed, { cause: error })
}

/** A busy port should be told before a database is started for nothing. */
async function checkPort(config: Config): Promise<void> {
  try {
    const { address } = await lookup(config.host)
    await new Promise<void>((resolve, reject) => {
      const listener = createListener()
      listener.once('error', reject)
      listener.listen(config.port, address, () => listener.close(() => resolve()))
    })
  } catch (error) {
    throw listenError(config, error) ?? error
  }
}

const shownPath = (path: string): string => {
  const short = relative('', path)
  return short === '' || short.startsWith('..') ? path : short
}

function reportDemo(embedded: Embedded, url: string, options: StartOptions): void {
  const seconds = (performance.now() / 1000).toFixed(1)
  const where = options.ephemeral ? 'in a temporary folder, gone at the end' : shownPath(embedded.dataDir)
  const from = embedded.source === 'system' ? "the system's" : 'from npm'
  const title = (text: string): string => paint('bold', text.padEnd(10))
  say()
  say(`${paint(['bold', 'green'], 'Wardline is up')} after ${seconds} s.`)
  say(`  ${title('API')} ${url}`)
  say(`  ${title('Docs')} ${url}/docs`)
  say(`  ${title('Database')} PostgreSQL ${embedded.version} (${from}), ${where}`)
  say(
    `  ${title('Demo data')} ${embedded.created ? 'new' : 'kept from before'}; password of everyone: ${DEMO_PASSWORD}`,
  )
  say()
  say(
    table(
      ['SIGN-IN', 'ROLE', 'TOTP SECRET'],
      DEMO_SIGN_INS.map((person) => [person.email, person.role, person.totpSecret ?? '-']),
    ),
  )
  const admin = DEMO_SIGN_INS[0]?.email ?? ''
  say()
  say('Next, in another terminal:')
  say(`  npx ward login --email ${admin}`)
  say('  npx ward-server totp admin      the code that it asks for')
  say('  npx ward --help')
  say()
  say('Ctrl-C stops the server and its database.')
}

async function startDemo(config: Config, options: StartOptions, onLost: () => void): Promise<Running> {
  const log = (line: string): void => say(paint('dim', line))
  const embedded = await startEmbedded({
    dataDir: options.data ?? DEFAULT_DATA,
    ephemeral: options.ephemeral === true,
    log,
    onLost,
  })
  try {
    const keys = demoKeyRing()
    const applied = await migrate(embedded.ownerUrl).catch((error: unknown) => {
      if (!(error instanceof StartupError)) throw error
      const remedy = `The demo's data is in ${embedded.dataDir}: delete that folder to start afresh.`
      throw new StartupError(`${error.message} ${remedy}`, error.exitCode, { cause: error })
    })
    if (applied.length > 0) log(`Applied ${applied.length} migrations.`)
    const folder = config.blobs.folder ?? join(embedded.dataDir, 'blobs')
    const demo = { ...config, blobs: { ...config.blobs, folder } }
    // The seed makes no links.
    const links = createBlobLinks(createCipher(keys), () => '')
    const blobs = await createBlobs(demo, links, systemClock)
    if (await seedDemo(embedded.ownerUrl, { now: systemClock.now(), keys, blobs }))
      log('Filled in the demo data.')
    blobs.close()
    return {
      config: demo,
      report: (url) => reportDemo(embedded, url, options),
      keys,
      databaseUrl: embedded.appUrl,
      stopDatabase: () => embedded.stop(),
    }
  } catch (error) {
    await embedded.stop()
    throw error
  }
}

export async function openDatabase(config: Config, databaseUrl: string): Promise<Running> {
  const keys = loadKeyRing(config)
  if (config.databaseOwnerUrl !== undefined) {
    const owner = await connect(config.databaseOwnerUrl, 'DATABASE_OWNER_URL', 'wardline-migrate')
    await migrate(owner, { log: say }).finally(() => owner.end())
  }
  const client = await connect(databaseUrl, 'DATABASE_URL')
  try {
    await refuseUnsafeRole(client)
    const [first, ...more] = await pendingMigrations(client)
    if (first !== undefined)
      throw new StartupError(
        `The database lacks ${more.length + 1} migrations, ${first} first: run "ward-server migrate" or set DATABASE_OWNER_URL.`,
      )
    if (await isBehind(client))
      throw new StartupError(
        'The database was restored from a dump into a cluster that counts its transactions anew: run "ward-server migrate" once, before any server starts.',
      )
  } finally {
    await client.end()
  }
  return {
    config,
    report: (url) => say(`Wardline listens on ${url}, docs on ${url}/docs.`),
    keys,
    databaseUrl,
    stopDatabase: async () => {},
  }
}

/** Resolves at the first wish to stop; a second one ends the process at once. */
export function stopRequest(): Promise<void> {
  return new Promise((resolve) => {
    let first: number | undefined
    const onSignal = (): void => {
      first ??= performance.now()
      resolve()
      if (performance.now() - first <= SECOND_SIGNAL_MS) return
      // What dies with the process cannot say it later.
      writeSync(process.stderr.fd, 'Ended at once, at the second signal: what was under way is cut.\n')
      process.exit(EXIT.interrupted)
    }
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, onSignal)
  })
}

function loadStartConfig(options: StartOptions): Config {
  const config = loadConfig(process.env, {
    port: options.port,
    host: options.host,
    jobs: options.jobs ? undefined : 'off',
  })
  if (config.databaseUrl === undefined) {
    if (config.databaseOwnerUrl !== undefined)
      throw new StartupError('DATABASE_OWNER_URL is set without DATABASE_URL.', EXIT.usage)
    if (config.keysFile !== undefined || config.keysJson !== undefined)
      throw new StartupError(
        'Keys are set without DATABASE_URL, and the embedded demo has its own.',
        EXIT.usage,
      )
    if (!config.runJobs)
      throw new StartupError('The embedded demo has no worker apart, so it runs its jobs itself.', EXIT.usage)
    // Its keys and passwords are printed in public places.
    if (!LOOPBACK.has(config.host))
      throw new StartupError(
        `The demo has public keys and passwords, so it listens on this machine only, not on ${config.host}: set DATABASE_URL for a server of your own.`,
        EXIT.usage,
      )
    // On a person's terminal the demo's log would bury what it prints.
    return process.env.LOG_LEVEL ? config : { ...config, logLevel: 'warn' }
  }
  if (options.data !== undefined || options.ephemeral)
    throw new StartupError(
      '--data and --ephemeral belong to the embedded demo, but DATABASE_URL is set.',
      EXIT.usage,
    )
  return config
}

async function run(options: StartOptions): Promise<void> {
  if (options.data !== undefined && options.ephemeral)
    throw new StartupError('--data and --ephemeral exclude each other.', EXIT.usage)
  const config = loadStartConfig(options)
  const stopWanted = stopRequest()
  const { promise: lost, resolve: onLost } = Promise.withResolvers<'lost'>()
  await checkPort(config)
  const running =
    config.databaseUrl === undefined
      ? await startDemo(config, options, () => onLost('lost'))
      : await openDatabase(config, config.databaseUrl)
  try {
    // Loaded here, because the other commands do not need it.
    const { createServer } = await import('../server.ts')
    const server = await createServer({
      config: running.config,
      keys: running.keys,
      databaseUrl: running.databaseUrl,
      log: createLog(config.logLevel),
      clock: systemClock,
    })
    try {
      const url = await server.listen()
      running.report(url)
      const why = await Promise.race([stopWanted, lost])
      if (why === 'lost') throw new StartupError('The embedded PostgreSQL ended; the server stops as well.')
    } finally {
      await within(CLOSE_TIMEOUT_MS, server.close(), undefined)
    }
  } catch (error) {
    throw listenError(config, error) ?? error
  } finally {
    await running.stopDatabase()
  }
  say('Stopped.')
  // A connection that would not close in time must not keep the process.
  process.exit(EXIT.done)
}

export function startCommand(program: Command): void {
  program
    .command('start', { isDefault: true })
    .allowExcessArguments(false)
    .description('serve; without DATABASE_URL as a demo with a PostgreSQL of its own')
    .option('--port <number>', 'listen on this port, 0 for any free one (default: PORT or 8000)')
    .option('--host <address>', 'listen on this address (default: HOST or 127.0.0.1)')
    .option('--data <dir>', "the demo's data folder (default: .wardline in the project)")
    .option('--no-jobs', 'run no jobs here: "ward-server worker" does (default: JOBS or on)')
    .option('--ephemeral', 'demo with a database that is gone at the end')
    .action(run)
}
