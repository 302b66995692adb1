import { randomInt } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { npiNumber } from '../../packages/server/src/demo/random.ts'
import { operations } from '../../packages/server/src/generated/operations.ts'
import type { OperationDefinition } from '../../packages/server/src/http/operation.ts'
import { readSchemas } from '../../packages/server/src/http/validate.ts'
import { requestOf } from '../access/requests.ts'
import { scopedStatements } from '../support/statements.ts'
import { createWorld, type TestUser, type World } from '../support/world.ts'

/*
 * No list asks the database once per row: its statements are counted with one row and with many. The lists come from the
 * contract: every GET whose answer has `items`. A list whose rows come from a POST on its own path needs nothing here; any
 * other has a maker below, and one without fails and says so.
 */

const MANY = 12

let world: World
let org: string
let self: TestUser
let signer: TestUser
let agent: TestUser
let ids: Record<string, string>

beforeAll(async () => {
  world = await createWorld()
  org = await world.organization()
  // One person who may call every list: a patient, an administrator and of the platform.
  self = await world.user({ roles: { [org]: 'ADMIN' }, superAdmin: true, supportAgent: true })
  agent = await world.user({ roles: { [org]: 'CALL_CENTER_AGENT' } })
  // Nothing that is put into force meanwhile holds these people up.
  await world.admin.query('update users set requires_consent = false where id = any($1)', [
    [self.id, agent.id],
  ])
  signer = await world.user()
  const { id: patient_id } = await world.patient([org], { userId: self.id })
  const { providerId: provider_id } = await world.provider(org)
  const ticket = await self.client.tickets.create({ category: 'OTHER', subject: 'A', body: 'B' })
  const { id: endpoint_id } = await self.client.webhooks.create({
    org_id: org,
    url: 'https://hooks.clinic.example',
  })
  ids = {
    org_id: org,
    organization_id: org,
    patient_id,
    provider_id,
    endpoint_id,
    ticket_id: ticket.id,
  }
})
afterAll(() => world.stop())

const all: readonly OperationDefinition[] = Object.values(operations)
const schemas = readSchemas()
const propertiesOf = (schema: unknown): object =>
  typeof schema === 'object' && schema !== null && 'properties' in schema ? Object(schema.properties) : {}
const lists = all.filter(
  ({ id, method }) => method === 'GET' && 'items' in propertiesOf(schemas[id]?.response),
)

const send = (
  operation: OperationDefinition,
  named: Record<string, string>,
  { query = {}, token = self.token }: { query?: Record<string, string>; token?: string } = {},
) => {
  const { url, init } = requestOf(operation, named)
  const whole = new URL(url, world.url)
  for (const [name, value] of Object.entries(query)) whole.searchParams.set(name, value)
  return world.fetch(`${whole.pathname}${whole.search}`, { ...init, token })
}

/** Values of properties of which no two records may have the same. */
const fresh = async (): Promise<Record<string, string>> => ({
  email: `${world.id()}@patient.test`,
  medical_record_number: world.id(),
  npi_number: npiNumber(`1${String(randomInt(100_000_000)).padStart(8, '0')}`),
  user_id: (await world.user({ roles: { [org]: 'PROVIDER' } })).id,
  participant_id: (await world.user({ roles: { [org]: 'STAFF' } })).id,
  scheduled_at: new Date(world.clock.now().getTime() + randomInt(1, 5000) * 3_600_000).toISOString(),
  version: world.id().slice(-12),
  title: world.id(),
})

type Maker = () => Promise<unknown>
const sql =
  (text: string, values: () => unknown[]): Maker =>
  () =>
    world.admin.query(text, values())
const posted =
  (id: keyof typeof operations, own: () => Record<string, string> = () => ({})): Maker =>
  async () =>
    send(operations[id], { ...ids, ...(await fresh()), ...own() })

/** A call that is over. */
const call: Maker = sql(
  `insert into calls (id, organization_id, patient_id, agent_id, caller_id, call_type, status, entered_queue_at, started_at, ended_at, created_at)
   values ($1, $2, $3, $4, '+12125550123', 'INBOUND', 'COMPLETED', now(), now(), now(), now())`,
  () => [world.id(), org, ids.patient_id, agent.id],
)

/** What puts one more row into a list that has no POST of its own, or a POST that a plain call does not satisfy. */
const makers: Readonly<Record<string, Maker>> = {
  listSessions: () => world.session(self.id, { mfa: true }),
  listMyAppointments: posted('createAppointment'),
  listNotifications: sql(
    `insert into notifications (id, user_id, type, title, body, created_at) values ($1, $2, 'system', 'A', 'B', now())`,
    () => [world.id(), self.id],
  ),
  listRequiredConsents: async () => {
    for (const type of ['HIPAA_NOTICE', 'TERMS_OF_SERVICE', 'TREATMENT_AGREEMENT'])
      await world.consentDocument(type, world.id().slice(-12))
  },
  listConsentHistory: async () => {
    const document = await world.consentDocument('HIPAA_NOTICE', world.id().slice(-12))
    await world.admin.query(
      'insert into consents (id, user_id, document_id, agreed_at) values ($1, $2, $3, now())',
      [world.id(), self.id, document],
    )
  },
  listProxyPatients: async () => {
    const { id } = await world.patient([org])
    await world.admin.query(
      `with p as (insert into proxies (id, user_id) values ($1, $2)
         on conflict (user_id) where deleted_at is null do update set user_id = excluded.user_id returning id)
       insert into patient_proxy_assignments (id, proxy_id, patient_id, relationship_type, access_granted_at)
         select $3, p.id, $4, 'PARENT', now() from p`,
      [world.id(), self.id, world.id(), id],
    )
  },
  listPatientOrganizations: async () => {
    await world.admin.query(
      `insert into organization_patients
         (organization_id, patient_id, medical_record_number, enrolled_at, first_name, last_name, dob, search_text)
       values ($1, $2, $3, now(), '', '', now(), '')`,
      [await world.organization(), ids.patient_id, world.id()],
    )
  },
  listContactMethods: posted('createContactMethod', () => ({
    value: `+1212555${String(randomInt(10_000)).padStart(4, '0')}`,
  })),
  listCareTeam: async () =>
    send(operations.addCareTeamMember, { ...ids, provider_id: (await world.provider(org)).providerId }),
  listMembers: () => world.user({ roles: { [org]: 'STAFF' } }),
  listInvitations: posted('inviteMember'),
  listPatientDocuments: sql(
    `insert into documents (id, organization_id, patient_id, filename, storage_key, content_type, size_bytes, sha256, uploaded_at)
     values ($1, $2, $3, 'letter.pdf', 'key/' || gen_random_uuid(), 'application/pdf', 10, repeat('a', 64), now())`,
    () => [world.id(), org, ids.patient_id],
  ),
  listCallQueue: posted('enqueueInboundCall'),
  listRecentCalls: call,
  listPatientCalls: call,
  listJobs: sql(
    `insert into jobs.job (id, name, data, state) values (gen_random_uuid(), 'mail', '{}', 'failed')`,
    () => [],
  ),
  listAllOrganizations: () => world.organization(),
  listAllUsers: () => world.user(),
  listAllTickets: () =>
    self.client.tickets.create({ category: 'OTHER', subject: 'A', body: 'B', organization_id: org }),
  searchTickets: () => self.client.tickets.create({ category: 'OTHER', subject: 'White page', body: 'B' }),
  getTicketTimeline: () =>
    self.client.supportDesk.reply({ ticket_id: ids.ticket_id ?? '', body: 'A note', is_internal_note: true }),
  listImpersonations: async () => {
    const { id } = await world.patient([org], { userId: (await world.user()).id })
    return self.client.admin.impersonate({
      organization_id: org,
      patient_id: id,
      reason: 'A row of the list of impersonations',
    })
  },
  listWebhookDeliveries: sql(
    `insert into webhook_deliveries (id, organization_id, endpoint_id, event_id, event_type, payload, status)
     values ($1, $2, $3, '731.42', 'member.joined', '{}', 'DELIVERED')`,
    () => [world.id(), org, ids.endpoint_id],
  ),
  listAuditLogs: () => self.client.patients.list({ org_id: org }),
}

/** Lists that never hold many rows. */
const most: Readonly<Record<string, number>> = { listRequiredConsents: 3, listWebhookEndpoints: 10 }

const itemsOf = async (response: Response): Promise<number> => {
  const body = (await response.json()) as { items?: unknown[] }
  if (!response.ok || !body.items)
    throw new Error(`the list answers ${response.status} ${JSON.stringify(body)}`)
  return body.items.length
}

describe('the statements of a list', () => {
  test('are found in the contract', () => {
    expect(lists.length).toBeGreaterThan(15)
    const gone = Object.keys(makers).filter((id) => !lists.some((list) => list.id === id))
    expect(gone, 'makers of lists that are not in the contract').toEqual([])
  })

  test.each(lists.map((list) => [list.id, list] as const))(
    'do not grow with its rows: %s',
    async (id, list) => {
      const own = all.find(({ method, path }) => method === 'POST' && path === list.path)
      const make = makers[id] ?? (own && (async () => send(own, { ...ids, ...(await fresh()) })))
      if (!make)
        throw new Error(`${id}: nothing makes rows for it. Give it a maker in ${import.meta.filename}.`)
      const names = Object.keys(propertiesOf(schemas[id]?.query))
      const total: Record<string, string> = names.includes('include_total') ? { include_total: 'true' } : {}
      const { token, id: userId } = { listRequiredConsents: signer, listRecentCalls: agent }[id] ?? self
      const scope = list.gates.tenancy === 'none' ? 'platform' : list.gates.tenancy
      const count = async (limit: number) => {
        let rows = 0
        const query = names.includes('limit') ? { ...total, limit: String(limit) } : total
        const work = async () => {
          rows = await itemsOf(await send(list, ids, { query, token }))
        }
        const transactions = await scopedStatements(work, scope, userId)
        return { rows, statements: transactions.flat().length }
      }
      await make()
      const few = await count(1)
      for (let n = 1; n < MANY; n++) await make()
      const many = await count(100)
      expect(few.statements, 'statements of the call').toBeGreaterThan(0)
      expect(many.rows, `rows, after ${few.rows}: does its maker add any?`).toBeGreaterThanOrEqual(
        most[id] ?? MANY,
      )
      expect(many.statements, `${few.rows} rows took ${few.statements}`).toBe(few.statements)
    },
  )
})
