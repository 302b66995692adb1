import { type Problem, problem } from '../../http/problem.ts'

const invalid = (pointer: string, message: string): Problem<'VALIDATION_ERROR'> =>
  problem('VALIDATION_ERROR', undefined, { errors: [{ pointer, message }] })

/** A task is for somebody who can see it. */
export const refuseAssignee = (isMember: boolean): Problem<'VALIDATION_ERROR'> | undefined =>
  isMember ? undefined : invalid('/assignee_id', 'must be a member of the organization who may see tasks')

/** A task is about something of its own organization. */
export const refuseSubject = (isHere: boolean): Problem<'VALIDATION_ERROR'> | undefined =>
  isHere ? undefined : invalid('/related_resource/id', 'must be a record of this organization')

/** The earlier of two instants comes first. */
export const refuseDue = (query: {
  readonly due_after?: string
  readonly due_before?: string
}): Problem<'VALIDATION_ERROR'> | undefined =>
  query.due_after !== undefined &&
  query.due_before !== undefined &&
  Date.parse(query.due_after) >= Date.parse(query.due_before)
    ? invalid('/query/due_before', 'must be after due_after')
    : undefined
