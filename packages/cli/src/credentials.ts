import {
  chmodSync,
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'

/** An impersonation that `ward impersonate exec` can use. */
export interface StoredImpersonation {
  id: string
  access_token: string
  expires_at: string
  patient_id: string
  patient_name: string
  organization_id: string
}

/** One sign-in. */
export interface Profile {
  url: string
  email?: string
  access_token?: string
  /** Missing for a token that was given with --token-stdin. */
  refresh_token?: string
  /** The one organization of somebody who has one. */
  organization_id?: string
  impersonation?: StoredImpersonation
  /** Where the last `events tail` stopped, by stream. */
  tails?: Record<string, string>
}

interface Contents {
  profiles: Record<string, Profile>
}

const STALE_LOCK_MS = 30_000
const WAIT_MS = 50

/**
 * The sign-ins, in one file that only its owner can read. Several `ward` processes may use it at once: every change is
 * made under a lock, on what the file holds then, and put in place in one step.
 */
export class Credentials {
  readonly file: string
  readonly #folder: string
  #held = false

  constructor(folder: string) {
    this.#folder = folder
    this.file = join(folder, 'credentials.json')
  }

  /** $XDG_CONFIG_HOME/wardline, or ~/.config/wardline. */
  static folder(env: Readonly<Record<string, string | undefined>>): string {
    const home = env.HOME ?? env.USERPROFILE ?? '.'
    return join(env.XDG_CONFIG_HOME || join(home, '.config'), 'wardline')
  }

  profile(name: string): Profile | undefined {
    return this.#read().profiles[name]
  }

  /** @param change gets the profile as it stands and answers what it becomes; undefined removes it */
  async update(name: string, change: (profile: Profile | undefined) => Profile | undefined): Promise<void> {
    await this.locked(() => {
      const contents = this.#read()
      const next = change(contents.profiles[name])
      if (next === undefined) delete contents.profiles[name]
      else contents.profiles[name] = next
      this.#write(contents)
    })
  }

  /** Runs alone among all processes. A lock that is half a minute old belongs to one that died. */
  async locked<T>(work: () => T | Promise<T>): Promise<T> {
    if (this.#held) return await work()
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 })
    const lock = `${this.file}.lock`
    for (;;) {
      try {
        closeSync(openSync(lock, 'wx', 0o600))
        break
      } catch (error) {
        if (!isCode(error, 'EEXIST')) throw error
        const age = Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? 0)
        if (age > STALE_LOCK_MS) rmSync(lock, { force: true })
        else await new Promise((resolve) => setTimeout(resolve, WAIT_MS))
      }
    }
    this.#held = true
    try {
      return await work()
    } finally {
      this.#held = false
      rmSync(lock, { force: true })
    }
  }

  #read(): Contents {
    let text: string
    try {
      text = readFileSync(this.file, 'utf8')
    } catch (error) {
      if (isCode(error, 'ENOENT')) return { profiles: {} }
      throw error
    }
    // A copy or an old umask may have opened it to others.
    if (process.platform !== 'win32' && (statSync(this.file).mode & 0o077) !== 0) chmodSync(this.file, 0o600)
    try {
      const parsed: unknown = JSON.parse(text)
      if (typeof parsed === 'object' && parsed !== null && 'profiles' in parsed) return parsed as Contents
    } catch {
      // Told below.
    }
    throw new Error(`${this.file} is not readable as credentials; move it away and sign in again`)
  }

  #write(contents: Contents): void {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 })
    const next = `${this.file}.${process.pid}.new`
    const descriptor = openSync(next, 'w', 0o600)
    try {
      writeSync(descriptor, `${JSON.stringify(contents, null, 2)}\n`)
    } finally {
      closeSync(descriptor)
    }
    renameSync(next, this.file)
  }
}

const isCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code
