import { openPage } from '../../db/keyset.ts'
import type { TasksHandlers } from '../../generated/handlers.ts'
import { versionOf } from '../../http/etag.ts'
import { notFound, Problem, problem } from '../../http/problem.ts'
import type { Services } from '../../services.ts'
import * as policy from './policy.ts'
import * as queries from './queries.ts'
import { taskOf, tellAssignee } from './task.ts'

export const tasksHandlers = ({ clock, cursors, newId }: Services): TasksHandlers => ({
  async listTasks({ db }, { params, query }) {
    const refusal = policy.refuseDue(query)
    if (refusal) return refusal
    const page = openPage(cursors, 'listTasks', { ...query, ...params }, query)
    if (page instanceof Problem) return page
    const filter = {
      organizationId: params.org_id,
      assigneeId: query.assignee_id,
      status: query.status,
      dueAfter: query.due_after,
      dueBefore: query.due_before,
    }
    const total = query.include_total ? await queries.countTasks(db, filter) : undefined
    const rows = await queries.listTasks(db, filter, page)
    return page.close(rows.map(taskOf), (task) => [task.due_at ?? 'infinity', task.id], total)
  },

  async createTask({ db, actor, emit, enqueue }, { params, body }) {
    const { org_id } = params
    const { assignee_id: assigneeId, related_resource: subject } = body
    const refusal =
      (assigneeId === undefined
        ? undefined
        : policy.refuseAssignee(await queries.mayHaveTasks(db, org_id, assigneeId))) ??
      (subject === undefined ? undefined : policy.refuseSubject(await queries.isHere(db, org_id, subject)))
    if (refusal) return refusal
    const id = newId()
    const by = actor.kind === 'person' ? actor.userId : null
    await queries.insertTask(db, {
      id,
      organization_id: org_id,
      assignee_id: assigneeId ?? null,
      created_by: by,
      related_resource_type: subject?.type ?? null,
      related_resource_id: subject?.id ?? null,
      description: body.description,
      due_at: body.due_at ?? null,
    })
    const told = { organizationId: org_id, assigneeId, by, at: clock.now() }
    await tellAssignee(db, { emit, enqueue, newId }, told)
    const row = await queries.findTask(db, org_id, id)
    return row ? taskOf(row) : notFound('task')
  },

  async updateTask({ db, actor, emit, enqueue }, { params, headers, body }) {
    const now = clock.now()
    const { org_id, task_id } = params
    const task = await queries.lockTask(db, org_id, task_id)
    if (!task) return notFound('task')
    const ifMatch = headers['if-match']
    if (ifMatch !== undefined && versionOf(ifMatch) !== task.version)
      return problem('PRECONDITION_FAILED', undefined, { current_version: task.version })
    const { assignee_id: assigneeId, status = task.status } = body
    const isNew = assigneeId !== undefined && assigneeId !== task.assignee_id
    if (isNew && assigneeId !== null) {
      const refusal = policy.refuseAssignee(await queries.mayHaveTasks(db, org_id, assigneeId))
      if (refusal) return refusal
    }
    // Completed again, it keeps the time of the first.
    const completed_at = status === 'COMPLETED' ? (task.completed_at ?? now.toISOString()) : null
    await queries.updateTask(db, org_id, task.id, { ...body, completed_at })
    if (isNew)
      await tellAssignee(
        db,
        { emit, enqueue, newId },
        {
          organizationId: org_id,
          assigneeId,
          by: actor.kind === 'person' ? actor.userId : null,
          at: now,
        },
      )
    const row = await queries.findTask(db, org_id, task.id)
    return row ? taskOf(row) : notFound('task')
  },
})
