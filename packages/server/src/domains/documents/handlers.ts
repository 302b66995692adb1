import { UPLOAD_TYPE } from '../../adapters/blobs/blobs.ts'
import { openPage } from '../../db/keyset.ts'
import type { Db } from '../../db/scope.ts'
import type { DocumentsHandlers } from '../../generated/handlers.ts'
import type { ApiKey, Person } from '../../http/actor.ts'
import { notFound, Problem, problem } from '../../http/problem.ts'
import type { Services } from '../../services.ts'
import { findEnrollment } from '../messaging/queries.ts'
import { refuseUnreachable } from '../patients/policy.ts'
import { inspect } from './content.ts'
import { documentKey, uploadKey } from './keys.ts'
import * as policy from './policy.ts'
import * as queries from './queries.ts'

const LINK_MS = 15 * 60_000

/** The document, for a caller who reaches its patient. */
async function reach(db: Db, actor: Person | ApiKey, organizationId: string, id: string, now: Date) {
  const document = await queries.findDocument(db, organizationId, id)
  if (document === undefined) return notFound('document')
  const refusal = await refuseUnreachable(db, actor, document.patient_id, now)
  if (refusal === undefined) return document
  // A stranger does not learn that there is such a document.
  return refusal.code === 'NOT_FOUND' ? notFound('document') : refusal
}

export const documentsHandlers = (services: Services): DocumentsHandlers => {
  const { blobs, clock, config, cursors, newId, scanner } = services
  return {
    async createDocumentUpload({ db, actor }, { params, body }) {
      const { org_id } = params
      if (!policy.mayUploadFor(actor, body.patient_id)) return notFound('patient')
      const enrollment = await findEnrollment(db, org_id, body.patient_id)
      if (enrollment === undefined) return notFound('patient')
      const refusal = policy.refuseDischarged(actor, enrollment.status)
      if (refusal) return refusal
      const id = newId()
      const now = clock.now()
      const expiresAt = new Date(now.getTime() + LINK_MS)
      const key = uploadKey(org_id, id)
      await queries.insertDocument(db, {
        id,
        organization_id: org_id,
        patient_id: body.patient_id,
        uploaded_by: actor.kind === 'person' ? actor.userId : null,
        filename: body.filename,
        storage_key: key,
        content_type: body.content_type,
        size_bytes: body.size_bytes,
        description: body.description ?? null,
        created_at: now,
      })
      return {
        document_id: id,
        method: 'PUT',
        url: await blobs.uploadUrl(key, { size: body.size_bytes, expiresAt }),
        headers: { 'Content-Type': UPLOAD_TYPE },
        expires_at: expiresAt.toISOString(),
      }
    },

    async completeDocumentUpload({ db, actor, enqueue }, { params, body }) {
      const { org_id, document_id } = params
      const upload = await queries.lockUpload(db, org_id, document_id)
      if (upload === undefined || !policy.mayUploadFor(actor, upload.patient_id)) return notFound('document')
      if (upload.uploaded_at === null) {
        // First out of the link's reach: what is checked here is what stays.
        const key = documentKey(org_id, document_id)
        await blobs.move(upload.storage_key, key)
        const found = await inspect(blobs, key, upload.content_type, upload.size_bytes)
        if (found === undefined) return problem('CONFLICT', 'No file has been sent to the link yet.')
        const refusal = policy.refuseContent(upload, found, body.sha256)
        if (refusal) {
          await blobs.delete(key)
          return refusal
        }
        await queries.updateDocument(db, org_id, document_id, {
          storage_key: key,
          sha256: found.sha256,
          uploaded_at: clock.now(),
        })
        enqueue('document-scan', { document_id, organization_id: org_id })
      }
      const document = await queries.findDocument(db, org_id, document_id)
      return document ?? notFound('document')
    },

    async listPatientDocuments({ db }, { params, query }) {
      const { org_id, patient_id } = params
      const page = openPage(cursors, 'listPatientDocuments', { ...query, ...params }, query)
      if (page instanceof Problem) return page
      if ((await findEnrollment(db, org_id, patient_id)) === undefined) return notFound('patient')
      const total = query.include_total ? await queries.countDocuments(db, org_id, patient_id) : undefined
      const rows = await queries.listDocuments(db, org_id, patient_id, page)
      return page.close(rows, (row) => [row.created_at, row.id], total)
    },

    async getDocument({ db, actor }, { params }) {
      const document = await reach(db, actor, params.org_id, params.document_id, clock.now())
      if (document instanceof Problem) return document
      return { ...document, extracted_text: await queries.findText(db, params.org_id, document.id) }
    },

    async getDocumentDownloadUrl({ db, actor }, { params }) {
      const now = clock.now()
      const document = await reach(db, actor, params.org_id, params.document_id, now)
      if (document instanceof Problem) return document
      const allowUnscanned = config.documentsAllowUnscanned
      const refusal = policy.refuseDownload(document.scan_status, {
        scanner: scanner !== undefined,
        allowUnscanned,
      })
      if (refusal) return refusal
      const key = await queries.findStorageKey(db, params.org_id, document.id)
      if (key === undefined) return notFound('document')
      const { filename, content_type, size_bytes, sha256 } = document
      const expiresAt = new Date(now.getTime() + LINK_MS)
      return {
        url: await blobs.downloadUrl(key, { filename, contentType: content_type, expiresAt }),
        expires_at: expiresAt.toISOString(),
        filename,
        content_type,
        size_bytes,
        sha256,
      }
    },

    async deleteDocument({ db }, { params }) {
      const gone = await queries.deleteDocument(db, params.org_id, params.document_id, clock.now())
      return gone ? undefined : notFound('document')
    },
  }
}
