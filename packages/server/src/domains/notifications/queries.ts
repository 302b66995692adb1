import type { Db } from '../../db/scope.ts'

export interface NewNotification {
  readonly id: string
  readonly user_id: string
  readonly organization_id: string | null
  readonly type: 'appointment' | 'message' | 'billing' | 'system' | 'admin'
  readonly title: string
  readonly body: string
  readonly action_url: string
  readonly created_at: string | Date
}

/** Notifications; their text never holds PHI. */
export const insertNotifications = (db: Db, notifications: readonly NewNotification[]) =>
  db
    .insertInto('notifications')
    .values([...notifications])
    .execute()
