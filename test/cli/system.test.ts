import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../../scripts/free-port.ts'
import { Machine } from '../support/ward.ts'
import { createWorld, type TestUser, type World } from '../support/world.ts'

let world: World
let root: TestUser
const home = new Machine()

beforeAll(async () => {
  world = await createWorld({ start: new Date('2026-03-02T14:30:05.000Z') })
  root = await world.user({ superAdmin: true })
})
afterAll(async () => {
  home.remove()
  await world.stop()
})

const ward = (...argv: string[]) => home.ward(['system', ...argv], { url: world.url, token: root.token })

describe('ward system', () => {
  test('health shows everything at a glance and ends with 0; with 1, and why, once something is wrong', async () => {
    await expect.poll(async () => (await root.client.system.health()).status).toBe('ok')
    const well = await ward('health')
    expect(well.code).toBe(0)
    expect(well.stdout).toMatch(/^● ok {2}ward \d/)
    for (const part of [
      'DEPENDENCIES',
      'SERVERS',
      'JOBS',
      'BEHIND',
      'CONNECTIONS',
      'database',
      'RUNNING',
      'document-scan',
    ])
      expect(well.stdout).toContain(part)
    expect(well.stdout).not.toContain('PROBLEMS')

    await world.admin.query(
      `insert into jobs.job_common (name, state, completed_on, retry_limit, retry_count) values ('mail', 'failed', now(), 0, 0)`,
    )
    await expect.poll(async () => (await ward('health')).code, { interval: 500 }).toBe(1)
    const ill = await ward('health')
    expect(ill.stdout).toMatch(/^● degraded/)
    expect(ill.stdout).toContain('• 1 job failed for good in the last 24 hours (mail 1).')
    const json = await ward('health', '--json')
    expect(json.code).toBe(1)
    expect(JSON.parse(json.stdout)).toMatchObject({ status: 'degraded', problems: [expect.any(String)] })
    expect(JSON.parse((await ward('health', '-o', 'json')).stdout)).toMatchObject({ status: 'degraded' })
    expect((await ward('health', '-o', 'csv')).stdout).toMatch(
      /^name,essential,status,latency_ms,error\r\ndatabase,true,ok,/,
    )
  })

  test('health ends with 7 when nobody answers, and with 4 for whoever may not ask', async () => {
    const nowhere = await home.ward(['system', 'health'], { url: 'http://127.0.0.1:1', token: root.token })
    expect(nowhere.code).toBe(7)
    const user = await world.user()
    const refused = await home.ward(['system', 'health'], { url: world.url, token: user.token })
    expect(refused.code).toBe(4)
  })

  test('metrics draw a line for each figure, and its number beside it', async () => {
    const user = await world.user()
    for (let n = 0; n < 7; n++) await user.client.users.me()
    world.clock.advance({ minutes: 1 })
    await expect
      .poll(async () => (await root.client.system.metrics({ period: '15m' })).operations.length)
      .toBeGreaterThan(0)
    const page = await ward('metrics', '--period', '15m')
    expect(page.code).toBe(0)
    expect(page.stdout).toMatch(/^THE LAST 15 MINUTES, /)
    expect(page.stdout).toMatch(/requests {2}[▁▂▃▄▅▆▇█]{15} {2}\d+ {2}[\d.]+\/s/)
    expect(page.stdout).toMatch(/errors {4}▁{15} {2}0 {2}0 %/)
    expect(page.stdout).toMatch(/getCurrentUser +\d+ +[\d.]+ ms mean/)
    const json = JSON.parse((await ward('metrics', '--json', '--period', '7d')).stdout)
    expect(json).toMatchObject({ period: '7d', error_rate: 0 })
    const csv = (await ward('metrics', '-o', 'csv', '--period', '24h')).stdout.split('\r\n')
    expect(csv).toHaveLength(50)
  })

  test('a watch prints again and again, outlives a server that restarts, and ends at Ctrl-C', async () => {
    const own = await createWorld()
    const person = await own.user({ superAdmin: true })
    const port = String(await freePort())
    const server = await own.startServer({ port })
    const running = home.start(['system', 'health', '--watch', '--every', '1', '--json'], {
      url: server.url,
      token: person.token,
    })
    const lines = () => running.stdout.split('\n').filter((line) => line !== '')
    try {
      await expect.poll(lines).toHaveLength(2)
      await server.close()
      await expect.poll(() => running.stderr).toContain('Trying again in 1 s.')
      const before = lines().length
      await own.startServer({ port })
      await expect.poll(() => lines().length).toBeGreaterThan(before)
      for (const line of lines()) expect(JSON.parse(line)).toMatchObject({ server_id: expect.any(String) })
    } finally {
      running.interrupt()
      expect((await running.ended).code).toBe(130)
      await own.stop()
    }
  })
})
