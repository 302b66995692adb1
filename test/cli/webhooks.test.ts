import { verifyWebhook } from '@wardline/sdk'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Receiver, startReceiver } from '../support/receiver.ts'
import { Cable, Machine, type Running } from '../support/ward.ts'
import { createWorld, type TestUser, type World } from '../support/world.ts'

let world: World
let org: string
let admin: TestUser
let receiver: Receiver
const home = new Machine()
const running: Running[] = []

beforeAll(async () => {
  world = await createWorld({ env: { WEBHOOKS_ALLOW_PRIVATE: 'true', HEARTBEAT_SECONDS: '1' } })
})
beforeEach(async () => {
  org = await world.organization()
  admin = await world.user({ roles: { [org]: 'ADMIN' } })
  receiver = await startReceiver()
})
afterEach(async () => {
  for (const one of running.splice(0)) {
    one.interrupt()
    await one.ended
  }
  await receiver.close()
})
afterAll(async () => {
  home.remove()
  await world.stop()
})

const ward = (...argv: string[]) => home.ward(['webhooks', ...argv], { url: world.url, token: admin.token })
const publish = (type = 'member.joined', count = 1) =>
  world.admin.query(
    `insert into events (organization_id, type, payload, created_at)
     select $1, $2, jsonb_build_object('organization_id', $1::uuid, 'user_id', gen_random_uuid(), 'role', 'STAFF'), now()
     from generate_series(1, $3)`,
    [org, type, count],
  )
const verified = async ({ headers, body }: Receiver['hooks'][number], secret: string) =>
  verifyWebhook(body, headers, secret)

describe('ward webhooks', () => {
  test('makes, lists, changes, rotates, shows what was sent, sends again, deletes', async () => {
    const made = await ward('create', receiver.url, '--types', 'member.*', '--description', 'Directory')
    expect(made).toMatchObject({ code: 0, stdout: expect.stringMatching(/^whsec_\S{44}\n$/) })
    world.secret(made.stdout.trim())
    const list = JSON.parse((await ward('list', '-o', 'json')).stdout)
    expect(list).toMatchObject([
      { url: receiver.url, event_types: ['member.joined', 'member.removed'], description: 'Directory' },
    ])
    const id = list[0].id
    await publish()
    await expect.poll(() => receiver.hooks.length).toBe(1)
    const rotated = await ward('rotate', id)
    world.secret(rotated.stdout.trim())
    expect(rotated).toMatchObject({ code: 0, stderr: expect.stringContaining('signs along until') })
    const sent = async () => JSON.parse((await ward('deliveries', id, '-o', 'json')).stdout)
    await expect.poll(async () => (await sent())[0]?.status, { timeout: 8000 }).toBe('DELIVERED')
    const again = await ward('replay', id, (await sent())[0].id)
    expect(again).toMatchObject({ code: 0, stderr: expect.stringContaining('is sent again as') })
    await expect.poll(() => receiver.hooks.length).toBe(2)
    const changed = await ward('update', id, '--types', 'all', '--disable', '-o', 'json')
    expect(JSON.parse(changed.stdout)).toMatchObject({
      event_types: [],
      enabled: false,
      disabled_reason: 'ADMIN',
    })
    expect((await ward('list')).stdout).toContain('DISABLED')
    expect((await ward('delete', id)).code).toBe(0)
    expect((await ward('deliveries', id)).code).toBe(3)
  })

  test('says what is wrong before it asks the server', async () => {
    expect(await ward('create', receiver.url, '--types', 'member.jumped')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('does not know "member.jumped"; there are member.joined'),
    })
    expect((await ward('update', world.id())).code).toBe(2)
    expect((await ward('update', world.id(), '--enable', '--disable')).code).toBe(2)
    expect((await ward('listen', '--forward-to', 'localhost')).code).toBe(2)
    expect((await ward('listen', '--secret-env', 'NOWHERE')).code).toBe(2)
  })
})

describe('ward webhooks listen', () => {
  const start = async (argv: string[], url = world.url) => {
    const listen = home.start(['webhooks', 'listen', '--forward-to', receiver.url, ...argv], {
      url,
      token: admin.token,
    })
    running.push(listen)
    await listen.shows('stderr', 'connected')
    await expect.poll(() => listen.stdout).toMatch(/^whsec_\S{44}\n$/)
    return { listen, secret: world.secret(listen.stdout.trim()) }
  }

  test('forwards what happens, signed with the secret that it printed, and shows each answer', async () => {
    const { listen, secret } = await start(['--types', 'member.joined'])
    await publish('member.removed')
    await publish()
    await listen.shows('stderr', '✓ member.joined')
    expect(listen.stderr).toMatch(/member\.joined \d+\.\d+ → 204 \d+ ms/)
    expect(receiver.hooks).toHaveLength(1)
    for (const hook of receiver.hooks) expect((await verified(hook, secret)).event).toBe('member.joined')
    receiver.answer((response) => response.writeHead(500).end())
    await publish()
    await listen.shows('stderr', '→ 500')
    await receiver.close()
    await publish()
    await listen.shows('stderr', '→ ECONNREFUSED')
    listen.interrupt()
    expect(await listen.ended).toMatchObject({ code: 130 })
    receiver = await startReceiver()
  })

  test('goes on after a cut, with what was missed, each once', async () => {
    const cable = await Cable.to(world.url)
    try {
      const { listen } = await start([], cable.url)
      await publish()
      await listen.shows('stderr', '✓ member.joined')
      await cable.unplug()
      await listen.shows('stderr', 'disconnected')
      await publish('member.removed', 3)
      await cable.mend()
      await listen.shows('stderr', 'caught up, 3 missed events')
      await expect.poll(() => receiver.hooks.length).toBe(4)
      const ids = receiver.hooks.map(({ headers }) => headers['webhook-id'])
      expect(new Set(ids).size).toBe(4)
    } finally {
      cable.remove()
    }
  })

  test('is refused where there is no right', async () => {
    const staff = await world.user({ roles: { [org]: 'STAFF' } })
    const refused = await home.ward(['webhooks', 'listen'], { url: world.url, token: staff.token })
    expect(refused.code).toBe(4)
    expect(refused.stdout).toBe('')
  })
})
