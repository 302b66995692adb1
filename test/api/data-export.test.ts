import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import yauzl from 'yauzl'
import { createPool } from '../../packages/server/src/db/pool.ts'
import { archive } from '../../packages/server/src/jobs/data-export/archive.ts'
import { buildExport } from '../../packages/server/src/jobs/data-export/build.ts'
import type { Section } from '../../packages/server/src/jobs/data-export/sections.ts'
import { stripOrganization } from '../isolation/stripped.ts'
import { notified } from '../support/outbox.ts'
import { codeOf } from '../support/problems.ts'
import { register } from '../support/sign-in.ts'
import { createWorld, type TestUser, type World } from '../support/world.ts'

let world: World

beforeAll(async () => {
  world = await createWorld()
})
afterAll(() => world.stop())

/** The files of a ZIP, by path. */
async function unzipped(zip: Buffer): Promise<Map<string, Buffer>> {
  const file = await yauzl.fromBufferPromise(zip, { lazyEntries: true })
  const found = new Map<string, Buffer>()
  for await (const entry of file.eachEntry())
    found.set(entry.fileName, await buffer(await file.openReadStreamPromise(entry)))
  return found
}

async function ready(client: TestUser['client'], export_id: string) {
  await expect
    .poll(async () => (await client.users.getExport({ export_id })).status, { timeout: 20_000 })
    .toBe('READY')
  return client.users.getExport({ export_id })
}

async function downloaded(client: TestUser['client'], export_id: string) {
  const { download_url: url, size_bytes: size } = await ready(client, export_id)
  const response = await fetch(url ?? '')
  expect(response.headers.get('content-disposition')).toContain('attachment')
  const zip = Buffer.from(await response.arrayBuffer())
  expect(zip.length).toBe(size)
  return unzipped(zip)
}

const parsed = (files: Map<string, Buffer>, path: string) => JSON.parse(String(files.get(path)))

/** A patient with something in every section, in two practices, and somebody else beside it. */
async function patientWithALife() {
  const [org, other] = [await world.organization('Ärzte am Hafen'), await world.organization('Zebra Clinic')]
  const user = await world.user()
  const patient = await world.patient([org, other], { userId: user.id })
  const stranger = await world.user()
  const neighbour = await world.patient([org], { userId: stranger.id })
  const provider = await world.provider(org)
  const secrets = {
    note: world.secret(`desk note ${world.id()}`),
    message: world.secret(`my knee hurts ${world.id()}`),
    theirs: world.secret(`their message ${world.id()}`),
    ticket: world.secret(`my ticket ${world.id()}`),
    reply: world.secret(`the desk's reply ${world.id()}`),
    call: world.secret(`said at the telephone ${world.id()}`),
    otherCall: world.secret(`what they said ${world.id()}`),
    phone: world.secret(`+1212555${String(Date.now()).slice(-4)}`),
  }
  await world.admin.query(
    `insert into contact_methods (id, patient_id, type, value) values ($1, $2, 'MOBILE', $3)`,
    [world.id(), patient.id, secrets.phone],
  )
  for (const [who, of, body] of [
    [user, patient, secrets.message],
    [stranger, neighbour, secrets.theirs],
  ] as const) {
    const thread = world.id()
    await world.admin.query(
      `insert into message_threads (id, organization_id, patient_id, subject, updated_at) values ($1, $2, $3, 'About', now())`,
      [thread, org, of.id],
    )
    for (const participant of [who.id, provider.id])
      await world.admin.query(
        'insert into message_participants (id, organization_id, thread_id, user_id, joined_at) values ($1, $2, $3, $4, now())',
        [world.id(), org, thread, participant],
      )
    await world.admin.query(
      'insert into messages (id, organization_id, thread_id, sender_id, body, created_at) values ($1, $2, $3, $4, $5, now())',
      [world.id(), org, thread, who.id, body],
    )
    await world.admin.query(
      `insert into appointments (id, organization_id, patient_id, provider_id, appointment_type, scheduled_at, status)
       values ($1, $2, $3, $4, 'IN_PERSON', now(), 'COMPLETED')`,
      [world.id(), org, of.id, provider.providerId],
    )
  }
  for (const [of, notes] of [
    [patient, secrets.call],
    [neighbour, secrets.otherCall],
  ] as const)
    await world.admin.query(
      `insert into calls (id, organization_id, patient_id, agent_id, call_type, status, notes, entered_queue_at, started_at, ended_at)
       values ($1, $2, $3, $4, 'INBOUND', 'COMPLETED', $5, now(), now(), now())`,
      [world.id(), org, of.id, provider.id, notes],
    )
  const ticket = await user.client.tickets.create({
    category: 'OTHER',
    subject: 'Help',
    body: secrets.ticket,
  })
  for (const [body, isNote] of [
    [secrets.reply, false],
    [secrets.note, true],
  ] as const)
    await world.admin.query(
      'insert into support_messages (id, ticket_id, sender_id, body, is_internal_note, created_at) values ($1, $2, $3, $4, $5, now())',
      [world.id(), ticket.id, provider.id, body, isNote],
    )
  return { org, user, patient, neighbour, secrets }
}

describe('an export of one’s own data', () => {
  test('holds everything of the person, from every practice, and nothing of anybody else; no note of the desk', async () => {
    const { user, patient, neighbour, secrets } = await patientWithALife()
    const asked = await user.client.users.requestExport({})
    expect(asked).toMatchObject({
      format: 'json',
      include_documents: false,
      status: 'PENDING',
      download_url: null,
    })
    const files = await downloaded(user.client, asked.id)
    expect([...files.keys()].toSorted()).toEqual(
      [
        ...['acting-for', 'consents', 'devices', 'memberships', 'notifications', 'profile', 'sessions'],
        ...['support-messages', 'support-tickets'],
        ...['1-zebra-clinic', '2-arzte-am-hafen'].flatMap((folder) =>
          [
            'appointments',
            'calls',
            'care-team',
            'contact-methods',
            'documents',
            'message-threads',
            'messages',
            'patient',
            'proxies',
          ].map((name) => `${folder}/${name}`),
        ),
      ]
        .map((name) => `${name}.json`)
        .toSorted(),
    )
    expect(parsed(files, 'profile.json')).toMatchObject([{ id: user.id, email: user.email }])
    expect(parsed(files, 'sessions.json')).toMatchObject([{ id: user.sessionId }])
    expect(parsed(files, '2-arzte-am-hafen/patient.json')).toMatchObject([
      { id: patient.id, last_name: patient.lastName, medical_record_number: patient.mrn },
    ])
    expect(parsed(files, '2-arzte-am-hafen/appointments.json')).toHaveLength(1)
    expect(parsed(files, '1-zebra-clinic/appointments.json')).toEqual([])
    const everything = [...files.values()].map(String).join('\n')
    const { note, theirs, otherCall, ...own } = secrets
    for (const text of Object.values(own)) expect(everything).toContain(text)
    for (const text of [note, theirs, otherCall, neighbour.lastName, neighbour.id])
      expect(everything).not.toContain(text)
  })

  test('brings the files of the documents that were found clean, and no other, when they are asked for', async () => {
    const org = await world.organization('Hill Clinic')
    const user = await world.user()
    const patient = await world.patient([org], { userId: user.id })
    const upload = (name: string) => {
      const file = new File([`The file ${name}`], name, { type: 'text/plain' })
      return user.client.documents.uploadFile({ org_id: org, patient_id: patient.id, file })
    }
    const [clean, waiting] = [await upload('clean.txt'), await upload('waiting.txt')]
    await world.admin.query(`update documents set scan_status = 'CLEAN' where id = $1`, [clean.id])
    const asked = await user.client.users.requestExport({ include_documents: true })
    const files = await downloaded(user.client, asked.id)
    const listed: { id: string; filename: string }[] = parsed(files, '1-hill-clinic/documents.json')
    expect(listed.map(({ filename }) => filename).toSorted()).toEqual(['clean.txt', 'waiting.txt'])
    const path = `1-hill-clinic/documents/${clean.id}-clean.txt`
    expect(String(files.get(path))).toBe('The file clean.txt')
    expect([...files.keys()].filter((name) => name.includes(waiting.id))).toEqual([])
  })

  test('takes from each practice what is that practice’s, though no statement says which: row-level security stands', async () => {
    const { user, secrets } = await patientWithALife()
    const { stripped, restore } = stripOrganization()
    try {
      const { id } = await user.client.users.requestExport({})
      const files = await downloaded(user.client, id)
      expect([...stripped.values()].flatMap((texts) => [...texts]).join()).toContain('appointments')
      expect(parsed(files, '1-zebra-clinic/patient.json')).toHaveLength(1)
      for (const name of ['appointments', 'messages', 'message-threads'])
        expect(parsed(files, `1-zebra-clinic/${name}.json`)).toEqual([])
      expect(parsed(files, '2-arzte-am-hafen/messages.json')).toMatchObject([{ body: secrets.message }])
    } finally {
      restore()
    }
  })

  test('reads long sections page by page, each row once', async () => {
    const user = await world.user()
    await world.admin.query(
      `insert into notifications (id, user_id, type, title, body, created_at)
       select gen_random_uuid(), $1, 'system', 'Notice ' || n, '', now() - (n / 3) * interval '1 second' from generate_series(1, 450) n`,
      [user.id],
    )
    const { id } = await user.client.users.requestExport({})
    const rows = parsed(await downloaded(user.client, id), 'notifications.json')
    expect(new Set(rows.map((row: { id: string }) => row.id)).size).toBe(450)
    expect(rows).toHaveLength(450)
  })

  test('as PDF is one, with names of any European alphabet', async () => {
    const { user, patient } = await patientWithALife()
    await world.admin.query(`update patients set first_name = 'Łukasz Γιώργος' where id = $1`, [patient.id])
    const { id } = await user.client.users.requestExport({ format: 'pdf' })
    const files = await downloaded(user.client, id)
    expect([...files.keys()]).toEqual(['your-data.pdf'])
    const pdf = files.get('your-data.pdf') ?? Buffer.alloc(0)
    expect(pdf.subarray(0, 5).toString()).toBe('%PDF-')
    expect(pdf.subarray(-6).toString()).toContain('%%EOF')
    expect(pdf.toString('latin1')).toContain('DejaVuSans')
  })

  test('is announced by a notification without health information, and written in the trail', async () => {
    const user = await world.user()
    const { id } = await user.client.users.requestExport({})
    await ready(user.client, id)
    expect(await notified(world, user.id)).toMatchObject([{ title: 'Your data export is ready' }])
    expect(await world.auditRows({ operation: 'requestDataExport', actor: user.id })).toMatchObject([
      { action_type: 'EXPORT', resource_type: 'USER_DATA', resource_id: id, outcome: 'SUCCESS' },
    ])
  })

  test('runs once at a time for a person, whatever is asked at once', async () => {
    const user = await world.user()
    const answers = await Promise.all([1, 2, 3].map(() => codeOf(user.client.users.requestExport({}))))
    expect(answers.toSorted()).toEqual(['CONFLICT', 'CONFLICT', 'passed'])
  })

  test('is nobody else’s, not an impersonator’s, and waits for consents and the second factor of a role', async () => {
    const org = await world.organization()
    const user = await world.user()
    const patient = await world.patient([org], { userId: user.id })
    const { id: export_id } = await user.client.users.requestExport({})
    expect(await codeOf((await world.user()).client.users.getExport({ export_id }))).toBe('NOT_FOUND')
    const admin = await world.user({ roles: { [org]: 'ADMIN' } })
    const { access_token } = await admin.client.admin.impersonate({
      patient_id: patient.id,
      reason: 'Helping with the export',
    })
    const impersonator = world.client(world.secret(access_token))
    expect(await codeOf(impersonator.users.requestExport({}))).toBe('IMPERSONATION_FORBIDDEN')
    expect(await codeOf(impersonator.users.getExport({ export_id }))).toBe('IMPERSONATION_FORBIDDEN')
    const unequipped = await world.user({ roles: { [org]: 'STAFF' }, mfa: false })
    expect(await codeOf(unequipped.client.users.requestExport({}))).toBe('MFA_REQUIRED')
  })

  test('is deleted after 7 days: the link is dead, the file gone, the status EXPIRED', async () => {
    const user = await world.user()
    const { id: export_id } = await user.client.users.requestExport({})
    const { download_url: url } = await ready(user.client, export_id)
    world.clock.advance({ minutes: 16 })
    expect((await fetch(url ?? '')).status).toBe(403)
    const again = await world.session(user.id)
    const fresh = (await again.client.users.getExport({ export_id })).download_url ?? ''
    const head = await fetch(fresh)
    expect(head.status).toBe(200)
    await head.body?.cancel()
    world.clock.advance({ days: 7 })
    const row = async () =>
      (await world.admin.query('select status, storage_key from data_exports where id = $1', [export_id]))
        .rows[0]
    await expect.poll(row, { timeout: 10_000 }).toEqual({ status: 'EXPIRED', storage_key: null })
    const late = await world.session(user.id)
    expect(await late.client.users.getExport({ export_id })).toMatchObject({
      status: 'EXPIRED',
      download_url: null,
    })
  })

  test('goes when its person closes the account', async () => {
    const user = await register(world)
    const { id } = await user.client.users.requestExport({})
    await ready(user.client, id)
    await user.client.users.deleteMe({ password: user.password })
    world.clock.advance({ minutes: 2 })
    await expect
      .poll(
        async () => (await world.admin.query('select status from data_exports where id = $1', [id])).rows,
        {
          timeout: 10_000,
        },
      )
      .toEqual([{ status: 'EXPIRED' }])
  })

  test('one that will not be finished any more is FAILED, and stands in nobody’s way', async () => {
    const user = await world.user()
    await world.admin.query(
      `insert into data_exports (id, user_id, format, status, created_at) values ($1, $2, 'json', 'RUNNING', $3)`,
      [world.id(), user.id, new Date(world.clock.now().getTime() - 13 * 3600_000)],
    )
    expect(await codeOf(user.client.users.requestExport({}))).toBe('CONFLICT')
    world.clock.advance({ minutes: 2 })
    await expect.poll(() => codeOf(user.client.users.requestExport({})), { timeout: 10_000 }).toBe('passed')
  })
})

describe('building', () => {
  const section = (rows: Section['rows'], files?: Section['files']): Section => ({
    name: 'part',
    title: 'Part',
    of: 'person',
    rows,
    ...(files && { files }),
  })
  const subject = { userId: 'u', now: new Date(), organizationId: '', patientId: '' }
  const build = (sections: Section[], includeFiles = true) =>
    archive({
      format: 'json',
      includeFiles,
      sections,
      person: { read: () => Promise.reject(new Error('not asked')), subject },
      practices: [],
      progress: async () => {},
    })

  test('takes files along when they are wanted; one that is gone is left out', async () => {
    const parts = [
      section(
        async function* () {},
        async function* () {
          yield { name: 'a.txt', open: async () => Readable.from(['hello']) }
          yield { name: 'b.txt', open: async () => undefined }
        },
      ),
    ]
    const files = await unzipped(await buffer(build(parts)))
    expect([...files].map(([name, content]) => [name, String(content)])).toEqual([
      ['part.json', '[]\n'],
      ['part/a.txt', 'hello'],
    ])
    expect([...(await unzipped(await buffer(build(parts, false)))).keys()]).toEqual(['part.json'])
  })

  test('fails as the first of its parts does, and stores nothing', async () => {
    const failing = section(async function* () {
      yield { id: 1 }
      throw new Error('the database is away')
    })
    await expect(buffer(build([failing]))).rejects.toThrow('the database is away')
  })

  test('waits for whoever takes it: of a million rows few are ever ahead', async () => {
    let made = 0
    const stream = build([
      section(async function* () {
        for (; made < 1_000_000; made++) yield { id: made, text: world.id().repeat(8) }
      }),
    ])
    for await (const _ of stream) break
    expect(made).toBeGreaterThan(0)
    expect(made).toBeLessThan(5000)
  })

  test('that was done is not done again', async () => {
    const user = await world.user()
    const { id } = await user.client.users.requestExport({})
    await ready(user.client, id)
    const pool = createPool(world.appUrl, 2, () => {})
    const unused = () => Promise.reject(new Error('not asked'))
    const blobs = {
      put: unused,
      get: unused,
      delete: unused,
      head: unused,
      move: unused,
      ping: unused,
      downloadUrl: unused,
    }
    const services = {
      blobs: { ...blobs, uploadUrl: unused, close: () => {} },
      clock: world.clock,
      newId: () => world.id(),
    }
    expect(await buildExport(pool, services, { id, userId: user.id })).toBeUndefined()
    await pool.end()
  })
})
