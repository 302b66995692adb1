import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { codeOf } from '../support/problems.ts'
import { createWorld, type TestUser, type World } from '../support/world.ts'

let world: World

beforeAll(async () => {
  world = await createWorld()
})
afterAll(() => world.stop())

/** Leaves a notification with a person, so many minutes ago. */
async function leave(user: TestUser, minutesAgo: number, type = 'message'): Promise<string> {
  const id = world.id()
  const at = new Date(world.clock.now().getTime() - minutesAgo * 60_000)
  await world.admin.query(
    `insert into notifications (id, user_id, type, title, body, action_url, created_at)
     values ($1, $2, $3, 'A title', 'A body.', '/somewhere', $4)`,
    [id, user.id, type, at],
  )
  return id
}
const ids = (page: { items: readonly { id: string }[] }) => page.items.map(({ id }) => id)

describe('notifications', () => {
  test('are the caller’s own, newest first, page by page, with how many are unread', async () => {
    const [user, other] = [await world.user(), await world.user()]
    const old = await leave(user, 3)
    const middle = await leave(user, 2)
    const young = await leave(user, 1)
    await leave(other, 1)
    const first = await user.client.notifications.list({ limit: 2, include_total: true })
    expect(first).toMatchObject({ unread_count: 3, total: 3 })
    expect(ids(first)).toEqual([young, middle])
    const second = await first.next()
    expect(ids(second ?? { items: [] })).toEqual([old])
    expect(second?.next_cursor).toBeNull()
    expect(first.items[0]).toEqual({
      id: young,
      organization_id: null,
      type: 'message',
      title: 'A title',
      body: 'A body.',
      action_url: '/somewhere',
      is_read: false,
      created_at: expect.any(String),
    })
    const cursor = first.next_cursor ?? ''
    expect(await codeOf(other.client.notifications.list({ limit: 2, cursor }))).toBe('INVALID_CURSOR')
  })

  test('are filtered by unread and by type; the count stays that of all unread', async () => {
    const user = await world.user()
    const message = await leave(user, 3)
    const billing = await leave(user, 2, 'billing')
    const read = await leave(user, 1, 'billing')
    expect(await user.client.notifications.update({ notification_id: read, is_read: true })).toMatchObject({
      id: read,
      is_read: true,
    })
    expect(ids(await user.client.notifications.list({ filter: 'unread' }))).toEqual([billing, message])
    const both = await user.client.notifications.list({ filter: 'unread', type: 'billing' })
    expect(ids(both)).toEqual([billing])
    expect(both).toMatchObject({ unread_count: 2 })
    await user.client.notifications.update({ notification_id: read, is_read: false })
    expect(await user.client.notifications.list({ limit: 1 })).toMatchObject({ unread_count: 3 })
  })

  test('are marked read up to an instant: what came after it stays unread', async () => {
    const user = await world.user()
    await leave(user, 3)
    const shown = await leave(user, 2)
    const later = await leave(user, 1)
    const page = await user.client.notifications.list()
    const before = page.items.find(({ id }) => id === shown)?.created_at ?? ''
    expect(await user.client.notifications.markAllRead({ before })).toEqual({ marked_count: 2 })
    expect(ids(await user.client.notifications.list({ filter: 'unread' }))).toEqual([later])
    expect(await user.client.notifications.markAllRead({})).toEqual({ marked_count: 1 })
    expect(await user.client.notifications.markAllRead({})).toEqual({ marked_count: 0 })
  })

  test('are deleted softly, and nobody else’s can be touched', async () => {
    const [user, other] = [await world.user(), await world.user()]
    const notification_id = await leave(user, 1)
    const calls = [
      other.client.notifications.update({ notification_id, is_read: true }),
      other.client.notifications.delete({ notification_id }),
      user.client.notifications.delete({ notification_id: world.id() }),
    ]
    expect(await Promise.all(calls.map(codeOf))).toEqual(['NOT_FOUND', 'NOT_FOUND', 'NOT_FOUND'])
    await user.client.notifications.delete({ notification_id })
    expect(await user.client.notifications.list({ include_total: true })).toMatchObject({
      items: [],
      unread_count: 0,
      total: 0,
    })
    expect(await codeOf(user.client.notifications.update({ notification_id, is_read: true }))).toBe(
      'NOT_FOUND',
    )
    const { rows } = await world.admin.query('select deleted_at from notifications where id = $1', [
      notification_id,
    ])
    expect(rows).toEqual([{ deleted_at: expect.anything() }])
  })
})

test('a page of many is read from its index, without a sort', async () => {
  const user = await world.user()
  // In small transactions: a long one holds back the events of every test that runs beside this one.
  for (let from = 1; from <= 4000; from += 400)
    await world.admin.query(
      `insert into notifications (id, user_id, type, title, body, is_read, created_at)
       select gen_random_uuid(), $1, 'message', 't', 'b', n % 3 > 0, now() - make_interval(secs => n)
       from generate_series($2::int, $2::int + 399) n`,
      [user.id, from],
    )
  await world.admin.query('analyze notifications')
  for (const unread of ['true', 'not is_read']) {
    const { rows } = await world.admin.query<{ 'QUERY PLAN': string }>(
      `explain select id from notifications where user_id = '${user.id}' and deleted_at is null and ${unread}
       order by created_at desc, id desc limit 51`,
    )
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n')
    expect(plan).toMatch(/Index.* Scan using (idx_notifications_created|notifications_unread)/)
    expect(plan).not.toContain('Sort')
  }
})
