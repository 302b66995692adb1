import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import type { Db } from '../../db/scope.ts'
import { problem } from '../problem.ts'
import { actorIdOf, type RequestState } from '../request-state.ts'

const lifetimeMs = 24 * 60 * 60 * 1000

/** The answer that an earlier request with the same key got. */
export interface StoredReply {
  readonly status: number
  readonly body: unknown
}

export interface IdempotencyKey {
  readonly actorId: string
  readonly operationId: string
  readonly key: string
  readonly hash: Buffer
}

/** The key of this request, if it sent one and the operation takes one (`x-idempotent`). */
export function idempotencyKey(state: RequestState): IdempotencyKey | null {
  const key = state.headers['idempotency-key']
  const actorId = actorIdOf(state)
  if (!state.operation.gates.idempotent || typeof key !== 'string' || !actorId) return null
  const hash = createHash('sha256')
    .update(JSON.stringify([state.params, state.query, state.body]))
    .digest()
  return { actorId, operationId: state.operation.id, key, hash }
}

/**
 * Takes the key for this transaction, or answers what the first request got.
 * @throws Problem IDEMPOTENCY_IN_PROGRESS while the first one runs, IDEMPOTENCY_KEY_REUSED for another body.
 */
export async function claimKey(db: Db, own: IdempotencyKey, now: Date): Promise<StoredReply | null> {
  const name = `${own.actorId}:${own.operationId}:${own.key}`
  const lock = await sql<{ held: boolean }>`
    select pg_try_advisory_xact_lock(hashtextextended(${name}, 0)) as held`.execute(db)
  if (!lock.rows[0]?.held)
    throw problem('IDEMPOTENCY_IN_PROGRESS', 'The first request with this key is still running.')
  const stored = await db
    .selectFrom('idempotency_keys')
    .select(['request_hash', 'status', 'response'])
    .where('actor_id', '=', own.actorId)
    .where('operation_id', '=', own.operationId)
    .where('key', '=', own.key)
    .where('expires_at', '>', now.toISOString())
    .executeTakeFirst()
  if (!stored) return null
  if (!stored.request_hash.equals(own.hash))
    throw problem('IDEMPOTENCY_KEY_REUSED', 'This Idempotency-Key was used with another request.')
  return { status: stored.status, body: stored.response ?? undefined }
}

/** Stores the reply in the same transaction as the effect: a crash between the two is impossible. */
export async function storeReply(db: Db, own: IdempotencyKey, reply: StoredReply, now: Date): Promise<void> {
  const row = {
    actor_id: own.actorId,
    operation_id: own.operationId,
    key: own.key,
    request_hash: own.hash,
    status: reply.status,
    response: reply.body === undefined ? null : JSON.stringify(reply.body),
    expires_at: new Date(now.getTime() + lifetimeMs),
  }
  await db
    .insertInto('idempotency_keys')
    .values(row)
    .onConflict((conflict) => conflict.columns(['actor_id', 'operation_id', 'key']).doUpdateSet(row))
    .execute()
}
