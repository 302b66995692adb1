import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import type { ClientBase } from 'pg'
import type { Blobs } from '../adapters/blobs/blobs.ts'
import { documentKey } from '../domains/documents/keys.ts'
import { insertRows } from './insert.ts'
import type { Cast } from './people.ts'
import type { Random } from './random.ts'
import { DAY } from './time.ts'
import { LAB_VALUES } from './words.ts'

const HOUR_MS = 3_600_000
const ONE_IN = 4

/** A pdf of one page, written by hand: its bytes are the same on every machine. */
function pdfOf(lines: readonly string[]): Buffer {
  const text = lines.map((line) => `(${line.replace(/[\\()]/g, '\\$&')}) Tj T*`).join('\n')
  const content = `BT /F1 11 Tf 14 TL 56 740 Td\n${text}\nET`
  const objects = [
    '<</Type/Catalog/Pages 2 0 R>>',
    '<</Type/Pages/Kids[3 0 R]/Count 1>>',
    '<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>',
    `<</Length ${content.length}>>\nstream\n${content}\nendstream`,
    '<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>',
  ]
  let body = '%PDF-1.4\n'
  const offsets = objects.map((object, index) => {
    const at = body.length
    body += `${index + 1} 0 obj\n${object}\nendobj\n`
    return `${String(at).padStart(10, '0')} 00000 n \n`
  })
  const table = `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${offsets.join('')}`
  const trailer = `trailer\n<</Size ${objects.length + 1}/Root 1 0 R>>\nstartxref\n${body.length}\n%%EOF\n`
  return Buffer.from(body + table + trailer, 'latin1')
}

/** A laboratory report or a table of readings for one patient in four, and for whoever signs in as the patient. */
export async function insertDocuments(
  client: ClientBase,
  cast: Cast,
  random: Random,
  now: Date,
  blobs: Blobs,
): Promise<void> {
  const wanted = cast.patients.filter(({ user }, index) => user?.signIn !== undefined || index % ONE_IN === 0)
  const files = wanted.flatMap((patient) => {
    const [organization] = patient.organizations
    const provider = cast.providers.find(
      ({ organizations }) => organization && organizations.includes(organization),
    )
    if (organization === undefined || provider === undefined) return []
    const lines = LAB_VALUES.map(
      ({ name, low, high, unit }) => `${name}: ${random.between(low, high)} ${unit}`,
    )
    const reports = [{ name: 'lab-report.pdf', type: 'application/pdf', what: 'Laboratory report', lines }]
    if (random.chance(40)) {
      const values = Array.from({ length: 7 }, (_, day) => `${day + 1},${random.between(108, 149)}`)
      reports.push({
        name: 'blood-pressure.csv',
        type: 'text/csv',
        what: 'Readings at home',
        lines: ['day,systolic', ...values],
      })
    }
    return reports.map((report) => {
      const id = random.uuid()
      const text = report.lines.join('\n')
      const bytes = report.type === 'text/csv' ? Buffer.from(`${text}\n`) : pdfOf(report.lines)
      const at = new Date(now.getTime() - random.between(2, 80) * DAY - random.between(0, 9) * HOUR_MS)
      const row = {
        id,
        organization_id: organization.id,
        patient_id: patient.id,
        uploaded_by: provider.user.id,
        filename: report.name,
        storage_key: documentKey(organization.id, id),
        content_type: report.type,
        size_bytes: bytes.length,
        sha256: createHash('sha256').update(bytes).digest('hex'),
        // The demo's own files: nobody else wrote them.
        scan_status: 'CLEAN',
        processing_status: 'COMPLETED',
        extracted_text: text,
        description: report.what,
        uploaded_at: at,
        scanned_at: at,
        processed_at: at,
        created_at: at,
      }
      return { row, bytes }
    })
  })
  for (const { row, bytes } of files)
    await blobs.put(row.storage_key, Readable.from([bytes]), { max: bytes.length })
  await insertRows(
    client,
    'documents',
    files.map(({ row }) => row),
  )
}
