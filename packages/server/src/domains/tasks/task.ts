import type { Db } from '../../db/scope.ts'
import { type NotifyTools, notify } from '../notifications/notify.ts'
import type * as queries from './queries.ts'

type Row = NonNullable<Awaited<ReturnType<typeof queries.findTask>>>

/** A task as the contract says it. */
export const taskOf = ({ related_resource_type: type, related_resource_id: id, ...task }: Row) => ({
  ...task,
  related_resource: type === null || id === null ? null : { type, id },
})

interface Assigned {
  readonly organizationId: string
  readonly assigneeId: string | null | undefined
  /** The user who did it; null: an API key. */
  readonly by: string | null
  readonly at: Date
}

/** Who has a new task hears of it, not of what it is about; who took it for themselves knows. */
export const tellAssignee = (db: Db, tools: NotifyTools, { organizationId, assigneeId, by, at }: Assigned) =>
  notify(db, tools, assigneeId && assigneeId !== by ? [assigneeId] : [], {
    organization_id: organizationId,
    type: 'system',
    title: 'New task',
    body: 'A task was assigned to you. Sign in to see it.',
    action_url: '/tasks',
    created_at: at,
  })
