import { sql } from 'kysely'
import type { Db } from '../../db/scope.ts'
import type { Audience, Emit } from '../../http/handler.ts'

/** An event on its way into the outbox. */
export interface OutboxEvent {
  readonly type: string
  readonly audience: Audience
  readonly data: object
}

/** An `emit` that keeps what it is given, until `publishEvents` writes it. */
export function collectEvents(): { events: OutboxEvent[]; emit: Emit } {
  const events: OutboxEvent[] = []
  return { events, emit: (event) => events.push(event) }
}

/** Writes events in the transaction of `db`, in their order. Each says when it happened: who resumes reads it later. */
export async function publishEvents(db: Db, events: readonly OutboxEvent[], now: Date): Promise<void> {
  for (const { type, audience, data } of events) {
    const payload = JSON.stringify({ ...data, occurred_at: now.toISOString() })
    if (audience.consenting) {
      await publishToConsenting(db, type, payload, now)
      continue
    }
    await db
      .insertInto('events')
      .values({
        user_id: audience.user ?? null,
        organization_id: audience.organization ?? null,
        to_support: audience.support ?? false,
        type,
        payload,
        created_at: now,
      })
      .execute()
  }
}

/** One statement for all of them, however many they are. */
const publishToConsenting = (db: Db, type: string, payload: string, now: Date) =>
  db
    .insertInto('events')
    .columns(['user_id', 'type', 'payload', 'created_at'])
    .expression((eb) =>
      eb
        .selectFrom('users')
        .select([
          'id',
          sql.val(type).as('type'),
          sql`${payload}::jsonb`.as('payload'),
          sql`${now}::timestamptz`.as('created_at'),
        ])
        .where('requires_consent', '=', true)
        .where('deleted_at', 'is', null),
    )
    .execute()
