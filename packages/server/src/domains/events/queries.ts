import type { Db } from '../../db/scope.ts'
import { hashOpaqueToken } from '../../security/tokens.ts'

/** Spends a ticket; answers its session, or null when it is unknown, spent or over. One statement: no race. */
export async function redeemStreamTicket(db: Db, ticket: string, now: Date): Promise<string | null> {
  const row = await db
    .updateTable('stream_tickets')
    .set({ used_at: now })
    .where('token_hash', '=', hashOpaqueToken(ticket))
    .where('used_at', 'is', null)
    .where('expires_at', '>', now.toISOString())
    .returning('session_id')
    .executeTakeFirst()
  return row?.session_id ?? null
}

export async function insertStreamTicket(
  db: Db,
  ticket: { id: string; token: string; sessionId: string; expiresAt: Date; now: Date },
): Promise<void> {
  await db
    .insertInto('stream_tickets')
    .values({
      id: ticket.id,
      token_hash: hashOpaqueToken(ticket.token),
      session_id: ticket.sessionId,
      expires_at: ticket.expiresAt,
      created_at: ticket.now,
    })
    .execute()
}
