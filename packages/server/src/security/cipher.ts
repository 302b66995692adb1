import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import type { KeyRing } from './keys.ts'

const ALGORITHM = 'aes-256-gcm'
const IV_BYTES = 12
const TAG_BYTES = 16

/** Encrypts secrets that the database keeps. */
export interface Cipher {
  /** @param context what the secret belongs to; only the same context decrypts it. */
  encrypt(plain: string, context: string): string
  /** @throws when the text was changed, belongs to another context, or its key is not in the ring. */
  decrypt(sealed: string, context: string): string
}

/** AES-256-GCM under the ring's first key; the text names its key, so that older keys still decrypt. */
export function createCipher(ring: Pick<KeyRing, 'encryption'>): Cipher {
  const keys = new Map(ring.encryption.map(({ kid, key }) => [kid, Buffer.from(key, 'base64url')]))
  const [first] = ring.encryption
  if (first === undefined) throw new Error('The key ring has no encryption key.')
  const keyOf = (kid: string): Buffer => {
    const key = keys.get(kid)
    if (key === undefined) throw new Error(`The key ring has no encryption key "${kid}".`)
    return key
  }
  return {
    encrypt(plain, context) {
      const iv = randomBytes(IV_BYTES)
      const cipher = createCipheriv(ALGORITHM, keyOf(first.kid), iv, { authTagLength: TAG_BYTES })
      cipher.setAAD(Buffer.from(context))
      const body = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()])
      return [first.kid, ...[iv, body, cipher.getAuthTag()].map((part) => part.toString('base64url'))].join(
        '.',
      )
    },

    decrypt(sealed, context) {
      const [kid = '', iv = '', body = '', tag = ''] = sealed.split('.')
      const decipher = createDecipheriv(ALGORITHM, keyOf(kid), Buffer.from(iv, 'base64url'), {
        authTagLength: TAG_BYTES,
      })
      decipher.setAAD(Buffer.from(context))
      decipher.setAuthTag(Buffer.from(tag, 'base64url'))
      return Buffer.concat([decipher.update(Buffer.from(body, 'base64url')), decipher.final()]).toString(
        'utf8',
      )
    },
  }
}
