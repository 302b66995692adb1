import type { Pool } from 'pg'

/** One row of the audit trail, as the pipeline writes it. */
export interface AuditRow {
  readonly id: string
  /** The person's id, or the API key's. */
  readonly actorUserId: string | null
  readonly actorType: 'USER' | 'API_KEY' | 'SYSTEM' | 'ANONYMOUS'
  readonly organizationId: string | null
  readonly operationId: string
  readonly resourceType: string
  readonly resourceId: string | null
  readonly actionType: string
  readonly ipAddress: string | null
  readonly userAgent: string | null
  readonly impersonatorId: string | null
  readonly requestId: string
  readonly reason: string | null
  readonly outcome: 'SUCCESS' | 'DENIED'
  readonly problemCode: string | null
  readonly changes: Readonly<Record<string, unknown>> | null
  readonly occurredAt: Date
}

const columns = `id, actor_user_id, actor_type, organization_id, operation_id, resource_type, resource_id,
  action_type, ip_address, user_agent, impersonator_id, request_id, reason, outcome, problem_code, changes, occurred_at`

const shape = `id uuid, actor_user_id uuid, actor_type text, organization_id uuid, operation_id text, resource_type text,
  resource_id uuid, action_type text, ip_address inet, user_agent text, impersonator_id uuid, request_id text,
  reason text, outcome text, problem_code text, changes jsonb, occurred_at timestamptz`

const plain = (row: AuditRow) => ({
  id: row.id,
  actor_user_id: row.actorUserId,
  actor_type: row.actorType,
  organization_id: row.organizationId,
  operation_id: row.operationId,
  resource_type: row.resourceType,
  resource_id: row.resourceId,
  action_type: row.actionType,
  ip_address: row.ipAddress,
  user_agent: row.userAgent,
  impersonator_id: row.impersonatorId,
  request_id: row.requestId,
  reason: row.reason,
  outcome: row.outcome,
  problem_code: row.problemCode,
  changes: row.changes,
  occurred_at: row.occurredAt,
})

/** The insert of a batch; inside a write's transaction, `changes` come from what the triggers captured. */
export const auditInsert = (fromTransaction: boolean): string =>
  `insert into audit_logs (${columns}) select ${
    fromTransaction
      ? columns.replace(
          'changes',
          `coalesce(nullif(current_setting('app.changes', true), '')::jsonb, changes)`,
        )
      : columns
  } from jsonb_to_recordset($1::jsonb) as r(${shape})`

export const auditParameter = (rows: readonly AuditRow[]): string => JSON.stringify(rows.map(plain))

const maxBatch = 500

/**
 * Natural-batching group commit: rows that arrive while a batch commits form the next one. The promise settles
 * when the caller's own row is committed, or rejects when it is not.
 */
export class AuditBatch {
  readonly #pool: Pool
  #waiting: { row: AuditRow; resolve: () => void; reject: (error: unknown) => void }[] = []
  #running = false

  constructor(pool: Pool) {
    this.#pool = pool
  }

  commit(row: AuditRow): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ row, resolve, reject })
      if (!this.#running) void this.#drain()
    })
  }

  async #drain(): Promise<void> {
    this.#running = true
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, maxBatch)
      try {
        await this.#pool.query({
          name: 'audit_batch',
          text: auditInsert(false),
          values: [auditParameter(batch.map(({ row }) => row))],
        })
        for (const { resolve } of batch) resolve()
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    }
    this.#running = false
  }
}
