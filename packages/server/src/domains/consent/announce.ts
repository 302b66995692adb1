import type { Db } from '../../db/scope.ts'
import type { components } from '../../generated/contract.ts'
import type { Emit } from '../../http/handler.ts'
import { takeDueDocuments } from './queries.ts'

interface Published {
  readonly id: string
  readonly type: components['schemas']['ConsentDocumentType']
  readonly version: string
}

/** Tells everyone whom the consent gate holds that there is something new to sign. */
export const announceDocument = (emit: Emit, { id, type, version }: Published): void =>
  emit({
    type: 'consent.required',
    audience: { consenting: true },
    data: { document_id: id, type, version },
  })

/** Announces the versions whose effective date has come, each once. */
export async function announceDueDocuments(db: Db, emit: Emit, now: Date): Promise<void> {
  for (const document of await takeDueDocuments(db, now)) announceDocument(emit, document)
}
