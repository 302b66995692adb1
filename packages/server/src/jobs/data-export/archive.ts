import { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { ZipFile } from 'yazl'
import { type Chapter, pdf } from './pdf.ts'
import type { ExportedFile, Read, Row, Section, Subject } from './sections.ts'

/** A practice that the person is a patient of. */
export interface Practice {
  readonly name: string
  readonly read: Read
  readonly subject: Subject
}

export interface ArchiveParts {
  readonly format: 'json' | 'pdf'
  readonly includeFiles: boolean
  readonly sections: readonly Section[]
  /** For the sections of the person. */
  readonly person: Omit<Practice, 'name'>
  readonly practices: readonly Practice[]
  /** A part is done; of so many. */
  readonly progress: (done: number, of: number) => Promise<void>
}

interface Part {
  readonly section: Section
  readonly folder: string | null
  readonly practice: Omit<Practice, 'name'>
  readonly group: string | null
}

/** A folder's name: what a name has of plain letters and digits. The number tells equal ones apart. */
const folderOf = (name: string, index: number): string =>
  `${index + 1}-${name
    .normalize('NFKD')
    .replace(/\p{Mark}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 40)}`

const partsOf = ({ sections, person, practices }: ArchiveParts): Part[] => [
  ...sections
    .filter((section) => section.of === 'person')
    .map((section) => ({ section, folder: null, practice: person, group: null })),
  ...practices.flatMap(({ name, ...practice }, index) =>
    sections
      .filter((section) => section.of === 'organization')
      .map((section) => ({ section, folder: folderOf(name, index), practice, group: name })),
  ),
]

const rowsOf = ({ section, practice }: Part): AsyncIterable<Row> =>
  section.rows(practice.read, practice.subject)

async function* json(rows: AsyncIterable<Row>): AsyncGenerator<string> {
  let before = '[\n'
  for await (const row of rows) {
    yield before + JSON.stringify(row)
    before = ',\n'
  }
  yield before === '[\n' ? '[]\n' : '\n]\n'
}

const pathOf = ({ folder }: Part, name: string): string => (folder === null ? name : `${folder}/${name}`)

interface Entry {
  readonly path: string
  open(): Promise<Readable | undefined>
}

const opened = (pieces: () => AsyncIterable<string | Buffer>) => async () => Readable.from(pieces())

/** What the archive holds, in order; each is made when the one before is written. */
async function* entries(parts: ArchiveParts): AsyncGenerator<Entry> {
  const all = partsOf(parts)
  let done = 0
  const next = () => {
    done += 1
    return parts.progress(done, all.length)
  }
  if (parts.format === 'json') {
    for (const part of all) {
      yield { path: pathOf(part, `${part.section.name}.json`), open: opened(() => json(rowsOf(part))) }
      await next()
    }
  } else {
    async function* chapters(): AsyncGenerator<Chapter> {
      for (const part of all) {
        yield { title: part.section.title, group: part.group, rows: rowsOf(part) }
        await next()
      }
    }
    yield { path: 'your-data.pdf', open: opened(() => pdf('Your data', chapters())) }
  }
  if (!parts.includeFiles) return
  for (const part of all) {
    const { read, subject } = part.practice
    const files: AsyncIterable<ExportedFile> | undefined = part.section.files?.(read, subject)
    for await (const file of files ?? [])
      yield { path: pathOf(part, `${part.section.name}/${file.name}`), open: file.open }
  }
}

/** The ZIP, as it is made: no part of it is ever whole in memory. Fails as the first of its parts does. */
export function archive(parts: ArchiveParts): Readable {
  const zip = new ZipFile()
  // What yazl writes into is a stream; its types only know the older interface.
  const output = zip.outputStream as Readable
  const fail = (error: unknown): void => {
    output.destroy(error instanceof Error ? error : new Error(String(error)))
  }
  zip.on('error', fail)
  const closed = new Promise<never>((_, reject) => {
    output.once('close', () => reject(new Error('nobody takes the archive')))
  })
  // Also when all went well.
  closed.catch(() => {})
  async function fill(): Promise<void> {
    for await (const { path, open } of entries(parts)) {
      const stream = await open()
      // Deleted meanwhile.
      if (stream === undefined) continue
      const read = finished(stream, { writable: false })
      zip.addReadStream(stream, path)
      try {
        await Promise.race([read, closed])
      } catch (error) {
        stream.destroy()
        throw error
      }
    }
    zip.end()
  }
  fill().catch(fail)
  return output
}
