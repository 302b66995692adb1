import { execFile } from 'node:child_process'
import { chmod, mkdir, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { promisify } from 'node:util'
import { StartupError } from '../../startup-error.ts'
import { errorCode } from './error-code.ts'

const run = promisify(execFile)

/** The operating system's user that PostgreSQL runs as; undefined means our own. */
export interface Account {
  readonly uid: number
  readonly gid: number
  readonly name: string
}

async function lookUp(name: string): Promise<Account | undefined> {
  try {
    const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])])
    return { uid: Number(uid.stdout), gid: Number(gid.stdout), name }
  } catch {
    return undefined
  }
}

/**
 * PostgreSQL refuses to run as root, so root starts it as another user: the owner of the existing data,
 * else "postgres", else "nobody".
 */
export async function findAccount(existingData: string): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const data = await stat(existingData).catch(() => undefined)
  if (data !== undefined && data.uid !== 0) return { uid: data.uid, gid: data.gid, name: `user ${data.uid}` }
  const account = (await lookUp('postgres')) ?? (await lookUp('nobody'))
  if (account === undefined)
    throw new StartupError(
      'PostgreSQL does not run as root, and there is no user "postgres" or "nobody" to run it.',
    )
  return account
}

/** Whether the account may pass through every folder that exists on the way to `path`, itself included. */
export async function canReach(path: string, account: Account | undefined): Promise<boolean> {
  if (account === undefined) return true
  for (let folder = resolve(path); ; folder = dirname(folder)) {
    const info = await stat(folder).catch(() => undefined)
    // A file in the way is another problem, told elsewhere.
    if (info?.isDirectory()) {
      const bit = info.uid === account.uid ? 0o100 : info.gid === account.gid ? 0o010 : 0o001
      if ((info.mode & bit) === 0) return false
    }
    if (folder === dirname(folder)) return true
  }
}

/** Makes the folder and its missing parents, with these permissions whatever the umask. */
export async function makeFolder(path: string, mode: number): Promise<void> {
  // Not mkdir's own recursion: it never ends where the system answers ENOENT to every mkdir, as under /proc.
  const parent = dirname(resolve(path))
  const hasParent = await stat(parent).then(
    () => true,
    (error: unknown) => {
      if (errorCode(error) === 'ENOENT') return false
      throw error
    },
  )
  if (!hasParent) await makeFolder(parent, mode)
  try {
    await mkdir(path)
    await chmod(path, mode)
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error
    if (!(await stat(path)).isDirectory()) throw error
  }
}
