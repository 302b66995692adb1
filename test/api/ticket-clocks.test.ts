import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { notified, published } from '../support/outbox.ts'
import { createWorld, type TestUser, type World } from '../support/world.ts'

let world: World
let sam: TestUser

beforeAll(async () => {
  world = await createWorld({ start: new Date('2026-03-02T08:00:00Z') })
  // A second worker on the same database: whatever upkeep does, two do it.
  await world.startServer()
  sam = await world.user({ supportAgent: true, name: 'Sam Adeyemi' })
})
afterAll(() => world.stop())

type Urgency = 'LOW' | 'NORMAL' | 'HIGH' | 'URGENT'

async function ask(urgency: Urgency = 'URGENT') {
  const owner = await world.user({ name: 'Ngozi Okafor' })
  const { id, created_at } = await owner.client.tickets.create({
    category: 'TECHNICAL',
    subject: 'White page',
    body: 'It stays white.',
    urgency,
  })
  return { owner, ticket_id: id, asked: Date.parse(created_at) }
}
// Tests move the clock past a working day: everybody signs in anew for each call.
const desk = async () => (await world.session(sam.id, { mfa: true })).client.supportDesk
const own = async ({ id }: TestUser) => (await world.session(id)).client.tickets
const get = async (ticket_id: string) => (await desk()).get({ ticket_id })
const reply = async (ticket_id: string, status?: 'WAITING_ON_USER' | 'RESOLVED') =>
  (await desk()).reply({
    ticket_id,
    body: 'Which browser?',
    is_internal_note: false,
    ...(status ? { status } : {}),
  })
const say = async (owner: TestUser, ticket_id: string) =>
  (await own(owner)).addMessage({ ticket_id, body: 'Still white.' })
const between = (from: { created_at: string }, to: { created_at: string }) =>
  Date.parse(to.created_at) - Date.parse(from.created_at)
/** So many hours after a start, and a pause. */
const at = (start: number, hours: number, pause = 0) =>
  new Date(start + hours * 3_600_000 + pause).toISOString()
const overdueOf = async (ticket_id: string) =>
  (await published(world, ticket_id)).filter(({ type }) => type === 'ticket.overdue')

describe('the clocks of a ticket', () => {
  test.each([
    ['URGENT', 1, 8],
    ['HIGH', 4, 24],
    ['NORMAL', 24, 72],
    ['LOW', 72, 168],
  ] as const)(
    '%s: a first response within %i h, a resolution within %i h',
    async (urgency, first, resolution) => {
      const { ticket_id, asked } = await ask(urgency)
      expect(await get(ticket_id)).toMatchObject({
        first_response_due_at: at(asked, first),
        resolution_due_at: at(asked, resolution),
        first_response_clock: 'RUNNING',
        resolution_clock: 'RUNNING',
        clock_paused_at: null,
      })
    },
  )

  test('stand still while the desk waits on the owner, whose answer lets them go on', async () => {
    const { owner, ticket_id, asked } = await ask()
    world.clock.advance({ minutes: 30 })
    const asking = await reply(ticket_id, 'WAITING_ON_USER')
    expect(await get(ticket_id)).toMatchObject({
      first_response_clock: 'MET',
      resolution_clock: 'PAUSED',
      clock_paused_at: asking.created_at,
      resolution_due_at: at(asked, 8),
    })
    world.clock.advance({ hours: 20 })
    expect(await get(ticket_id)).toMatchObject({ overdue: false, resolution_clock: 'PAUSED' })
    const answer = await say(owner, ticket_id)
    expect(between(asking, answer)).toBeGreaterThanOrEqual(20 * 3_600_000)
    expect(await get(ticket_id)).toMatchObject({
      status: 'IN_PROGRESS',
      clock_paused_at: null,
      resolution_due_at: at(asked, 8, between(asking, answer)),
      first_response_due_at: at(asked, 1),
      resolution_clock: 'RUNNING',
    })
    world.clock.advance({ hours: 7, minutes: 29 })
    expect(await get(ticket_id)).toMatchObject({ overdue: false })
    world.clock.advance({ minutes: 2 })
    expect(await get(ticket_id)).toMatchObject({ overdue: true, resolution_clock: 'BREACHED' })
  })

  test('the first response pauses too, when the desk waits without having answered', async () => {
    const { owner, ticket_id, asked } = await ask()
    await (await desk()).update({ ticket_id, if_match: 1, status: 'IN_PROGRESS' })
    await (await desk()).update({ ticket_id, if_match: 2, status: 'WAITING_ON_USER' })
    const { clock_paused_at } = await get(ticket_id)
    world.clock.advance({ hours: 5 })
    const pause = between({ created_at: clock_paused_at ?? '' }, await say(owner, ticket_id))
    expect(await get(ticket_id)).toMatchObject({
      first_response_due_at: at(asked, 1, pause),
      resolution_due_at: at(asked, 8, pause),
      overdue: false,
    })
  })

  test('a resolution in time is MET; reopening goes on with what was left, and the time it was resolved does not count', async () => {
    const { owner, ticket_id, asked } = await ask()
    world.clock.advance({ minutes: 30 })
    const solved = await reply(ticket_id, 'RESOLVED')
    expect(await get(ticket_id)).toMatchObject({ first_response_clock: 'MET', resolution_clock: 'MET' })
    world.clock.advance({ hours: 30 })
    const again = await say(owner, ticket_id)
    expect(await get(ticket_id)).toMatchObject({
      status: 'IN_PROGRESS',
      resolved_at: null,
      resolution_clock: 'RUNNING',
      resolution_due_at: at(asked, 8, between(solved, again)),
    })
  })

  test('the queue is in the order of what is due, and breaching are those whose clock ran out unpaused', async () => {
    const organization_id = await world.organization()
    const [paused, late, fine] = [await ask(), await ask(), await ask('NORMAL')].map(
      ({ ticket_id }) => ticket_id,
    )
    await world.admin.query('update support_tickets set organization_id = $1 where id = any($2)', [
      organization_id,
      [paused, late, fine],
    ])
    await reply(paused ?? '', 'WAITING_ON_USER')
    await reply(late ?? '')
    world.clock.advance({ hours: 9 })
    const list = async (view: 'all' | 'breaching') =>
      (await (await desk()).list({ organization_id, view })).items.map(({ id }) => id)
    // The unanswered one first, though it is due last.
    expect(await list('all')).toEqual([fine, paused, late])
    expect(await list('breaching')).toEqual([late])
  })
})

describe('overdue', () => {
  test('each clock that runs out is told to the desk once, by two workers, and stands in the timeline', async () => {
    const { ticket_id } = await ask()
    const { ticket_number } = await get(ticket_id)
    world.clock.advance({ hours: 1, minutes: 1 })
    await expect.poll(() => overdueOf(ticket_id), { timeout: 15_000 }).toHaveLength(1)
    const [event] = await overdueOf(ticket_id)
    expect(event).toMatchObject({
      user: null,
      organization: null,
      support: true,
      data: { ticket_id, ticket_number, urgency: 'URGENT', assignee_id: null, clock: 'FIRST_RESPONSE' },
    })
    world.clock.advance({ hours: 7 })
    await expect.poll(() => overdueOf(ticket_id), { timeout: 15_000 }).toHaveLength(2)
    world.clock.advance({ minutes: 5 })
    // A further round has passed once what came after it is there.
    const marker = await ask()
    world.clock.advance({ hours: 1, minutes: 2 })
    await expect.poll(() => overdueOf(marker.ticket_id), { timeout: 15_000 }).toHaveLength(1)
    const events = await overdueOf(ticket_id)
    expect(events.map(({ data }) => data.clock)).toEqual(['FIRST_RESPONSE', 'RESOLUTION'])
    const { items } = await (await desk()).timeline({ ticket_id })
    expect(items.map(({ type, actor, clock }) => [type, actor, clock])).toEqual([
      ['CREATED', expect.anything(), null],
      ['OVERDUE', null, 'FIRST_RESPONSE'],
      ['OVERDUE', null, 'RESOLUTION'],
    ])
    expect(await get(ticket_id)).toMatchObject({ version: 1 })
  })
})

describe('auto-close', () => {
  test('what was resolved seven days ago is closed once by the system; its owner and the desk are told', async () => {
    const { owner, ticket_id } = await ask()
    const { owner: other, ticket_id: reopened } = await ask()
    await reply(ticket_id, 'RESOLVED')
    await reply(reopened, 'RESOLVED')
    world.clock.advance({ hours: 7 * 24 - 1 })
    await say(other, reopened)
    const status = async () => (await (await own(owner)).get({ ticket_id })).status
    expect(await status()).toBe('RESOLVED')
    world.clock.advance({ hours: 1, minutes: 1 })
    await expect.poll(status, { timeout: 15_000 }).toBe('CLOSED')
    const notices = await notified(world, owner.id)
    expect(notices.map(({ title }) => title)).toEqual(['Support has answered', 'Your ticket is closed'])
    const updates = (await published(world, ticket_id)).filter(({ type }) => type === 'ticket.updated')
    expect(updates.at(-1)).toMatchObject({
      support: true,
      data: { status: 'CLOSED', changed: ['status'], changed_by: null },
    })
    const { items } = await (await desk()).timeline({ ticket_id })
    expect(items.at(-1)).toMatchObject({
      type: 'CHANGED',
      actor: null,
      changes: [{ field: 'status', from: 'RESOLVED', to: 'CLOSED' }],
    })
    expect((await get(reopened)).status).toBe('IN_PROGRESS')
  })
})

describe('the figures', () => {
  test('counts of the views are the lengths of their lists; the load of each agent and the days add up', async () => {
    const other = await createWorld({ start: new Date('2026-03-10T08:00:00Z') })
    try {
      const ada = await other.user({ supportAgent: true, name: 'Ada Obi' })
      const ben = await other.user({ supportAgent: true, name: 'Ben Lowe' })
      const owner = await other.user()
      const open = async (urgency: Urgency) =>
        (await owner.client.tickets.create({ category: 'OTHER', subject: 'A', body: 'B', urgency })).id
      const answer = (
        client: typeof ada.client,
        ticket_id: string,
        status?: 'WAITING_ON_USER' | 'RESOLVED',
      ) =>
        client.supportDesk.reply({
          ticket_id,
          body: 'C',
          is_internal_note: false,
          ...(status ? { status } : {}),
        })
      const [one, two, three] = [await open('URGENT'), await open('URGENT'), await open('LOW')]
      for (const ticket_id of [one, two]) await ada.client.supportDesk.claim({ ticket_id })
      other.clock.advance({ minutes: 10 })
      await answer(ada.client, one, 'WAITING_ON_USER')
      other.clock.advance({ minutes: 50 })
      await owner.client.tickets.addMessage({ ticket_id: one, body: 'D' })
      other.clock.advance({ minutes: 10 })
      await answer(ada.client, one, 'RESOLVED')
      other.clock.advance({ hours: 24 })
      const four = await (async () => {
        const { client } = await other.session(owner.id)
        return (await client.tickets.create({ category: 'OTHER', subject: 'A', body: 'B' })).id
      })()
      const later = (await other.session(ada.id, { mfa: true })).client
      const bens = (await other.session(ben.id, { mfa: true })).client
      await bens.supportDesk.claim({ ticket_id: four })
      expect(await later.supportDesk.counts()).toEqual({ all: 3, mine: 1, unassigned: 1, breaching: 1 })
      for (const view of ['all', 'mine', 'unassigned', 'breaching'] as const) {
        const { total } = await later.supportDesk.list({ view, include_total: true })
        expect((await later.supportDesk.counts())[view]).toBe(total)
      }
      const about = (seconds: number) => expect.closeTo(seconds, -1.5)
      const stats = await later.supportDesk.stats({ days: 3 })
      expect(stats).toMatchObject({
        open_by_urgency: { LOW: 1, NORMAL: 1, HIGH: 0, URGENT: 1 },
        unassigned: 1,
        overdue: 1,
        waiting: 0,
        first_response_seconds: { p50: about(600), p90: about(600), p99: about(600) },
        // An hour and ten minutes, of which 50 minutes waited on the owner.
        resolution_seconds: { p50: about(1200) },
        days: [
          { day: '2026-03-09', created: 0, resolved: 0, first_response_p50: null },
          { day: '2026-03-10', created: 3, resolved: 1, first_response_p50: about(600) },
          { day: '2026-03-11', created: 1, resolved: 0, first_response_p50: null },
        ],
        agents: [
          { agent: { id: ada.id, display_name: 'Ada Obi' }, open: 1, waiting: 0, overdue: 1, resolved: 1 },
          { agent: { id: ben.id, display_name: 'Ben Lowe' }, open: 1, waiting: 0, overdue: 0, resolved: 0 },
        ],
      })
      expect(three).not.toBe(two)
    } finally {
      await other.stop()
    }
  })
})
