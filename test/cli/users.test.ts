import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { totp } from '../support/sign-in.ts'
import { Machine } from '../support/ward.ts'
import { createWorld, type TestUser, type World } from '../support/world.ts'

let world: World
let boss: TestUser
let machine: Machine
const reason = 'Asked for by phone, identity checked'

beforeAll(async () => {
  world = await createWorld()
  boss = await world.user({ superAdmin: true })
  machine = new Machine()
})
afterAll(async () => {
  machine.remove()
  await world.stop()
})

const ward = (argv: readonly string[], token = boss.token) => machine.ward(argv, { url: world.url, token })
const find = async (id: string) =>
  (await world.admin.query('select * from users where id = $1', [id])).rows[0]

describe('ward users', () => {
  test('finds, shows, suspends and lets in again, by address', async () => {
    const user = await world.user({ name: 'Ngozi Okafor' })
    const listed = await ward(['users', 'list', '--search', user.email, '-o', 'csv'])
    expect(listed.stdout).toContain(`${user.id},${user.email},Ngozi Okafor,ACTIVE,no`)
    expect((await ward(['users', 'show', user.email])).stdout).toContain(user.sessionId)

    const done = await ward(['users', 'suspend', user.email, '--reason', reason])
    expect(done).toMatchObject({ code: 0, stderr: expect.stringContaining('is suspended') })
    expect(await find(user.id)).toMatchObject({ suspended_reason: reason })
    expect((await ward(['users', 'suspend', user.id, '--reason', reason])).code).toBe(5)
    const back = await ward(['users', 'reactivate', user.id, '--reason', reason, '-o', 'json'])
    expect(JSON.parse(back.stdout)).toMatchObject({ id: user.id, status: 'ACTIVE', sessions: [] })
  })

  test('unlocks, and makes somebody choose a new password', async () => {
    const user = await world.user()
    const until = new Date(world.clock.now().getTime() + 60_000)
    await world.admin.query('update users set locked_until = $2, failed_login_attempts = 5 where id = $1', [
      user.id,
      until,
    ])
    expect((await ward(['users', 'list', '--status', 'LOCKED'])).stdout).toContain(user.email)
    expect((await ward(['users', 'unlock', user.id, '--reason', reason])).code).toBe(0)
    expect((await ward(['users', 'force-reset', user.id, '--reason', reason])).code).toBe(0)
    expect(await find(user.id)).toMatchObject({ locked_until: null, must_reset_password: true })
  })

  test('needs a reason, an account that exists, and a super-admin', async () => {
    const user = await world.user()
    const without = await ward(['users', 'unlock', user.id])
    expect(without).toMatchObject({ code: 2, stderr: expect.stringContaining('--reason is required') })
    expect((await ward(['users', 'unlock', user.id, '--reason', 'short'])).code).toBe(2)
    expect((await ward(['users', 'show', 'nobody@example.com'])).code).toBe(3)
    expect((await ward(['users', 'show', world.id()])).code).toBe(3)
    expect((await ward(['users', 'list'], user.token)).code).toBe(4)
  })

  test('asks for the reason and for a fresh code on a terminal', async () => {
    const user = await world.user()
    const stale = await world.session(boss.id, { mfa: true, age: 11 })
    const terminal = machine.terminal(['users', 'suspend', user.id], { url: world.url, token: stale.token })
    await terminal.shows('Reason, for the audit trail:')
    terminal.type(`${reason}\r`)
    await terminal.shows('Code from the authenticator app:')
    terminal.type(`${totp(world, boss.totpSecret)}\r`)
    expect(await terminal.ended).toBe(0)
    expect(await find(user.id)).toMatchObject({ suspended_reason: reason })
  })
})

test('ward orgs suspends, lists and opens again', async () => {
  const org = await world.organization('Harbor Family Practice')
  const suspended = await ward(['orgs', 'suspend', org, '--reason', reason])
  expect(suspended).toMatchObject({
    code: 0,
    stderr: expect.stringContaining('Harbor Family Practice is suspended'),
  })
  expect((await ward(['orgs', 'list', '--all', '--status', 'SUSPENDED', '-o', 'csv'])).stdout).toContain(
    `${org},Harbor Family Practice,SUSPENDED`,
  )
  expect((await ward(['orgs', 'reactivate', org, '--reason', reason])).code).toBe(0)
  expect((await ward(['orgs', 'list', '--all', '--search', 'harbor'])).stdout).toContain('ACTIVE')
  expect((await ward(['orgs', 'list', '--search', 'harbor'])).code).toBe(2)
})

test('ward notifications lists what is unread and marks it read', async () => {
  const user = await world.user()
  const id = world.id()
  await world.admin.query(
    `insert into notifications (id, user_id, type, title, body, created_at)
     values ($1, $2, 'system', 'A title', 'A body.', $3)`,
    [id, user.id, world.clock.now()],
  )
  const run = (...argv: string[]) => ward(['notifications', ...argv], user.token)
  expect((await run('list', '--unread', '-o', 'csv')).stdout).toContain(`${id},`)
  expect(await run('read')).toMatchObject({ code: 0, stderr: '1 marked read.\n' })
  expect(await run('list', '--unread')).toMatchObject({ stdout: '', stderr: 'Nothing is unread.\n' })
  expect((await run('read', id)).code).toBe(0)
  expect((await run('read', world.id())).code).toBe(3)
})
