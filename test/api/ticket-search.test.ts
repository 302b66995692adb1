import { afterAll, beforeAll, expect, test } from 'vitest'
import { codeOf } from '../support/problems.ts'
import { createWorld, type TestUser, type World } from '../support/world.ts'

let world: World
let sam: TestUser
let owner: TestUser

beforeAll(async () => {
  world = await createWorld()
  sam = await world.user({ supportAgent: true })
  owner = await world.user()
})
afterAll(() => world.stop())

const ask = (subject: string, body = 'Nothing else.') =>
  owner.client.tickets.create({ category: 'TECHNICAL', subject, body })
async function find(q: string, limit = 100) {
  const all = []
  for await (const match of sam.client.supportDesk.search({ q, limit })) all.push(match)
  return all
}

test('finds words of subject, body, messages and notes, and says where', async () => {
  const subject = await ask('The zeppelin page stays white')
  const body = await ask('Another one', 'I see a zeppelin instead of my résumé.')
  const message = await ask('A third')
  await owner.client.tickets.addMessage({ ticket_id: message.id, body: 'There are two zeppelins now.' })
  const note = await ask('A fourth')
  await sam.client.supportDesk.reply({ ticket_id: note.id, body: 'ZEPPELIN again.', is_internal_note: true })
  const found = await find('zeppelin')
  expect(found.map(({ ticket, matched_in }) => [ticket.id, matched_in])).toEqual([
    [subject.id, 'SUBJECT'],
    [body.id, 'BODY'],
    ...[
      [message.id, 'MESSAGE'],
      [note.id, 'NOTE'],
    ].toSorted(),
  ])
  expect(found.map(({ snippet }) => snippet?.toLowerCase())).toEqual(
    expect.arrayContaining([expect.stringContaining('zeppelin')]),
  )
  // An unfinished last word, accents and inflections do not matter.
  for (const q of ['zepp', 'ZEPPELINS', '"zeppelin page"']) expect((await find(q)).length).toBeGreaterThan(0)
  expect((await find('resume zeppelin')).map(({ ticket }) => ticket.id)).toEqual([body.id])
  expect(await find('zeppelin submarine')).toEqual([])
  expect((await sam.client.supportDesk.list({ search: 'zeppelin' })).items).toHaveLength(4)
})

test('finds numbers, whole or in part, before all else, and tickets of every status', async () => {
  const { id, ticket_number } = await ask('Numbered')
  const other = await ask(`See ${ticket_number}`)
  await sam.client.supportDesk.merge({ ticket_id: id, into_ticket_id: other.id })
  const [first] = await find(ticket_number.toLowerCase())
  expect(first).toMatchObject({ ticket: { id, status: 'CLOSED' }, matched_in: 'NUMBER', snippet: null })
  const digits = ticket_number.slice(-5)
  expect((await find(digits)).map(({ ticket }) => ticket.id)).toContain(id)
})

test('pages go on where they stopped, under ties too, with one cursor for one search', async () => {
  const ids = []
  for (let index = 0; index < 7; index++) ids.push((await ask('Gondola')).id)
  expect((await find('gondola', 2)).map(({ ticket }) => ticket.id)).toEqual(ids.toSorted())
  const { next_cursor } = await sam.client.supportDesk.search({ q: 'gondola', limit: 2 })
  expect(await codeOf(sam.client.supportDesk.search({ q: 'other', cursor: next_cursor ?? '' }))).toBe(
    'INVALID_CURSOR',
  )
})

test.each(['"', '-', "'; drop table", '%%', 'a & | !', '\\\\', '()', '<->', '日本'])(
  'takes %s for words',
  async (q) => {
    expect(await codeOf(sam.client.supportDesk.search({ q: `${q} x` }))).toBe('passed')
  },
)

test('is the desk’s alone, in the database too', async () => {
  expect(await codeOf(owner.client.supportDesk.search({ q: 'zeppelin' }))).toBe('FORBIDDEN')
  await world.admin.query('begin')
  await world.admin.query(`set local role wardline_app; set local app.scope = 'person'`)
  await expect(world.admin.query(`select * from search_tickets('zeppelin')`)).rejects.toThrow(
    'outside the desk',
  )
  await world.admin.query('rollback')
})

test('goes by the indexes on a large desk', async () => {
  await world.admin.query(
    `insert into support_tickets (id, user_id, ticket_number, category, subject, body, status,
      first_response_due_at, resolution_due_at, created_at)
    select gen_random_uuid(), $1, 'TKT-2001-' || lpad(n::text, 5, '0'), 'OTHER', 'Subject ' || md5(n::text), 'Body ' || md5((-n)::text),
      case when n % 50 = 0 then 'OPEN' else 'CLOSED' end,
      now(), now(), now() from generate_series(1, 20000) n`,
    [owner.id],
  )
  await world.admin.query('analyze support_tickets; analyze support_messages')
  await world.admin.query('begin')
  // On a table of this size a scan costs as much: what matters is that the index can be used.
  await world.admin.query('set local enable_seqscan = off')
  const { rows } = await world.admin.query<{ 'QUERY PLAN': string }>(
    `explain select id from support_tickets where search_words @@ search_terms('zeppelin')`,
  )
  await world.admin.query('rollback')
  expect(rows.map((row) => row['QUERY PLAN']).join('\n')).toContain('support_tickets_search')
  // The queue opens by its index, without a sort over all tickets.
  await world.admin.query('begin')
  await world.admin.query(`set local role wardline_app; set local app.scope = 'platform'`)
  const plan = await world.admin.query<{ 'QUERY PLAN': string }>(
    `explain select id from support_tickets t where t.status in ('OPEN', 'IN_PROGRESS', 'WAITING_ON_USER')
       order by is_answered, next_due_at, id limit 50`,
  )
  await world.admin.query('rollback')
  const text = plan.rows.map((row) => row['QUERY PLAN']).join('\n')
  expect(text).toContain('support_tickets_live')
  expect(text).not.toContain('Sort')
})
