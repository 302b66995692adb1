import { sql } from 'kysely'
import { type AuditRow, auditInsert, auditParameter } from '../../db/audit-batch.ts'
import type { Db } from '../../db/scope.ts'
import { isRecord } from '../../is-record.ts'
import type { Problem } from '../problem.ts'
import { keyOf, personOf, type RequestState } from '../request-state.ts'
import { asUuid } from '../uuid.ts'

/** `response.user.id` of an answer. */
const member = (answer: unknown, path: string): unknown =>
  path
    .split('.')
    .slice(1)
    .reduce<unknown>((value, part) => (isRecord(value) ? value[part] : undefined), answer)

function resourceId(state: RequestState, id: string | undefined, answer: unknown): string | null {
  if (!id) return null
  return asUuid(id.startsWith('response.') ? member(answer, id) : state.params[id])
}

const paging = new Set(['cursor', 'limit', 'include_total', 'organization_id', 'ticket'])

/** Lists record the filter that was used. */
function filterOf(state: RequestState): Record<string, unknown> | null {
  if (state.operation.method !== 'GET') return null
  const filter = Object.fromEntries(Object.entries(state.query).filter(([name]) => !paging.has(name)))
  return Object.keys(filter).length > 0 ? { filter } : null
}

/** Whether success, or a refusal, of this operation leaves a row (`x-audit`, `x-phi`). */
export function isAudited({ operation: { gates } }: RequestState): boolean {
  return gates.audit !== false || gates.phi
}

/** Whether the answer is the effect that the row would claim: a login that still awaits its code is none. */
export function hasEffect({ operation: { gates } }: RequestState, answer: unknown): boolean {
  if (gates.audit === false || !gates.audit.id?.startsWith('response.')) return true
  return member(answer, gates.audit.id) !== undefined
}

/** The row of this request. A refusal keeps the code that refused. */
export function auditRow(state: RequestState, id: string, answer: unknown, refusal?: Problem): AuditRow {
  const { gates, id: operationId, method, tag } = state.operation
  const person = personOf(state)
  // A PHI operation without an action of its own (none today) still leaves a trace.
  const audit: Exclude<typeof gates.audit, false> = gates.audit || {
    action: method,
    resource: tag.toUpperCase(),
  }
  const reason =
    isRecord(state.body) && typeof state.body.reason === 'string' ? state.body.reason.trim() : null
  // Whoever signs in or registers is known once it has worked.
  const key = keyOf(state)
  const userId = person?.userId ?? key?.keyId ?? asUuid(member(answer, 'response.user.id'))
  return {
    id,
    actorUserId: userId,
    actorType: key ? 'API_KEY' : userId ? 'USER' : 'ANONYMOUS',
    organizationId: state.organizationId ?? asUuid(member(answer, audit.organization ?? '')),
    operationId,
    resourceType: audit.resource,
    resourceId: resourceId(state, audit.id, answer),
    actionType: audit.action,
    ipAddress: state.origin.ip,
    userAgent: state.origin.userAgent,
    impersonatorId: person?.impersonation?.adminUserId ?? null,
    requestId: state.origin.requestId,
    reason: audit.reason ? reason : null,
    outcome: refusal ? 'DENIED' : 'SUCCESS',
    problemCode: refusal?.code ?? null,
    changes: filterOf(state),
    occurredAt: state.now,
  }
}

/** Refusals that the trail keeps; a mistyped field or a lost race is none. */
export const isDenial = (problem: Problem): boolean => [401, 402, 403, 404].includes(problem.status)

/** Writes the row inside the write's own transaction, with the changes that the triggers captured there. */
export async function auditWrite(db: Db, row: AuditRow): Promise<void> {
  const [head, tail = ''] = auditInsert(true).split('$1::jsonb')
  await sql`${sql.raw(head ?? '')}${auditParameter([row])}::jsonb${sql.raw(tail)}`.execute(db)
}

/** A row for one of several records that a call changes; what its triggers captured is not said again by the next. */
export async function auditRecord(
  db: Db,
  state: RequestState,
  id: string,
  record: { readonly action: string; readonly resource: string; readonly id: string },
): Promise<void> {
  const { action: actionType, resource: resourceType, id: resourceId } = record
  await auditWrite(db, { ...auditRow(state, id, undefined), actionType, resourceType, resourceId })
  await sql`select set_config('app.changes', '', true)`.execute(db)
}
