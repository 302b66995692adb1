import type { Db } from '../../db/scope.ts'
import type { Emit } from '../../http/handler.ts'
import { listAgents } from './queries.ts'

interface Left {
  readonly id: string
  readonly status: 'IN_PROGRESS' | 'MISSED'
  readonly agentId: string | null
}

/** The organization and its free agents hear that somebody waits. */
export async function tellIncoming(db: Db, emit: Emit, organizationId: string, id: string): Promise<void> {
  const data = { organization_id: organizationId, call_id: id }
  emit({ type: 'call.incoming', audience: { organization: organizationId }, data })
  for (const { user_id: user, busy } of await listAgents(db, organizationId))
    if (!busy) emit({ type: 'call.incoming', audience: { user }, data })
}

/** The organization and all its agents hear that these callers wait no longer: whoever was about to accept need not try. */
export async function tellDequeued(
  db: Db,
  emit: Emit,
  organizationId: string,
  left: readonly Left[],
): Promise<void> {
  const agents = left.length === 0 ? [] : await listAgents(db, organizationId)
  for (const { id, status, agentId } of left) {
    const data = { organization_id: organizationId, call_id: id, status, agent_id: agentId }
    emit({ type: 'call.dequeued', audience: { organization: organizationId }, data })
    for (const { user_id: user } of agents) emit({ type: 'call.dequeued', audience: { user }, data })
  }
}
