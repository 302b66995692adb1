import { openPage } from '../../db/keyset.ts'
import type { NotificationsHandlers } from '../../generated/handlers.ts'
import type { Person } from '../../http/actor.ts'
import { notFound, Problem } from '../../http/problem.ts'
import type { Services } from '../../services.ts'
import * as queries from './queries.ts'

const ownerOf = ({ userId, impersonation }: Person): queries.Owner => ({
  userId,
  within: impersonation?.organizationId ?? null,
})

export const notificationsHandlers = ({ clock, cursors }: Services): NotificationsHandlers => ({
  async listNotifications({ db, actor }, { query }) {
    const owner = ownerOf(actor)
    const page = openPage(cursors, 'listNotifications', { ...query, ...owner }, query)
    if (page instanceof Problem) return page
    const rows = await queries.listNotifications(db, owner, query, page)
    const total = query.include_total ? await queries.countNotifications(db, owner, query) : undefined
    const unread = await queries.countNotifications(db, owner, { filter: 'unread' })
    return { ...page.close(rows, ({ created_at, id }) => [created_at, id], total), unread_count: unread }
  },

  async updateNotification({ db, actor }, { params, body }) {
    const changed = await queries.setRead(db, ownerOf(actor), params.notification_id, body.is_read)
    return changed ?? notFound('notification')
  },

  async markAllNotificationsRead({ db, actor }, { body }) {
    const until = body.before === undefined ? clock.now() : new Date(body.before)
    return { marked_count: await queries.markReadUntil(db, ownerOf(actor), until) }
  },

  async deleteNotification({ db, actor }, { params }) {
    const gone = await queries.deleteNotification(db, ownerOf(actor), params.notification_id, clock.now())
    return gone ? undefined : notFound('notification')
  },
})
