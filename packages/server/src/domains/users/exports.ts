import { type Insertable, sql } from 'kysely'
import type { Db } from '../../db/scope.ts'
import type { components } from '../../generated/contract.ts'
import type { DataExportsTable } from '../../generated/database.ts'

type DataExport = components['schemas']['DataExport']

export const insertExport = (db: Db, row: Insertable<DataExportsTable>) =>
  db.insertInto('data_exports').values(row).execute()

export const findExport = (db: Db, userId: string, id: string) =>
  db
    .selectFrom('data_exports')
    .select(['id', 'include_documents', 'progress', 'size_bytes', 'storage_key', 'created_at', 'finished_at'])
    .select(['expires_at', sql<DataExport['format']>`format`.as('format')])
    .select(sql<DataExport['status']>`status`.as('status'))
    .where('id', '=', id)
    .where('user_id', '=', userId)
    .executeTakeFirst()

/** Takes the export for building; undefined when that is done, given up, or its person gone. */
export const beginExport = (db: Db, userId: string, id: string, now: Date) =>
  db
    .updateTable('data_exports')
    .set((eb) => ({ status: 'RUNNING', started_at: eb.fn.coalesce('started_at', eb.val(now)) }))
    .where('id', '=', id)
    .where('user_id', '=', userId)
    .where('status', 'in', ['PENDING', 'RUNNING'])
    .where((eb) =>
      eb.exists(eb.selectFrom('users').select('id').where('id', '=', userId).where('deleted_at', 'is', null)),
    )
    .returning(['include_documents', sql<DataExport['format']>`format`.as('format')])
    .executeTakeFirst()

/** Never back: a second run of the job begins anew. */
export const noteProgress = (db: Db, id: string, progress: number) =>
  db
    .updateTable('data_exports')
    .set({ progress })
    .where('id', '=', id)
    .where('status', '=', 'RUNNING')
    .where('progress', '<', progress)
    .execute()

/** @returns whether it was still wanted: not given up, and its person not gone meanwhile. */
export async function finishExport(
  db: Db,
  userId: string,
  id: string,
  done: { storage_key: string; size_bytes: number; finished_at: Date; expires_at: Date },
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('data_exports')
    .set({ ...done, status: 'READY', progress: 100 })
    .where('id', '=', id)
    .where('user_id', '=', userId)
    .where('status', '=', 'RUNNING')
    .where((eb) =>
      eb.exists(eb.selectFrom('users').select('id').where('id', '=', userId).where('deleted_at', 'is', null)),
    )
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** The person leaves: what was exported has no owner any more, and the next upkeep deletes it. */
export const endExports = (db: Db, userId: string, now: Date) =>
  db
    .updateTable('data_exports')
    .set({ expires_at: now })
    .where('user_id', '=', userId)
    .where('status', '=', 'READY')
    .execute()

/** The practices that the person in scope is a patient of. */
export async function listPractices(
  db: Db,
): Promise<{ organization_id: string; name: string; patient_id: string }[]> {
  const { rows } = await sql<{ organization_id: string; name: string; patient_id: string }>`
    select * from export_organizations()`.execute(db)
  return rows
}
