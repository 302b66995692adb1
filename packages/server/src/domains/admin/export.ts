import { createHash } from 'node:crypto'
import type { Pool } from 'pg'
import { type Scope, transaction } from '../../db/scope.ts'
import type { components } from '../../generated/contract.ts'
import type { Admission } from '../../http/actor.ts'
import { type AuditFilters, streamAuditLogs } from './queries.ts'
import { shownRow } from './shown.ts'

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

const csv: Format = {
  head: record(columns),
  row: (row) => record(columns.map((name) => row[name])),
  // As wide as a row, so that a strict reader takes it too.
  trailer: (rows, sha256) => record(['END', rows, sha256, ...columns.slice(3).map(() => '')]),
}

const ndjson: Format = {
  head: '',
  row: (row) => `${JSON.stringify(row)}\n`,
  trailer: (rows, sha256) => `${JSON.stringify({ end: true, rows, sha256 })}\n`,
}

const formats = { 'text/csv': csv, 'application/x-ndjson': ndjson }

/** Large enough for a message between threads, small enough to be gone soon. */
const PIECE_CHARACTERS = 32_768

/** What is exported, for whom. */
export interface ExportTask {
  readonly type: keyof typeof formats
  /** What row-level security goes by. */
  readonly scope: Scope
  readonly as: Admission
  readonly organizationId: string | null
  readonly filters: AuditFilters
  /** In which the filters' dates are meant. */
  readonly timezone: string
}

/**
 * Writes the export, in pieces, as the trail is at one instant; each when the one before is taken. It ends with the number of rows and the SHA-256 of all the bytes before that line: an export without them broke off.
 */
export const writeExport = (
  pool: Pool,
  { type, scope, as, organizationId, filters, timezone }: ExportTask,
  send: (piece: string) => Promise<void>,
): Promise<void> =>
  transaction(pool, scope, 'read', async (db) => {
    const format = formats[type]
    const hash = createHash('sha256')
    let count = 0
    let piece = format.head
    for await (const row of streamAuditLogs(db, organizationId, filters, timezone)) {
      piece += format.row(shownRow(row, as))
      count += 1
      if (piece.length < PIECE_CHARACTERS) continue
      hash.update(piece)
      await send(piece)
      piece = ''
    }
    hash.update(piece)
    await send(piece + format.trailer(count, hash.digest('hex')))
    return { value: undefined, commit: true }
  })
