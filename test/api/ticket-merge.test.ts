import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { notified, published } from '../support/outbox.ts'
import { codeOf } from '../support/problems.ts'
import { createWorld, type TestUser, type World } from '../support/world.ts'

let world: World
let sam: TestUser

beforeAll(async () => {
  world = await createWorld()
  sam = await world.user({ supportAgent: true, name: 'Sam Adeyemi' })
})
afterAll(() => world.stop())

const ask = (owner: TestUser, subject: string, organization_id?: string) =>
  owner.client.tickets.create({
    category: 'TECHNICAL',
    subject,
    body: `${subject}.`,
    ...(organization_id ? { organization_id } : {}),
  })
const merge = (ticket_id: string, into_ticket_id: string) =>
  sam.client.supportDesk.merge({ ticket_id, into_ticket_id })
const unmerge = (ticket_id: string) => sam.client.supportDesk.unmerge({ ticket_id })
const get = (ticket_id: string) => sam.client.supportDesk.get({ ticket_id })

describe('mergeTicket', () => {
  test('closes the ticket with a link both ways; its messages show in the other one; both keep their numbers', async () => {
    const owner = await world.user({ name: 'Ngozi Okafor' })
    const [first, second] = [await ask(owner, 'White page'), await ask(owner, 'Still white')]
    const said = await owner.client.tickets.addMessage({ ticket_id: second.id, body: 'Hello?' })
    const noted = await sam.client.supportDesk.reply({
      ticket_id: second.id,
      body: 'Same one.',
      is_internal_note: true,
    })
    const merged = await merge(second.id, first.id)
    expect(merged).toMatchObject({
      ticket_number: second.ticket_number,
      status: 'CLOSED',
      resolved_at: null,
      resolution_clock: 'STOPPED',
      version: 2,
      merged_into: { id: first.id, ticket_number: first.ticket_number },
    })
    const { merged_at = '', undo_until = '' } = merged.merged_into ?? {}
    expect(Date.parse(undo_until) - Date.parse(merged_at)).toBe(600_000)
    const target = await get(first.id)
    expect(target).toMatchObject({
      ticket_number: first.ticket_number,
      status: 'OPEN',
      version: 2,
      merged_tickets: [
        {
          id: second.id,
          ticket_number: second.ticket_number,
          subject: 'Still white',
          body: 'Still white.',
          requester: { id: owner.id },
          undo_until,
        },
      ],
    })
    expect(target.messages).toMatchObject([
      { id: said.id, ticket_id: second.id, is_from_support: false },
      { id: noted.id, ticket_id: second.id, is_internal_note: true },
    ])
    const seen = await owner.client.tickets.get({ ticket_id: first.id })
    expect(seen.merged_tickets).toEqual([{ id: second.id, ticket_number: second.ticket_number }])
    expect(seen.messages.map(({ body }) => body)).toEqual(['Hello?'])
    expect(await owner.client.tickets.get({ ticket_id: second.id })).toMatchObject({
      status: 'CLOSED',
      merged_into: { id: first.id, ticket_number: first.ticket_number },
    })
    const timelines = [
      (await sam.client.supportDesk.timeline({ ticket_id: second.id })).items.at(-1),
      (await sam.client.supportDesk.timeline({ ticket_id: first.id })).items.at(-1),
    ]
    expect(timelines).toMatchObject([
      { type: 'MERGED', other_ticket: { ticket_number: first.ticket_number }, actor: { id: sam.id } },
      { type: 'MERGED_IN', other_ticket: { ticket_number: second.ticket_number } },
    ])
    const events = (await published(world, second.ticket_number)).filter(
      ({ type }) => type === 'ticket.updated',
    )
    expect(events.map(({ data }) => data.changed)).toEqual([['status', 'merge']])
    expect(await notified(world, owner.id)).toMatchObject([
      { body: `Your ticket ${second.ticket_number} goes on in ${first.ticket_number}.` },
    ])
    const [row] = await world.auditRows({ operation: 'mergeTicket' })
    expect(row).toMatchObject({ action_type: 'MERGE', resource_id: second.id, outcome: 'SUCCESS' })
  })

  test('across two people of one organization neither sees what the other wrote', async () => {
    const org = await world.organization()
    const ngozi = await world.user({ name: 'Ngozi Okafor', roles: { [org]: 'STAFF' } })
    const luis = await world.user({ name: 'Luis Vega', roles: { [org]: 'PROVIDER' } })
    const [hers, his] = [await ask(ngozi, 'White page', org), await ask(luis, 'White too', org)]
    await luis.client.tickets.addMessage({ ticket_id: his.id, body: 'Since noon.' })
    await merge(his.id, hers.id)
    expect((await get(hers.id)).messages).toMatchObject([
      { sender_name: 'Luis Vega', is_from_support: false },
    ])
    const seen = await ngozi.client.tickets.get({ ticket_id: hers.id })
    expect([seen.messages, seen.merged_tickets]).toEqual([[], []])
    const own = await luis.client.tickets.get({ ticket_id: his.id })
    expect(own).toMatchObject({ status: 'CLOSED', merged_into: null })
    expect(own.messages).toHaveLength(1)
    const [notice] = await notified(world, luis.id)
    expect(notice?.body).toBe(
      `Your ticket ${his.ticket_number} is handled together with another one and is closed.`,
    )
    expect(await notified(world, ngozi.id)).toEqual([])
  })

  test('one that was merged into goes on with its own into a third', async () => {
    const owner = await world.user()
    const [one, two, three] = [await ask(owner, 'One'), await ask(owner, 'Two'), await ask(owner, 'Three')]
    await owner.client.tickets.addMessage({ ticket_id: one.id, body: 'From one' })
    await merge(one.id, two.id)
    await merge(two.id, three.id)
    const target = await get(three.id)
    expect(target.merged_tickets.map(({ id }) => id)).toEqual([one.id, two.id])
    expect(target.messages.map(({ body }) => body)).toEqual(['From one'])
    expect(
      (await owner.client.tickets.get({ ticket_id: three.id })).messages.map(({ body }) => body),
    ).toEqual(['From one'])
  })

  test('refuses itself, strangers, what is closed and what is not there; the owner may not', async () => {
    const [owner, stranger] = [await world.user(), await world.user()]
    const [one, two, closed] = [await ask(owner, 'One'), await ask(owner, 'Two'), await ask(owner, 'Three')]
    const other = await ask(stranger, 'Other')
    await merge(closed.id, two.id)
    expect(await codeOf(merge(one.id, one.id))).toBe('VALIDATION_ERROR')
    expect(await codeOf(merge(one.id, other.id))).toBe('CONFLICT')
    expect(await codeOf(merge(one.id, closed.id))).toBe('INVALID_TRANSITION')
    expect(await codeOf(merge(closed.id, one.id))).toBe('INVALID_TRANSITION')
    expect(await codeOf(merge(one.id, world.id()))).toBe('NOT_FOUND')
    expect(await codeOf(merge(world.id(), one.id))).toBe('NOT_FOUND')
    expect(await codeOf(owner.client.supportDesk.merge({ ticket_id: one.id, into_ticket_id: two.id }))).toBe(
      'FORBIDDEN',
    )
    expect(await codeOf(owner.client.tickets.addMessage({ ticket_id: closed.id, body: 'Hello?' }))).toBe(
      'INVALID_TRANSITION',
    )
  })

  test('two that are merged into each other at once: one is, the other is refused', async () => {
    for (let round = 0; round < 10; round++) {
      const owner = await world.user()
      const [one, two] = [await ask(owner, 'One'), await ask(owner, 'Two')]
      const outcomes = await Promise.all([codeOf(merge(one.id, two.id)), codeOf(merge(two.id, one.id))])
      expect(outcomes.toSorted()).toEqual(['INVALID_TRANSITION', 'passed'])
    }
  })
})

describe('unmergeTicket', () => {
  test('within 10 minutes the ticket stands where it stood, clocks included', async () => {
    const owner = await world.user()
    const [one, two] = [await ask(owner, 'One'), await ask(owner, 'Two')]
    await sam.client.supportDesk.reply({
      ticket_id: two.id,
      body: 'Which?',
      is_internal_note: false,
      status: 'WAITING_ON_USER',
    })
    const before = await get(two.id)
    await merge(two.id, one.id)
    world.clock.advance({ minutes: 9 })
    expect(await unmerge(two.id)).toMatchObject({
      status: 'WAITING_ON_USER',
      clock_paused_at: before.clock_paused_at,
      resolution_due_at: before.resolution_due_at,
      merged_into: null,
      version: 4,
    })
    expect(await get(one.id)).toMatchObject({ merged_tickets: [], messages: [], version: 3 })
    expect((await sam.client.supportDesk.timeline({ ticket_id: two.id })).items.at(-1)).toMatchObject({
      type: 'UNMERGED',
      other_ticket: { id: one.id },
    })
    expect((await sam.client.supportDesk.timeline({ ticket_id: one.id })).items.at(-1)).toMatchObject({
      type: 'UNMERGED_OUT',
      other_ticket: { id: two.id },
    })
    await owner.client.tickets.addMessage({ ticket_id: two.id, body: 'Firefox' })
    await merge(two.id, one.id)
    expect((await get(one.id)).messages.map(({ body }) => body)).toEqual(['Which?', 'Firefox'])
  })

  test('CONFLICT after 10 minutes and for what is not merged; NOT_FOUND', async () => {
    const owner = await world.user()
    const [one, two] = [await ask(owner, 'One'), await ask(owner, 'Two')]
    expect(await codeOf(unmerge(two.id))).toBe('CONFLICT')
    expect(await codeOf(unmerge(world.id()))).toBe('NOT_FOUND')
    await merge(two.id, one.id)
    world.clock.advance({ minutes: 10, seconds: 1 })
    expect(await codeOf(unmerge(two.id))).toBe('CONFLICT')
    expect((await get(two.id)).status).toBe('CLOSED')
  })
})
