import type { Db } from '../../db/scope.ts'
import type { Emit, Enqueue } from '../../http/handler.ts'
import { insertNotifications, type NewNotification } from './queries.ts'

type Notice = Omit<NewNotification, 'id' | 'user_id'>

/** What telling somebody takes. */
export interface NotifyTools {
  readonly emit: Emit
  readonly enqueue: Enqueue
  readonly newId: () => string
}

/** Leaves the same notice with each person, and tells their open streams and their devices. Its text must hold no PHI. */
export async function notify(
  db: Db,
  { emit, enqueue, newId }: NotifyTools,
  userIds: readonly string[],
  notice: Notice,
): Promise<void> {
  if (userIds.length === 0) return
  const notifications = userIds.map((user_id) => ({ ...notice, id: newId(), user_id }))
  await insertNotifications(db, notifications)
  for (const { id, user_id, type } of notifications)
    emit({ type: 'notification.new', audience: { user: user_id }, data: { notification_id: id, type } })
  enqueue('push-notification', { notifications: notifications.map(({ id, user_id }) => ({ id, user_id })) })
}
