import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { Cable, Machine, type Ran, type Running } from '../support/ward.ts'
import { createWorld, type TestPatient, type TestUser, type World } from '../support/world.ts'

let world: World
let org: string
let agent: TestUser
let colleague: TestUser
let patient: TestPatient
const home = new Machine()
const watches: Running[] = []

beforeAll(async () => {
  world = await createWorld({ env: { HEARTBEAT_SECONDS: '1' } })
  org = await world.organization('Harbor', 'UTC')
  agent = await world.user({ roles: { [org]: 'CALL_CENTER_AGENT' }, name: 'Sam Adeyemi' })
  colleague = await world.user({ roles: { [org]: 'CALL_CENTER_AGENT' }, name: 'Kim Otieno' })
  patient = await world.patient([org])
  await world.admin.query(
    `insert into contact_methods (id, patient_id, type, value, is_safe_for_voicemail) values
       ($1, $3, 'MOBILE', '+12125550151', false), ($2, $3, 'HOME', '+12125550152', true)`,
    [world.id(), world.id(), patient.id],
  )
})
afterEach(async () => {
  for (const one of watches.splice(0)) {
    one.interrupt()
    await one.ended
  }
})
afterAll(async () => {
  home.remove()
  await world.stop()
})

const ward = (argv: string[], user = agent): Promise<Ran> =>
  home.ward(['calls', ...argv], { url: world.url, token: user.token })
const ring = (reason?: string, caller_id = '+12125550151') =>
  agent.client.calls.enqueueInbound({ caller_id, ...(reason !== undefined && { reason }) })
const watch = async (argv: string[] = [], options: { url?: string; token?: string } = {}) => {
  const one = home.start(['calls', 'watch', ...argv], { url: world.url, token: agent.token, ...options })
  watches.push(one)
  await one.shows('stderr', 'connected')
  return one
}

describe('ward calls', () => {
  test('queue, accept, note, task, complete, show, recent and history: a call from ring to end', async () => {
    const first = await ring('Refill')
    const second = await ring()
    const queue = await ward(['queue'])
    expect(queue.stdout).toContain(`${patient.firstName} ${patient.lastName}, +12125550151`)
    expect(queue.stderr).toContain('2 waiting, 2 free')
    expect((await ward(['accept', second.id])).code).toBe(5)
    const accepted = await ward(['accept'])
    expect(accepted).toMatchObject({ code: 0, stdout: `${first.id}\n` })
    expect(accepted.stderr).toContain('Yours')
    expect(await ward(['accept'])).toMatchObject({ code: 5, stderr: expect.stringContaining('another call') })
    expect((await ward(['note', first.id])).code).toBe(2)
    expect((await ward(['note', first.id, '--notes', 'After five', '--patient', patient.mrn])).code).toBe(0)
    expect((await ward(['note', first.id, '--outcome', 'A', '--if-version', '1'])).code).toBe(5)
    const task = await ward(['task', first.id, 'Send the referral'])
    expect(task.stdout).toMatch(/^[0-9a-f-]{36}\n$/)
    expect((await ward(['complete', first.id, '--outcome', 'Booked'])).stderr).toContain('COMPLETED')
    expect((await ward(['complete', first.id])).code).toBe(5)
    const shown = await ward(['show', first.id])
    for (const text of ['After five', 'Booked', 'Send the referral', 'Sam Adeyemi'])
      expect(shown.stdout).toContain(text)
    expect((await ward(['show', first.id, '--recording'])).code).toBe(3)
    expect(JSON.parse((await ward(['recent', '-o', 'json'])).stdout)).toMatchObject([{ id: first.id }])
    const history = await ward(['history', patient.mrn])
    expect(history.stdout).toContain(first.id)
    expect((await ward(['accept'], colleague)).stdout).toBe(`${second.id}\n`)
    expect((await ward(['complete', second.id], colleague)).code).toBe(0)
    expect(await ward(['accept'])).toMatchObject({ code: 3, stderr: expect.stringContaining('Nobody waits') })
  })

  test('dial calls at the first safe number, and says why not', async () => {
    const dialled = await ward(['dial', patient.mrn, '--reason', 'Results'])
    expect(dialled).toMatchObject({ code: 0, stderr: expect.stringContaining('+12125550152; INITIATING') })
    const id = dialled.stdout.trim()
    expect((await ward(['note', id, '--answered'])).stderr).toContain('IN_PROGRESS')
    expect((await ward(['complete', id, '--voicemail', '--missed'])).code).toBe(2)
    expect((await ward(['complete', id, '--voicemail'])).stderr).toContain('VOICEMAIL')
    const unreachable = await world.patient([org])
    expect(await ward(['dial', unreachable.id])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('no number that is safe'),
    })
  })
})

describe('ward calls watch', () => {
  test('shows who waits already, who comes, who was taken and who hung up, one line each, and rings', async () => {
    const before = await ring('Before')
    const view = await watch(['--bell'])
    await view.shows('stdout', before.id)
    const { id } = await ring('During', '+12125550199')
    await view.shows('stdout', `+12125550199: During`)
    await colleague.client.calls.accept({ queue_id: before.id })
    await view.shows('stdout', '- taken')
    await colleague.client.calls.hangUp({ queue_id: id })
    await view.shows('stdout', '- gone')
    await colleague.client.calls.complete({ call_id: before.id })
    const lines = view.stdout.trim().split('\n')
    expect(lines).toHaveLength(4)
    expect(lines.map((line) => /\((\d) waiting\)$/.exec(line)?.[1])).toEqual(['1', '2', '1', '0'])
    expect(view.stderr.split('\u0007')).toHaveLength(3)
    view.interrupt()
    expect(await view.ended).toMatchObject({ code: 130 })
  })

  test('who comes while the agent is in a call shows when it is over; --json is for scripts', async () => {
    const view = await watch(['--json'])
    const mine = await ring()
    await view.shows('stdout', mine.id)
    await agent.client.calls.accept({ queue_id: mine.id })
    await view.shows('stdout', '"yours"')
    const { id } = await ring()
    await agent.client.calls.complete({ call_id: mine.id })
    await view.shows('stdout', id)
    await agent.client.calls.hangUp({ queue_id: id })
    await view.shows('stdout', '"gone"')
    const changes = view.stdout.trim().split('\n')
    expect(changes.map((line) => JSON.parse(line)).map(({ change, waiting }) => [change, waiting])).toEqual([
      ['waiting', 1],
      ['yours', 0],
      ['waiting', 1],
      ['gone', 0],
    ])
  })

  test('after a cut it shows what changed meanwhile', async () => {
    const cable = await Cable.to(world.url)
    try {
      const view = await watch([], { url: cable.url })
      const left = await ring('Leaves')
      await view.shows('stdout', left.id)
      await cable.unplug()
      await view.shows('stderr', 'disconnected')
      await agent.client.calls.hangUp({ queue_id: left.id })
      const came = await ring('Comes')
      await cable.mend()
      await view.shows('stdout', came.id)
      await view.shows('stdout', '- gone')
      await agent.client.calls.hangUp({ queue_id: came.id })
    } finally {
      cable.remove()
    }
  })

  test('an administrator watches too; who loses the role is told so and exits with 4', async () => {
    const admin = await world.user({ roles: { [org]: 'ADMIN' } })
    const view = await watch([], { token: admin.token })
    const { id } = await ring()
    await view.shows('stdout', id)
    await agent.client.calls.hangUp({ queue_id: id })
    await view.shows('stdout', '- gone')
    const boss = await world.user({ roles: { [org]: 'ADMIN' } })
    const { items } = await boss.client.members.list({ org_id: org })
    const member = items.find((one) => one.user_id === admin.id)
    await boss.client.members.remove({ org_id: org, member_id: member?.id ?? '' })
    expect(await view.ended).toMatchObject({ code: 4 })
  })
})
