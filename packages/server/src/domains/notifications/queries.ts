import { type ExpressionBuilder, sql } from 'kysely'
import { rowAfter, type Slice } from '../../db/keyset.ts'
import type { Db } from '../../db/scope.ts'
import type { Tables } from '../../generated/database.ts'

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

/** Whose notifications. Under impersonation only those of the one organization, and of the account itself. */
export interface Owner {
  readonly userId: string
  readonly within: string | null
}

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

const visible =
  ({ userId, within }: Owner) =>
  (eb: ExpressionBuilder<Tables, 'notifications'>) =>
    eb.and([
      eb('user_id', '=', userId),
      eb('deleted_at', 'is', null),
      ...(within === null
        ? []
        : [eb.or([eb('organization_id', 'is', null), eb('organization_id', '=', within)])]),
    ])

const matching = (db: Db, owner: Owner, { filter, type }: Filters) => {
  let query = db.selectFrom('notifications').where(visible(owner))
  // A literal, as in the partial index notifications_unread.
  if (filter === 'unread') query = query.where(sql<boolean>`not is_read`)
  if (type !== undefined) query = query.where('type', '=', type)
  return query
}

/** Newest first. */
export const listNotifications = (db: Db, owner: Owner, filters: Filters, { after, limit }: Slice) =>
  matching(db, owner, filters)
    .select(columns)
    .$if(after !== null, (query) => query.where(rowAfter(['created_at', 'id'], 'descending', after ?? [])))
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit)
    .execute()

export const countNotifications = async (db: Db, owner: Owner, filters: Filters): Promise<number> =>
  (
    await matching(db, owner, filters)
      .select((eb) => eb.fn.countAll<number>().as('n'))
      .executeTakeFirstOrThrow()
  ).n

/** Answers the notification as it is now; undefined when the person has no such one. */
export const setRead = (db: Db, owner: Owner, id: string, isRead: boolean) =>
  db
    .updateTable('notifications')
    .set({ is_read: isRead })
    .where('id', '=', id)
    .where(visible(owner))
    .returning(columns)
    .executeTakeFirst()

/** Marks what came up to then; answers how many were unread. */
export const markReadUntil = async (db: Db, owner: Owner, until: Date): Promise<number> => {
  const { numUpdatedRows } = await db
    .updateTable('notifications')
    .set({ is_read: true })
    .where(visible(owner))
    .where(sql<boolean>`not is_read`)
    .where('created_at', '<=', until.toISOString())
    .executeTakeFirst()
  return Number(numUpdatedRows)
}

/** Whether there was one to delete. */
export const deleteNotification = async (db: Db, owner: Owner, id: string, now: Date): Promise<boolean> => {
  const { numUpdatedRows } = await db
    .updateTable('notifications')
    .set({ deleted_at: now })
    .where('id', '=', id)
    .where(visible(owner))
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
