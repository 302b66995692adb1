import { randomBytes } from 'node:crypto'
import { readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { EXIT, StartupError } from '../../startup-error.ts'
import { makeFolder } from './account.ts'
import { errorCode } from './error-code.ts'

/** The passwords of the three roles that the embedded database begins with. */
export interface Secrets {
  readonly superuser: string
  readonly owner: string
  readonly server: string
}

const paths = (folder: string) => ({
  marker: join(folder, 'wardline.json'),
  secrets: join(folder, 'secrets.json'),
  lock: join(folder, 'start.lock'),
})

/** Where PostgreSQL's own files are. */
export const clusterFolder = (folder: string): string => join(folder, 'postgres')
export const logFile = (folder: string): string => join(folder, 'postgres.log')

function unusable(folder: string, error: unknown): StartupError {
  const code = errorCode(error)
  const reasons: Readonly<Record<string, string>> = {
    EACCES: 'this user may not read and write it',
    EPERM: 'this user may not read and write it',
    EROFS: 'it is on a read-only disk',
    ENOSPC: 'the disk is full',
    ENOENT: 'it cannot be made there',
    ENOTDIR: 'it is not a folder',
    EEXIST: 'it is not a folder',
  }
  const why = reasons[code] ?? code
  return new StartupError(`The data folder ${folder} cannot be used: ${why}.`, EXIT.failed, { cause: error })
}

/** Turns the file system's refusals into sentences about the folder. */
export async function inFolder<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof StartupError || !(error instanceof Error) || !('syscall' in error)) throw error
    throw unusable(folder, error)
  }
}

/**
 * Makes the folder, or makes sure that it is ours.
 * @returns whether its database is complete.
 */
export async function openFolder(folder: string, mode: number): Promise<boolean> {
  const { marker } = paths(folder)
  await makeFolder(folder, mode)
  const names = await readdir(folder)
  if (names.length === 0) await writeMarker(folder, false)
  else if (!names.includes('wardline.json'))
    throw new StartupError(
      `The folder ${folder} is not empty and not Wardline's; nothing in it was touched. Choose another with --data.`,
    )
  const json = await readFile(marker, 'utf8')
  return /"ready": ?true/.test(json)
}

export async function writeMarker(folder: string, ready: boolean): Promise<void> {
  const { marker } = paths(folder)
  const text = `${JSON.stringify({ about: "Wardline's embedded database: delete the whole folder to start afresh.", ready }, null, 2)}\n`
  await writeFile(`${marker}.new`, text)
  await rename(`${marker}.new`, marker)
}

export async function createSecrets(folder: string): Promise<Secrets> {
  const password = (): string => randomBytes(24).toString('base64url')
  const secrets = { superuser: password(), owner: password(), server: password() }
  await writeFile(paths(folder).secrets, `${JSON.stringify(secrets)}\n`, { mode: 0o600 })
  return secrets
}

export async function readSecrets(folder: string): Promise<Secrets | undefined> {
  let json: string
  try {
    json = await readFile(paths(folder).secrets, 'utf8')
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
  const field = (name: string): string => new RegExp(`"${name}":"([\\w-]{32})"`).exec(json)?.[1] ?? ''
  const secrets = { superuser: field('superuser'), owner: field('owner'), server: field('server') }
  return Object.values(secrets).includes('') ? undefined : secrets
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return errorCode(error) === 'EPERM'
  }
}

// A start takes seconds: an older lock was left by a killed server whose number lives on in another process.
const LOCK_LIFETIME_MS = 60_000

/**
 * Keeps two servers from starting on one folder, until the database itself can tell.
 * @returns what releases the lock.
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const { lock } = paths(folder)
  const take = () => writeFile(lock, String(process.pid), { flag: 'wx' })
  try {
    await take()
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error
    const [text, info] = await Promise.all([readFile(lock, 'utf8'), stat(lock)]).catch(
      () => ['', undefined] as const,
    )
    const fresh = info !== undefined && Date.now() - info.mtimeMs < LOCK_LIFETIME_MS
    if (fresh && text !== '' && Number(text) !== process.pid && isAlive(Number(text)))
      throw new StartupError(
        `Another Wardline server (process ${text}) is starting on the data folder ${folder}.`,
      )
    await rm(lock, { force: true })
    await take()
  }
  return () => rm(lock, { force: true })
}
