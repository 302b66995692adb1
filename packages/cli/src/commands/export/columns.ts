import type { components } from '@wardline/sdk'
import { type Column, localTime } from '../../output.ts'

type DataExport = components['schemas']['DataExport']

export const columns: readonly Column<DataExport>[] = [
  { key: 'id', value: (one) => one.id },
  { key: 'status', value: (one) => one.status },
  { key: 'progress', value: (one) => `${one.progress} %` },
  { key: 'format', value: (one) => one.format },
  { key: 'documents', value: (one) => one.include_documents },
  { key: 'bytes', value: (one) => one.size_bytes },
  { key: 'asked', value: (one) => localTime(one.created_at) },
  { key: 'deleted', value: (one) => (one.expires_at === null ? null : localTime(one.expires_at)) },
]
