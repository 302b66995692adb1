import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import type { Clock } from '../../clock.ts'
import type { Config } from '../../config.ts'
import { createFolderBlobs } from './folder.ts'
import type { BlobLinks } from './links.ts'

/** How many bytes a blob may have. */
export interface SizeLimits {
  readonly min?: number
  readonly max: number
}

export type SizeFault = 'too large' | 'too small'

/** What was stored. */
export interface StoredBlob {
  readonly size: number
  /** Hexadecimal. */
  readonly sha256: string
}

/** A stored blob, to be read once. Whoever does not read it destroys `body`. */
export interface BlobContent {
  readonly size: number
  readonly body: Readable
}

/** What whoever follows a download link gets: never shown in the browser, always saved under this name. */
export interface Download {
  readonly filename: string
  readonly contentType: string
  readonly expiresAt: Date
}

/** What whoever follows an upload link may send: exactly this many bytes, as often as they like until it expires. */
export interface Upload {
  readonly size: number
  readonly expiresAt: Date
}

/**
 * Where files are. A key is a path of the server's own making, such as `documents/…/…`; never of a caller's. What is
 * written appears whole or not at all, and replaces what was there.
 */
export interface Blobs {
  /**
   * Writes a stream, no faster than it is stored.
   * @returns what is wrong when it has more or fewer bytes than allowed; nothing is stored then.
   */
  put(key: string, body: AsyncIterable<Uint8Array>, limits: SizeLimits): Promise<StoredBlob | SizeFault>
  /** Undefined when there is none. */
  get(key: string): Promise<BlobContent | undefined>
  head(key: string): Promise<{ readonly size: number } | undefined>
  /** Replaces what is at `to`. False when there is nothing at `from`. */
  move(from: string, to: string): Promise<boolean>
  /** Nothing to delete is no error. */
  delete(key: string): Promise<void>
  /** For a PUT without further credentials, of `UPLOAD_TYPE`. */
  uploadUrl(key: string, upload: Upload): Promise<string>
  /** For a GET without further credentials. */
  downloadUrl(key: string, download: Download): Promise<string>
  /** Rejects when the store does not answer, or would take nothing. */
  ping(): Promise<void>
  close(): void
}

/** All uploads are sent as this: what a file is, its bytes say. */
export const UPLOAD_TYPE = 'application/octet-stream'

// No dot begins a segment, so none is `.` or `..`.
const KEY = /^[a-z][a-z-]{0,30}(?:\/[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}){1,4}$/

/** @throws for what is no key: then a caller's text was taken for one. */
export function checkKey(key: string): string {
  if (!KEY.test(key)) throw new Error('This is not the key of a blob.')
  return key
}

/**
 * Measures a stream on its way into a store.
 * @param store takes the chunks; it must store nothing when they end in an error, as they do when there are too many
 * bytes or too few.
 */
export async function measured(
  body: AsyncIterable<Uint8Array>,
  { min = 0, max }: SizeLimits,
  store: (chunks: AsyncIterable<Uint8Array>) => Promise<unknown>,
): Promise<StoredBlob | SizeFault> {
  const hash = createHash('sha256')
  let size = 0
  let fault: SizeFault | undefined
  const refuse = (what: SizeFault): Error => {
    fault = what
    return new Error(`The blob is ${what}.`)
  }
  async function* chunks() {
    for await (const chunk of body) {
      size += chunk.byteLength
      if (size > max) throw refuse('too large')
      hash.update(chunk)
      yield chunk
    }
    if (size < min) throw refuse('too small')
  }
  try {
    await store(chunks())
  } catch (error) {
    if (fault !== undefined) return fault
    throw error
  }
  return { size, sha256: hash.digest('hex') }
}

// In the working folder, where an operator finds it.
const DEFAULT_FOLDER = 'wardline-blobs'

/** S3 where a bucket is configured, else a folder. Connects to nothing yet. */
export async function createBlobs(
  { blobs }: Pick<Config, 'blobs'>,
  links: BlobLinks,
  clock: Clock,
): Promise<Blobs> {
  if (blobs.s3 === undefined) return createFolderBlobs(blobs.folder ?? DEFAULT_FOLDER, links)
  // Its SDK is large: only who needs it waits for it.
  const { createS3Blobs } = await import('./s3.ts')
  return createS3Blobs(blobs.s3, clock)
}
