import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Machine, type Ran } from '../support/ward.ts'
import { createWorld, type TestPatient, type TestUser, type World } from '../support/world.ts'

let world: World
let org: string
let staff: TestUser
let self: TestUser
let patient: TestPatient
let provider: TestUser & { providerId: string }
const home = new Machine()

beforeAll(async () => {
  world = await createWorld()
  org = await world.organization('Harbor', 'UTC')
  staff = await world.user({ roles: { [org]: 'STAFF' }, name: 'Sam Adeyemi' })
  provider = await world.provider(org)
  self = await world.user()
  patient = await world.patient([org], { userId: self.id })
})
afterAll(async () => {
  home.remove()
  await world.stop()
})

const ward = (argv: string[], user = staff): Promise<Ran> =>
  home.ward(argv, { url: world.url, token: user.token })
/** So many days from now, as a day and as a time. */
const ahead = (days: number): string =>
  new Date(world.clock.now().getTime() + days * 86_400_000).toISOString()

describe('ward appointments', () => {
  const book = async (at: string): Promise<string> => {
    const ids = ['--patient', patient.id, '--provider', provider.providerId]
    const ran = await ward(['appointments', 'book', ...ids, '--at', at])
    expect(ran.stderr).toContain(`${patient.lastName} with`)
    return ran.stdout.trim()
  }

  test('book what availability offers; a taken time exits with 5, one without its offset with 2', async () => {
    const [from, to] = [ahead(1).slice(0, 10), ahead(8).slice(0, 10)]
    const free = await ward([
      ...['appointments', 'availability', provider.providerId],
      ...['--from', from, '--to', to, '-o', 'json'],
    ])
    const [slot] = JSON.parse(free.stdout)
    const id = await book(slot.local_start)
    expect(id).toMatch(/^[0-9a-f-]{36}$/)
    const rest = ['--patient', patient.id, '--provider', provider.providerId]
    expect((await ward(['appointments', 'book', ...rest, '--at', slot.local_start])).code).toBe(5)
    const vague = await ward(['appointments', 'book', ...rest, '--at', '2026-03-09T09:30'])
    expect(vague).toMatchObject({ code: 2, stderr: expect.stringContaining('with its offset') })
    const table = await ward(['appointments', 'availability', provider.providerId, '--minutes', '60'])
    expect(table.stdout).toContain('09:00')
  })

  test('list, show, confirm, reschedule, cancel, no-show and complete do what they say', async () => {
    const at = ahead(20)
    const id = await book(at)
    expect((await ward(['appointments', 'list', '--date', at.slice(0, 10)])).stdout).toContain(id)
    expect((await ward(['appointments', 'list', '--status', 'CONFIRMED'])).stdout).not.toContain(id)
    expect((await ward(['appointments', 'confirm', id])).stderr).toContain('CONFIRMED, version 2')
    expect((await ward(['appointments', 'confirm', id, '--if-version', '1'])).code).toBe(5)
    const later = ahead(21)
    const moved = await ward(['appointments', 'reschedule', id, '--at', later, '--reason', 'Out of town'])
    expect(moved.stderr).toContain('SCHEDULED, version 3')
    const shown = await ward(['appointments', 'show', id])
    expect(shown.stdout).toMatch(/was_at +.*\(Out of town\)/)
    expect((await ward(['appointments', 'cancel', id])).code).toBe(2)
    expect((await ward(['appointments', 'cancel', id, '--reason', 'Feels better'])).code).toBe(0)
    expect((await ward(['appointments', 'no-show', id])).code).toBe(5)
    for (const [verb, status] of [
      ['complete', 'COMPLETED'],
      ['no-show', 'NO_SHOW'],
    ] as const) {
      const other = await book(ahead(22))
      const ran = await ward(['appointments', verb, other, '-o', 'json'])
      expect(JSON.parse(ran.stdout)).toMatchObject({ id: other, status })
    }
  })

  test('a patient lists, moves and cancels their own, and takes them into a calendar', async () => {
    const id = await book(ahead(30))
    const mine = await ward(['appointments', 'list', '--mine'], self)
    expect(mine.stdout).toContain(id)
    expect(mine.stdout).toContain('Harbor')
    for (const argv of [
      ['show', id, '--ics'],
      ['list', '--mine', '--ics'],
    ]) {
      const { stdout } = await ward(['appointments', ...argv], self)
      expect(stdout).toMatch(/^BEGIN:VCALENDAR\r\n/)
      expect(stdout).toContain(`UID:${id}@wardline`)
    }
    expect((await ward(['appointments', 'reschedule', id, '--at', ahead(31)], self)).code).toBe(0)
    expect((await ward(['appointments', 'cancel', id, '--reason', 'No'], self)).code).toBe(0)
    expect((await ward(['appointments', 'confirm', id], self)).code).toBe(3)
    expect((await ward(['appointments', 'list', '--ics'])).code).toBe(2)
  })
})

describe('ward messages', () => {
  test('send, list, show, reply, search and archive do what they say', async () => {
    const to = ['--patient', patient.id, '--to', self.id, '--subject', 'Refill']
    const sent = await ward(['messages', 'send', ...to, '--body', 'The lisinopril is ready.'])
    const id = sent.stdout.trim()
    expect((await ward(['messages', 'list', '--unread'], self)).stdout).toContain(id)
    const shown = await ward(['messages', 'show', id], self)
    expect(shown.stdout).toContain('Sam Adeyemi')
    expect(shown.stdout).toContain('The lisinopril is ready.')
    expect((await ward(['messages', 'list', '--unread'], self)).stderr).toContain('Nothing is unread')
    expect((await ward(['messages', 'reply', id, '--body', 'Thanks.'], self)).code).toBe(0)
    expect((await ward(['messages', 'show', id])).stdout).toContain('Thanks.')
    expect((await ward(['messages', 'search', 'lisinop'])).stdout).toContain(id)
    expect((await ward(['messages', 'archive', id])).stderr).toContain('Archived')
    expect((await ward(['messages', 'list'])).stdout).not.toContain(id)
    expect((await ward(['messages', 'list', '--archived'])).stdout).toContain(id)
    expect((await ward(['messages', 'archive', id, '--undo'])).code).toBe(0)
    expect((await ward(['messages', 'list'])).stdout).toContain(id)
    expect((await ward(['messages', 'send', '--subject', 'x'])).code).toBe(2)
  })
})

describe('ward tasks', () => {
  test('create, list, done and cancel do what they say', async () => {
    const about = ['--patient', patient.id, '--assignee', staff.id, '--due', ahead(1)]
    const made = await ward(['tasks', 'create', 'Call back', ...about])
    expect(made.stderr).toContain('for Sam Adeyemi')
    const id = made.stdout.trim()
    const other = (await ward(['tasks', 'create', 'Order gloves'])).stdout.trim()
    const mine = await ward(['tasks', 'list', '--mine'])
    expect(mine.stdout).toContain(id)
    expect(mine.stdout).not.toContain(other)
    expect((await ward(['tasks', 'list', '--due-before', ahead(2)])).stdout).not.toContain(other)
    expect((await ward(['tasks', 'done', id])).stderr).toContain('Done: Call back')
    expect((await ward(['tasks', 'cancel', other])).code).toBe(0)
    expect((await ward(['tasks', 'list'])).stderr).toContain('Nothing to do')
    const all = JSON.parse((await ward(['tasks', 'list', '--all', '-o', 'json'])).stdout)
    expect(all.map(({ status }: { status: string }) => status)).toEqual(['COMPLETED', 'CANCELLED'])
    expect((await ward(['tasks', 'create', 'A', '--due', 'tomorrow'])).code).toBe(2)
  })
})
