import { type SqlBool, sql } from 'kysely'
import { rowAfter, type Slice } from '../../db/keyset.ts'
import { attempt, type Db } from '../../db/scope.ts'
import { containing } from '../../db/wire.ts'
import { problem } from '../../http/problem.ts'

interface StaffFilter {
  readonly organizationId: string
  readonly jobTitle?: string | undefined
  /** Part of the name or the employee number. */
  readonly search?: string | undefined
}

const filtered = (db: Db, { organizationId, jobTitle, search }: StaffFilter) => {
  let query = db
    .selectFrom('organization_memberships as m')
    .innerJoin('staff as s', 's.user_id', 'm.user_id')
    .innerJoin('users as u', 'u.id', 's.user_id')
    .where('m.organization_id', '=', organizationId)
    .where('m.deleted_at', 'is', null)
    .where('s.deleted_at', 'is', null)
    .where('u.deleted_at', 'is', null)
  if (jobTitle !== undefined)
    query = query.where(sql<SqlBool>`lower(s.job_title) = lower(${jobTitle.trim()})`)
  if (search !== undefined)
    query = query.where(
      sql<SqlBool>`search_form(u.display_name || ' ' || coalesce(s.employee_id, '')) like search_form(${containing(search.trim())})`,
    )
  return query
}

const shown = [
  's.id',
  's.user_id',
  'u.display_name',
  'u.email',
  'm.role',
  's.employee_id',
  's.job_title',
  's.created_at',
  's.updated_at',
] as const

/** In the order in which they joined: ids of memberships are ordered by time. */
export const listStaff = (db: Db, filter: StaffFilter, { after, limit }: Slice) =>
  filtered(db, filter)
    .select([...shown, 'm.id as member_id'])
    .$if(after !== null, (query) => query.where(rowAfter(['m.id'], 'ascending', after ?? [])))
    .orderBy('m.id')
    .limit(limit)
    .execute()

export const countStaff = async (db: Db, filter: StaffFilter): Promise<number> =>
  (
    await filtered(db, filter)
      .select((eb) => eb.fn.countAll<number>().as('n'))
      .executeTakeFirstOrThrow()
  ).n

export const findStaff = (db: Db, organizationId: string, id: string) =>
  filtered(db, { organizationId }).select(shown).where('s.id', '=', id).executeTakeFirst()

interface NewStaff {
  readonly id: string
  readonly user_id: string
  readonly employee_id: string | null
  readonly job_title: string | null
}

/** CONFLICT for somebody who has a profile already. */
export const insertStaff = (db: Db, staff: NewStaff) =>
  attempt(db, { staff_user: problem('CONFLICT', 'This member has a staff profile already.') }, () =>
    db.insertInto('staff').values(staff).execute(),
  )

export const updateStaff = (db: Db, id: string, changes: Partial<Omit<NewStaff, 'id' | 'user_id'>>) =>
  db.updateTable('staff').set(changes).where('id', '=', id).execute()

export const deleteStaff = (db: Db, id: string, now: Date) =>
  db.updateTable('staff').set({ deleted_at: now }).where('id', '=', id).execute()
