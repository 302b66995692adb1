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

async function ask(organization_id?: string) {
  const owner = await world.user({
    name: 'Ngozi Okafor',
    ...(organization_id ? { roles: { [organization_id]: 'STAFF' } } : {}),
  })
  const ticket = await owner.client.tickets.create({
    category: 'TECHNICAL',
    subject: 'White page',
    body: 'A',
    ...(organization_id ? { organization_id } : {}),
  })
  return { owner, ticket_id: ticket.id, number: ticket.ticket_number }
}
type NewMacro = Parameters<typeof sam.client.macros.create>[0]
const macro = (change: Partial<NewMacro> = {}) =>
  sam.client.macros.create({
    title: `Ask for the browser ${world.id()}`,
    body: 'Hello {{requester.first_name}}, about {{ticket.number}}: which browser? {{agent.name}}',
    is_internal_note: false,
    status: 'WAITING_ON_USER',
    add_tags: ['browser'],
    ...change,
  })

describe('macros', () => {
  test('are made, listed by title, changed and deleted by the desk alone', async () => {
    const made = await macro({ title: 'Zz last' })
    const first = await macro({ title: '00 first' })
    const titles = []
    for await (const { title } of sam.client.macros.list({ limit: 1 })) titles.push(title)
    expect(titles).toEqual(titles.toSorted())
    const changed = await sam.client.macros.update({
      macro_id: made.id,
      if_match: 1,
      title: 'Zz the last',
      urgency: 'HIGH',
    })
    expect(changed).toEqual({
      ...made,
      title: 'Zz the last',
      urgency: 'HIGH',
      version: 2,
      updated_at: expect.any(String),
    })
    await sam.client.macros.delete({ macro_id: made.id })
    expect((await sam.client.macros.list({ limit: 100 })).items.map(({ id }) => id)).not.toContain(made.id)
    const owner = await world.user()
    expect([
      await codeOf(owner.client.macros.list()),
      await codeOf(owner.client.macros.create({ title: 'A', status: 'CLOSED' })),
      await codeOf(owner.client.macros.delete({ macro_id: first.id })),
    ]).toEqual(Array(3).fill('FORBIDDEN'))
    const rows = await world.auditRows({ actor: sam.id })
    expect(
      rows.filter(({ resource_type }) => resource_type === 'MACRO').map((row) => row.action_type),
    ).toEqual(['CREATE', 'CREATE', 'UPDATE', 'DELETE'])
  })

  test('NOT_FOUND, PRECONDITION_FAILED and CONFLICT are told apart; a deleted one frees its title', async () => {
    const one = await macro({ title: 'Only once' })
    const other = await macro()
    expect(await codeOf(macro({ title: 'ONLY once' }))).toBe('CONFLICT')
    const rename = (macro_id: string, if_match: number) =>
      codeOf(sam.client.macros.update({ macro_id, if_match, title: 'only ONCE' }))
    expect(await rename(other.id, 1)).toBe('CONFLICT')
    expect(await rename(other.id, 7)).toBe('PRECONDITION_FAILED')
    expect(await rename(world.id(), 1)).toBe('NOT_FOUND')
    await sam.client.macros.delete({ macro_id: one.id })
    expect(await codeOf(sam.client.macros.delete({ macro_id: one.id }))).toBe('NOT_FOUND')
    expect(await rename(other.id, 1)).toBe('passed')
    const { ticket_id } = await ask()
    expect(await codeOf(sam.client.macros.preview({ macro_id: one.id, ticket_id }))).toBe('NOT_FOUND')
    expect(await codeOf(sam.client.macros.preview({ macro_id: other.id, ticket_id: world.id() }))).toBe(
      'NOT_FOUND',
    )
    expect(await codeOf(sam.client.macros.apply({ macro_id: one.id, tickets: [{ ticket_id }] }))).toBe(
      'NOT_FOUND',
    )
  })

  test('VALIDATION_ERROR for an unknown placeholder, for a text without saying who reads it, and for nothing to do', async () => {
    await expect(macro({ body: 'Hi {{requester.email}}' })).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
      errors: [{ pointer: '/body', message: 'there is no placeholder requester.email' }],
    })
    const create = (body: NewMacro) => codeOf(sam.client.macros.create(body))
    expect(await create({ title: 'A', body: 'Hello' })).toBe('VALIDATION_ERROR')
    expect(await create({ title: 'A' })).toBe('VALIDATION_ERROR')
    const { id: macro_id } = await macro()
    expect(await codeOf(sam.client.macros.update({ macro_id, if_match: 1, body: '{{oops}}' }))).toBe(
      'VALIDATION_ERROR',
    )
    const { id: only } = await sam.client.macros.create({ title: world.id(), status: 'CLOSED' })
    expect(await codeOf(sam.client.macros.update({ macro_id: only, if_match: 1, status: null }))).toBe(
      'VALIDATION_ERROR',
    )
  })
})

describe('previewMacro', () => {
  test('shows the text filled in and what would change, and changes nothing', async () => {
    const { ticket_id, number } = await ask()
    const { id: macro_id } = await macro({ urgency: 'HIGH' })
    expect(await sam.client.macros.preview({ macro_id, ticket_id })).toEqual({
      macro_id,
      ticket_id,
      body: `Hello Ngozi, about ${number}: which browser? Sam Adeyemi`,
      is_internal_note: false,
      changes: [
        { field: 'status', from: 'OPEN', to: 'WAITING_ON_USER' },
        { field: 'urgency', from: 'NORMAL', to: 'HIGH' },
        { field: 'tags', from: null, to: 'browser' },
      ],
      refusal: null,
    })
    expect(await sam.client.supportDesk.get({ ticket_id })).toMatchObject({
      version: 1,
      messages: [],
      tags: [],
    })
  })

  test('says why the ticket would refuse', async () => {
    const { ticket_id } = await ask()
    const { id: macro_id } = await sam.client.macros.create({ title: world.id(), status: 'CLOSED' })
    expect(await sam.client.macros.preview({ macro_id, ticket_id })).toMatchObject({
      changes: [],
      refusal: 'From OPEN a ticket goes to IN_PROGRESS.',
    })
    const { id: named } = await macro({ body: 'From {{organization.name}}' })
    expect(await sam.client.macros.preview({ macro_id: named, ticket_id })).toMatchObject({
      body: null,
      refusal: 'The ticket has no organization.name.',
    })
    const org = await world.organization('Riverside Family Practice')
    const { ticket_id: inside } = await ask(org)
    expect(await sam.client.macros.preview({ macro_id: named, ticket_id: inside })).toMatchObject({
      body: 'From Riverside Family Practice',
    })
  })
})

describe('applyMacro', () => {
  test('does to one ticket what a reply with that status does, and says in the timeline which macro it was', async () => {
    const { owner, ticket_id, number } = await ask()
    const { id: macro_id, title } = await macro()
    const { results } = await sam.client.macros.apply({ macro_id, tickets: [{ ticket_id, version: 1 }] })
    expect(results).toMatchObject([
      {
        ticket_id,
        outcome: 'APPLIED',
        code: null,
        ticket: { status: 'WAITING_ON_USER', tags: ['browser'], version: 2, first_response_clock: 'MET' },
      },
    ])
    expect((await owner.client.tickets.get({ ticket_id })).messages).toMatchObject([
      { id: results[0]?.message_id, body: `Hello Ngozi, about ${number}: which browser? Sam Adeyemi` },
    ])
    expect(await notified(world, owner.id)).toHaveLength(1)
    expect((await published(world, ticket_id)).map(({ type }) => type)).toEqual([
      'ticket.created',
      'ticket.updated',
      'ticket.desk_message',
      'ticket.reply',
    ])
    await sam.client.macros.delete({ macro_id })
    const { items } = await sam.client.supportDesk.timeline({ ticket_id })
    expect(items[1]).toMatchObject({ type: 'REPLY', macro: { id: macro_id, title }, version: 2 })
  })

  test('in bulk each ticket stands for itself, with its own result, audit row and timeline row', async () => {
    const [one, two, closed, stale] = [await ask(), await ask(), await ask(), await ask()]
    const done = await sam.client.macros.create({
      title: world.id(),
      body: 'Bye.',
      is_internal_note: false,
      status: 'RESOLVED',
    })
    await sam.client.macros.apply({ macro_id: done.id, tickets: [{ ticket_id: closed.ticket_id }] })
    await sam.client.supportDesk.update({ ticket_id: closed.ticket_id, if_match: 2, status: 'CLOSED' })
    await sam.client.supportDesk.update({ ticket_id: stale.ticket_id, if_match: 1, urgency: 'LOW' })
    const nobody = world.id()
    const { id: macro_id } = await macro({ urgency: 'HIGH' })
    const { results } = await sam.client.macros.apply({
      macro_id,
      tickets: [
        { ticket_id: one.ticket_id },
        { ticket_id: nobody },
        { ticket_id: closed.ticket_id },
        { ticket_id: stale.ticket_id, version: 1 },
        { ticket_id: two.ticket_id },
      ],
    })
    expect(
      results.map(({ ticket_id, outcome, code, ticket }) => [ticket_id, outcome, code, ticket?.version]),
    ).toEqual([
      [one.ticket_id, 'APPLIED', null, 2],
      [nobody, 'REFUSED', 'NOT_FOUND', undefined],
      [closed.ticket_id, 'REFUSED', 'INVALID_TRANSITION', 3],
      [stale.ticket_id, 'REFUSED', 'PRECONDITION_FAILED', 2],
      [two.ticket_id, 'APPLIED', null, 2],
    ])
    const rows = (await world.auditRows({ operation: 'applyMacro' })).filter(
      ({ request_id }, _, all) => request_id === all.at(-1)?.request_id,
    )
    expect(rows.map((row) => [row.action_type, row.resource_type, row.resource_id]).toSorted()).toEqual(
      [
        ['APPLY', 'MACRO', macro_id],
        ['UPDATE', 'SUPPORT_TICKET', one.ticket_id],
        ['UPDATE', 'SUPPORT_TICKET', two.ticket_id],
      ].toSorted(),
    )
    for (const { ticket_id } of [one, two]) {
      const row = rows.find(({ resource_id }) => resource_id === ticket_id)
      expect(row?.changes).toMatchObject({ urgency: { old: 'NORMAL', new: 'HIGH' } })
      const { items } = await sam.client.supportDesk.timeline({ ticket_id })
      expect(items.map(({ type }) => type)).toEqual(['CREATED', 'REPLY'])
    }
    // What the triggers saw of one ticket is not told of the macro, nor of the next one.
    expect(rows.find(({ resource_type }) => resource_type === 'MACRO')?.changes).toBeNull()
  })

  test('a macro that leaves a note tells the owner nothing; one that finds all as it wants it changes nothing', async () => {
    const { owner, ticket_id } = await ask()
    const note = await macro({ is_internal_note: true, status: null, add_tags: [] })
    const [left] = (await sam.client.macros.apply({ macro_id: note.id, tickets: [{ ticket_id }] })).results
    expect(left).toMatchObject({ outcome: 'APPLIED', ticket: { version: 1, status: 'OPEN' } })
    expect(await notified(world, owner.id)).toEqual([])
    expect((await owner.client.tickets.get({ ticket_id })).messages).toEqual([])
    const same = await sam.client.macros.create({ title: world.id(), urgency: 'NORMAL' })
    const [kept] = (await sam.client.macros.apply({ macro_id: same.id, tickets: [{ ticket_id }] })).results
    expect(kept).toMatchObject({ outcome: 'UNCHANGED', ticket: { version: 1 } })
    expect((await sam.client.supportDesk.timeline({ ticket_id })).items.map(({ type }) => type)).toEqual([
      'CREATED',
      'NOTE',
    ])
  })

  test('VALIDATION_ERROR for a ticket named twice and for more than 100', async () => {
    const { ticket_id } = await ask()
    const { id: macro_id } = await macro()
    const apply = (tickets: { ticket_id: string }[]) => codeOf(sam.client.macros.apply({ macro_id, tickets }))
    expect(await apply([{ ticket_id }, { ticket_id }])).toBe('VALIDATION_ERROR')
    expect(await apply(Array.from({ length: 101 }, () => ({ ticket_id: world.id() })))).toBe(
      'VALIDATION_ERROR',
    )
    expect(await apply(Array.from({ length: 100 }, () => ({ ticket_id: world.id() })))).toBe('passed')
    expect((await sam.client.supportDesk.get({ ticket_id })).version).toBe(1)
  })

  test('two agents with a macro on the same tickets in opposite orders both get through', async () => {
    const kim = await world.user({ supportAgent: true })
    const ids: string[] = []
    for (let index = 0; index < 6; index++) ids.push((await ask()).ticket_id)
    const note = await macro({ is_internal_note: true, status: null })
    const apply = (agent: TestUser, list: string[]) =>
      agent.client.macros.apply({ macro_id: note.id, tickets: list.map((ticket_id) => ({ ticket_id })) })
    const answers = await Promise.all(
      Array.from({ length: 6 }, (_, index) => (index % 2 ? apply(sam, ids) : apply(kim, ids.toReversed()))),
    )
    for (const { results } of answers)
      expect(results.every(({ outcome }) => outcome === 'APPLIED')).toBe(true)
  })
})
