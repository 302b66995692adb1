import { randomInt } from 'node:crypto'
import { newOpaqueToken } from './tokens.ts'

const PREFIX_CHARACTERS = 12
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789'

const pattern = /^(wlk_[a-z0-9]{12})_[\w-]{43}$/

/** A new key: `wlk_`, which scanners of leaked secrets know it by, the part that names it, and 256 random bits. */
export function newApiKey(): { readonly prefix: string; readonly secret: string } {
  const name = Array.from({ length: PREFIX_CHARACTERS }, () => ALPHABET.charAt(randomInt(ALPHABET.length)))
  const prefix = `wlk_${name.join('')}`
  return { prefix, secret: `${prefix}_${newOpaqueToken()}` }
}

/** Whether a bearer credential means to be an API key; access tokens never begin so. */
export const isApiKey = (credential: string): boolean => credential.startsWith('wlk_')

/** The part that a key is looked up by; undefined when it cannot be a key of ours. */
export const apiKeyPrefix = (key: string): string | undefined => pattern.exec(key)?.[1]
