import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { type Client, createClient } from '@wardline/sdk'
import { Secret, TOTP } from 'otpauth'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createFolderBlobs } from '../../packages/server/src/adapters/blobs/folder.ts'
import { createBlobLinks } from '../../packages/server/src/adapters/blobs/links.ts'
import { extractText } from '../../packages/server/src/adapters/text/extract.ts'
import { loadConfig } from '../../packages/server/src/config.ts'
import { startEmbedded } from '../../packages/server/src/db/embedded.ts'
import { migrate } from '../../packages/server/src/db/migrate.ts'
import { demoKeyRing } from '../../packages/server/src/demo/keys.ts'
import { npiNumber } from '../../packages/server/src/demo/random.ts'
import { seedDemo } from '../../packages/server/src/demo/seed.ts'
import { DEMO_PASSWORD, DEMO_SIGN_INS } from '../../packages/server/src/demo/sign-ins.ts'
import { createLog } from '../../packages/server/src/log.ts'
import { createCipher } from '../../packages/server/src/security/cipher.ts'
import { createServer } from '../../packages/server/src/server.ts'

let url = ''
let stop = async (): Promise<void> => {}

beforeAll(async () => {
  const embedded = await startEmbedded({ dataDir: '', ephemeral: true })
  stop = () => embedded.stop()
  await migrate(embedded.ownerUrl)
  const keys = demoKeyRing()
  const blobsFolder = await mkdtemp(join(tmpdir(), 'wardline-demo-blobs-'))
  const blobs = createFolderBlobs(
    blobsFolder,
    createBlobLinks(createCipher(keys), () => ''),
  )
  const options = { now: new Date(), keys, blobs }
  expect(await seedDemo(embedded.ownerUrl, options)).toBe(true)
  expect(await seedDemo(embedded.ownerUrl, options)).toBe(false)
  const limits = {
    BLOBS_FOLDER: blobsFolder,
    RATE_LIMIT_LOGIN: '1000/1m',
    RATE_LIMIT_AUTH: '1000/1m',
    RATE_LIMIT_MFA: '1000/1m',
  }
  const server = await createServer({
    config: loadConfig(limits, { port: '0' }),
    keys,
    databaseUrl: embedded.appUrl,
    log: createLog('silent'),
    clock: { now: () => new Date() },
  })
  url = await server.listen()
  stop = async () => {
    await server.close()
    await embedded.stop()
    await rm(blobsFolder, { recursive: true, force: true })
  }
}, 60_000)
afterAll(() => stop(), 30_000)

const clients = new Map<string, Promise<Client>>()

/** Signs in as the demo's screen tells; once each, because a code works once. */
function as(local: string): Promise<Client> {
  const known = clients.get(local)
  if (known !== undefined) return known
  const person = DEMO_SIGN_INS.find(({ email }) => email.startsWith(`${local}@`))
  if (person === undefined) throw new Error(`no sign-in ${local}`)
  const { email, totpSecret: secret } = person
  const client = createClient({ baseUrl: url })
  const mfa = secret === undefined ? {} : { mfa: new TOTP({ secret: Secret.fromBase32(secret) }).generate() }
  const signedIn = client.signIn({ email, password: DEMO_PASSWORD, ...mfa }).then(() => client)
  clients.set(local, signedIn)
  return signedIn
}

async function organizationOf(local: string): Promise<string> {
  const { items } = await (await as(local)).organizations.list()
  return items[0]?.id ?? ''
}

test.each(['admin', 'provider', 'staff', 'agent', 'admin-west'])(
  '%s@ reads patients at once',
  async (local) => {
    const org_id = await organizationOf(local)
    const page = await (await as(local)).patients.list({ org_id, include_total: true })
    expect(page.items).toHaveLength(50)
    expect(page.total).toBeGreaterThan(80)
  },
)

test('auditor@ reads the audit trail, support@ the queue, super@ comes in', async () => {
  const organization_id = await organizationOf('auditor')
  const trail = await (await as('auditor')).admin.listAuditLogs({ organization_id })
  expect(trail.items).toEqual(expect.any(Array))
  const queue = await (await as('support')).supportDesk.list({ include_total: true })
  expect(queue.total).toBeGreaterThan(20)
  await expect((await as('super')).users.me()).resolves.toMatchObject({ email: 'super@demo.wardline.test' })
})

test('the desk has macros, tags, timelines that agree with their tickets, and a ticket that was merged', async () => {
  const { supportDesk, macros } = await as('support')
  expect((await macros.list()).items.length).toBeGreaterThan(3)
  const seen = { tagged: 0, merged: 0 }
  const status = 'OPEN,IN_PROGRESS,WAITING_ON_USER,RESOLVED,CLOSED'
  for await (const ticket of supportDesk.list({ status, limit: 100 })) {
    const { items } = await supportDesk.timeline({ ticket_id: ticket.id, limit: 100 })
    const moves = items.flatMap(({ changes }) => changes.filter(({ field }) => field === 'status'))
    expect(moves.at(-1)?.to ?? 'OPEN', ticket.ticket_number).toBe(ticket.status)
    expect(Math.max(...items.map(({ version }) => version ?? 0)), ticket.ticket_number).toBe(ticket.version)
    if (ticket.tags.length > 0) seen.tagged += 1
    if (ticket.merged_into !== null) seen.merged += 1
  }
  expect(seen.tagged).toBeGreaterThan(10)
  expect(seen.merged).toBe(1)
})

test('patient@ has messages, and proxy@ reaches one of two patients', async () => {
  const org_id = await organizationOf('admin')
  expect((await (await as('patient')).messages.list({ org_id })).items.length).toBeGreaterThan(0)
  const { items } = await (await as('admin')).patients.list({ org_id, search: 'Delgado' })
  const idOf = (name: string): string => items.find(({ first_name }) => first_name === name)?.id ?? ''
  const proxy = await as('proxy')
  await expect(proxy.patients.get({ org_id, patient_id: idOf('Mateo') })).resolves.toMatchObject({
    last_name: 'Delgado',
  })
  await expect(proxy.patients.get({ org_id, patient_id: idOf('Elena') })).rejects.toMatchObject({
    code: 'PROXY_ACCESS_EXPIRED',
  })
})

test('visits in every state, past and to come; some were moved; what is to come will be reminded of', async () => {
  const org_id = await organizationOf('admin')
  const client = await as('admin')
  const seen = new Map<string, number>()
  const now = Date.now()
  let moved = 0
  for await (const visit of client.appointments.list({ org_id, limit: 100 })) {
    const when = Date.parse(visit.scheduled_at) < now ? 'past' : 'coming'
    seen.set(`${when} ${visit.status}`, (seen.get(`${when} ${visit.status}`) ?? 0) + 1)
    if (visit.version > 1 && when === 'coming') {
      const { reschedules } = await client.appointments.get({ org_id, appointment_id: visit.id })
      moved += reschedules.length
    }
  }
  for (const state of ['past COMPLETED', 'past NO_SHOW', 'past CANCELLED'])
    expect(seen.get(state), state).toBeGreaterThan(3)
  for (const state of ['coming SCHEDULED', 'coming CONFIRMED', 'coming CANCELLED'])
    expect(seen.get(state), state).toBeGreaterThan(3)
  expect(moved).toBeGreaterThan(3)
})

test('patient@ and proxy@ have visits to come, and the practice has tasks', async () => {
  const today = new Date().toISOString().slice(0, 10)
  const mine = await (await as('patient')).appointments.listMine({ start_date: today })
  expect(mine.items.filter(({ is_own }) => is_own).length).toBeGreaterThan(1)
  const childs = await (await as('proxy')).appointments.listMine({ start_date: today })
  expect(childs.items.map(({ patient_name }) => patient_name)).toContain('Mateo Delgado')
  const org_id = await organizationOf('staff')
  const tasks = await (await as('staff')).tasks.list({ org_id, status: 'PENDING' })
  expect(tasks.items.length).toBeGreaterThan(8)
  expect(Date.parse(tasks.items[0]?.due_at ?? '')).toBeLessThan(Date.now())
})

test('agent@ is free, callers wait, and there are calls in every state with follow-ups', async () => {
  const agent = await as('agent')
  const queue = await agent.calls.queue({})
  expect(queue.items.length).toBeGreaterThan(2)
  expect(queue.free_agents).toBeGreaterThan(0)
  expect(queue.average_wait_seconds).toBeGreaterThan(0)
  const recent = await agent.calls.recent({ limit: 100 })
  expect(recent.items.some(({ status }) => status === 'IN_PROGRESS' || status === 'INITIATING')).toBe(false)
  let tasks = 0
  for (const { id } of recent.items) tasks += (await agent.calls.get({ call_id: id })).tasks.length
  expect(tasks).toBeGreaterThan(0)
  const seen = new Set(recent.items.map(({ call_type, status }) => `${call_type} ${status}`))
  for (const state of ['INBOUND COMPLETED', 'OUTBOUND COMPLETED', 'OUTBOUND VOICEMAIL', 'OUTBOUND MISSED'])
    expect(seen, state).toContain(state)
  const [first] = queue.items
  expect(await agent.calls.accept({ queue_id: first?.id ?? '' })).toMatchObject({ status: 'IN_PROGRESS' })
})

test('patient@ downloads a document of their own, and its bytes are those that were announced', async () => {
  const org_id = await organizationOf('admin')
  const patient = await as('patient')
  const { patient_profile } = await patient.users.me()
  const { items } = await patient.documents.list({ org_id, patient_id: patient_profile?.patient_id ?? '' })
  const report = items.find(({ filename }) => filename === 'lab-report.pdf')
  if (report === undefined) throw new Error('the patient of the demo has no report')
  const { url: link, sha256 } = await patient.documents.getDownloadUrl({ org_id, document_id: report.id })
  const bytes = Buffer.from(await (await fetch(link)).arrayBuffer())
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(sha256)
  // What the demo says its text is, a reader finds in it.
  const { extracted_text } = await patient.documents.get({ org_id, document_id: report.id })
  expect(await extractText(Readable.from([bytes]), 'application/pdf')).toBe(extracted_text)
})

test('families, licences that end soon and open invitations are there, the same in every demo', async () => {
  const org_id = await organizationOf('admin')
  const admin = await as('admin')
  const { items: providers } = await admin.providers.list({ org_id })
  const soon = new Date(Date.now() + 60 * 86_400_000).toISOString().slice(0, 10)
  const ending = providers.filter(({ state_licenses }) => state_licenses.some(({ expiry }) => expiry < soon))
  expect(ending.length).toBeGreaterThan(2)
  expect(providers.every(({ is_licensed }) => is_licensed)).toBe(true)
  expect((await admin.staff.list({ org_id, search: 'Vega' })).items).toMatchObject([
    { job_title: 'Call center' },
  ])
  const statuses = new Set<string>()
  const children = new Set<string>()
  for await (const { id } of admin.patients.list({ org_id, limit: 100 }))
    for (const proxy of (await admin.proxies.list({ org_id, patient_id: id })).items) {
      statuses.add(proxy.status)
      if (proxy.relationship_type === 'PARENT') children.add(id)
    }
  expect([...statuses].toSorted()).toEqual(['ACTIVE', 'EXPIRED', 'INVITED'])
  expect(children.size).toBeGreaterThan(4)
  const patient = await as('patient')
  const me = await patient.users.me()
  const patient_id = me.patient_profile?.patient_id ?? ''
  expect((await patient.careTeam.list({ org_id, patient_id })).items[0]).toMatchObject({
    is_primary_provider: true,
  })
  expect((await patient.contactMethods.list({ org_id, patient_id })).items.length).toBeGreaterThan(1)
})

test('a new ticket goes on from the last number of the demo', async () => {
  const ticket = await (await as('patient')).tickets.create({
    category: 'OTHER',
    subject: 'Numbers',
    body: 'Do they go on?',
    urgency: 'LOW',
  })
  expect(ticket.ticket_number).toMatch(/^TKT-\d{4}-000\d\d$/)
})

test("the providers' numbers carry the right check digit", () => {
  // The example of the NPI standard.
  expect(npiNumber('123456789')).toBe('1234567893')
})
