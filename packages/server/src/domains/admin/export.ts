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

/** Large enough for the socket, small enough to be gone soon. */
const PIECE_CHARACTERS = 16_384

/**
 * The export's text, in pieces. It ends with the number of rows and the SHA-256 of all the bytes before that line: an
 * export without them broke off.
 */
export async function* written<Row>(
  format: Format,
  rows: AsyncIterable<Row>,
  shown: (row: Row) => AuditLog,
): AsyncGenerator<string> {
  const hash = createHash('sha256')
  let count = 0
  let piece = format.head
  for await (const row of rows) {
    piece += format.row(shown(row))
    count += 1
    if (piece.length < PIECE_CHARACTERS) continue
    hash.update(piece)
    yield piece
    piece = ''
  }
  hash.update(piece)
  yield piece + format.trailer(count, hash.digest('hex'))
}
