import { Writable } from 'node:stream'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createNoPush, type Push, type PushMessage } from '../../packages/server/src/adapters/push/push.ts'
import { deliver } from '../../packages/server/src/domains/notifications/deliver.ts'
import { createLog } from '../../packages/server/src/log.ts'
import { createWorld, type TestUser, type World } from '../support/world.ts'

let world: World
let pool: pg.Pool

beforeAll(async () => {
  world = await createWorld()
  pool = new pg.Pool({ connectionString: world.appUrl, max: 2 })
})
afterAll(async () => {
  await pool.end()
  await world.stop()
})

/** A provider that keeps what it is given. */
function provider(gone: readonly string[] = []): Push & { readonly sent: PushMessage[] } {
  const sent: PushMessage[] = []
  return {
    sent,
    async send(messages) {
      sent.push(...messages)
      return gone
    },
  }
}
async function device(user: TestUser): Promise<string> {
  const token = world.secret(`fcm-${world.id()}`)
  await world.admin.query(
    `insert into user_devices (id, user_id, fcm_token, platform, last_active_at) values ($1, $2, $3, 'ios', now())`,
    [world.id(), user.id, token],
  )
  return token
}
async function notice(user: TestUser, type = 'message') {
  const id = world.id()
  await world.admin.query(
    `insert into notifications (id, user_id, type, title, body, action_url, created_at)
     values ($1, $2, $3, 'New secure message', 'You have a new secure message.', '/messages/1', now())`,
    [id, user.id, type],
  )
  return { id, user_id: user.id }
}
const tokensOf = async (user: TestUser) =>
  (await world.admin.query('select fcm_token from user_devices where user_id = $1', [user.id])).rows.map(
    (row) => row.fcm_token,
  )

describe('a notification', () => {
  test('goes to each device of the person, and to nobody else’s', async () => {
    const [user, other] = [await world.user(), await world.user()]
    const tokens = [await device(user), await device(user)]
    await device(other)
    const push = provider()
    const { id } = await notice(user)
    await deliver(pool, push, { id, user_id: user.id })
    expect(push.sent).toEqual(
      tokens.map((token) => ({
        id,
        token,
        platform: 'ios',
        title: 'New secure message',
        body: 'You have a new secure message.',
        actionUrl: '/messages/1',
      })),
    )
    await deliver(pool, push, { id, user_id: other.id })
    expect(push.sent).toHaveLength(2)
  })

  test('that was read or deleted, or whose person is suspended, goes nowhere', async () => {
    const user = await world.user()
    await device(user)
    const push = provider()
    const [read, deleted, last] = [await notice(user), await notice(user), await notice(user)]
    await user.client.notifications.update({ notification_id: read.id, is_read: true })
    await user.client.notifications.delete({ notification_id: deleted.id })
    await deliver(pool, push, read)
    await deliver(pool, push, deleted)
    await world.admin.query('update users set suspended_at = now() where id = $1', [user.id])
    await deliver(pool, push, last)
    expect(push.sent).toEqual([])
  })

  test('about appointments and billing needs transactional consent to leave the app', async () => {
    const user = await world.user()
    await device(user)
    await world.admin.query('update users set transactional_consent = false where id = $1', [user.id])
    const push = provider()
    for (const type of ['appointment', 'billing', 'message'])
      await deliver(pool, push, await notice(user, type))
    expect(push.sent).toHaveLength(1)
  })

  test('makes a device be forgotten that the provider no longer knows', async () => {
    const user = await world.user()
    const [old, live] = [await device(user), await device(user)]
    await deliver(pool, provider([old]), await notice(user))
    expect(await tokensOf(user)).toEqual([live])
  })
})

test('without a provider one line says so, once, without token or text', async () => {
  const lines: string[] = []
  const destination = new Writable({
    write(chunk: Buffer, _, done) {
      lines.push(chunk.toString())
      done()
    },
  })
  const push = createNoPush(createLog('debug', destination))
  const user = await world.user()
  const token = await device(user)
  await deliver(pool, push, await notice(user))
  await deliver(pool, push, await notice(user))
  expect(lines).toHaveLength(1)
  expect(lines[0]).toContain('no provider is configured')
  expect(lines[0]).not.toContain(token)
  expect(lines[0]).not.toContain('secure message')
  expect(await tokensOf(user)).toEqual([token])
})

test('where notifications are made, a job for their devices is queued with them', async () => {
  const owner = await world.user()
  const agent = await world.user({ supportAgent: true })
  const { id: ticket_id } = await owner.client.tickets.create({
    category: 'TECHNICAL',
    subject: 'Cannot sign in',
    body: 'It says no.',
  })
  await agent.client.supportDesk.reply({ ticket_id, body: 'Which browser?', is_internal_note: false })
  const [told] = (await owner.client.notifications.list()).items
  const { rows } = await world.admin.query(`select data from jobs.job where name = 'push-notification'`)
  expect(rows.map(({ data }) => data)).toEqual([{ notifications: [{ id: told?.id, user_id: owner.id }] }])
  await expect
    .poll(
      async () =>
        (await world.admin.query(`select state from jobs.job where name = 'push-notification'`)).rows,
      { timeout: 10_000 },
    )
    .toEqual([{ state: 'completed' }])
})
