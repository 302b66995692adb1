import { rowAfter, type Slice } from '../../db/keyset.ts'
import type { Db } from '../../db/scope.ts'
import type { components } from '../../generated/contract.ts'

type Macro = components['schemas']['Macro']

const columns = [
  'id',
  'title',
  'body',
  'is_internal_note',
  'status',
  'urgency',
  'add_tags',
  'remove_tags',
  'version',
  'created_at',
  'updated_at',
] as const

const macros = (db: Db) => db.selectFrom('support_macros').where('deleted_at', 'is', null)

/** Macros by title. */
export const listMacros = (db: Db, { after, limit }: Slice) =>
  macros(db)
    .$if(after !== null, (query) => query.where(rowAfter(['title', 'id'], 'ascending', after ?? [])))
    .select(columns)
    .orderBy('title')
    .orderBy('id')
    .limit(limit)
    .execute()

export const findMacro = (db: Db, macroId: string) =>
  macros(db).where('id', '=', macroId).select(columns).executeTakeFirst()

/** The same, locked until the transaction ends. */
export const lockMacro = (db: Db, macroId: string) =>
  macros(db).where('id', '=', macroId).select(columns).forUpdate().executeTakeFirst()

export interface NewMacro extends Omit<Macro, 'version' | 'created_at' | 'updated_at'> {
  readonly created_by: string
  readonly created_at: Date
}

export const insertMacro = (db: Db, macro: NewMacro) =>
  db.insertInto('support_macros').values(macro).returning(columns).executeTakeFirstOrThrow()

type MacroChanges = Partial<Omit<NewMacro, 'id' | 'created_by' | 'created_at'>>

/** Changes a locked macro. */
export const updateMacro = (db: Db, macroId: string, changes: MacroChanges) =>
  db
    .updateTable('support_macros')
    .set((eb) => ({ ...changes, version: eb('version', '+', 1) }))
    .where('id', '=', macroId)
    .returning(columns)
    .executeTakeFirstOrThrow()

/** Deletes a macro; false when there is none. Timelines go on naming it. */
export async function deleteMacro(db: Db, macroId: string, now: Date): Promise<boolean> {
  const gone = await db
    .updateTable('support_macros')
    .set({ deleted_at: now })
    .where('id', '=', macroId)
    .where('deleted_at', 'is', null)
    .returning('id')
    .executeTakeFirst()
  return gone !== undefined
}

/** What macros fill in of tickets, by ticket. */
export async function findMacroFacts(db: Db, ticketIds: readonly string[]) {
  const rows = await db
    .selectFrom('support_tickets as t')
    .innerJoin('users as u', 'u.id', 't.user_id')
    .leftJoin('organizations as o', 'o.id', 't.organization_id')
    .where('t.id', 'in', ticketIds)
    .select(['t.id', 't.subject', 'u.display_name as requester', 'o.name as organization'])
    .execute()
  return new Map(rows.map((row) => [row.id, row]))
}
