import { randomBytes } from 'node:crypto'
import { hash, verify } from '@node-rs/argon2'

/** Argon2id, version 19, is the library's default algorithm; these are OWASP's first recommended costs. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const

const MIN_LENGTH = 12

export interface Passwords {
  /** @returns a PHC string that carries its own salt and costs. */
  hash(password: string): Promise<string>
  /** Takes the same time for an account that does not exist: pass null. */
  verify(passwordHash: string | null, password: string): Promise<boolean>
  /**
   * Why the password must not be used, for a person to read; undefined when it may.
   * @param personal words that others may guess: the e-mail address, the name.
   */
  weakness(password: string, personal?: readonly string[]): Promise<string | undefined>
}

/** The same letters typed on another keyboard must stay the same password (NIST SP 800-63B, 5.1.1.2). */
const normalized = (password: string): string => password.normalize('NFKC')

let commonPasswords: Promise<ReadonlySet<string>> | undefined

// Loaded at the first use: 49,000 strings are of no use to a server that registers nobody.
const common = (): Promise<ReadonlySet<string>> => {
  commonPasswords ??= import('@zxcvbn-ts/language-common').then(
    ({ dictionary }) => new Set(dictionary['passwords-common']),
  )
  return commonPasswords
}

/** "abcabcabcabc" is "abc" to someone who guesses. */
const unrepeated = (text: string): string => /^(.+?)\1+$/s.exec(text)?.[1] ?? text

/** The list is short of long passwords; "password1234!" is its "password" all the same. */
const cores = (password: string): string[] => {
  const lower = normalized(password).toLowerCase()
  const bare = lower.replace(/[\d\W_]+$/, '').replace(/^[\d\W_]+/, '')
  return [lower, unrepeated(lower), bare, unrepeated(bare)]
}

const isRow = (text: string): boolean => {
  const steps = [...text].slice(1).map((char, index) => char.charCodeAt(0) - text.charCodeAt(index))
  return (
    steps.every((step) => step === 0) ||
    steps.filter((step) => Math.abs(step) === 1).length >= steps.length - 1
  )
}

/** Hashing and judging of passwords. */
export function createPasswords(): Passwords {
  // Made ahead of the first sign-in, so that no unknown account costs two hashes.
  const decoy = hash(randomBytes(32), COST)
  return {
    hash: (password) => hash(normalized(password), COST),

    async verify(passwordHash, password) {
      const matches = await verify(passwordHash ?? (await decoy), normalized(password))
      return matches && passwordHash !== null
    },

    async weakness(password, personal = []) {
      if ([...normalized(password)].length < MIN_LENGTH) return `must have at least ${MIN_LENGTH} characters`
      const list = await common()
      const candidates = cores(password)
      if (candidates.some((core) => list.has(core)) || isRow(normalized(password).toLowerCase()))
        return 'is too common'
      const words = personal
        .flatMap((text) => [text, ...text.split(/[@\s]/)])
        .map((word) => word.normalize('NFKC').toLowerCase())
      return words.some((word) => word.length > 2 && candidates.includes(word))
        ? 'must not be your name or e-mail address'
        : undefined
    },
  }
}
