import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { fileTypeFromBuffer, fileTypeFromStream } from 'file-type'
import type { Blobs } from '../../adapters/blobs/blobs.ts'
import type { components } from '../../generated/contract.ts'

export type DocumentType = components['schemas']['DocumentType']

/** Whose text can be read. */
export const isReadable = (type: DocumentType): boolean =>
  type === 'application/pdf' || type === 'text/plain' || type === 'text/csv'

/** What a stored file turned out to be. */
interface Inspection {
  readonly size: number
  readonly sha256: string
  /** Whether its content is of the type that was announced. */
  readonly asAnnounced: boolean
}

/** Judges a type by the bytes that pass. */
interface Judge {
  see(chunk: Uint8Array): void
  /** After the end. */
  verdict(): Promise<boolean>
}

const HEAD_BYTES = 65_536

/** Keeps the first bytes, where formats have their signatures. */
function headOf() {
  const head: Uint8Array[] = []
  let kept = 0
  return {
    see(chunk: Uint8Array): void {
      if (kept >= HEAD_BYTES) return
      const part = chunk.subarray(0, HEAD_BYTES - kept)
      head.push(part)
      kept += part.byteLength
    },
    bytes: () => Buffer.concat(head),
  }
}

/** The type that the first bytes of a file tell; its own reader may fail at what is broken. */
const typeOf = async (head: Uint8Array): Promise<string | undefined> =>
  (await fileTypeFromBuffer(head).catch(() => undefined))?.mime

const bySignature = (...types: readonly string[]): Judge => {
  const head = headOf()
  return { see: head.see, verdict: async () => types.includes((await typeOf(head.bytes())) ?? '') }
}

/** A zip, of whatever: which office file it is, is told by what is inside (isOffice). */
const byArchive = (): Judge => {
  const head = headOf()
  return { see: head.see, verdict: async () => head.bytes().subarray(0, 4).equals(Buffer.from('PK\x03\x04')) }
}

/** Word and Excel before 2007 are streams in the same container, which has other inhabitants too: it names its streams. */
const byContainer = (...streams: readonly string[]): Judge => {
  const head = headOf()
  const names = streams.map((name) => Buffer.from(`${name}\0`, 'utf16le'))
  const longest = Math.max(...names.map((name) => name.length))
  let tail = Buffer.alloc(0)
  let found = false
  return {
    see(chunk) {
      head.see(chunk)
      if (found) return
      const joined = Buffer.concat([tail, chunk])
      found = names.some((name) => joined.includes(name))
      tail = joined.subarray(-longest)
    },
    verdict: async () => found && (await typeOf(head.bytes())) === 'application/x-cfb',
  }
}

const TAB = 9
const LINE_FEED = 10
const FORM_FEED = 12
const CARRIAGE_RETURN = 13
const SPACE = 32
const DELETE = 127
const isControl = (byte: number): boolean =>
  (byte < SPACE && byte !== TAB && byte !== LINE_FEED && byte !== FORM_FEED && byte !== CARRIAGE_RETURN) ||
  byte === DELETE

/** Text in whatever encoding has no control characters but those of layout; UTF-16 says by its mark that it is that. */
const byText = (): Judge => {
  let first = true
  let wide: TextDecoder | undefined
  let plain = true
  const read = (chunk: Uint8Array | undefined): void => {
    try {
      const text = wide?.decode(chunk, { stream: chunk !== undefined }) ?? ''
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
      if (/[\0-\x08\x0b\x0e-\x1f\x7f]/.test(text)) plain = false
    } catch {
      plain = false
    }
  }
  return {
    see(chunk) {
      if (first && chunk.byteLength >= 2) {
        const mark = (chunk[0] ?? 0) * 256 + (chunk[1] ?? 0)
        if (mark === 0xfffe) wide = new TextDecoder('utf-16le', { fatal: true })
        if (mark === 0xfeff) wide = new TextDecoder('utf-16be', { fatal: true })
      }
      first = false
      if (wide) read(chunk)
      else if (plain) plain = !chunk.some(isControl)
    },
    async verdict() {
      if (wide) read(undefined)
      return plain
    },
  }
}

const OFFICE = 'application/vnd.openxmlformats-officedocument'

const judges: Readonly<Record<DocumentType, () => Judge>> = {
  'application/pdf': () => bySignature('application/pdf'),
  'image/jpeg': () => bySignature('image/jpeg'),
  'image/png': () => bySignature('image/png', 'image/apng'),
  'image/gif': () => bySignature('image/gif'),
  'application/msword': () => byContainer('WordDocument'),
  'application/vnd.ms-excel': () => byContainer('Workbook', 'Book'),
  [`${OFFICE}.wordprocessingml.document`]: byArchive,
  [`${OFFICE}.spreadsheetml.sheet`]: byArchive,
  'text/plain': byText,
  'text/csv': byText,
}

/** An office file names its kind in an entry that may be anywhere in it. */
async function isOffice(blobs: Blobs, key: string, type: DocumentType): Promise<boolean> {
  const content = await blobs.get(key)
  if (content === undefined) return false
  try {
    // Web streams of Node and of the DOM are the same at run time.
    const stream = Readable.toWeb(content.body) as ReadableStream<Uint8Array>
    const found = await fileTypeFromStream(stream).catch(() => undefined)
    return found?.mime === type
  } finally {
    content.body.destroy()
  }
}

/**
 * Reads a stored file through once.
 * @param maxBytes one that is larger is not read at all.
 * @returns undefined when there is none.
 */
export async function inspect(
  blobs: Blobs,
  key: string,
  type: DocumentType,
  maxBytes: number,
): Promise<Inspection | undefined> {
  const content = await blobs.get(key)
  if (content === undefined) return undefined
  if (content.size > maxBytes) {
    content.body.destroy()
    return { size: content.size, sha256: '', asAnnounced: false }
  }
  const judge = judges[type]()
  const hash = createHash('sha256')
  let size = 0
  for await (const chunk of content.body as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength
    hash.update(chunk)
    judge.see(chunk)
  }
  const judged = await judge.verdict()
  const asAnnounced = judged && (!type.startsWith(OFFICE) || (await isOffice(blobs, key, type)))
  return { size, sha256: hash.digest('hex'), asAnnounced }
}
