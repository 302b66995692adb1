import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto'
import { chmodSync, renameSync, writeFileSync } from 'node:fs'
import type { Config } from '../config.ts'
import { isRecord } from '../is-record.ts'
import { readSecretFile } from '../secret-file.ts'
import { EXIT, StartupError } from '../startup-error.ts'

export interface PublicJwk {
  readonly kty: 'OKP'
  readonly crv: 'Ed25519'
  readonly x: string
}

export interface PrivateJwk extends PublicJwk {
  readonly d: string
}

export interface SigningKey {
  readonly kid: string
  readonly privateJwk: PrivateJwk
  readonly publicJwk: PublicJwk
  /** ISO instant; of a key that was staged, when it came into use. */
  readonly createdAt: string
  /** Known to every server, used by none yet. */
  readonly staged?: true
}

export interface EncryptionKey {
  readonly kid: string
  /** base64url of 32 bytes. */
  readonly key: string
  /** Known to every server, used by none yet. */
  readonly staged?: true
}

/**
 * The server's secrets. The first key of each list is in use; the others verify and decrypt what is older, and the last may
 * be staged: what another server makes with it is understood already.
 */
export interface KeyRing {
  readonly signing: readonly SigningKey[]
  readonly encryption: readonly EncryptionKey[]
}

/** RFC 7638: the name of a key is the hash of its public part. */
function thumbprint({ crv, kty, x }: PublicJwk): string {
  return createHash('sha256').update(JSON.stringify({ crv, kty, x })).digest('base64url')
}

function publicPart({ crv, kty, x }: PublicJwk): PublicJwk {
  return { kty, crv, x }
}

function generateSigningKey(now: Date): SigningKey {
  const { privateKey } = generateKeyPairSync('ed25519')
  const { x, d } = privateKey.export({ format: 'jwk' })
  if (x === undefined || d === undefined) throw new Error('node:crypto exported an incomplete Ed25519 key')
  const privateJwk = { kty: 'OKP', crv: 'Ed25519', x, d } as const
  const publicJwk = publicPart(privateJwk)
  return { kid: thumbprint(publicJwk), privateJwk, publicJwk, createdAt: now.toISOString() }
}

function generateEncryptionKey(): EncryptionKey {
  return { kid: randomBytes(8).toString('hex'), key: randomBytes(32).toString('base64url') }
}

export function generateKeyRing(now = new Date()): KeyRing {
  return { signing: [generateSigningKey(now)], encryption: [generateEncryptionKey()] }
}

const isStaged = (key: { readonly staged?: true }): boolean => key.staged === true

/** Which of the two kinds. */
export interface Kinds {
  readonly signing?: boolean
  readonly encryption?: boolean
}

/** Adds new keys behind the others, where there are none yet that wait; every server has to know them before one uses them. */
export function stageKeyRing(ring: KeyRing, which: Kinds, now = new Date()): KeyRing {
  const { signing, encryption } = ring
  return {
    signing:
      which.signing && !signing.some(isStaged)
        ? [...signing, { ...generateSigningKey(now), staged: true }]
        : signing,
    encryption:
      which.encryption && !encryption.some(isStaged)
        ? [...encryption, { ...generateEncryptionKey(), staged: true }]
        : encryption,
  }
}

/** Puts the staged keys in front, else new ones; the older ones stay for verifying and decrypting. */
export function rotateKeyRing(ring: KeyRing, which: Kinds, now = new Date()): KeyRing {
  const rotate = <Key extends { readonly staged?: true }>(keys: readonly Key[], make: () => Key): Key[] => {
    const { staged: _, ...next } = keys.find(isStaged) ?? make()
    // Without its mark it is still a key.
    return [next as Key, ...keys.filter((key) => !isStaged(key))]
  }
  const makeSigning = (): SigningKey => generateSigningKey(now)
  const [first, ...rest] = which.signing ? rotate(ring.signing, makeSigning) : ring.signing
  return {
    signing:
      which.signing && first !== undefined
        ? [{ ...first, createdAt: now.toISOString() }, ...rest]
        : ring.signing,
    encryption: which.encryption ? rotate(ring.encryption, generateEncryptionKey) : ring.encryption,
  }
}

/** Drops the encryption keys that are no longer in use, for a database in which nothing is under them. */
export function retireEncryptionKeys(ring: KeyRing): KeyRing {
  return { ...ring, encryption: ring.encryption.filter((key, index) => index === 0 || isStaged(key)) }
}

/**
 * Drops signing keys that were replaced more than `keepSeconds` ago (a day outlives every token).
 * Encryption keys stay: secrets in the database may still need them.
 */
export function pruneKeyRing(ring: KeyRing, now = new Date(), keepSeconds = 86_400): KeyRing {
  const oldest = now.getTime() - keepSeconds * 1000
  const signing = ring.signing.filter((key, index) => {
    const successor = isStaged(key) ? undefined : ring.signing[index - 1]
    return successor === undefined || Date.parse(successor.createdAt) >= oldest
  })
  return { signing, encryption: ring.encryption }
}

/** The ring's parser speaks in sentences that never quote key material. */
class KeyRingError extends Error {}

function text(record: Record<string, unknown>, name: string, where: string): string {
  const value = record[name]
  if (typeof value !== 'string' || value === '') throw new KeyRingError(`${where} has no "${name}"`)
  return value
}

function list(record: Record<string, unknown>, name: string): Record<string, unknown>[] {
  const value = record[name]
  if (!Array.isArray(value) || value.length === 0 || !value.every(isRecord))
    throw new KeyRingError(`"${name}" must be a list of at least one key`)
  return value
}

function parseStaged({ staged }: Record<string, unknown>, where: string): { staged?: true } {
  if (staged !== undefined && staged !== true)
    throw new KeyRingError(`${where} has a "staged" that is not true`)
  return staged === undefined ? {} : { staged }
}

function parseSigningKey(record: Record<string, unknown>, index: number): SigningKey {
  const where = `signing key ${index + 1}`
  const jwk = record.privateJwk
  if (!isRecord(jwk)) throw new KeyRingError(`${where} has no "privateJwk"`)
  if (jwk.kty !== 'OKP' || jwk.crv !== 'Ed25519') throw new KeyRingError(`${where} is not an Ed25519 key`)
  const privateJwk = {
    kty: 'OKP',
    crv: 'Ed25519',
    x: text(jwk, 'x', where),
    d: text(jwk, 'd', where),
  } as const
  const publicJwk = publicPart(privateJwk)
  let derived: string | undefined
  try {
    derived = createPublicKey(createPrivateKey({ key: { ...privateJwk }, format: 'jwk' })).export({
      format: 'jwk',
    }).x
  } catch {
    throw new KeyRingError(`${where} is damaged`)
  }
  if (derived !== privateJwk.x) throw new KeyRingError(`${where} has a public part that does not match`)
  if (record.kid !== thumbprint(publicJwk)) throw new KeyRingError(`${where} has a "kid" that does not match`)
  const createdAt = text(record, 'createdAt', where)
  if (Number.isNaN(Date.parse(createdAt)))
    throw new KeyRingError(`${where} has a "createdAt" that is no instant`)
  return { kid: record.kid, privateJwk, publicJwk, createdAt, ...parseStaged(record, where) }
}

function parseEncryptionKey(record: Record<string, unknown>, index: number): EncryptionKey {
  const where = `encryption key ${index + 1}`
  const key = text(record, 'key', where)
  if (!/^[\w-]{43}$/.test(key) || Buffer.from(key, 'base64url').length !== 32)
    throw new KeyRingError(`${where} is not 32 bytes in base64url`)
  return { kid: text(record, 'kid', where), key, ...parseStaged(record, where) }
}

/**
 * @param source how the sentence names the text, for example "WARDLINE_KEYS".
 * @throws {StartupError} when the text is no key ring.
 */
export function parseKeyRing(json: string, source: string): KeyRing {
  try {
    let value: unknown
    try {
      value = JSON.parse(json)
    } catch {
      throw new KeyRingError('it is not JSON')
    }
    if (!isRecord(value)) throw new KeyRingError('it is not a JSON object')
    const ring = {
      signing: list(value, 'signing').map(parseSigningKey),
      encryption: list(value, 'encryption').map(parseEncryptionKey),
    }
    if ([ring.signing[0], ring.encryption[0]].some((key) => key?.staged))
      throw new KeyRingError('the first key of each list is in use, so it cannot be staged')
    const kids = [...ring.signing, ...ring.encryption].map((key) => key.kid)
    if (new Set(kids).size !== kids.length) throw new KeyRingError('two keys have the same "kid"')
    return ring
  } catch (error) {
    if (!(error instanceof KeyRingError)) throw error
    throw new StartupError(`${source} is not a usable key ring: ${error.message}.`, EXIT.failed, {
      cause: error,
    })
  }
}

const reason = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : String(error)

/** @throws {StartupError} when the file is missing, readable by others or no key ring. */
export function readKeyRing(file: string): KeyRing {
  const name = `The key file ${file}`
  return parseKeyRing(readSecretFile(file, name), name)
}

export const keyRingJson = (ring: KeyRing): string => `${JSON.stringify(ring, null, 2)}\n`

/**
 * Writes the ring with mode 0600, at once or not at all.
 * @param overwrite false refuses a file that is already there.
 */
export function writeKeyRing(file: string, ring: KeyRing, overwrite: boolean): void {
  const target = overwrite ? `${file}.${process.pid}.new` : file
  try {
    writeFileSync(target, keyRingJson(ring), { mode: 0o600, flag: 'wx', flush: true })
    chmodSync(target, 0o600)
    if (overwrite) renameSync(target, file)
  } catch (error) {
    const why = reason(error) === 'EEXIST' ? 'it exists already' : reason(error)
    throw new StartupError(`The key file ${target} cannot be written (${why}).`, EXIT.failed, {
      cause: error,
    })
  }
}

/** @throws {StartupError} when no keys are configured, or unusable ones. */
export function loadKeyRing(config: Config): KeyRing {
  if (config.keysFile !== undefined) return readKeyRing(config.keysFile)
  if (config.keysJson !== undefined) return parseKeyRing(config.keysJson, 'WARDLINE_KEYS')
  throw new StartupError(
    'With DATABASE_URL the server needs its keys: run "ward-server keys generate --out keys.json" and set WARDLINE_KEYS_FILE to that file.',
    EXIT.usage,
  )
}
