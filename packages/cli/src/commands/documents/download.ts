import { createHash, randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { link, rename, rm, stat } from 'node:fs/promises'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { command } from '../../command.ts'
import { UsageError } from '../../exit.ts'
import { ORGANIZATION, safeName, size } from './shared.ts'

interface Options {
  document_id: string
  file: string | undefined
  force: boolean
  org: string | undefined
}

const taken = (path: string) => new UsageError(`"${path}" is there already; --force replaces it`)

/** Fetches into a file beside, and gives it its name only when it is whole and what it should be. */
async function fetchInto(
  url: string,
  path: string,
  expected: { sha256: string; force: boolean },
  signal: AbortSignal,
): Promise<void> {
  const response = await fetch(url, { signal })
  if (!response.ok || response.body === null)
    throw new Error(`The file could not be fetched (HTTP ${response.status}). Ask for a new link.`)
  const part = `${path}.${randomUUID().slice(0, 8)}.part`
  const hash = createHash('sha256')
  const watch = new Transform({
    transform(chunk, _, done) {
      hash.update(chunk)
      done(null, chunk)
    },
  })
  try {
    // The types of Node's and the browser's web streams differ; the streams do not.
    const body = Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0])
    await pipeline(body, watch, createWriteStream(part, { flags: 'wx', mode: 0o600 }), { signal })
    if (hash.digest('hex') !== expected.sha256) throw new Error('The file did not arrive whole. Try again.')
    if (expected.force) await rename(part, path)
    // Unlike a rename, a link never replaces what somebody put there meanwhile.
    else
      await link(part, path).catch((error: NodeJS.ErrnoException) => {
        throw error.code === 'EEXIST' ? taken(path) : error
      })
  } finally {
    await rm(part, { force: true })
  }
}

export const download = command<Options>({
  name: 'download <document-id>',
  summary: 'Download a document into a file',
  details:
    'Under its own name in this folder, made harmless, or where --file says. What is there is not replaced without --force. ' +
    'Its SHA-256 is checked. Only what the scan has found clean.',
  options: [
    { flags: '--file <path>', text: 'where to write it' },
    { flags: '--force', text: 'replace what is there' },
    ORGANIZATION,
  ],
  examples: [
    ['ward documents download 01934f6e-8d2a-7c41-9a57-0f6f2b7c1d80', 'prints the file’s name'],
    ['ward documents download 01934f6e-8d2a-7c41-9a57-0f6f2b7c1d80 --file report.pdf', 'under another name'],
  ],
  parse: (typed) => ({
    document_id: typed.arg(0),
    file: typed.text('file'),
    force: typed.flag('force'),
    org: typed.text('org'),
  }),
  async run(context, { document_id, file, force, org }) {
    const { signal } = context.io
    const org_id = await context.organization(org)
    const client = await context.client()
    const { url, filename, size_bytes, sha256 } = await client.documents.getDownloadUrl(
      { org_id, document_id },
      { signal },
    )
    const path = file ?? safeName(filename)
    if (!force && (await stat(path).catch(() => undefined))) throw taken(path)
    await fetchInto(url, path, { sha256, force }, signal)
    context.print(`${path}\n`)
    context.status(`${size(size_bytes)}, whole.`)
  },
})
