import { readFileSync, statSync } from 'node:fs'
import { resolve, sep } from 'node:path'
import { EXIT, StartupError } from './startup-error.ts'

// There an orchestrator mounts what belongs to one container, with modes of its own.
const MOUNTED = ['/run/secrets', '/var/run/secrets']

const isMounted = (file: string): boolean =>
  MOUNTED.some((folder) => resolve(file).startsWith(`${folder}${sep}`))

const reason = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : String(error)

/**
 * The content of a file that only its owner may read.
 * @param name how the sentence names the file, for example "The key file keys.json".
 * @throws {StartupError} when it is missing, or readable by others outside /run/secrets.
 */
export function readSecretFile(file: string, name: string): string {
  try {
    if (process.platform !== 'win32' && !isMounted(file) && (statSync(file).mode & 0o077) !== 0)
      throw new StartupError(`${name} can be read by others; run "chmod 600 ${file}".`)
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (error instanceof StartupError) throw error
    throw new StartupError(`${name} cannot be read (${reason(error)}).`, EXIT.failed, { cause: error })
  }
}
