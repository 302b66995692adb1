import type { Db } from '../../db/scope.ts'
import { collectEvents, publishEvents } from '../events/outbox.ts'

/** Whom to tell of a lock, and the notification that was left. */
interface Told {
  readonly notificationId: string
  readonly email: string
  readonly timezone: string
}

/**
 * Leaves a notification of the lock and announces it. The lock's end names the lock: run again, it leaves no second.
 * @returns undefined when the account is gone.
 */
export async function notifyLocked(
  db: Db,
  lock: { readonly id: string; readonly userId: string; readonly lockedUntil: string },
  now: Date,
): Promise<Told | undefined> {
  const { id, userId, lockedUntil } = lock
  const person = await db
    .selectFrom('users')
    .select(['email', 'timezone'])
    .where('id', '=', userId)
    .where('deleted_at', 'is', null)
    .executeTakeFirst()
  if (person === undefined) return undefined
  const metadata = JSON.stringify({ kind: 'account-locked', locked_until: lockedUntil })
  const before = await db
    .selectFrom('notifications')
    .select('id')
    .where('user_id', '=', userId)
    .where('metadata', '=', metadata)
    .executeTakeFirst()
  if (before !== undefined) return { notificationId: before.id, ...person }
  await db
    .insertInto('notifications')
    .values({
      id,
      user_id: userId,
      type: 'system',
      title: 'Your account was locked',
      body: 'Too many failed sign-ins locked your account for a while. If that was not you, change your password.',
      metadata,
      created_at: now,
    })
    .execute()
  const { events, emit } = collectEvents()
  emit({
    type: 'notification.new',
    audience: { user: userId },
    data: { notification_id: id, type: 'system' },
  })
  await publishEvents(db, events, now)
  return { notificationId: id, ...person }
}
