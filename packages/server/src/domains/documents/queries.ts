import { type Insertable, sql, type Updateable } from 'kysely'
import { rowAfter, type Slice } from '../../db/keyset.ts'
import type { Db } from '../../db/scope.ts'
import type { DocumentsTable } from '../../generated/database.ts'

const complete = (db: Db, organizationId: string) =>
  db
    .selectFrom('documents as d')
    .leftJoin('users as u', 'u.id', 'd.uploaded_by')
    .where('d.organization_id', '=', organizationId)
    .where('d.uploaded_at', 'is not', null)
    .where('d.deleted_at', 'is', null)
    .select([
      'd.id',
      'd.organization_id',
      'd.patient_id',
      'd.uploaded_by',
      'u.display_name as uploader_name',
      'd.filename',
      'd.content_type',
      'd.size_bytes',
      'd.sha256',
      'd.description',
      'd.scan_status',
      'd.processing_status',
      'd.uploaded_at',
      'd.scanned_at',
      'd.processed_at',
      'd.created_at',
    ])

type Row = Awaited<ReturnType<ReturnType<typeof complete>['execute']>>[number]

const toDocument = <R extends Row>({ uploaded_by, uploader_name, sha256, uploaded_at, ...row }: R) => ({
  ...row,
  uploaded_by: uploaded_by === null ? null : { id: uploaded_by, display_name: uploader_name ?? '' },
  // Both are there once the upload is complete: a check of the table holds them together.
  sha256: sha256 ?? '',
  uploaded_at: uploaded_at ?? '',
})

/** The newest first, of completed uploads. */
export async function listDocuments(
  db: Db,
  organizationId: string,
  patientId: string,
  { after, limit }: Slice,
) {
  let query = complete(db, organizationId).where('d.patient_id', '=', patientId)
  if (after !== null) query = query.where(rowAfter(['d.created_at', 'd.id'], 'descending', after))
  const rows = await query.orderBy('d.created_at', 'desc').orderBy('d.id', 'desc').limit(limit).execute()
  return rows.map(toDocument)
}

export const countDocuments = async (db: Db, organizationId: string, patientId: string): Promise<number> =>
  (
    await db
      .selectFrom('documents')
      .where('organization_id', '=', organizationId)
      .where('patient_id', '=', patientId)
      .where('uploaded_at', 'is not', null)
      .where('deleted_at', 'is', null)
      .select((eb) => eb.fn.countAll<number>().as('n'))
      .executeTakeFirstOrThrow()
  ).n

/** One whose upload is complete. */
export async function findDocument(db: Db, organizationId: string, id: string) {
  const row = await complete(db, organizationId).where('d.id', '=', id).executeTakeFirst()
  return row && toDocument(row)
}

/** What was found in it; large, so apart. */
export const findText = async (db: Db, organizationId: string, id: string): Promise<string | null> =>
  (
    await db
      .selectFrom('documents')
      .where('organization_id', '=', organizationId)
      .where('id', '=', id)
      .select('extracted_text')
      .executeTakeFirst()
  )?.extracted_text ?? null

export const findStorageKey = async (
  db: Db,
  organizationId: string,
  id: string,
): Promise<string | undefined> =>
  (
    await db
      .selectFrom('documents')
      .where('organization_id', '=', organizationId)
      .where('id', '=', id)
      .where('deleted_at', 'is', null)
      .select('storage_key')
      .executeTakeFirst()
  )?.storage_key

export const insertDocument = (db: Db, document: Insertable<DocumentsTable>) =>
  db.insertInto('documents').values(document).execute()

/** Locked, complete or not, so that two callers do not complete it at once. */
export const lockUpload = (db: Db, organizationId: string, id: string) =>
  db
    .selectFrom('documents')
    .where('organization_id', '=', organizationId)
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
    .select(['id', 'patient_id', 'uploaded_by', 'storage_key', 'content_type', 'size_bytes', 'uploaded_at'])
    .forUpdate()
    .executeTakeFirst()

export const updateDocument = (
  db: Db,
  organizationId: string,
  id: string,
  changes: Updateable<DocumentsTable>,
) =>
  db
    .updateTable('documents')
    .set(changes)
    .where('organization_id', '=', organizationId)
    .where('id', '=', id)
    .execute()

/** The scanner's result; false when there was one already. */
export async function settleScan(
  db: Db,
  organizationId: string,
  id: string,
  result: Pick<Updateable<DocumentsTable>, 'scan_status' | 'scanned_at' | 'infection' | 'storage_key'>,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('documents')
    .set(result)
    .where('organization_id', '=', organizationId)
    .where('id', '=', id)
    .where('scan_status', 'in', ['PENDING', 'FAILED'])
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

/** False when it is not there. */
export async function deleteDocument(
  db: Db,
  organizationId: string,
  id: string,
  now: Date,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('documents')
    .set({ deleted_at: now })
    .where('organization_id', '=', organizationId)
    .where('id', '=', id)
    .where('uploaded_at', 'is not', null)
    .where('deleted_at', 'is', null)
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

/** What a job needs of a document that is still there, and who is told. */
export const findJobDocument = (db: Db, organizationId: string, id: string) =>
  db
    .selectFrom('documents as d')
    .innerJoin('patients as p', 'p.id', 'd.patient_id')
    .where('d.organization_id', '=', organizationId)
    .where('d.id', '=', id)
    .where('d.uploaded_at', 'is not', null)
    .where('d.deleted_at', 'is', null)
    .select([
      'd.id',
      'd.patient_id',
      'd.uploaded_by',
      'p.user_id as patient_user_id',
      'd.storage_key',
      'd.content_type',
      'd.scan_status',
      'd.processing_status',
    ])
    .executeTakeFirst()

/** Of every organization; `after` is the last id of the batch before. */
export const listToScan = async (db: Db, after: string, limit: number) =>
  (
    await sql<{ document_id: string; organization_id: string }>`
      select * from documents_to_scan(${after}, ${limit})`.execute(db)
  ).rows

export const listUnfinished = async (db: Db, before: Date, limit: number) =>
  (
    await sql<{ document_id: string; storage_key: string }>`
      select * from unfinished_documents(${before}, ${limit})`.execute(db)
  ).rows

export const forgetUnfinished = (db: Db, ids: readonly string[], before: Date) =>
  sql`select forget_unfinished_documents(${sql.val(ids)}::uuid[], ${before})`.execute(db)
