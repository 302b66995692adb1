import { sql } from 'kysely'
import { rowAfter, type Slice } from '../../db/keyset.ts'
import type { Db } from '../../db/scope.ts'

export type NotificationType = 'appointment' | 'message' | 'billing' | 'system' | 'admin'

export interface NewNotification {
  readonly id: string
  readonly user_id: string
  readonly organization_id: string | null
  readonly type: NotificationType
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

interface Filters {
  readonly filter?: 'unread'
  readonly type?: NotificationType
}

const columns = [
  'id',
  'organization_id',
  'type',
  'title',
  'body',
  'action_url',
  'is_read',
  'created_at',
] as const

const matching = (db: Db, userId: string, { filter, type }: Filters) => {
  let query = db.selectFrom('notifications').where('user_id', '=', userId).where('deleted_at', 'is', null)
  // A literal, as in the partial index notifications_unread.
  if (filter === 'unread') query = query.where(sql<boolean>`not is_read`)
  if (type !== undefined) query = query.where('type', '=', type)
  return query
}

/** Newest first. */
export const listNotifications = (db: Db, userId: string, filters: Filters, { after, limit }: Slice) =>
  matching(db, userId, filters)
    .select(columns)
    .$if(after !== null, (query) => query.where(rowAfter(['created_at', 'id'], 'descending', after ?? [])))
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit)
    .execute()

export const countNotifications = async (db: Db, userId: string, filters: Filters): Promise<number> =>
  (
    await matching(db, userId, filters)
      .select((eb) => eb.fn.countAll<number>().as('n'))
      .executeTakeFirstOrThrow()
  ).n

/** Answers the notification as it is now; undefined when the person has no such one. */
export const setRead = (db: Db, userId: string, id: string, isRead: boolean) =>
  db
    .updateTable('notifications')
    .set({ is_read: isRead })
    .where('id', '=', id)
    .where('user_id', '=', userId)
    .where('deleted_at', 'is', null)
    .returning(columns)
    .executeTakeFirst()

/** Marks what came up to then; answers how many were unread. */
export const markReadUntil = async (db: Db, userId: string, until: Date): Promise<number> => {
  const { numUpdatedRows } = await db
    .updateTable('notifications')
    .set({ is_read: true })
    .where('user_id', '=', userId)
    .where('deleted_at', 'is', null)
    .where(sql<boolean>`not is_read`)
    .where('created_at', '<=', until.toISOString())
    .executeTakeFirst()
  return Number(numUpdatedRows)
}

/** Whether there was one to delete. */
export const deleteNotification = async (db: Db, userId: string, id: string, now: Date): Promise<boolean> => {
  const { numUpdatedRows } = await db
    .updateTable('notifications')
    .set({ deleted_at: now })
    .where('id', '=', id)
    .where('user_id', '=', userId)
    .where('deleted_at', 'is', null)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** The notification for each of the person's devices; none when it should not leave the app. */
export const listDeliveries = (db: Db, userId: string, id: string) =>
  db
    .selectFrom('notifications as n')
    .innerJoin('users as u', 'u.id', 'n.user_id')
    .innerJoin('user_devices as d', 'd.user_id', 'n.user_id')
    .select(['d.fcm_token as token', 'd.platform', 'n.title', 'n.body', 'n.action_url as actionUrl'])
    .where('n.id', '=', id)
    .where('n.user_id', '=', userId)
    .where('n.is_read', '=', false)
    .where('n.deleted_at', 'is', null)
    .where('u.deleted_at', 'is', null)
    .where('u.suspended_at', 'is', null)
    .where((eb) =>
      eb.or([eb('u.transactional_consent', '=', true), eb('n.type', 'not in', ['appointment', 'billing'])]),
    )
    .orderBy('d.id')
    .execute()

export const forgetDevices = (db: Db, userId: string, tokens: readonly string[]) =>
  db.deleteFrom('user_devices').where('user_id', '=', userId).where('fcm_token', 'in', tokens).execute()
