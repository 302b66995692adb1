import { createHash } from 'node:crypto'
import { createReadStream, openAsBlob } from 'node:fs'
import { basename } from 'node:path'
import { command } from '../../command.ts'
import { UsageError } from '../../exit.ts'
import { KINDS, ORGANIZATION, recordColumns, typeOf } from './shared.ts'

interface Options {
  patient_id: string
  path: string
  name: string | undefined
  description: string | undefined
  org: string | undefined
}

/** The file and its hash, without reading it into memory. */
async function openFile(path: string): Promise<{ file: Blob; sha256: string }> {
  const hash = createHash('sha256')
  try {
    for await (const chunk of createReadStream(path)) hash.update(chunk)
    return { file: await openAsBlob(path), sha256: hash.digest('hex') }
  } catch {
    throw new UsageError(`"${path}" cannot be read`)
  }
}

export const upload = command<Options>({
  name: 'upload <patient-id> <file>',
  summary: 'Upload a file to a patient’s record',
  details: `One of ${KINDS}, by its name and by its content; at most 50 MB. It can be downloaded once its scan has found it clean.`,
  options: [
    { flags: '--name <filename>', text: 'its name there; the file’s own when left out' },
    { flags: '--description <text>', text: 'what it is' },
    ORGANIZATION,
  ],
  examples: [
    ['ward documents upload 01934f6e-8d2a-7c41-9a57-0f6f2b7c1d10 lab-report.pdf', 'shows the scan’s status'],
  ],
  parse: (typed) => ({
    patient_id: typed.arg(0),
    path: typed.arg(1),
    name: typed.text('name'),
    description: typed.text('description'),
    org: typed.text('org'),
  }),
  async run(context, { patient_id, path, name, description, org }) {
    const filename = name ?? basename(path)
    const content_type = typeOf(filename)
    if (content_type === undefined) throw new UsageError(`"${filename}" must end like one of ${KINDS}`)
    const { file, sha256 } = await openFile(path)
    const org_id = await context.organization(org)
    const client = await context.client()
    const document = await client.documents.uploadFile(
      { org_id, patient_id, file, filename, content_type, sha256, description },
      { signal: context.io.signal },
    )
    context.record(document, recordColumns)
    if (document.scan_status === 'PENDING')
      context.status(`Uploaded. Its scan is queued; see ward documents show ${document.id}`)
  },
})
