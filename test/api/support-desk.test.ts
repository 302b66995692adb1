import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { notified, published } from '../support/outbox.ts'
import { codeOf } from '../support/problems.ts'
import { statementsOf } from '../support/statements.ts'
import { createWorld, type TestUser, type World } from '../support/world.ts'

let world: World
let org: string
let sam: TestUser
let kim: TestUser

beforeAll(async () => {
  world = await createWorld()
  org = await world.organization('Riverside Family Practice')
  sam = await world.user({ supportAgent: true, name: 'Sam Adeyemi' })
  kim = await world.user({ supportAgent: true, name: 'Kim Park' })
})
afterAll(() => world.stop())

const instant = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
const uuid = expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
const statuses = ['OPEN', 'IN_PROGRESS', 'WAITING_ON_USER', 'RESOLVED', 'CLOSED'] as const
type Status = (typeof statuses)[number]

/** What the desk sees besides of a ticket that is new. */
const desk = {
  overdue: false,
  first_response_clock: 'RUNNING',
  resolution_clock: 'RUNNING',
  clock_paused_at: null,
  tags: [],
  merged_into: null,
} as const
const question = {
  category: 'TECHNICAL',
  subject: 'I cannot sign in',
  body: 'The page stays white.',
} as const

/** A ticket of somebody new, already at a status. */
async function ticket(
  status: Status = 'OPEN',
  change: Partial<Parameters<typeof sam.client.tickets.create>[0]> = {},
  at: World = world,
) {
  const owner = await at.user({ name: 'Ngozi Okafor' })
  const created = await owner.client.tickets.create({ ...question, ...change })
  if (status !== 'OPEN')
    await at.admin.query('update support_tickets set status = $2, resolved_at = $3 where id = $1', [
      created.id,
      status,
      status === 'RESOLVED' || status === 'CLOSED' ? '2026-03-02T10:00:00Z' : null,
    ])
  return { owner, ...created, ticket_id: created.id }
}
const update = (
  ticket_id: string,
  version: number,
  change: Omit<Parameters<typeof sam.client.supportDesk.update>[0], 'ticket_id' | 'if_match'>,
  agent = sam,
) => agent.client.supportDesk.update({ ticket_id, if_match: `"${version}"`, ...change })
const get = (ticket_id: string) => sam.client.supportDesk.get({ ticket_id })
const reply = (ticket_id: string, status?: Status, agent = sam) =>
  agent.client.supportDesk.reply({
    ticket_id,
    body: 'Which browser?',
    is_internal_note: false,
    ...(status ? { status } : {}),
  })
const note = (ticket_id: string, status?: Status) =>
  sam.client.supportDesk.reply({
    ticket_id,
    body: 'Seen before.',
    is_internal_note: true,
    ...(status ? { status } : {}),
  })

describe('the desk', () => {
  test('is for SUPPORT_AGENT and SUPER_ADMIN; an organization’s ADMIN and the owner are refused', async () => {
    const { ticket_id, owner } = await ticket()
    const codes = async ({ client: { supportDesk: desk } }: TestUser) => [
      await codeOf(desk.list()),
      await codeOf(desk.get({ ticket_id })),
      await codeOf(desk.claim({ ticket_id })),
      await codeOf(desk.update({ ticket_id, if_match: '"2"', urgency: 'HIGH' })),
      await codeOf(desk.reply({ ticket_id, body: 'Hello.', is_internal_note: true })),
      await codeOf(desk.stats()),
    ]
    for (const user of [owner, await world.user({ roles: { [org]: 'ADMIN' } })])
      expect(await codes(user)).toEqual(Array(6).fill('FORBIDDEN'))
    expect(await codes(await world.user({ superAdmin: true }))).toEqual(Array(6).fill('passed'))
    expect(await codes(await world.user({ supportAgent: true, mfa: false }))).toEqual(
      Array(6).fill('MFA_REQUIRED'),
    )
  })

  test('NOT_FOUND for a ticket that is not there', async () => {
    const ticket_id = world.id()
    const codes = [
      await codeOf(get(ticket_id)),
      await codeOf(update(ticket_id, 1, { urgency: 'HIGH' })),
      await codeOf(reply(ticket_id)),
      await codeOf(note(ticket_id)),
      await codeOf(sam.client.supportDesk.claim({ ticket_id })),
    ]
    expect(codes).toEqual(Array(5).fill('NOT_FOUND'))
  })
})

describe('getTicketForAgent', () => {
  test('answers the whole ticket: notes, context, and where the requester works, not where one is a patient', async () => {
    const owner = await world.user({ roles: { [org]: 'STAFF' }, name: 'Ngozi Okafor' })
    const clinic = await world.organization()
    await world.patient([clinic], { userId: owner.id })
    const context = { app_version: '4.2.0', user_agent: 'Mozilla/5.0' }
    const { id, messages, ...asked } = await owner.client.tickets.create({
      ...question,
      urgency: 'LOW',
      organization_id: org,
      context,
    })
    expect(messages).toEqual([])
    const said = await owner.client.tickets.addMessage({ ticket_id: id, body: 'Hello?' })
    const left = await note(id)
    const { ticket_status, ticket_version, ...shown } = left
    expect(left).toEqual({
      id: uuid,
      ticket_id: id,
      sender_id: sam.id,
      sender_name: 'Sam Adeyemi',
      is_from_support: true,
      is_internal_note: true,
      body: 'Seen before.',
      created_at: instant,
      ticket_status: 'OPEN',
      ticket_version: 1,
    })
    expect([ticket_status, ticket_version]).toEqual(['OPEN', 1])
    expect(await get(id)).toEqual({
      id,
      ...asked,
      context,
      ...desk,
      requester: {
        id: owner.id,
        display_name: 'Ngozi Okafor',
        email: owner.email,
        timezone: 'America/New_York',
        locale: null,
        last_login_at: null,
        last_seen_at: instant,
        device: null,
        open_tickets: 1,
        recent_tickets: 1,
        organizations: [{ id: org, name: 'Riverside Family Practice', role: 'STAFF' }],
      },
      assignee: null,
      presence: [],
      resolution_due_at: new Date(Date.parse(asked.created_at) + 7 * 24 * 3_600_000).toISOString(),
      messages: [
        {
          id: said.id,
          ticket_id: id,
          sender_id: owner.id,
          sender_name: 'Ngozi Okafor',
          is_from_support: false,
          is_internal_note: false,
          body: 'Hello?',
          created_at: said.created_at,
        },
        shown,
      ],
    })
  })
})

describe('updateTicket', () => {
  const allowed: Record<Status, Status[]> = {
    OPEN: ['IN_PROGRESS'],
    IN_PROGRESS: ['WAITING_ON_USER', 'RESOLVED'],
    WAITING_ON_USER: ['IN_PROGRESS'],
    RESOLVED: ['CLOSED'],
    CLOSED: [],
  }
  const moves = statuses.flatMap((from) => statuses.map((to) => [from, to] as const))

  test.each(moves)('the status goes from %s to %s only as the machine says', async (from, to) => {
    const { ticket_id } = await ticket(from)
    const change = update(ticket_id, 1, { status: to })
    if (from === to) expect(await change).toMatchObject({ status: from, version: 1 })
    else if (allowed[from].includes(to)) expect(await change).toMatchObject({ status: to, version: 2 })
    else {
      await expect(change).rejects.toMatchObject({ code: 'INVALID_TRANSITION', status: 409 })
      expect(await get(ticket_id)).toMatchObject({ status: from, version: 1 })
    }
  })

  test('answers the whole ticket, and tells the desk what changed and who did it', async () => {
    const { ticket_id, owner, body, context, messages, merged_tickets, ...asked } = await ticket()
    expect([body, typeof context, messages, merged_tickets]).toEqual([question.body, 'object', [], []])
    const changed = await update(ticket_id, 1, {
      status: 'IN_PROGRESS',
      urgency: 'URGENT',
      category: 'ACCOUNT',
      assignee_id: kim.id,
    })
    expect(changed).toEqual({
      ...asked,
      status: 'IN_PROGRESS',
      urgency: 'URGENT',
      category: 'ACCOUNT',
      ...desk,
      requester: { id: owner.id, display_name: 'Ngozi Okafor' },
      assignee: { id: kim.id, display_name: 'Kim Park' },
      version: 2,
      first_response_due_at: new Date(Date.parse(asked.created_at) + 3_600_000).toISOString(),
      resolution_due_at: new Date(Date.parse(asked.created_at) + 8 * 3_600_000).toISOString(),
      updated_at: instant,
    })
    const [, event, ...more] = await published(world, ticket_id)
    expect(event).toEqual({
      type: 'ticket.updated',
      user: null,
      organization: null,
      support: true,
      data: {
        ticket_id,
        ticket_number: asked.ticket_number,
        status: 'IN_PROGRESS',
        urgency: 'URGENT',
        category: 'ACCOUNT',
        assignee_id: kim.id,
        version: 2,
        changed: ['status', 'urgency', 'category', 'assignee'],
        changed_by: sam.id,
      },
    })
    expect(more).toEqual([])
    expect(await update(ticket_id, 2, { assignee_id: null })).toMatchObject({ assignee: null, version: 3 })
  })

  test('two agents editing: the later one with a stale version gets 412, and nothing is overwritten', async () => {
    const { ticket_id } = await ticket()
    await update(ticket_id, 1, { urgency: 'HIGH' })
    await expect(update(ticket_id, 1, { urgency: 'LOW', assignee_id: kim.id }, kim)).rejects.toMatchObject({
      code: 'PRECONDITION_FAILED',
      status: 412,
      currentVersion: 2,
    })
    expect(await get(ticket_id)).toMatchObject({ urgency: 'HIGH', assignee: null, version: 2 })
    expect(await published(world, ticket_id)).toHaveLength(2)
  })

  test('of twenty edits that race on one version one wins and 19 get 412 with the version that won', async () => {
    const { ticket_id } = await ticket()
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        update(ticket_id, 1, { urgency: 'HIGH' }, index % 2 ? sam : kim).then(
          () => 'passed',
          (error: { code: string; currentVersion: number }) => `${error.code} ${error.currentVersion}`,
        ),
      ),
    )
    expect(outcomes.toSorted()).toEqual([...Array(19).fill('PRECONDITION_FAILED 2'), 'passed'])
    expect((await get(ticket_id)).version).toBe(2)
  })

  test('a change to what is already so leaves version, time and events alone', async () => {
    const { ticket_id, updated_at } = await ticket()
    expect(await update(ticket_id, 1, { urgency: 'NORMAL', category: 'TECHNICAL' })).toMatchObject({
      version: 1,
      updated_at,
    })
    expect(await published(world, ticket_id)).toHaveLength(1)
  })

  test('CLOSED is final: nothing of it changes any more', async () => {
    const { ticket_id } = await ticket('CLOSED')
    for (const change of [{ urgency: 'LOW' }, { category: 'OTHER' }, { assignee_id: sam.id }] as const)
      expect(await codeOf(update(ticket_id, 1, change))).toBe('INVALID_TRANSITION')
    expect(await get(ticket_id)).toMatchObject({ urgency: 'NORMAL', category: 'TECHNICAL', version: 1 })
  })

  test('VALIDATION_ERROR for an assignee who is not of the desk', async () => {
    const { ticket_id, owner } = await ticket()
    const former = await world.user({ supportAgent: true })
    await world.admin.query('update users set suspended_at = now() where id = $1', [former.id])
    for (const assignee_id of [owner.id, former.id, world.id()])
      await expect(update(ticket_id, 1, { assignee_id })).rejects.toMatchObject({
        code: 'VALIDATION_ERROR',
        errors: [{ pointer: '/assignee_id' }],
      })
    expect((await get(ticket_id)).version).toBe(1)
  })

  test('If-Match is demanded', async () => {
    const { ticket_id } = await ticket()
    const response = await world.fetch(`/api/admin/support/tickets/${ticket_id}`, {
      method: 'PATCH',
      token: sam.token,
      body: '{"urgency":"LOW"}',
      headers: { 'content-type': 'application/json' },
    })
    expect(await response.json()).toMatchObject({ status: 422, code: 'VALIDATION_ERROR' })
  })

  test('resolving stamps the time and tells the owner; closing keeps it; the owner’s message clears it', async () => {
    const one = await ticket('IN_PROGRESS')
    const resolved = await update(one.ticket_id, 1, { status: 'RESOLVED' })
    expect(resolved.resolved_at).toEqual(instant)
    const events = await published(world, one.ticket_id)
    expect(events.map(({ type }) => type)).toEqual(['ticket.created', 'ticket.updated', 'ticket.resolved'])
    expect(events[2]).toEqual({
      type: 'ticket.resolved',
      user: one.owner.id,
      organization: null,
      support: false,
      data: {
        ticket_id: one.ticket_id,
        ticket_number: one.ticket_number,
        resolved_at: resolved.resolved_at,
      },
    })
    expect(await update(one.ticket_id, 2, { status: 'CLOSED' })).toMatchObject({
      resolved_at: resolved.resolved_at,
    })
    const two = await ticket('IN_PROGRESS')
    await update(two.ticket_id, 1, { status: 'RESOLVED' })
    await two.owner.client.tickets.addMessage({ ticket_id: two.ticket_id, body: 'Not yet.' })
    expect(await get(two.ticket_id)).toMatchObject({ status: 'IN_PROGRESS', resolved_at: null, version: 3 })
  })

  test('a new urgency counts its due time from the opening, until somebody has answered', async () => {
    const { ticket_id, created_at } = await ticket()
    const due = (hours: number) => new Date(Date.parse(created_at) + hours * 3_600_000).toISOString()
    expect(await update(ticket_id, 1, { urgency: 'LOW' })).toMatchObject({ first_response_due_at: due(72) })
    expect(await update(ticket_id, 2, { urgency: 'HIGH' })).toMatchObject({ first_response_due_at: due(4) })
    const { ticket_version } = await reply(ticket_id)
    expect(await update(ticket_id, ticket_version, { urgency: 'URGENT' })).toMatchObject({
      urgency: 'URGENT',
      first_response_due_at: due(4),
    })
  })
})

describe('replyToTicket', () => {
  test('the first reply stamps the first response and takes the ticket up; a later one does not stamp again', async () => {
    const { ticket_id, owner } = await ticket()
    const first = await reply(ticket_id)
    expect(first).toEqual({
      id: uuid,
      ticket_id,
      sender_id: sam.id,
      sender_name: 'Sam Adeyemi',
      is_from_support: true,
      is_internal_note: false,
      body: 'Which browser?',
      created_at: instant,
      ticket_status: 'IN_PROGRESS',
      ticket_version: 2,
    })
    expect(await owner.client.tickets.get({ ticket_id })).toMatchObject({
      status: 'IN_PROGRESS',
      first_responded_at: first.created_at,
    })
    const second = await reply(ticket_id, undefined, kim)
    expect(second).toMatchObject({ ticket_status: 'IN_PROGRESS', ticket_version: 2 })
    expect(await get(ticket_id)).toMatchObject({ first_responded_at: first.created_at })
  })

  test('a note stamps nothing, moves nothing and counts as no change', async () => {
    const { ticket_id, updated_at } = await ticket()
    expect(await note(ticket_id)).toMatchObject({ ticket_status: 'OPEN', ticket_version: 1 })
    expect(await get(ticket_id)).toMatchObject({
      status: 'OPEN',
      version: 1,
      first_responded_at: null,
      updated_at,
    })
  })

  test('a reply emits ticket.reply to the owner with a notification; neither says what it says', async () => {
    const { ticket_id, ticket_number, owner } = await ticket()
    const { id } = await reply(ticket_id, 'WAITING_ON_USER')
    const events = await published(world, ticket_id)
    expect(events.slice(1)).toEqual([
      {
        type: 'ticket.updated',
        user: null,
        organization: null,
        support: true,
        data: {
          ticket_id,
          ticket_number,
          status: 'WAITING_ON_USER',
          urgency: 'NORMAL',
          category: 'TECHNICAL',
          assignee_id: null,
          version: 2,
          changed: ['status'],
          changed_by: sam.id,
        },
      },
      {
        type: 'ticket.desk_message',
        user: null,
        organization: null,
        support: true,
        data: {
          ticket_id,
          ticket_number,
          message_id: id,
          is_internal_note: false,
          agent_id: sam.id,
          assignee_id: null,
          status: 'WAITING_ON_USER',
          version: 2,
        },
      },
      {
        type: 'ticket.reply',
        user: owner.id,
        organization: null,
        support: false,
        data: { ticket_id, ticket_number, message_id: id, status: 'WAITING_ON_USER' },
      },
    ])
    expect(await notified(world, owner.id)).toEqual([
      {
        id: uuid,
        type: 'system',
        title: 'Support has answered',
        body: `There is an answer to your ticket ${ticket_number}.`,
        action_url: `/support/tickets/${ticket_id}`,
        organization_id: null,
        metadata: {},
        announced: 1,
      },
    ])
  })

  test('a note tells the desk that it is there, and nobody else anything', async () => {
    const { ticket_id, owner } = await ticket()
    const { id } = await note(ticket_id)
    const [, ...told] = await published(world, ticket_id)
    expect(told).toMatchObject([
      {
        type: 'ticket.desk_message',
        user: null,
        organization: null,
        support: true,
        data: { message_id: id, is_internal_note: true, agent_id: sam.id },
      },
    ])
    expect(JSON.stringify(await published(world, owner.id))).not.toContain(id)
    expect(await notified(world, owner.id)).toEqual([])
  })

  // A reply takes OPEN up by itself and is judged from there; a note is judged from where the ticket is.
  const after: Record<'reply' | 'note', Record<Status, Status[]>> = {
    reply: {
      OPEN: ['IN_PROGRESS', 'WAITING_ON_USER', 'RESOLVED'],
      IN_PROGRESS: ['IN_PROGRESS', 'WAITING_ON_USER', 'RESOLVED'],
      WAITING_ON_USER: ['WAITING_ON_USER', 'IN_PROGRESS'],
      RESOLVED: ['RESOLVED', 'CLOSED'],
      CLOSED: [],
    },
    note: {
      OPEN: ['OPEN', 'IN_PROGRESS'],
      IN_PROGRESS: ['IN_PROGRESS', 'WAITING_ON_USER', 'RESOLVED'],
      WAITING_ON_USER: ['WAITING_ON_USER', 'IN_PROGRESS'],
      RESOLVED: ['RESOLVED', 'CLOSED'],
      CLOSED: ['CLOSED'],
    },
  }
  test.each(statuses)('with a status, on a ticket that is %s', async (from) => {
    for (const [kind, send] of [['reply', reply] as const, ['note', note] as const])
      for (const to of statuses) {
        const { ticket_id } = await ticket(from)
        const sent = send(ticket_id, to)
        if (after[kind][from].includes(to))
          expect(await sent, `${kind} ${to}`).toMatchObject({ ticket_status: to })
        else {
          expect(await codeOf(sent), `${kind} ${to}`).toBe('INVALID_TRANSITION')
          expect(await get(ticket_id)).toMatchObject({ status: from, version: 1, messages: [] })
        }
      }
  })

  test('a CLOSED ticket takes a note and no reply', async () => {
    const { ticket_id } = await ticket('CLOSED')
    expect(await codeOf(reply(ticket_id))).toBe('INVALID_TRANSITION')
    expect(await note(ticket_id)).toMatchObject({ ticket_status: 'CLOSED', ticket_version: 1 })
  })

  test('replies that race stamp the first response once, and none is lost', async () => {
    const { ticket_id, owner } = await ticket()
    const sent = await Promise.all(
      Array.from({ length: 20 }, (_, index) => reply(ticket_id, undefined, index % 2 ? sam : kim)),
    )
    const { messages, version, first_responded_at } = await owner.client.tickets.get({ ticket_id })
    expect(messages).toHaveLength(20)
    expect(version).toBe(2)
    expect(sent.map(({ created_at }) => created_at)).toContain(first_responded_at)
    expect(new Set(sent.map(({ ticket_version }) => ticket_version))).toEqual(new Set([2]))
  })

  test('the same Idempotency-Key replies once', async () => {
    const { ticket_id, owner } = await ticket()
    const once = () =>
      sam.client.supportDesk.reply(
        { ticket_id, body: 'Once.', is_internal_note: false },
        { idempotencyKey: 'desk-once' },
      )
    expect(await once()).toEqual(await once())
    expect(await notified(world, owner.id)).toHaveLength(1)
  })
})

describe('claimTicket', () => {
  test('gives a ticket that nobody has to the caller, once, and tells the desk', async () => {
    const { ticket_id } = await ticket()
    const claimed = await sam.client.supportDesk.claim({ ticket_id })
    expect(claimed).toMatchObject({
      id: ticket_id,
      assignee: { id: sam.id, display_name: 'Sam Adeyemi' },
      status: 'OPEN',
      version: 2,
    })
    expect(await sam.client.supportDesk.claim({ ticket_id })).toEqual(claimed)
    const events = await published(world, ticket_id)
    expect(events).toHaveLength(2)
    expect(events[1]).toMatchObject({
      type: 'ticket.updated',
      support: true,
      user: null,
      data: { assignee_id: sam.id, changed: ['assignee'], changed_by: sam.id, version: 2 },
    })
  })

  test('of two agents who claim at once one gets it, the other 409 with who', async () => {
    for (let round = 0; round < 5; round++) {
      const { ticket_id } = await ticket()
      const outcomes = await Promise.all(
        [sam, kim].map(({ client }) =>
          client.supportDesk.claim({ ticket_id }).then(
            ({ assignee }) => ['passed', assignee?.display_name],
            (error: { code: string; problem: { assignee?: string } }) => [error.code, error.problem.assignee],
          ),
        ),
      )
      const winner = (await get(ticket_id)).assignee?.display_name
      expect(outcomes.toSorted()).toEqual([
        ['CONFLICT', winner],
        ['passed', winner],
      ])
    }
  })

  test('INVALID_TRANSITION for a CLOSED ticket, which stays nobody’s', async () => {
    const { ticket_id } = await ticket('CLOSED')
    expect(await codeOf(sam.client.supportDesk.claim({ ticket_id }))).toBe('INVALID_TRANSITION')
    expect(await get(ticket_id)).toMatchObject({ assignee: null, version: 1 })
  })
})

describe('the queue and its figures', () => {
  let desk: World
  let agent: TestUser
  let other: TestUser
  let clinic: string
  beforeAll(async () => {
    desk = await createWorld({ start: new Date('2026-03-02T08:00:00Z') })
    agent = await desk.user({ supportAgent: true })
    other = await desk.user({ supportAgent: true })
    clinic = await desk.organization()
  })
  afterAll(() => desk.stop())
  // The timeline refuses to be emptied; a superuser who says that no trigger fires may.
  const clear = async () => {
    await desk.admin.query('set session_replication_role = replica')
    await desk.admin.query(
      'truncate support_tickets, support_messages, support_ticket_events, support_presence',
    )
    await desk.admin.query('reset session_replication_role')
  }
  const list = async (query: Parameters<typeof agent.client.supportDesk.list>[0] = {}) => {
    const page = await agent.client.supportDesk.list({ include_total: true, ...query })
    expect(page.total).toBe(page.items.length)
    return page.items.map(({ id }) => id)
  }

  test('shows what awaits its first answer before what is answered, page by page', async () => {
    const organization_id = await world.organization()
    const made = []
    for (const urgency of ['LOW', 'URGENT', 'NORMAL', 'HIGH'] as const)
      made.push((await ticket('OPEN', { urgency })).ticket_id)
    await world.admin.query('update support_tickets set organization_id = $1 where id = any($2)', [
      organization_id,
      made,
    ])
    const [low = '', urgent = '', normal = '', high = ''] = made
    await reply(urgent)
    await reply(low)
    const order = []
    for await (const { id } of sam.client.supportDesk.list({ organization_id, limit: 1 })) order.push(id)
    expect(order).toEqual([high, normal, urgent, low])
  })

  test('orders by when a first response is due; pages hold under ties and walk to the end without repeats', async () => {
    await clear()
    for (const urgency of ['LOW', 'URGENT', 'NORMAL', 'HIGH', 'LOW', 'URGENT', 'LOW', 'HIGH'] as const)
      await ticket('OPEN', { urgency }, desk)
    await desk.admin.query(
      "update support_tickets set first_response_due_at = '2026-03-05T08:00:00Z' where urgency in ('LOW', 'HIGH')",
    )
    const walked = []
    for await (const item of agent.client.supportDesk.list({ limit: 2 })) walked.push(item)
    expect(new Set(walked.map(({ id }) => id)).size).toBe(8)
    const keys = walked.map(({ first_response_due_at, id }) => `${first_response_due_at} ${id}`)
    expect(keys).toEqual(keys.toSorted())
    expect((await agent.client.supportDesk.list({ limit: 3, include_total: true })).total).toBe(8)
    const count = async (limit: number) =>
      (await statementsOf(() => agent.client.supportDesk.list({ limit, include_total: true }), 'platform'))
        .length
    expect(await count(100)).toBe(await count(1))
  })

  test('shows what is neither RESOLVED nor CLOSED unless statuses are named, each as the desk sees it', async () => {
    await clear()
    const made = new Map<Status, string>()
    for (const status of statuses) made.set(status, (await ticket(status, {}, desk)).id)
    const live = [made.get('OPEN'), made.get('IN_PROGRESS'), made.get('WAITING_ON_USER')]
    expect(await list()).toEqual(live)
    expect(await list({ status: 'RESOLVED' })).toEqual([made.get('RESOLVED')])
    expect(await list({ status: 'CLOSED,OPEN' })).toEqual([made.get('OPEN'), made.get('CLOSED')])
    const { items } = await agent.client.supportDesk.list({ status: 'OPEN' })
    const { body, context, messages, requester, merged_tickets, presence, ...whole } =
      await agent.client.supportDesk.get({
        ticket_id: made.get('OPEN') ?? '',
      })
    expect([body, typeof context, messages]).toEqual([question.body, 'object', []])
    expect([merged_tickets, presence]).toEqual([[], []])
    expect(items).toEqual([
      { ...whole, requester: { id: requester.id, display_name: requester.display_name } },
    ])
  })

  test('narrows by urgency, category, assignee, organization, search and view, together', async () => {
    await clear()
    const { id: plain, ticket_number } = await ticket('OPEN', {}, desk)
    const urgent = (
      await ticket('OPEN', { urgency: 'URGENT', category: 'BILLING', subject: '100% Broken' }, desk)
    ).id
    const mine = (await ticket('IN_PROGRESS', {}, desk)).id
    const theirs = (await ticket('OPEN', { urgency: 'LOW' }, desk)).id
    await desk.admin.query('update support_tickets set assignee_id = $2 where id = $1', [mine, agent.id])
    await desk.admin.query(
      'update support_tickets set assignee_id = $2, organization_id = $3 where id = $1',
      [theirs, other.id, clinic],
    )
    expect(await list()).toEqual([urgent, plain, mine, theirs])
    expect(await list({ urgency: 'URGENT' })).toEqual([urgent])
    expect(await list({ category: 'BILLING' })).toEqual([urgent])
    expect(await list({ assignee: 'me' })).toEqual([mine])
    expect(await list({ assignee: 'none' })).toEqual([urgent, plain])
    expect(await list({ assignee: other.id })).toEqual([theirs])
    expect(await list({ organization_id: clinic })).toEqual([theirs])
    expect(await list({ search: 'broken' })).toEqual([urgent])
    expect(await list({ search: '100% brok' })).toEqual([urgent])
    expect(await list({ search: '__' })).toEqual([])
    expect(await list({ search: ticket_number.toLowerCase() })).toEqual([plain])
    expect(await list({ view: 'mine' })).toEqual([mine])
    expect(await list({ view: 'unassigned' })).toEqual([urgent, plain])
    expect(await list({ view: 'mine', assignee: 'none' })).toEqual([])
    expect(await list({ view: 'unassigned', category: 'TECHNICAL' })).toEqual([plain])
  })

  test('breaching and overdue are those without a first response whose due time has passed, to the second', async () => {
    await clear()
    const late = await ticket('OPEN', { urgency: 'URGENT' }, desk)
    const answered = await ticket('OPEN', { urgency: 'URGENT' }, desk)
    const resolved = await ticket('RESOLVED', { urgency: 'URGENT' }, desk)
    await agent.client.supportDesk.reply({ ticket_id: answered.id, body: 'Yes?', is_internal_note: false })
    await agent.client.supportDesk.reply({ ticket_id: late.id, body: 'A note.', is_internal_note: true })
    desk.clock.advance({ minutes: 59 })
    expect(await list({ view: 'breaching' })).toEqual([])
    expect(await agent.client.supportDesk.get({ ticket_id: late.id })).toMatchObject({ overdue: false })
    desk.clock.advance({ minutes: 1 })
    expect(await list({ view: 'breaching' })).toEqual([late.id])
    expect(await list({ view: 'breaching', status: 'RESOLVED' })).toEqual([])
    const overdue = async (ticket_id: string) => (await agent.client.supportDesk.get({ ticket_id })).overdue
    expect([await overdue(late.id), await overdue(answered.id), await overdue(resolved.id)]).toEqual([
      true,
      false,
      false,
    ])
    expect(await agent.client.supportDesk.stats()).toMatchObject({ overdue: 1 })
  })

  test('counts what is live by urgency, unassigned and overdue, and the first responses of 30 days', async () => {
    await clear()
    expect(await agent.client.supportDesk.stats()).toMatchObject({
      open_by_urgency: { LOW: 0, NORMAL: 0, HIGH: 0, URGENT: 0 },
      unassigned: 0,
      overdue: 0,
      first_response_seconds: { p50: null, p90: null, p99: null },
    })
    for (const urgency of ['LOW', 'LOW', 'HIGH', 'URGENT'] as const) await ticket('OPEN', { urgency }, desk)
    const mine = await ticket('WAITING_ON_USER', {}, desk)
    await agent.client.supportDesk.claim({ ticket_id: mine.id })
    for (const [age, seconds] of [
      [1, 60],
      [2, 120],
      [29, 600],
      [31, 9999],
    ] as const) {
      const { id } = await ticket('CLOSED', {}, desk)
      const answered = new Date(desk.clock.now().getTime() - age * 86_400_000)
      await desk.admin.query(
        'update support_tickets set first_responded_at = $2, created_at = $3 where id = $1',
        [id, answered, new Date(answered.getTime() - seconds * 1000)],
      )
    }
    expect(await agent.client.supportDesk.stats()).toMatchObject({
      open_by_urgency: { LOW: 2, NORMAL: 1, HIGH: 1, URGENT: 1 },
      unassigned: 4,
      overdue: 0,
      first_response_seconds: { p50: 120, p90: expect.closeTo(504), p99: expect.closeTo(590.4) },
    })
  })

  test('INVALID_CURSOR for a cursor of another filter or another agent', async () => {
    await clear()
    for (let index = 0; index < 2; index++) await ticket('OPEN', {}, desk)
    const { next_cursor } = await agent.client.supportDesk.list({ limit: 1 })
    const cursor = next_cursor ?? ''
    expect(await codeOf(agent.client.supportDesk.list({ cursor }))).toBe('passed')
    expect(await codeOf(agent.client.supportDesk.list({ cursor, view: 'mine' }))).toBe('INVALID_CURSOR')
    expect(await codeOf(other.client.supportDesk.list({ cursor }))).toBe('INVALID_CURSOR')
  })
})
