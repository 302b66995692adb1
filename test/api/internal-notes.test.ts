import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { PushMessage } from '../../packages/server/src/adapters/push/push.ts'
import { deliver } from '../../packages/server/src/domains/notifications/deliver.ts'
import { operations } from '../../packages/server/src/generated/operations.ts'
import type { OperationDefinition } from '../../packages/server/src/http/operation.ts'
import { readSchemas } from '../../packages/server/src/http/validate.ts'
import { requestOf } from '../access/requests.ts'
import { type MailServer, startMailServer } from '../support/mail.ts'
import { Reader } from '../support/streams.ts'
import { createWorld, type TestUser, type World } from '../support/world.ts'

/*
 * A ticket with every kind of internal note, and its owner, who may see as much as anybody outside the desk: an
 * administrator of the ticket's organization and a patient there. Every way out is tried; the ways come from the contract.
 */

const MARKER = 'qzjxvkwnote'
/** Also in each note, to search for: what one searched for is in one's own audit trail. */
const WORD = 'zvqhidden'

let world: World
let mail: MailServer
let pool: pg.Pool
let owner: TestUser
let sam: TestUser
let org: string
let ticketId: string
let ids: Record<string, string>
/** Where a note can be told by: its words, and its id. */
let traces: string[]

const all: readonly OperationDefinition[] = Object.values(operations)
const schemas = readSchemas()
const note = (text: string) => `${MARKER} ${WORD} ${text}`

beforeAll(async () => {
  mail = await startMailServer()
  world = await createWorld({ env: mail.env })
  pool = new pg.Pool({ connectionString: world.appUrl, max: 2 })
  org = await world.organization()
  owner = await world.user({ roles: { [org]: 'ADMIN' }, name: 'Ngozi Okafor' })
  sam = await world.user({ supportAgent: true, name: 'Sam Adeyemi' })
  const { id: patient_id } = await world.patient([org], { userId: owner.id })
  await world.admin.query(
    `insert into user_devices (id, user_id, fcm_token, platform, last_active_at) values ($1, $2, $3, 'ios', now())`,
    [world.id(), owner.id, world.id()],
  )
  const { supportDesk: desk, macros } = sam.client
  const ask = (subject: string) =>
    owner.client.tickets.create({ category: 'OTHER', subject, body: 'Please help.', organization_id: org })
  const [one, two] = [await ask('One'), await ask('Two')]
  ticketId = one.id
  const left: string[] = []
  const leave = async (ticket_id: string, text: string, status?: 'IN_PROGRESS' | 'WAITING_ON_USER') => {
    const { id } = await desk.reply({
      ticket_id,
      body: note(text),
      is_internal_note: true,
      ...(status ? { status } : {}),
    })
    left.push(id)
  }
  await leave(one.id, 'before any answer')
  await leave(one.id, 'with a status', 'IN_PROGRESS')
  await desk.reply({ ticket_id: one.id, body: 'Which browser?', is_internal_note: false })
  await leave(one.id, 'waiting', 'WAITING_ON_USER')
  await owner.client.tickets.addMessage({ ticket_id: one.id, body: 'Firefox' })
  const macro = await macros.create({
    title: `${MARKER} macro`,
    body: note('by macro for {{requester.name}}'),
    is_internal_note: true,
  })
  const { results } = await macros.apply({
    macro_id: macro.id,
    tickets: [{ ticket_id: one.id }, { ticket_id: two.id }],
  })
  left.push(...results.flatMap(({ message_id }) => message_id ?? []))
  await leave(two.id, 'on what is merged')
  await desk.merge({ ticket_id: two.id, into_ticket_id: one.id })
  await leave(two.id, 'after it was merged')
  await desk.touchPresence({ ticket_id: one.id, state: 'REPLYING' })
  await desk.reply({ ticket_id: one.id, body: 'Solved.', is_internal_note: false, status: 'RESOLVED' })
  await leave(one.id, 'when resolved')
  expect(left).toHaveLength(8)
  traces = [MARKER, ...left]
  ids = {
    org_id: org,
    organization_id: org,
    patient_id,
    ticket_id: one.id,
    macro_id: macro.id,
    user_id: owner.id,
  }
})
afterAll(async () => {
  await pool.end()
  await world.stop()
  await mail.close()
})

const told = (text: string): string[] => traces.filter((trace) => text.includes(trace))

const hasQuery = (id: string, name: string): boolean => {
  const query: unknown = schemas[id]?.query
  return (
    typeof query === 'object' && query !== null && 'properties' in query && name in Object(query.properties)
  )
}

async function call(operation: OperationDefinition, query: Record<string, string> = {}) {
  const { url, init } = requestOf(operation, ids, true)
  const whole = new URL(url, world.url)
  for (const [name, value] of Object.entries(query)) whole.searchParams.set(name, value)
  const headers = new Headers(init.headers)
  headers.set('authorization', `Bearer ${owner.token}`)
  const response = await fetch(whole, { ...init, headers })
  return {
    status: response.status,
    text: `${JSON.stringify([...response.headers])} ${await response.text()}`,
  }
}

/** Files below a folder, as text. */
function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
  } catch {
    return []
  }
}

describe('internal notes never reach the ticket’s owner', () => {
  test('by any operation that reads, asked plainly and asked for the very words', async () => {
    const reads = all.filter(({ method, gates }) => method === 'GET' && !gates.stream)
    const answered: string[] = []
    for (const operation of reads) {
      const plain = await call(operation)
      expect(told(plain.text), operation.id).toEqual([])
      if (plain.status < 300) answered.push(operation.id)
      for (const name of ['search', 'q', 'query'])
        if (hasQuery(operation.id, name)) {
          const searched = await call(operation, { [name]: WORD })
          expect(told(searched.text), operation.id).toEqual([])
        }
    }
    expect(answered).toEqual(
      expect.arrayContaining(['getTicket', 'listTickets', 'listNotifications', 'listAuditLogs']),
    )
    expect(answered.length).toBeGreaterThan(20)
  })

  test('nor by an answer of their own writing, nor in a file that was made for them', async () => {
    const said = await owner.client.tickets.addMessage({ ticket_id: ticketId, body: 'Not yet.' })
    expect(told(JSON.stringify(said))).toEqual([])
    for (const operation of all.filter(({ id, method }) => method === 'POST' && /export/i.test(id)))
      expect(told((await call(operation)).text), operation.id).toEqual([])
    // An export is written by a job.
    const waiting = async () =>
      (await world.admin.query(`select 1 from jobs.job where state in ('created', 'retry', 'active')`))
        .rowCount
    await expect.poll(waiting, { timeout: 20_000 }).toBe(0)
    for (const operation of all.filter(({ id, method }) => method === 'GET' && /export/i.test(id)))
      expect(told((await call(operation)).text), operation.id).toEqual([])
    for (const file of filesIn(world.config.blobs.folder ?? '')) expect(told(file)).toEqual([])
  })

  test('nor by a stream, from the beginning on', async () => {
    const since = new Date(world.clock.now().getTime() - 3_600_000).toISOString()
    for (const operation of all.filter(({ gates }) => gates.stream)) {
      const { url } = requestOf(operation, ids)
      const abort = new AbortController()
      const response = await fetch(`${world.url}${url}${url.includes('?') ? '&' : '?'}since=${since}`, {
        headers: { authorization: `Bearer ${owner.token}` },
        signal: abort.signal,
      })
      const reader = new Reader(response, abort)
      const types = () => reader.events.map(({ event }) => event)
      // Its own events come, up to the last one.
      await expect.poll(types, { timeout: 10_000 }).toContain('ticket.resolved')
      reader.close()
      await reader.ended
      expect(
        types().filter((type) =>
          ['ticket.updated', 'ticket.presence', 'ticket.message', 'ticket.desk_message'].includes(type ?? ''),
        ),
      ).toEqual([])
      expect(told(JSON.stringify(reader.frames)), operation.id).toEqual([])
    }
  })

  test('nor by the outbox, a notification, a push message or a mail', async () => {
    const rows = async (statement: string, values: unknown[]) =>
      JSON.stringify((await world.admin.query(statement, values)).rows)
    const outbox = await rows('select * from events where user_id = $1 or organization_id = $2', [
      owner.id,
      org,
    ])
    expect(outbox).toContain('ticket.reply')
    expect(told(outbox)).toEqual([])
    // Not even the desk is told the words.
    expect(await rows('select payload from events', [])).not.toContain(MARKER)
    expect(await rows('select data from jobs.job', [])).not.toContain(MARKER)

    const notices = await rows('select * from notifications where user_id = $1', [owner.id])
    expect(notices).toContain('Support has answered')
    expect(told(notices)).toEqual([])
    const sent: PushMessage[] = []
    const push = {
      async send(messages: readonly PushMessage[]) {
        sent.push(...messages)
        return []
      },
    }
    const { rows: own } = await world.admin.query('select id from notifications where user_id = $1', [
      owner.id,
    ])
    for (const { id } of own) await deliver(pool, push, { id, user_id: owner.id })
    expect(sent.length).toBe(own.length)
    expect(told(JSON.stringify(sent))).toEqual([])

    expect(told(JSON.stringify(mail.mails))).toEqual([])
    for (const file of filesIn(world.config.mail.folder ?? '')) expect(told(file)).toEqual([])
  })

  test('nor does the database show one to the owner, whatever is asked of it', async () => {
    await world.admin.query('begin')
    await world.admin.query(`set local role wardline_app`)
    await world.admin.query(
      `select set_config('app.scope', 'person', true), set_config('app.user_id', $1, true)`,
      [owner.id],
    )
    for (const table of ['support_messages', 'support_ticket_events', 'support_macros', 'support_presence']) {
      const { rows } = await world.admin.query(`select t::text as row from ${table} t`)
      expect(
        rows.flatMap(({ row }) => told(row)),
        table,
      ).toEqual([])
      if (table !== 'support_messages') expect(rows, table).toEqual([])
    }
    await world.admin.query('rollback')
  })

  test('while the desk sees each of them', async () => {
    const { messages } = await sam.client.supportDesk.get({ ticket_id: ticketId })
    expect(messages.filter(({ body }) => body.startsWith(MARKER))).toHaveLength(8)
    expect(
      (await sam.client.supportDesk.search({ q: MARKER })).items.map(({ matched_in }) => matched_in),
    ).toEqual(['NOTE', 'NOTE'])
  })
})
