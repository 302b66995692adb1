import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { published } from '../support/outbox.ts'
import { codeOf } from '../support/problems.ts'
import { createWorld, type TestUser, type World } from '../support/world.ts'

let world: World
let sam: TestUser
let kim: TestUser

beforeAll(async () => {
  world = await createWorld()
  sam = await world.user({ supportAgent: true, name: 'Sam Adeyemi' })
  kim = await world.user({ supportAgent: true, name: 'Kim Park' })
})
afterAll(() => world.stop())

async function ask() {
  const owner = await world.user({ name: 'Ngozi Okafor' })
  const { id } = await owner.client.tickets.create({
    category: 'TECHNICAL',
    subject: 'White page',
    body: 'A',
  })
  return { owner, ticket_id: id }
}
const timeline = async (ticket_id: string) => {
  const all = []
  for await (const entry of sam.client.supportDesk.timeline({ ticket_id, limit: 2 })) all.push(entry)
  return all
}

describe('the timeline', () => {
  test('tells every change, who and when, in order, page by page; never what a message or a note says', async () => {
    const { owner, ticket_id } = await ask()
    const agent = { id: sam.id, display_name: 'Sam Adeyemi' }
    await sam.client.supportDesk.claim({ ticket_id })
    const note = await sam.client.supportDesk.reply({
      ticket_id,
      body: 'NOTE-TEXT',
      is_internal_note: true,
    })
    const answer = await sam.client.supportDesk.reply({
      ticket_id,
      body: 'REPLY-TEXT',
      is_internal_note: false,
      status: 'WAITING_ON_USER',
    })
    const said = await owner.client.tickets.addMessage({ ticket_id, body: 'OWNER-TEXT' })
    await kim.client.supportDesk.update({
      ticket_id,
      if_match: 4,
      urgency: 'HIGH',
      assignee_id: kim.id,
      add_tags: ['vip', 'browser'],
    })
    const entries = await timeline(ticket_id)
    expect(
      entries.map(({ type, actor, version, changes, message_id }) => ({
        type,
        actor: actor?.display_name,
        version,
        changes: changes.map(({ field, from, to }) => `${field}: ${from} → ${to}`),
        message_id,
      })),
    ).toEqual([
      { type: 'CREATED', actor: 'Ngozi Okafor', version: 1, changes: [], message_id: null },
      {
        type: 'CHANGED',
        actor: 'Sam Adeyemi',
        version: 2,
        changes: ['assignee: null → Sam Adeyemi'],
        message_id: null,
      },
      { type: 'NOTE', actor: 'Sam Adeyemi', version: null, changes: [], message_id: note.id },
      {
        type: 'REPLY',
        actor: 'Sam Adeyemi',
        version: 3,
        changes: ['status: OPEN → WAITING_ON_USER'],
        message_id: answer.id,
      },
      {
        type: 'MESSAGE',
        actor: 'Ngozi Okafor',
        version: 4,
        changes: ['status: WAITING_ON_USER → IN_PROGRESS'],
        message_id: said.id,
      },
      {
        type: 'CHANGED',
        actor: 'Kim Park',
        version: 5,
        changes: ['urgency: NORMAL → HIGH', 'assignee: Sam Adeyemi → Kim Park', 'tags: null → browser, vip'],
        message_id: null,
      },
    ])
    expect(entries[1]?.actor).toEqual(agent)
    expect(JSON.stringify(entries)).not.toMatch(/NOTE-TEXT|REPLY-TEXT|OWNER-TEXT/)
  })

  test('cannot be changed or deleted, not even by the owner of the tables', async () => {
    const { ticket_id } = await ask()
    for (const statement of [
      'update support_ticket_events set actor_id = null where ticket_id = $1',
      'delete from support_ticket_events where ticket_id = $1',
    ])
      await expect(world.admin.query(statement, [ticket_id])).rejects.toThrow('append-only')
    await expect(world.admin.query('truncate support_ticket_events')).rejects.toThrow('append-only')
  })

  test('is the desk’s alone: FORBIDDEN to the owner, NOT_FOUND for a ticket that is not there', async () => {
    const { owner, ticket_id } = await ask()
    expect(await codeOf(owner.client.supportDesk.timeline({ ticket_id }))).toBe('FORBIDDEN')
    expect(await codeOf(sam.client.supportDesk.timeline({ ticket_id: world.id() }))).toBe('NOT_FOUND')
    const { next_cursor } = await (async () => {
      await sam.client.supportDesk.claim({ ticket_id })
      return sam.client.supportDesk.timeline({ ticket_id, limit: 1 })
    })()
    const { ticket_id: other } = await ask()
    expect(
      await codeOf(sam.client.supportDesk.timeline({ ticket_id: other, cursor: next_cursor ?? '' })),
    ).toBe('INVALID_CURSOR')
  })
})

describe('a stale version', () => {
  test('412 says who changed what since, the oldest first', async () => {
    const { owner, ticket_id } = await ask()
    await kim.client.supportDesk.update({ ticket_id, if_match: 1, urgency: 'HIGH', assignee_id: kim.id })
    await kim.client.supportDesk.reply({
      ticket_id,
      body: 'Which browser?',
      is_internal_note: false,
      status: 'WAITING_ON_USER',
    })
    await owner.client.tickets.addMessage({ ticket_id, body: 'Firefox' })
    const refusal = sam.client.supportDesk.update({ ticket_id, if_match: 1, urgency: 'LOW' })
    await expect(refusal).rejects.toMatchObject({
      code: 'PRECONDITION_FAILED',
      status: 412,
      currentVersion: 4,
    })
    const { changes, detail } = await refusal.then(
      () => ({ changes: [], detail: '' }),
      (error) => error,
    )
    expect(detail).toBe('Ngozi Okafor changed its status meanwhile.')
    expect(changes).toEqual([
      {
        version: 2,
        changed_by: 'Kim Park',
        changed_at: expect.any(String),
        field: 'urgency',
        from: 'NORMAL',
        to: 'HIGH',
      },
      {
        version: 2,
        changed_by: 'Kim Park',
        changed_at: expect.any(String),
        field: 'assignee',
        from: null,
        to: 'Kim Park',
      },
      {
        version: 3,
        changed_by: 'Kim Park',
        changed_at: expect.any(String),
        field: 'status',
        from: 'OPEN',
        to: 'WAITING_ON_USER',
      },
      {
        version: 4,
        changed_by: 'Ngozi Okafor',
        changed_at: expect.any(String),
        field: 'status',
        from: 'WAITING_ON_USER',
        to: 'IN_PROGRESS',
      },
    ])
  })
})

describe('tags', () => {
  test('are added and removed beside each other, and narrow the queue: all of them must be there', async () => {
    const { ticket_id } = await ask()
    const { ticket_id: other } = await ask()
    await sam.client.supportDesk.update({ ticket_id, if_match: 1, add_tags: ['zeta', 'alpha'] })
    await sam.client.supportDesk.update({ ticket_id: other, if_match: 1, add_tags: ['alpha'] })
    const tagged = async (tags: string) =>
      (await sam.client.supportDesk.list({ tags })).items.map(({ id }) => id).toSorted()
    expect(await tagged('alpha')).toEqual([ticket_id, other].toSorted())
    expect(await tagged('alpha,zeta')).toEqual([ticket_id])
    expect(
      await sam.client.supportDesk.update({
        ticket_id,
        if_match: 2,
        add_tags: ['beta'],
        remove_tags: ['zeta'],
      }),
    ).toMatchObject({ tags: ['alpha', 'beta'], version: 3 })
    const events = await published(world, ticket_id)
    expect(events.at(-1)).toMatchObject({ type: 'ticket.updated', data: { changed: ['tags'] } })
    expect(await tagged('zeta')).toEqual([])
  })

  test('VALIDATION_ERROR for what is no tag, and for more than 20', async () => {
    const { ticket_id } = await ask()
    const add = (add_tags: string[], if_match = 1) =>
      codeOf(sam.client.supportDesk.update({ ticket_id, if_match, add_tags }))
    for (const tag of ['Upper', 'with space', '-dash', '', 'ä'])
      expect(await add([tag])).toBe('VALIDATION_ERROR')
    const twenty = Array.from({ length: 20 }, (_, index) => `tag-${index}`)
    expect(await add(twenty)).toBe('passed')
    expect(await add(['one-more'], 2)).toBe('VALIDATION_ERROR')
    expect((await sam.client.supportDesk.get({ ticket_id })).tags).toHaveLength(20)
  })
})

describe('presence', () => {
  test('tells who else is there for 30 seconds; a repetition says nothing, a change does', async () => {
    const { owner, ticket_id } = await ask()
    const touch = (agent: TestUser, state: 'VIEWING' | 'REPLYING' | 'GONE') =>
      agent.client.supportDesk.touchPresence({ ticket_id, state })
    const news = async () =>
      (await published(world, ticket_id))
        .filter(({ type }) => type === 'ticket.presence')
        .map(({ data, support, user, organization }) => [
          data.agent_name,
          data.state,
          support,
          user,
          organization,
        ])
    expect(await touch(sam, 'VIEWING')).toMatchObject({ others: [] })
    world.clock.advance({ seconds: 10 })
    const since = expect.any(String)
    expect(await touch(kim, 'VIEWING')).toMatchObject({
      others: [{ agent: { id: sam.id, display_name: 'Sam Adeyemi' }, state: 'VIEWING', since }],
    })
    await touch(sam, 'VIEWING')
    await touch(sam, 'VIEWING')
    expect(await news()).toEqual([
      ['Sam Adeyemi', 'VIEWING', true, null, null],
      ['Kim Park', 'VIEWING', true, null, null],
    ])
    await touch(sam, 'REPLYING')
    await touch(sam, 'REPLYING')
    expect((await news()).slice(2)).toEqual([['Sam Adeyemi', 'REPLYING', true, null, null]])
    expect((await kim.client.supportDesk.get({ ticket_id })).presence).toMatchObject([
      { agent: { id: sam.id }, state: 'REPLYING', since },
    ])
    expect(await touch(sam, 'GONE')).toMatchObject({ expires_at: null, others: [{ agent: { id: kim.id } }] })
    await touch(sam, 'GONE')
    expect((await news()).slice(3)).toEqual([['Sam Adeyemi', 'GONE', true, null, null]])
    world.clock.advance({ seconds: 30 })
    expect((await touch(sam, 'VIEWING')).others).toEqual([])
    // Whoever went without a word is told to be gone by upkeep.
    world.clock.advance({ seconds: 61 })
    await expect
      .poll(
        async () =>
          (await news())
            .slice(4)
            .map(([name, state]) => `${name} ${state}`)
            .toSorted(),
        {
          timeout: 15_000,
        },
      )
      .toEqual(['Kim Park GONE', 'Sam Adeyemi GONE', 'Sam Adeyemi VIEWING'])
    expect(await codeOf(owner.client.supportDesk.touchPresence({ ticket_id, state: 'VIEWING' }))).toBe(
      'FORBIDDEN',
    )
    expect(
      await codeOf(sam.client.supportDesk.touchPresence({ ticket_id: world.id(), state: 'VIEWING' })),
    ).toBe('NOT_FOUND')
  })
})
