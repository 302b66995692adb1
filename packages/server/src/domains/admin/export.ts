import { createHash } from 'node:crypto'
import type { components } from '../../generated/contract.ts'

type AuditLog = components['schemas']['AuditLog']

/** The export's columns, in order. */
const columns = [
  'id',
  'occurred_at',
  'actor_type',
  'actor_user_id',
  'actor_name',
  'impersonator_id',
  'organization_id',
  'operation_id',
  'action_type',
  'resource_type',
  'resource_id',
  'outcome',
  'problem_code',
  'reason',
  'request_id',
  'ip_address',
  'user_agent',
  'changes',
] as const satisfies readonly (keyof AuditLog)[]

function field(value: unknown): string {
  if (value === null || value === undefined) return ''
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  // A spreadsheet would run what begins like a formula, and a caller chooses its own user agent.
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

const record = (fields: readonly unknown[]): string => `${fields.map(field).join(',')}\r\n`

/** How an export is written: the lines before the rows, one row, and the trailer that only a whole export has. */
interface Format {
  readonly head: string
  row(row: AuditLog): string
  trailer(rows: number, sha256: string): string
}

export const csv: Format = {
  head: record(columns),
  row: (row) => record(columns.map((name) => row[name])),
  // As wide as a row, so that a strict reader takes it too.
  trailer: (rows, sha256) => record(['END', rows, sha256, ...columns.slice(3).map(() => '')]),
}

export const ndjson: Format = {
  head: '',
  row: (row) => `${JSON.stringify(row)}\n`,
  trailer: (rows, sha256) => `${JSON.stringify({ end: true, rows, sha256 })}\n`,
}

/**
 * The export's text, a piece for each batch of rows. It ends with the number of rows and the SHA-256 of all the bytes
 * before that line: an export without them broke off.
 */
export async function* written(
  format: Format,
  batches: AsyncIterable<readonly AuditLog[]>,
): AsyncGenerator<string> {
  const hash = createHash('sha256').update(format.head)
  if (format.head !== '') yield format.head
  let rows = 0
  for await (const batch of batches) {
    const text = batch.map(format.row).join('')
    hash.update(text)
    rows += batch.length
    yield text
  }
  yield format.trailer(rows, hash.digest('hex'))
}
