import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { readFile, rm, stat } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { StartupError } from '../../startup-error.ts'
import type { Account } from './account.ts'
import { type Binaries, CLEAN_ENV } from './binaries.ts'
import { errorCode } from './error-code.ts'
import { isAlive } from './folder.ts'

const run = promisify(execFile)

const START_TIMEOUT_MS = 60_000
const STOP_TIMEOUT_MS = 10_000
const POLL_MS = 10

/** A running postmaster that this process started. */
export interface Postmaster {
  readonly pid: number
  readonly port: number
  /** Resolves when it has ended, wanted or not. */
  readonly exited: Promise<void>
  stop(): Promise<void>
}

/** What a postmaster writes about itself into its data folder. */
interface PidFile {
  readonly pid: number
  readonly port: number
  readonly ready: boolean
}

export async function readPidFile(cluster: string): Promise<PidFile | undefined> {
  const text = await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return ''
    throw error
  })
  const lines = text.split('\n')
  const pid = Number(lines[0])
  if (!Number.isInteger(pid) || pid <= 0) return undefined
  return { pid, port: Number(lines[3]), ready: lines[7]?.trim() === 'ready' }
}

/** The command line of a process; '' when it is over, undefined when the system does not tell. */
async function commandOf(pid: number): Promise<string | undefined> {
  try {
    if (process.platform === 'linux')
      return (await readFile(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' ')
    return (await run('ps', ['-o', 'command=', '-p', String(pid)])).stdout
  } catch (error) {
    const code = errorCode(error)
    return code === 'ENOENT' || code === 'ESRCH' || code === '1' ? '' : undefined
  }
}

/** The postmaster of an earlier run that still lives in the folder; a stale pid file is removed. */
export async function findLivePostmaster(cluster: string): Promise<PidFile | undefined> {
  const file = await readPidFile(cluster)
  if (file === undefined) return undefined
  // The number may have gone to another process since.
  const command = isAlive(file.pid) ? await commandOf(file.pid) : ''
  if (command === undefined || command.includes(cluster)) return file
  await rm(join(cluster, 'postmaster.pid'), { force: true })
  return undefined
}

export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if (errorCode(error) === 'ESRCH') return
    throw new StartupError(
      `The PostgreSQL of an earlier run (process ${pid}) cannot be stopped (${errorCode(error)}).`,
    )
  }
}

/** A port of the loopback that is free at this moment. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}

function settings(port: number, ephemeral: boolean): string[] {
  const values: Record<string, string | number> = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: '',
    timezone: 'UTC',
    log_timezone: 'UTC',
    jit: 'off',
    // The log must hold no row values and no statements: they carry health data.
    log_error_verbosity: 'terse',
    log_min_error_statement: 'panic',
    ...(ephemeral
      ? { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_wal_size: '4GB' }
      : {}),
  }
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`])
}

/**
 * Stops the database when this process dies without doing so: the pipe to the guard closes with us, however we end.
 * An ephemeral folder is then removed as well.
 */
function startGuard(
  pid: number,
  cluster: string,
  ephemeralFolder: string | undefined,
): ChildProcess | undefined {
  if (process.platform === 'win32') return undefined
  const script =
    'cat >/dev/null; kill -INT "$1" 2>/dev/null; [ -n "$3" ] || exit 0; n=0; ' +
    'while [ -e "$2/postmaster.pid" ] && [ $n -lt 100 ]; do sleep 0.1; n=$((n+1)); done; rm -rf "$3"'
  const guard = spawn(
    '/bin/sh',
    ['-c', script, 'wardline-guard', String(pid), cluster, ephemeralFolder ?? ''],
    {
      cwd: '/',
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    },
  )
  guard.on('error', () => {})
  guard.stdin?.on('error', () => {})
  return guard
}

const done = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null

async function logSince(log: string, offset: number): Promise<string> {
  const text = await readFile(log).catch(() => Buffer.alloc(0))
  return text.subarray(offset).toString('utf8')
}

interface StartOptions {
  readonly binaries: Binaries
  readonly account: Account | undefined
  readonly cluster: string
  readonly log: string
  readonly ephemeralFolder: string | undefined
}

/** @returns the postmaster when it accepts connections, or what its log says about why it does not. */
async function tryStart(options: StartOptions, port: number): Promise<Postmaster | string> {
  const { binaries, account, cluster, log, ephemeralFolder } = options
  const ephemeral = ephemeralFolder !== undefined
  const offset = (await stat(log).catch(() => undefined))?.size ?? 0
  const output = openSync(log, 'a', 0o600)
  const child = spawn(join(binaries.folder, 'postgres'), ['-D', cluster, ...settings(port, ephemeral)], {
    ...(account === undefined ? {} : { uid: account.uid, gid: account.gid }),
    cwd: '/',
    env: CLEAN_ENV,
    // A session of its own: Ctrl-C reaches only us, and we stop it in order.
    detached: true,
    stdio: ['ignore', output, output],
  })
  closeSync(output)
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve())
  })
  if (child.pid === undefined) return 'its program could not be started'
  const pid = child.pid
  const guard = startGuard(pid, cluster, ephemeralFolder)
  const endGuard = () => guard?.kill('SIGKILL')

  const deadline = Date.now() + START_TIMEOUT_MS
  while (!done(child)) {
    const file = await readPidFile(cluster)
    if (file?.pid === pid && file.ready) break
    if (Date.now() > deadline) {
      child.kill('SIGQUIT')
      await exited
    }
    await sleep(POLL_MS)
  }
  if (done(child)) {
    endGuard()
    return logSince(log, offset)
  }

  let stopping: Promise<void> | undefined
  const stop = async (): Promise<void> => {
    if (!done(child)) {
      // SIGINT is a fast shutdown with a checkpoint, SIGQUIT an immediate one: right for data that is thrown away.
      child.kill(ephemeral ? 'SIGQUIT' : 'SIGINT')
      const late = setTimeout(() => child.kill('SIGQUIT'), STOP_TIMEOUT_MS)
      await exited
      clearTimeout(late)
    }
    endGuard()
  }
  return {
    pid,
    port,
    exited,
    stop() {
      stopping ??= stop()
      return stopping
    },
  }
}

/** The last line that tells why, without its time stamp. */
function reasonIn(log: string): string {
  const lines = log.split('\n').filter((line) => /(FATAL|PANIC|ERROR|error|could not)/.test(line))
  return (lines[0] ?? log.trim().split('\n').at(-1) ?? '').replace(/^.*?(FATAL|PANIC|ERROR): +/, '').trim()
}

/**
 * Starts PostgreSQL on a free port of the loopback.
 * @throws {StartupError} with the reason from its log.
 */
export async function startPostmaster(options: StartOptions): Promise<Postmaster> {
  let failure = ''
  for (let attempt = 1; attempt <= 5; attempt++) {
    const result = await tryStart(options, await freePort())
    if (typeof result !== 'string') return result
    failure = result
    // A port can be taken between the look and the start; the last processes of a killed database end within moments.
    if (!/Address already in use|could not create any TCP|still in use|is another postmaster/.test(failure))
      break
    await sleep(100 * attempt)
  }
  throw new StartupError(`PostgreSQL did not start: ${reasonIn(failure)} (see ${options.log}).`)
}

/**
 * Makes an empty database cluster.
 * @param passwordFile readable by the account.
 */
export async function initCluster(
  binaries: Binaries,
  account: Account | undefined,
  cluster: string,
  passwordFile: string,
): Promise<void> {
  const always = ['-D', cluster, '-U', 'postgres', '--auth=scram-sha-256', `--pwfile=${passwordFile}`]
  const quick = ['--encoding=UTF8', '--no-sync', '--no-instructions']
  // Order by code point and case rules of Unicode, alike everywhere; plain C where the system has no C.UTF-8.
  const locales =
    binaries.major >= 17
      ? [['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']]
      : [['--locale=C.UTF-8'], ['--locale=C']]
  let failure: unknown
  for (const locale of locales) {
    try {
      await run(join(binaries.folder, 'initdb'), [...always, ...quick, ...locale], {
        ...(account === undefined ? {} : { uid: account.uid, gid: account.gid }),
        cwd: '/',
        env: CLEAN_ENV,
      })
      return
    } catch (error) {
      failure = error
    }
  }
  const output = failure instanceof Error && 'stderr' in failure ? String(failure.stderr) : String(failure)
  const reason = output.split('\n').find((line) => /error/i.test(line)) ?? output.trim()
  throw new StartupError(
    `PostgreSQL's data could not be made: ${reason.replace(/^initdb: error: /, '')}.`,
    1,
    {
      cause: failure,
    },
  )
}
