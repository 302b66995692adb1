import { type SqlBool, sql } from 'kysely'
import { jsonObjectFrom } from 'kysely/helpers/postgres'
import { rowAfter, type Slice } from '../../db/keyset.ts'
import type { Db } from '../../db/scope.ts'

type TaskStatus = 'PENDING' | 'COMPLETED' | 'CANCELLED'

interface TaskFilter {
  readonly organizationId: string
  readonly assigneeId?: string | undefined
  readonly status?: TaskStatus | undefined
  readonly dueAfter?: string | undefined
  readonly dueBefore?: string | undefined
}

const filtered = (db: Db, { organizationId, assigneeId, status, dueAfter, dueBefore }: TaskFilter) => {
  let query = db.selectFrom('tasks as t').where('t.organization_id', '=', organizationId)
  if (assigneeId !== undefined) query = query.where('t.assignee_id', '=', assigneeId)
  if (status !== undefined) query = query.where('t.status', '=', status)
  if (dueAfter !== undefined)
    query = query.where(sql<SqlBool>`t.due_order >= ${dueAfter} and t.due_at is not null`)
  if (dueBefore !== undefined) query = query.where(sql<SqlBool>`t.due_order < ${dueBefore}`)
  return query
}

const columns = [
  't.id',
  't.organization_id',
  't.description',
  't.status',
  't.due_at',
  't.completed_at',
  't.version',
  't.created_at',
  't.updated_at',
  't.related_resource_type',
  't.related_resource_id',
] as const

const shown = (tasks: ReturnType<typeof filtered>) =>
  tasks
    .select(columns)
    .select((eb) => [
      jsonObjectFrom(
        eb.selectFrom('users as u').whereRef('u.id', '=', 't.assignee_id').select(['u.id', 'u.display_name']),
      ).as('assignee'),
      jsonObjectFrom(
        eb.selectFrom('users as u').whereRef('u.id', '=', 't.created_by').select(['u.id', 'u.display_name']),
      ).as('created_by'),
    ])

/** By due time, those without one last, then id. */
export const listTasks = (db: Db, filter: TaskFilter, { after, limit }: Slice) =>
  shown(filtered(db, filter))
    .$if(after !== null, (query) => query.where(rowAfter(['t.due_order', 't.id'], 'ascending', after ?? [])))
    .orderBy('t.due_order')
    .orderBy('t.id')
    .limit(limit)
    .execute()

export async function countTasks(db: Db, filter: TaskFilter): Promise<number> {
  const { total } = await filtered(db, filter)
    .select(sql<number>`count(*)`.as('total'))
    .executeTakeFirstOrThrow()
  return total
}

export const findTask = (db: Db, organizationId: string, id: string) =>
  shown(filtered(db, { organizationId }).where('t.id', '=', id)).executeTakeFirst()

/** The follow-ups of a call, by due time, those without one last, then id; at most so many. */
export const listTasksOfCall = (db: Db, organizationId: string, callId: string, limit: number) =>
  shown(filtered(db, { organizationId }))
    .where('t.related_resource_type', '=', 'CALL')
    .where('t.related_resource_id', '=', callId)
    .orderBy('t.due_order')
    .orderBy('t.id')
    .limit(limit)
    .execute()

/** The task as it stands, locked until the transaction ends. */
export const lockTask = (db: Db, organizationId: string, id: string) =>
  db
    .selectFrom('tasks')
    .where('organization_id', '=', organizationId)
    .where('id', '=', id)
    .select(['id', 'assignee_id', 'status', 'completed_at', 'version'])
    .forUpdate()
    .executeTakeFirst()

/** Whether a person works here in a role that sees tasks. */
export async function mayHaveTasks(db: Db, organizationId: string, userId: string): Promise<boolean> {
  const member = await db
    .selectFrom('organization_memberships as m')
    .innerJoin('users as u', 'u.id', 'm.user_id')
    .where('m.organization_id', '=', organizationId)
    .where('m.user_id', '=', userId)
    .where('m.role', 'in', ['ADMIN', 'PROVIDER', 'STAFF', 'CALL_CENTER_AGENT'])
    .where('m.deleted_at', 'is', null)
    .where('u.deleted_at', 'is', null)
    .select('m.id')
    .executeTakeFirst()
  return member !== undefined
}

/** Whether a record that a task may be about is of this organization. */
export async function isHere(
  db: Db,
  organizationId: string,
  { type, id }: { readonly type: 'PATIENT' | 'APPOINTMENT'; readonly id: string },
): Promise<boolean> {
  const found =
    type === 'PATIENT'
      ? await db
          .selectFrom('organization_patients')
          .where('organization_id', '=', organizationId)
          .where('patient_id', '=', id)
          .where('deleted_at', 'is', null)
          .select('patient_id')
          .executeTakeFirst()
      : await db
          .selectFrom('appointments')
          .where('organization_id', '=', organizationId)
          .where('id', '=', id)
          .where('deleted_at', 'is', null)
          .select('id')
          .executeTakeFirst()
  return found !== undefined
}

interface NewTask {
  readonly id: string
  readonly organization_id: string
  readonly assignee_id: string | null
  readonly created_by: string | null
  readonly related_resource_type: 'PATIENT' | 'APPOINTMENT' | 'CALL' | null
  readonly related_resource_id: string | null
  readonly description: string
  readonly due_at: string | null
}

export const insertTask = (db: Db, task: NewTask) => db.insertInto('tasks').values(task).execute()

interface TaskChanges {
  readonly description?: string | undefined
  readonly assignee_id?: string | null | undefined
  readonly due_at?: string | null | undefined
  readonly status?: TaskStatus | undefined
  readonly completed_at?: string | null
}

/** Changes a task that is locked. */
export const updateTask = (db: Db, organizationId: string, id: string, changes: TaskChanges) =>
  db
    .updateTable('tasks')
    .set({ ...changes, version: sql<number>`version + 1` })
    .where('organization_id', '=', organizationId)
    .where('id', '=', id)
    .execute()
