import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Machine } from '../support/ward.ts'
import { createWorld, type TestUser, type World } from '../support/world.ts'

let world: World
let user: TestUser
let admin: TestUser
const home = new Machine()

beforeAll(async () => {
  world = await createWorld()
  user = await world.user()
  admin = await world.user({ superAdmin: true })
})
afterAll(async () => {
  home.remove()
  await world.stop()
})

const ward = (argv: string[], who = admin) =>
  home.ward(['telemetry', ...argv], { url: world.url, token: who.token })

describe('ward telemetry', () => {
  test('send records one event, and top shows it with its bar', async () => {
    const sent = await ward(
      ['send', 'schedule.opened', 'view=week', 'ms=120', 'first=true', 'note=3 of 4'],
      user,
    )
    expect(sent).toMatchObject({ code: 0, stderr: expect.stringContaining('stored') })
    await ward(['send', 'schedule.opened'], user)
    await ward(['send', 'message.sent', '-o', 'json'], user)
    const { rows } = await world.admin.query(
      `select properties from telemetry_events where event_name = 'schedule.opened' order by id limit 1`,
    )
    expect(rows[0].properties).toEqual({ view: 'week', ms: 120, first: true, note: '3 of 4' })
    const { stdout } = await ward(['top'])
    expect(stdout).toMatch(/^3 events of 2 names since /)
    expect(stdout).toMatch(/\nschedule\.opened {2}2 {3}66\.7 % {2}█+\nmessage\.sent {5}1 {3}33\.3 % {2}█+/)
    expect(
      JSON.parse((await ward(['top', '--period', '7d', '--prefix', 'mess', '--json'])).stdout),
    ).toMatchObject({
      total: 1,
      events: [{ event_name: 'message.sent', count: 1 }],
    })
    expect((await ward(['top', '-o', 'csv', '-L', '1'])).stdout).toBe(
      'event_name,count\r\nschedule.opened,2\r\n',
    )
  })

  test('says what is wrong, and ends with its code', async () => {
    expect(await ward(['send', 'Not A Name'], user)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('/event_name'),
    })
    expect((await ward(['send', 'a.b', 'novalue'], user)).code).toBe(2)
    expect((await ward(['top'], user)).code).toBe(4)
    expect((await ward(['top', '--period', '3y'])).code).toBe(2)
    const nothing = await ward(['top', '--prefix', 'nothing.of.this'])
    expect(nothing).toMatchObject({ code: 0, stdout: expect.stringMatching(/^0 events of 0 names/) })
  })

  test('top --watch goes on until Ctrl-C', async () => {
    const running = home.start(['telemetry', 'top', '--watch', '--json'], {
      url: world.url,
      token: admin.token,
    })
    await running.shows('stdout', '"events"')
    running.interrupt()
    expect((await running.ended).code).toBe(130)
  })
})
