import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { canReach } from '../../packages/server/src/db/embedded/account.ts'
import { keyRingJson } from '../../packages/server/src/security/keys.ts'
import type { World } from '../support/world.ts'

const PROJECT = join(import.meta.dirname, '../..')
const MAIN = join(PROJECT, 'packages/server/src/main.ts')

export const isRoot = process.getuid?.() === 0

/** Whether a file system can be hidden from one process and its children. */
export const canHide =
  isRoot && spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0

const NOBODY = 65_534

/** Root runs "as an ordinary user" as nobody, who must be able to read the project. */
export const ordinaryUser = isRoot ? { uid: NOBODY, gid: NOBODY } : undefined
export const canBeOrdinary =
  ordinaryUser === undefined ||
  ((await canReach(PROJECT, { ...ordinaryUser, name: 'nobody' })) &&
    (await canReach(process.execPath, { ...ordinaryUser, name: 'nobody' })))

/** A folder that everybody may use, removed after the test. */
export async function temporaryFolder(mode = 0o777): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'wardline-embedded-test-'))
  await chmod(folder, mode)
  onTestFinished(() => rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }))
  return folder
}

export interface Run {
  readonly child: ChildProcess
  /** Both outputs so far. */
  output(): string
  readonly exit: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly user?: { uid: number; gid: number } | undefined
  readonly input?: string
  /** A command that goes before, for example one that hides a folder. */
  readonly wrapper?: readonly string[]
}

/** ward-server as a process of its own; ended after the test at the latest. */
export function wardServer(args: readonly string[], options: RunOptions = {}): Run {
  const [command = '', ...rest] = [...(options.wrapper ?? []), process.execPath, MAIN, ...args]
  const child = spawn(command, rest, {
    ...options.user,
    cwd: PROJECT,
    env: { PATH: process.env.PATH ?? '', HOME: '/nonexistent', NO_COLOR: '1', ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  child.stdin.end(options.input ?? '')
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
    })
  const exit = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }))
  })
  onTestFinished(async () => {
    child.kill('SIGINT')
    const late = setTimeout(() => child.kill('SIGKILL'), 15_000)
    await exit
    clearTimeout(late)
  })
  return { child, output: () => text, exit }
}

/** Waits until the server listens. */
export async function whenUp(run: Run): Promise<string> {
  const ended = run.exit.then(({ code }) => {
    throw new Error(`the server ended with ${code}:\n${run.output()}`)
  })
  const up = new Promise<string>((resolve) => {
    const look = (): void => {
      const url = /(?:API +|listens on )(http:\/\/[\w.:[\]]+)/.exec(run.output())?.[1]
      if (url !== undefined && /Ctrl-C|docs on/.test(run.output())) resolve(url)
      else setTimeout(look, 20)
    }
    look()
  })
  return Promise.race([up, ended])
}

/** A server as a process of its own on a world's database, up. */
export async function serverOn(
  world: Pick<World, 'appUrl' | 'keys'>,
  port: number,
  env: Readonly<Record<string, string>> = {},
): Promise<Run> {
  const run = wardServer(['start', '--port', String(port)], {
    env: {
      DATABASE_URL: world.appUrl,
      WARDLINE_KEYS: keyRingJson(world.keys),
      RATE_LIMIT_GENERAL: '999999/1m',
      LOG_LEVEL: 'silent',
      ...env,
    },
  })
  await whenUp(run)
  return run
}

/** Runs to the end. */
export async function finished(run: Run): Promise<{ code: number | null; output: string }> {
  const { code } = await run.exit
  return { code, output: run.output() }
}

/** The postmaster that uses the data folder, if one is running. */
export function postmasterOf(dataDir: string): number | undefined {
  const file = join(dataDir, 'postgres/postmaster.pid')
  if (!existsSync(file)) return undefined
  const pid = Number(readFileSync(file, 'utf8').split('\n')[0])
  try {
    process.kill(pid, 0)
    return pid
  } catch {
    return undefined
  }
}

export async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + 15_000
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`waited in vain until ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 30))
  }
}
