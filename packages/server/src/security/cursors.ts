import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import type { KeyRing } from './keys.ts'

/** A column's value at the end of a page. */
export type CursorValue = string | number | boolean | null

/** What a list was narrowed by, besides its page: the organization, the query. */
export type CursorFilters = Readonly<Record<string, unknown>>

export interface Cursors {
  /** @param values the order's columns of the last row shown, the unique one last. */
  encode(operationId: string, filters: CursorFilters, values: readonly CursorValue[]): string
  /** @returns undefined for a cursor that is forged, of another operation or of other filters. */
  decode(operationId: string, filters: CursorFilters, cursor: string): CursorValue[] | undefined
}

const MAC_BYTES = 18

// A page may be longer than the one before it; these do not change what is listed.
const PAGE_CONTROLS = new Set(['limit', 'cursor', 'include_total'])

const canonical = (filters: CursorFilters): string =>
  JSON.stringify(
    Object.entries(filters)
      .filter(([name, value]) => value !== undefined && !PAGE_CONTROLS.has(name))
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  )

/** Opaque positions in lists, authentic by HMAC and bound to the operation and its filters. */
export function createCursors(ring: Pick<KeyRing, 'encryption'>): Cursors {
  const keys = ring.encryption.map(({ key }) =>
    Buffer.from(hkdfSync('sha256', Buffer.from(key, 'base64url'), '', 'wardline cursor', 32)),
  )
  const [first] = keys
  if (first === undefined) throw new Error('The key ring has no encryption key.')
  const macOf = (key: Buffer, operationId: string, filters: CursorFilters, payload: string): Buffer =>
    createHmac('sha256', key)
      .update(JSON.stringify([operationId, canonical(filters), payload]))
      .digest()
      .subarray(0, MAC_BYTES)

  return {
    encode(operationId, filters, values) {
      const payload = Buffer.from(JSON.stringify(values)).toString('base64url')
      return `${payload}.${macOf(first, operationId, filters, payload).toString('base64url')}`
    },

    decode(operationId, filters, cursor) {
      const [payload = '', mac = '', ...rest] = cursor.split('.')
      const given = Buffer.from(mac, 'base64url')
      if (rest.length > 0 || given.length !== MAC_BYTES) return undefined
      const authentic = keys.some((key) => timingSafeEqual(macOf(key, operationId, filters, payload), given))
      if (!authentic) return undefined
      // Authentic, hence written by encode().
      const values: CursorValue[] = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'))
      return values
    },
  }
}
