import type { Blobs } from '../adapters/blobs/blobs.ts'
import type { Scanner } from '../adapters/scanner/scanner.ts'
import { extractText } from '../adapters/text/extract.ts'
import type { Clock } from '../clock.ts'
import type { Scope } from '../db/scope.ts'
import { isReadable } from '../domains/documents/content.ts'
import { quarantineKey } from '../domains/documents/keys.ts'
import * as queries from '../domains/documents/queries.ts'
import type { Emit, Enqueue } from '../http/handler.ts'
import type { Effects } from './effects.ts'
import type { JobHandlers } from './queue.ts'

interface DocumentJobParts {
  readonly blobs: Blobs
  /** Undefined where none is configured. */
  readonly scanner: Scanner | undefined
  readonly allowUnscanned: boolean
  readonly clock: Clock
  readonly effects: Effects
  /** Replaces the real one, for tests of what may go wrong. */
  readonly extract?: typeof extractText
}

type JobDocument = NonNullable<Awaited<ReturnType<typeof queries.findJobDocument>>>

interface Reference {
  readonly document_id: string
  readonly organization_id: string
}

const scopeOf = ({ organization_id }: Reference): Scope => ({
  name: 'organization',
  organizationId: organization_id,
  userId: null,
})

/** The patient and whoever uploaded it, each once. */
const concerned = ({ patient_user_id, uploaded_by }: JobDocument): string[] =>
  [...new Set([patient_user_id, uploaded_by])].filter((id) => id !== null)

/** The jobs that bring a document from uploaded to downloadable. Each does nothing where its work is done already. */
export function documentJobs({
  blobs,
  scanner,
  allowUnscanned,
  clock,
  effects,
  extract = extractText,
}: DocumentJobParts): Pick<JobHandlers, 'document-scan' | 'document-text'> {
  const load = (reference: Reference) =>
    effects(scopeOf(reference), (db) =>
      queries.findJobDocument(db, reference.organization_id, reference.document_id),
    )

  /** From where it is; from the quarantine where a run before this one was cut off right after moving it there. */
  async function open(reference: Reference, document: JobDocument) {
    const quarantine = quarantineKey(reference.organization_id, reference.document_id)
    const content = (await blobs.get(document.storage_key)) ?? (await blobs.get(quarantine))
    if (content === undefined) throw new Error('The file of a document is missing.')
    return content.body
  }

  const tellScanned = (
    emit: Emit,
    { organization_id }: Reference,
    document: JobDocument,
    scan_status: 'CLEAN' | 'INFECTED' | 'FAILED',
  ): void => {
    const data = { organization_id, patient_id: document.patient_id, document_id: document.id, scan_status }
    for (const user of concerned(document)) emit({ type: 'document.scan_complete', audience: { user }, data })
  }

  const tellProcessed = (
    emit: Emit,
    { organization_id }: Reference,
    document: JobDocument,
    processing_status: 'COMPLETED' | 'FAILED',
  ): void => {
    const { id: document_id, patient_id } = document
    const data = { organization_id, patient_id, document_id, processing_status }
    for (const user of concerned(document)) emit({ type: 'document.processed', audience: { user }, data })
  }

  const goOn = (enqueue: Enqueue, { document_id, organization_id }: Reference): void =>
    enqueue('document-text', { document_id, organization_id })

  async function quarantine(reference: Reference, document: JobDocument, signature: string): Promise<void> {
    const key = quarantineKey(reference.organization_id, reference.document_id)
    // First the file: links that were made while it was not scanned lead nowhere from here on.
    await blobs.move(document.storage_key, key)
    await effects(scopeOf(reference), async (db, { emit }) => {
      const result = { storage_key: key, scan_status: 'INFECTED', infection: signature } as const
      const settled = { ...result, scanned_at: clock.now() }
      if (await queries.settleScan(db, reference.organization_id, document.id, settled))
        tellScanned(emit, reference, document, 'INFECTED')
    })
  }

  async function giveUpScan(reference: Reference, document: JobDocument): Promise<void> {
    await effects(scopeOf(reference), async (db, { emit }) => {
      if (await queries.settleScan(db, reference.organization_id, document.id, { scan_status: 'FAILED' }))
        tellScanned(emit, reference, document, 'FAILED')
    })
  }

  async function finishText(
    reference: Reference,
    document: JobDocument,
    processing_status: 'COMPLETED' | 'FAILED',
    extracted_text: string | null,
  ): Promise<void> {
    await effects(scopeOf(reference), async (db, { emit }) => {
      await queries.updateDocument(db, reference.organization_id, document.id, {
        processing_status,
        extracted_text,
        processed_at: clock.now(),
      })
      tellProcessed(emit, reference, document, processing_status)
    })
  }

  return {
    async 'document-scan'(reference, { last }) {
      const document = await load(reference)
      if (document === undefined || document.scan_status === 'CLEAN' || document.scan_status === 'INFECTED')
        return
      if (scanner === undefined) {
        // It stays PENDING: nobody has looked.
        if (allowUnscanned)
          await effects(scopeOf(reference), async (_db, { enqueue }) => goOn(enqueue, reference))
        return
      }
      try {
        const verdict = await scanner.scan(await open(reference, document))
        if (verdict.infected) return await quarantine(reference, document, verdict.signature)
        await effects(scopeOf(reference), async (db, { emit, enqueue }) => {
          const result = { scan_status: 'CLEAN', scanned_at: clock.now() } as const
          if (await queries.settleScan(db, reference.organization_id, document.id, result))
            tellScanned(emit, reference, document, 'CLEAN')
          goOn(enqueue, reference)
        })
      } catch (error) {
        if (last) await giveUpScan(reference, document)
        throw error
      }
    },

    async 'document-text'(reference, { last }) {
      const document = await load(reference)
      const unsafe = document?.scan_status === 'INFECTED'
      if (document === undefined || unsafe || document.processing_status === 'COMPLETED') return
      if (!isReadable(document.content_type)) return finishText(reference, document, 'COMPLETED', null)
      try {
        await effects(scopeOf(reference), (db) =>
          queries.updateDocument(db, reference.organization_id, document.id, {
            processing_status: 'PROCESSING',
          }),
        )
        const text = await extract(await open(reference, document), document.content_type)
        if (text === undefined) await finishText(reference, document, 'FAILED', null)
        else await finishText(reference, document, 'COMPLETED', text)
      } catch (error) {
        if (last) await finishText(reference, document, 'FAILED', null)
        throw error
      }
    },
  }
}
