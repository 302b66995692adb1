import { type Problem, problem } from '../../http/problem.ts'
import type { TicketStatus } from '../support/transitions.ts'
import type { QueueFilter } from './queries.ts'

interface QueueQuery {
  readonly status?: string
  readonly urgency?: NonNullable<QueueFilter['urgency']>
  readonly category?: NonNullable<QueueFilter['category']>
  readonly assignee?: string
  readonly organization_id?: string
  readonly tags?: string
  readonly search?: string
  readonly view: 'mine' | 'unassigned' | 'breaching' | 'all'
}

const isStatus = (text: string): text is TicketStatus =>
  ['OPEN', 'IN_PROGRESS', 'WAITING_ON_USER', 'RESOLVED', 'CLOSED'].includes(text)

/** What an agent's query means: the view narrows, the other filters narrow further. */
export function queueFilter(query: QueueQuery, agentId: string, now: Date): QueueFilter {
  const assignees: (string | null)[] = []
  if (query.view === 'mine') assignees.push(agentId)
  if (query.view === 'unassigned') assignees.push(null)
  if (query.assignee === 'me') assignees.push(agentId)
  else if (query.assignee === 'none') assignees.push(null)
  else if (query.assignee !== undefined) assignees.push(query.assignee)
  return {
    statuses: query.status === undefined ? null : query.status.split(',').filter(isStatus),
    urgency: query.urgency,
    category: query.category,
    assignees,
    organizationId: query.organization_id,
    tags: query.tags?.split(',') ?? [],
    search: query.search,
    breachedAt: query.view === 'breaching' ? now : undefined,
  }
}

/** Only somebody of the desk takes tickets. */
export const refuseAssignee = (isAgent: boolean): Problem<'VALIDATION_ERROR'> | undefined =>
  isAgent
    ? undefined
    : problem('VALIDATION_ERROR', undefined, {
        errors: [{ pointer: '/assignee_id', message: 'must be a support agent' }],
      })

/** Two tickets belong together when one person opened them, or when they are about one organization. */
export const refuseMerge = (
  one: { readonly user_id: string; readonly organization_id: string | null },
  other: { readonly user_id: string; readonly organization_id: string | null },
): Problem<'CONFLICT'> | undefined =>
  one.user_id === other.user_id ||
  (one.organization_id !== null && one.organization_id === other.organization_id)
    ? undefined
    : problem('CONFLICT', 'The two tickets are of different people and organizations.')
