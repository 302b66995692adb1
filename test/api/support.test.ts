import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { notified, published } from '../support/outbox.ts'
import { codeOf } from '../support/problems.ts'
import { statementsOf } from '../support/statements.ts'
import { createWorld, type TestUser, type World } from '../support/world.ts'

let world: World
let org: string
let agent: TestUser

beforeAll(async () => {
  world = await createWorld()
  org = await world.organization()
  agent = await world.user({ supportAgent: true, name: 'Sam Adeyemi' })
})
afterAll(() => world.stop())

const instant = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
const uuid = expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
const statuses = ['OPEN', 'IN_PROGRESS', 'WAITING_ON_USER', 'RESOLVED', 'CLOSED'] as const

const question = {
  category: 'TECHNICAL',
  subject: 'I cannot sign in',
  body: 'The page stays white.',
} as const
const ask = ({ client }: TestUser, change: Partial<Parameters<typeof client.tickets.create>[0]> = {}) =>
  client.tickets.create({ ...question, ...change })
const say = ({ client }: TestUser, ticket_id: string, body = 'It is Firefox.') =>
  client.tickets.addMessage({ ticket_id, body })
const put = (id: string, status: string) =>
  world.admin.query('update support_tickets set status = $2, resolved_at = $3 where id = $1', [
    id,
    status,
    status === 'RESOLVED' || status === 'CLOSED' ? world.clock.now() : null,
  ])

describe('createTicket', () => {
  test('answers the whole ticket, and getTicket the same', async () => {
    const owner = await world.user({ roles: { [org]: 'STAFF' } })
    const ticket = await ask(owner, {
      urgency: 'HIGH',
      organization_id: org,
      context: {
        app_version: '4.2.0',
        page: '/results',
        user_agent: 'Mozilla/5.0',
        last_error_code: 'UNAVAILABLE',
      },
    })
    expect(ticket).toEqual({
      id: uuid,
      ticket_number: expect.stringMatching(/^TKT-\d{4}-\d{5}$/),
      ...question,
      status: 'OPEN',
      urgency: 'HIGH',
      organization_id: org,
      context: {
        app_version: '4.2.0',
        page: '/results',
        user_agent: 'Mozilla/5.0',
        last_error_code: 'UNAVAILABLE',
      },
      version: 1,
      first_response_due_at: instant,
      first_responded_at: null,
      resolved_at: null,
      merged_into: null,
      merged_tickets: [],
      messages: [],
      created_at: instant,
      updated_at: instant,
    })
    expect(await owner.client.tickets.get({ ticket_id: ticket.id })).toEqual(ticket)
  })

  test('is NORMAL unless said otherwise, and captures the program that asked', async () => {
    const owner = await world.user()
    const response = await world.fetch('/api/support/tickets', {
      method: 'POST',
      token: owner.token,
      body: JSON.stringify(question),
      headers: { 'content-type': 'application/json', 'user-agent': `Probe/${'1'.repeat(600)}` },
    })
    expect(response.headers.get('etag')).toBe('"1"')
    expect(await response.json()).toMatchObject({
      urgency: 'NORMAL',
      organization_id: null,
      context: { user_agent: `Probe/${'1'.repeat(600)}`.slice(0, 500) },
    })
  })

  test.each([
    ['URGENT', 1],
    ['HIGH', 4],
    ['NORMAL', 24],
    ['LOW', 72],
  ] as const)('a first response to %s is due in %i h', async (urgency, hours) => {
    const ticket = await ask(await world.user(), { urgency })
    expect(Date.parse(ticket.first_response_due_at) - Date.parse(ticket.created_at)).toBe(hours * 3_600_000)
  })

  test('100 tickets opened at once get distinct numbers without a gap; what is refused or fails between them takes none', async () => {
    const own = await createWorld({ start: new Date('2027-06-01T12:00:00Z') })
    try {
      const owners = [await own.user(), await own.user(), await own.user(), await own.user()]
      const elsewhere = await own.organization()
      // Fails once it has taken its number, with others waiting for theirs.
      await own.admin.query(
        `alter table events add constraint broken check (payload ->> 'category' <> 'OTHER')`,
      )
      const made = await Promise.all(
        Array.from({ length: 150 }, async (_, index) => {
          const owner = owners[index % 4] ?? owners[0]
          if (!owner) return 'nobody'
          if (index % 6 === 4) return codeOf(ask(owner, { organization_id: elsewhere }))
          if (index % 6 === 5) return codeOf(ask(owner, { category: 'OTHER' }))
          return (await ask(owner)).ticket_number
        }),
      )
      expect(made.filter((number) => number === 'NOT_FOUND')).toHaveLength(25)
      expect(made.filter((number) => number === 'INTERNAL_ERROR')).toHaveLength(25)
      expect(made.filter((number) => number.startsWith('TKT-')).toSorted()).toEqual(
        Array.from({ length: 100 }, (_, index) => `TKT-2027-${String(index + 1).padStart(5, '0')}`),
      )
    } finally {
      await own.stop()
    }
  })

  test('numbers begin again with the year', async () => {
    const own = await createWorld({ start: new Date('2026-12-31T23:30:00Z') })
    try {
      const owner = await own.user()
      expect((await ask(owner)).ticket_number).toBe('TKT-2026-00001')
      own.clock.advance({ minutes: 31 })
      expect((await ask(owner)).ticket_number).toBe('TKT-2027-00001')
      await own.admin.query('update support_ticket_counters set last_number = 99999 where year = 2027')
      expect((await ask(owner)).ticket_number).toBe('TKT-2027-100000')
    } finally {
      await own.stop()
    }
  })

  test('organization_id is one that the caller works in, or is a patient or live proxy of; else NOT_FOUND', async () => {
    const auditor = await world.user({ roles: { [org]: 'AUDITOR' } })
    const [self, proxy, ended] = [await world.user(), await world.user(), await world.user()]
    const [removed, stranger] = [await world.user(), await world.user()]
    await world.patient([org], { userId: self.id })
    const { id } = await world.patient([org])
    await world.proxy(proxy.id, id)
    await world.proxy(ended.id, id, { expiresAt: new Date(world.clock.now().getTime() - 1000) })
    await world.admin.query(
      `insert into organization_memberships (id, organization_id, user_id, role, deleted_at) values ($1, $2, $3, 'ADMIN', now())`,
      [world.id(), org, removed.id],
    )
    const codes = await Promise.all(
      [auditor, self, proxy, ended, removed, stranger].map((user) =>
        codeOf(ask(user, { organization_id: org })),
      ),
    )
    expect(codes).toEqual(['passed', 'passed', 'passed', 'NOT_FOUND', 'NOT_FOUND', 'NOT_FOUND'])
    expect(await codeOf(ask(self, { organization_id: world.id() }))).toBe('NOT_FOUND')
  })

  test('VALIDATION_ERROR for a context that no database stores', async () => {
    const owner = await world.user()
    for (const page of ['/a\u0000b', '/a\ud800b'])
      expect(await codeOf(ask(owner, { context: { page } }))).toBe('VALIDATION_ERROR')
  })

  test('emits ticket.created to the desk alone, without what was asked', async () => {
    const owner = await world.user()
    const ticket = await ask(owner, { category: 'CLINICAL' })
    expect(await published(world, ticket.id)).toEqual([
      {
        type: 'ticket.created',
        user: null,
        organization: null,
        support: true,
        data: {
          ticket_id: ticket.id,
          ticket_number: ticket.ticket_number,
          category: 'CLINICAL',
          urgency: 'NORMAL',
          organization_id: null,
          first_response_due_at: ticket.first_response_due_at,
        },
      },
    ])
  })

  test('the same Idempotency-Key opens one ticket', async () => {
    const owner = await world.user()
    const once = () => owner.client.tickets.create(question, { idempotencyKey: 'ask-once' })
    expect(await once()).toEqual(await once())
    expect((await owner.client.tickets.list()).items).toHaveLength(1)
  })
})

describe('listTickets', () => {
  test('shows the caller’s own, the latest first; pages hold under ties and walk to the end without repeats', async () => {
    const owner = await world.user()
    await ask(await world.user())
    for (let index = 0; index < 11; index++) await ask(owner)
    await world.admin.query(
      `update support_tickets set created_at = '2026-03-02T10:00:00Z' where user_id = $1
         and id in (select id from support_tickets where user_id = $1 limit 8)`,
      [owner.id],
    )
    const walked = []
    for await (const ticket of owner.client.tickets.list({ limit: 3 })) walked.push(ticket)
    expect(new Set(walked.map(({ id }) => id)).size).toBe(11)
    const keys = walked.map(({ created_at, id }) => `${created_at} ${id}`)
    expect(keys).toEqual(keys.toSorted().reverse())
    expect((await owner.client.tickets.list({ limit: 2, include_total: true })).total).toBe(11)
    const count = async (limit: number) =>
      (
        await statementsOf(
          () => owner.client.tickets.list({ limit, include_total: true }),
          'person',
          owner.id,
        )
      ).length
    expect(await count(100)).toBe(await count(1))
  })

  test('narrows by status, the total with it, and shows each ticket without the conversation', async () => {
    const owner = await world.user()
    const [open, closed] = [await ask(owner), await ask(owner)]
    await put(closed.id, 'CLOSED')
    const page = await owner.client.tickets.list({ status: 'OPEN', include_total: true })
    const { body, context, messages, merged_into, merged_tickets, ...listed } = open
    expect([body, typeof context, messages]).toEqual([question.body, 'object', []])
    expect([merged_into, merged_tickets]).toEqual([null, []])
    expect(page).toEqual({ items: [listed], next_cursor: null, total: 1 })
  })

  test('INVALID_CURSOR for a cursor of another person or another filter', async () => {
    const [owner, other] = [await world.user(), await world.user()]
    for (let index = 0; index < 2; index++) await ask(owner)
    const { next_cursor } = await owner.client.tickets.list({ limit: 1 })
    const cursor = next_cursor ?? ''
    expect(await codeOf(owner.client.tickets.list({ cursor }))).toBe('passed')
    expect(await codeOf(owner.client.tickets.list({ cursor, status: 'OPEN' }))).toBe('INVALID_CURSOR')
    expect(await codeOf(other.client.tickets.list({ cursor }))).toBe('INVALID_CURSOR')
  })
})

describe('a ticket is its owner’s', () => {
  test('to everybody else it does not exist, agents included', async () => {
    const { id } = await ask(await world.user())
    for (const user of [await world.user(), agent, await world.user({ superAdmin: true })]) {
      expect(await codeOf(user.client.tickets.get({ ticket_id: id }))).toBe('NOT_FOUND')
      expect(await codeOf(say(user, id))).toBe('NOT_FOUND')
    }
    expect(await codeOf(agent.client.tickets.get({ ticket_id: world.id() }))).toBe('NOT_FOUND')
    const { rows } = await world.admin.query('select from support_messages where ticket_id = $1', [id])
    expect(rows).toEqual([])
  })
})

describe('addTicketMessage', () => {
  test('answers the whole message and where the ticket stands; getTicket shows the conversation in order', async () => {
    const owner = await world.user({ name: 'Ngozi Okafor' })
    const { id, ticket_number } = await ask(owner)
    const message = await say(owner, id)
    expect(message).toEqual({
      id: uuid,
      ticket_id: id,
      sender_name: 'Ngozi Okafor',
      is_from_support: false,
      body: 'It is Firefox.',
      created_at: instant,
      ticket_status: 'OPEN',
      ticket_version: 1,
    })
    await agent.client.supportDesk.reply({ ticket_id: id, body: 'Try again.', is_internal_note: false })
    const { messages } = await owner.client.tickets.get({ ticket_id: id })
    const { ticket_status, ticket_version, ...shown } = message
    expect([ticket_status, ticket_version]).toEqual(['OPEN', 1])
    expect(messages).toEqual([
      shown,
      {
        id: uuid,
        ticket_id: id,
        sender_name: 'Sam Adeyemi',
        is_from_support: true,
        body: 'Try again.',
        created_at: instant,
      },
    ])
    const [, event] = await published(world, id)
    expect(event).toEqual({
      type: 'ticket.message',
      user: null,
      organization: null,
      support: true,
      data: { ticket_id: id, ticket_number, message_id: message.id, status: 'OPEN', version: 1 },
    })
  })

  test.each(statuses)('on a ticket that is %s', async (status) => {
    const owner = await world.user()
    const { id } = await ask(owner)
    await put(id, status)
    if (status === 'CLOSED') {
      await expect(say(owner, id)).rejects.toMatchObject({ code: 'INVALID_TRANSITION', status: 409 })
      expect(await owner.client.tickets.get({ ticket_id: id })).toMatchObject({
        status,
        version: 1,
        messages: [],
      })
      return
    }
    const reopens = status === 'WAITING_ON_USER' || status === 'RESOLVED'
    const [expected, version] = reopens ? ['IN_PROGRESS', 2] : [status, 1]
    expect(await say(owner, id)).toMatchObject({ ticket_status: expected, ticket_version: version })
    expect(await owner.client.tickets.get({ ticket_id: id })).toMatchObject({
      status: expected,
      version,
      resolved_at: null,
    })
  })

  test('reopening makes what an agent has on screen stale', async () => {
    const owner = await world.user()
    const { id } = await ask(owner)
    await put(id, 'RESOLVED')
    await say(owner, id)
    await expect(
      agent.client.supportDesk.update({ ticket_id: id, if_match: '"1"', status: 'CLOSED' }),
    ).rejects.toMatchObject({ code: 'PRECONDITION_FAILED', currentVersion: 2 })
  })

  test('the owner’s message that races an agent’s closing is either in before it or refused', async () => {
    for (let round = 0; round < 5; round++) {
      const owner = await world.user()
      const { id } = await ask(owner)
      await put(id, 'RESOLVED')
      const [said, closed] = await Promise.all([
        codeOf(say(owner, id)),
        codeOf(agent.client.supportDesk.update({ ticket_id: id, if_match: '"1"', status: 'CLOSED' })),
      ])
      const { status } = await owner.client.tickets.get({ ticket_id: id })
      expect([
        ['passed', 'PRECONDITION_FAILED', 'IN_PROGRESS'],
        ['INVALID_TRANSITION', 'passed', 'CLOSED'],
      ]).toContainEqual([said, closed, status])
    }
  })
})

describe('internal notes are never sent to the owner', () => {
  test('by any operation, replay, event or notification, nor may their number or time be told', async () => {
    const owner = await world.user()
    const secret = world.secret('Known troublemaker qjxv')
    const created = await owner.client.tickets.create(question, { idempotencyKey: 'notes-create' })
    const { id } = created
    const said = await owner.client.tickets.addMessage(
      { ticket_id: id, body: 'Hello?' },
      { idempotencyKey: 'notes-say' },
    )
    const [before] = (await owner.client.tickets.list()).items
    const note = await agent.client.supportDesk.reply({ ticket_id: id, body: secret, is_internal_note: true })

    const seen = await owner.client.tickets.get({ ticket_id: id })
    expect(seen.messages.map((message) => message.id)).toEqual([said.id])
    const [after] = (await owner.client.tickets.list()).items
    expect(after).toEqual(before)
    const replays = [
      await owner.client.tickets.create(question, { idempotencyKey: 'notes-create' }),
      await owner.client.tickets.addMessage(
        { ticket_id: id, body: 'Hello?' },
        { idempotencyKey: 'notes-say' },
      ),
    ]
    expect(replays).toEqual([created, said])
    const next = await say(owner, id)
    expect(next).toMatchObject({ ticket_status: 'OPEN', ticket_version: 1 })
    for (const answer of [seen, after, replays, next]) {
      expect(JSON.stringify(answer)).not.toContain(secret)
      expect(JSON.stringify(answer)).not.toContain(note.id)
      expect(JSON.stringify(answer)).not.toContain('internal')
    }
    // The desk is told that it is there, and nobody else; nobody is told the words.
    const { rows: all } = await world.admin.query(
      'select payload::text as text, user_id, organization_id from events',
    )
    expect(all.filter(({ text }) => text.includes(secret))).toEqual([])
    const events = all.filter((row) => row.user_id !== null || row.organization_id !== null)
    expect(events.filter(({ text }) => text.includes(note.id) || text.includes(secret))).toEqual([])
    expect(await notified(world, owner.id)).toEqual([])
    // The desk does see it.
    const { messages } = await agent.client.supportDesk.get({ ticket_id: id })
    expect(messages).toContainEqual(
      expect.objectContaining({ id: note.id, body: secret, is_internal_note: true }),
    )
  })

  test('five hundred notes after it do not push a message out of the owner’s sight', async () => {
    const owner = await world.user()
    const { id } = await ask(owner)
    const said = await say(owner, id)
    await world.admin.query(
      `insert into support_messages (id, ticket_id, sender_id, body, is_internal_note, created_at)
       select gen_random_uuid(), $1, $2, 'note', true, now() + make_interval(secs => n) from generate_series(1, 520) n`,
      [id, agent.id],
    )
    const { messages } = await owner.client.tickets.get({ ticket_id: id })
    expect(messages.map((message) => message.id)).toEqual([said.id])
  })
})
