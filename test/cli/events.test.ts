import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { register } from '../support/sign-in.ts'
import { publishTo } from '../support/streams.ts'
import { Cable, Machine, type Running } from '../support/ward.ts'
import { createWorld, type TestUser, type World } from '../support/world.ts'

let world: World
let agent: TestUser
let owner: TestUser
const home = new Machine()
const tails: Running[] = []

beforeAll(async () => {
  world = await createWorld({ env: { HEARTBEAT_SECONDS: '1' } })
  agent = await world.user({ supportAgent: true })
  owner = await world.user()
})
afterEach(async () => {
  for (const tail of tails.splice(0)) {
    tail.interrupt()
    await tail.ended
  }
})
afterAll(async () => {
  home.remove()
  await world.stop()
})

const ask = (subject: string) =>
  owner.client.tickets.create({ subject, body: 'The page stays white.', category: 'TECHNICAL' })
const start = async (argv: string[], options: { url?: string; token?: string } = {}) => {
  const tail = home.start(['events', 'tail', ...argv], { url: world.url, token: agent.token, ...options })
  tails.push(tail)
  await tail.shows('stderr', 'connected')
  return tail
}

describe('ward events tail', () => {
  test('prints events as they come, and ends with 130 at Ctrl-C', async () => {
    const tail = await start([])
    const { ticket_number } = await ask('Now')
    await tail.shows('stdout', `ticket.created        ${ticket_number}`)
    tail.interrupt()
    expect(await tail.ended).toMatchObject({ code: 130 })
  })

  test('prints JSON, of the wanted types only', async () => {
    const tail = await start(['--json', '--types', 'ticket.updated'])
    const { id } = await ask('Typed')
    await agent.client.supportDesk.claim({ ticket_id: id })
    await tail.shows('stdout', '\n')
    expect(JSON.parse(tail.stdout)).toMatchObject({ event: 'ticket.updated', data: { ticket_id: id } })
  })

  test('goes on after a cut without losing an event, and says so', async () => {
    const cable = await Cable.to(world.url)
    try {
      const tail = await start(['--json', '--types', 'ticket.created'], { url: cable.url })
      const before = await ask('Before')
      await tail.shows('stdout', before.id)
      cable.cut()
      await tail.shows('stderr', 'disconnected')
      const missed = [await ask('Missed'), await ask('Missed too')]
      await tail.shows('stderr', 'caught up, 2 missed events')
      const after = await ask('After')
      await tail.shows('stdout', after.id)
      const ids = tail.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).data.ticket_id)
      expect(ids).toEqual([before.id, ...missed.map(({ id }) => id), after.id])
    } finally {
      cable.remove()
    }
  })

  test('begins after a given event', async () => {
    const tail = await start(['--json', '--types', 'ticket.created'])
    await ask('One')
    await tail.shows('stdout', '\n')
    const { id } = JSON.parse(tail.stdout)
    const second = await ask('Two')
    const again = await start(['--json', '--types', 'ticket.created', '--since', id])
    await again.shows('stdout', second.id)
    expect(again.stdout.trim().split('\n')).toHaveLength(1)
  })

  test('goes on where the last one stopped with --since last', async () => {
    home.keep({ url: world.url, access_token: agent.token })
    const profile = { url: world.url }
    const first = home.start(['events', 'tail', '--json'], profile)
    await first.shows('stderr', 'connected')
    const seen = await ask('Seen')
    await first.shows('stdout', seen.id)
    first.interrupt()
    await first.ended
    const meanwhile = await ask('Meanwhile')
    const second = home.start(['events', 'tail', '--json', '--since', 'last'], profile)
    tails.push(second)
    await second.shows('stdout', meanwhile.id)
    expect(second.stdout).not.toContain(seen.id)
  })

  test('begins some time ago with a span, and at an instant', async () => {
    const tail = await start(['--json', '--types', 'ticket.created', '--since', '1h'])
    await tail.shows('stderr', 'caught up')
    await expect.poll(() => tail.stdout.trim().split('\n').length).toBeGreaterThan(1)
    const { id } = await ask('Right now')
    await tail.shows('stdout', id)
    world.clock.advance({ minutes: 5 })
    const later = await ask('Later')
    const instant = new Date(world.clock.now().getTime() - 60_000).toISOString()
    const again = await start(['--json', '--types', 'ticket.created', '--since', instant])
    await again.shows('stdout', later.id)
    expect(again.stdout).not.toContain(id)
    const wrong = await home.ward(['events', 'tail', '--since', 'noon'], {
      url: world.url,
      token: agent.token,
    })
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('not "noon"') })
  })

  test('shows one patient’s events only', async () => {
    const reader = await world.user()
    const [one, other] = [world.id(), world.id()]
    const tail = await start(['--json', '--patient', one], { token: reader.token })
    await publishTo(world, reader.id, 1, { patient_id: other })
    await publishTo(world, reader.id, 1, { patient_id: one })
    await tail.shows('stdout', one)
    expect(tail.stdout).not.toContain(other)
  })

  test('runs a command for every event, in order, with the event on its stdin; a failing one ends nothing', async () => {
    const reader = await world.user()
    const command = 'cat; printf "%s\\n" "$WARD_EVENT_TYPE"; exit 3'
    const tail = await start(['--exec', command], { token: reader.token })
    await publishTo(world, reader.id, 3)
    await expect.poll(() => tail.stdout.trim().split('\n').length).toBe(6)
    const lines = tail.stdout.trim().split('\n')
    expect(lines.filter((_, n) => n % 2 === 0).map((text) => JSON.parse(text).data.n)).toEqual([1, 2, 3])
    expect(lines[1]).toBe('notification.new')
    await expect.poll(() => tail.stderr.match(/failed for notification.new .*exit 3/g)?.length).toBe(3)
    tail.interrupt()
    expect(await tail.ended).toMatchObject({ code: 130 })
  })

  test('goes on over a server’s restart and over the end of its token', async () => {
    const replica = await world.startServer()
    const person = await register(world)
    const user_id = person.tokens.user.id
    home.keep({
      url: replica.url,
      access_token: person.tokens.access_token,
      refresh_token: person.tokens.refresh_token,
    })
    const tail = home.start(['events', 'tail', '--json'], { url: replica.url })
    tails.push(tail)
    await tail.shows('stderr', 'connected')
    const port = new URL(replica.url).port
    await replica.close()
    await tail.shows('stderr', 'disconnected: SERVER_STOPPING')
    await publishTo(world, user_id, 2)
    const again = await world.startServer({ port })
    await tail.shows('stderr', 'caught up, 2 missed events')
    const connections = () => tail.stderr.split('connected, going on').length
    const before = connections()
    world.clock.advance({ minutes: 11 })
    await expect.poll(connections).toBeGreaterThan(before)
    await publishTo(world, user_id, 3)
    await expect.poll(() => tail.stdout.trim().split('\n').length).toBe(5)
    expect(home.credentials().profiles.default?.access_token).not.toBe(person.tokens.access_token)
    for (const name of ['access_token', 'refresh_token'])
      world.secret(String(home.credentials().profiles.default?.[name]))
    await again.close()
  })

  test('says so when events were missed that are no longer there', async () => {
    const tail = home.start(['events', 'tail', '--since', '10d'], { url: world.url, token: agent.token })
    tails.push(tail)
    await tail.shows('stderr', 'events were missed that the server no longer has (TOO_OLD)')
  })

  test('ends with 4 and the reason when access is lost', async () => {
    const other = await world.session(agent.id, { mfa: true })
    const tail = await start([], { token: other.token })
    await other.client.auth.logout()
    const { code, stderr } = await tail.ended
    expect(code).toBe(4)
    expect(stderr).toContain('SESSION_ENDED')
  })

  test('is refused at once where there is no right, and where there is no server', async () => {
    const org = await world.organization()
    const staff = await world.user({ roles: { [org]: 'STAFF' } })
    const refused = await home.ward(['events', 'tail', '--org', org], { url: world.url, token: staff.token })
    expect(refused.code).toBe(4)
    const away = await home.ward(['events', 'tail'], { url: 'http://127.0.0.1:9999', token: agent.token })
    expect(away.code).toBe(7)
  })
})
