import type { Db } from '../../db/scope.ts'
import type { Audience, Emit } from '../../http/handler.ts'

/** An event on its way into the outbox. */
export interface OutboxEvent {
  readonly type: string
  readonly audience: Audience
  readonly data: unknown
}

/** An `emit` that keeps what it is given, until `publishEvents` writes it. */
export function collectEvents(): { events: OutboxEvent[]; emit: Emit } {
  const events: OutboxEvent[] = []
  return { events, emit: (event) => events.push(event) }
}

/** Writes events in the transaction of `db`, in their order. */
export async function publishEvents(db: Db, events: readonly OutboxEvent[], now: Date): Promise<void> {
  for (const { type, audience, data } of events)
    await db
      .insertInto('events')
      .values({
        user_id: audience.user ?? null,
        organization_id: audience.organization ?? null,
        to_support: audience.support ?? false,
        type,
        payload: JSON.stringify(data),
        created_at: now,
      })
      .execute()
}
