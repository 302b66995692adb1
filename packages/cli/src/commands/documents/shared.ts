import type { components } from '@wardline/sdk'
import { type Column, clean, localTime } from '../../output.ts'

export type Document = components['schemas']['Document']

export const ORGANIZATION = { flags: '--org <id>', text: 'the organization, when you belong to several' }

/** How large, as people say it. */
export const size = (bytes: number): string =>
  bytes < 1000
    ? `${bytes} B`
    : bytes < 1_000_000
      ? `${(bytes / 1000).toFixed(1)} kB`
      : `${(bytes / 1_000_000).toFixed(1)} MB`

const scan: Column<Document> = {
  key: 'scan',
  value: (one) => one.scan_status,
  paint: (text, one, style) =>
    one.scan_status === 'INFECTED'
      ? style.red(text)
      : one.scan_status === 'CLEAN'
        ? style.green(text)
        : style.yellow(text),
}

export const listColumns: readonly Column<Document>[] = [
  { key: 'id', value: (one) => one.id },
  { key: 'filename', value: (one) => one.filename, shrink: true },
  { key: 'size', value: (one) => size(one.size_bytes) },
  scan,
  { key: 'text', value: (one) => one.processing_status },
  { key: 'uploaded_by', value: (one) => one.uploaded_by?.display_name ?? 'an API key' },
  { key: 'uploaded_at', value: (one) => localTime(one.uploaded_at) },
]

export const recordColumns: readonly Column<Document>[] = [
  { key: 'id', value: (one) => one.id },
  { key: 'filename', value: (one) => one.filename, paint: (text, _, style) => style.bold(text) },
  { key: 'description', value: (one) => one.description },
  { key: 'content_type', value: (one) => one.content_type },
  { key: 'size', value: (one) => size(one.size_bytes) },
  { key: 'sha256', value: (one) => one.sha256 },
  scan,
  { key: 'text', value: (one) => one.processing_status },
  { key: 'patient_id', value: (one) => one.patient_id },
  { key: 'uploaded_by', value: (one) => one.uploaded_by?.display_name ?? 'an API key' },
  { key: 'uploaded_at', value: (one) => localTime(one.uploaded_at) },
]

/** By the file's name, for a start: the server goes by its content. */
const TYPES: Readonly<Record<string, Document['content_type']>> = {
  pdf: 'application/pdf',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  png: 'image/png',
  gif: 'image/gif',
  doc: 'application/msword',
  docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  xls: 'application/vnd.ms-excel',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  txt: 'text/plain',
  csv: 'text/csv',
}

export const KINDS = Object.keys(TYPES).join(', ')

export const typeOf = (name: string): Document['content_type'] | undefined =>
  TYPES[name.split('.').at(-1)?.toLowerCase() ?? '']

/** A name that whoever uploaded chose, as one of a file in this folder: no path, nothing hidden, nothing reserved. */
export const safeName = (name: string): string =>
  clean(name)
    .replace(/[\n\t]/g, ' ')
    .replace(/[/\\<>:"|?*]/g, '_')
    .replace(/^[.\s-]+/, '_')
    .replace(/[.\s]+$/, '') || 'document'
