import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { notified, published } from '../support/outbox.ts'
import { codeOf } from '../support/problems.ts'
import { statementsOf } from '../support/statements.ts'
import { createWorld, type TestPatient, type TestUser, type World } from '../support/world.ts'

let world: World
let org: string

beforeAll(async () => {
  world = await createWorld()
  org = await world.organization()
})
afterAll(() => world.stop())

const instant = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
const uuid = expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)

interface Circle {
  staff: TestUser
  provider: TestUser
  self: TestUser
  patient: TestPatient
}

/** A patient with a sign-in, and two who care. */
async function circle(): Promise<Circle> {
  const self = await world.user()
  return {
    self,
    staff: await world.user({ roles: { [org]: 'STAFF' } }),
    provider: await world.user({ roles: { [org]: 'PROVIDER' } }),
    patient: await world.patient([org], { userId: self.id }),
  }
}

const start = (
  writer: TestUser,
  patient_id: string,
  participant_ids: string[],
  change: { subject?: string; body?: string; attachments?: string[] } = {},
) =>
  writer.client.messages.create({
    org_id: org,
    patient_id,
    subject: 'Refill',
    body: 'Could you renew it?',
    participant_ids,
    ...change,
  })
const reply = (writer: TestUser, thread_id: string, body = 'Yes.') =>
  writer.client.messages.reply({ org_id: org, thread_id, body })
const read = (reader: TestUser, thread_id: string) => reader.client.messages.get({ org_id: org, thread_id })
const list = async (reader: TestUser, query: { filter?: 'unread' | 'archived'; search?: string } = {}) =>
  (await reader.client.messages.list({ org_id: org, ...query })).items
const unread = async (reader: TestUser) => (await list(reader)).map(({ unread_count }) => unread_count)

describe('createThread', () => {
  test('answers the whole thread, the writer among the participants, and getThread the same', async () => {
    const { staff, self, patient } = await circle()
    const subject = world.secret('Refill of lisinopril qxwv')
    const body = world.secret('Could you renew my lisinopril qxwv?')
    const thread = await start(self, patient.id, [staff.id], { subject, body })
    expect(thread).toEqual({
      id: uuid,
      patient_id: patient.id,
      subject,
      created_at: instant,
      updated_at: instant,
      is_archived: false,
      participants: [
        { user_id: self.id, display_name: expect.any(String) },
        { user_id: staff.id, display_name: expect.any(String) },
      ],
      messages: [
        {
          id: uuid,
          thread_id: thread.id,
          sender_id: self.id,
          sender_name: expect.any(String),
          body,
          attachments: [],
          read_by: [],
          created_at: thread.created_at,
        },
      ],
    })
    expect(await read(self, thread.id)).toEqual(thread)
  })

  test('the caller may be named too, and an id in capitals is the same person', async () => {
    const { staff, provider, patient } = await circle()
    const { participants } = await start(staff, patient.id, [
      staff.id,
      provider.id,
      provider.id.toUpperCase(),
    ])
    expect(participants.map(({ user_id }) => user_id)).toEqual([staff.id, provider.id])
  })

  test('takes the patient, live proxies with can_view_clinical_notes and ADMIN, PROVIDER, STAFF; FORBIDDEN for others', async () => {
    const { staff, self, patient } = await circle()
    const code = (id: string) => codeOf(start(staff, patient.id, [id]))
    const member = async (
      role: 'ADMIN' | 'PROVIDER' | 'STAFF' | 'CALL_CENTER_AGENT' | 'AUDITOR',
      where = org,
    ) => (await world.user({ roles: { [where]: role } })).id
    const proxy = async (clinical: boolean, expires?: number) => {
      const { id } = await world.user()
      const expiresAt =
        expires === undefined ? {} : { expiresAt: new Date(world.clock.now().getTime() + expires) }
      await world.proxy(id, patient.id, { clinical, ...expiresAt })
      return id
    }
    for (const id of [
      self.id,
      await member('ADMIN'),
      await member('PROVIDER'),
      await member('STAFF'),
      await proxy(true),
      await proxy(true, 60_000),
    ])
      expect(await code(id)).toBe('passed')

    const removed = await member('STAFF')
    await world.admin.query('update organization_memberships set deleted_at = now() where user_id = $1', [
      removed,
    ])
    const revoked = await proxy(true)
    await world.admin.query(
      `update patient_proxy_assignments a set deleted_at = now() from proxies x where x.id = a.proxy_id and x.user_id = $1`,
      [revoked],
    )
    const neighbour = await world.user()
    await world.patient([org], { userId: neighbour.id })
    for (const id of [
      await member('CALL_CENTER_AGENT'),
      await member('AUDITOR'),
      await member('STAFF', await world.organization()),
      await proxy(false),
      await proxy(true, -1000),
      removed,
      revoked,
      neighbour.id,
      (await world.user({ supportAgent: true })).id,
      world.id(),
    ])
      expect(await code(id)).toBe('FORBIDDEN')
    // One stranger among friends refuses all, and nothing is left behind.
    const before = await world.admin.query('select count(*) from message_threads')
    expect(await codeOf(start(staff, patient.id, [self.id, neighbour.id]))).toBe('FORBIDDEN')
    expect((await world.admin.query('select count(*) from message_threads')).rows).toEqual(before.rows)
  })

  test('CALL_CENTER_AGENT and AUDITOR reach no messages', async () => {
    const { staff, patient } = await circle()
    const thread = await start(staff, patient.id, [staff.id])
    for (const role of ['CALL_CENTER_AGENT', 'AUDITOR'] as const) {
      const user = await world.user({ roles: { [org]: role } })
      const codes = [
        await codeOf(start(user, patient.id, [staff.id])),
        await codeOf(list(user)),
        await codeOf(read(user, thread.id)),
        await codeOf(reply(user, thread.id)),
      ]
      expect(codes, role).toEqual(Array(4).fill('FORBIDDEN'))
    }
  })

  test('NOT_FOUND for a patient whom the caller does not reach here', async () => {
    const { staff, self } = await circle()
    const foreign = await world.patient([await world.organization()])
    const neighbour = await world.patient([org])
    expect(await codeOf(start(staff, foreign.id, [staff.id]))).toBe('NOT_FOUND')
    expect(await codeOf(start(staff, world.id(), [staff.id]))).toBe('NOT_FOUND')
    expect(await codeOf(start(self, neighbour.id, [staff.id]))).toBe('NOT_FOUND')
  })

  test('PATIENT_DISCHARGED: discharged patients take no messages, old threads stay readable', async () => {
    const { staff, self, patient } = await circle()
    const thread = await start(staff, patient.id, [self.id])
    await world.admin.query("update organization_patients set status = 'DISCHARGED' where patient_id = $1", [
      patient.id,
    ])
    expect(await codeOf(start(staff, patient.id, [self.id]))).toBe('PATIENT_DISCHARGED')
    expect(await codeOf(reply(self, thread.id))).toBe('PATIENT_DISCHARGED')
    expect((await read(self, thread.id)).messages).toHaveLength(1)
    await world.admin.query("update organization_patients set status = 'ACTIVE' where patient_id = $1", [
      patient.id,
    ])
    expect(await codeOf(reply(self, thread.id))).toBe('passed')
  })

  const document = async (
    organization: string,
    patient_id: string,
    { uploaded = true, status = 'CLEAN', deleted = false } = {},
  ): Promise<string> => {
    const id = world.id()
    await world.admin.query(
      `insert into documents (id, organization_id, patient_id, filename, storage_key, content_type, size_bytes, sha256,
         uploaded_at, scan_status, deleted_at)
       values ($1, $2, $3, 'letter.pdf', $4, 'application/pdf', 10, $5, $6, $7, $8)`,
      [
        id,
        organization,
        patient_id,
        `key/${id}`,
        uploaded ? 'a'.repeat(64) : null,
        uploaded ? new Date() : null,
        uploaded ? status : 'PENDING',
        deleted ? new Date() : null,
      ],
    )
    return id
  }

  test('documents of the patient can be attached, and everybody in the thread sees which', async () => {
    const { staff, self, patient } = await circle()
    const [one, two] = [
      await document(org, patient.id),
      await document(org, patient.id, { status: 'PENDING' }),
    ]
    const thread = await start(staff, patient.id, [self.id], { attachments: [one] })
    expect(thread.messages[0]?.attachments).toEqual([one])
    const attachments = [two.toUpperCase(), one]
    const answer = await self.client.messages.reply({
      org_id: org,
      thread_id: thread.id,
      body: 'A',
      attachments,
    })
    expect(answer.attachments).toEqual([two, one])
    const { messages } = await read(staff, thread.id)
    expect(messages.map((message) => message.attachments)).toEqual([[one], [two, one]])
  })

  test('VALIDATION_ERROR for an attachment that is no document of the patient here', async () => {
    const { staff, self, patient } = await circle()
    const there = await world.organization()
    const other = await world.patient([org])
    await world.admin.query(
      `insert into organization_patients (organization_id, patient_id, medical_record_number, enrolled_at, first_name,
         last_name, dob, search_text) values ($1, $2, $3, now(), '', '', now(), '')`,
      [there, patient.id, world.id()],
    )
    const { id } = await start(staff, patient.id, [self.id])
    const good = await document(org, patient.id)
    for (const bad of [
      world.id(),
      await document(org, other.id),
      await document(there, patient.id),
      await document(org, patient.id, { uploaded: false }),
      await document(org, patient.id, { deleted: true }),
      await document(org, patient.id, { status: 'INFECTED' }),
    ]) {
      const attachments = [good, bad]
      await expect(start(staff, patient.id, [self.id], { attachments })).rejects.toMatchObject({
        code: 'VALIDATION_ERROR',
        errors: [{ pointer: '/attachments/1', message: 'must be a document of this patient' }],
      })
      const reply = { org_id: org, thread_id: id, body: 'See.', attachments }
      expect(await codeOf(self.client.messages.reply(reply))).toBe('VALIDATION_ERROR')
    }
    expect((await read(staff, id)).messages).toHaveLength(1)
  })

  test('the same Idempotency-Key starts one thread and tells the others once', async () => {
    const { staff, self, patient } = await circle()
    const once = () =>
      staff.client.messages.create(
        { org_id: org, patient_id: patient.id, subject: 'Once', body: 'Once.', participant_ids: [self.id] },
        { idempotencyKey: 'thread-once' },
      )
    expect(await once()).toEqual(await once())
    expect(await list(self)).toHaveLength(1)
    expect(await notified(world, self.id)).toHaveLength(1)
  })
})

describe('what the others hear', () => {
  test('each of the others gets message.new and a notification; neither holds PHI, the writer gets none', async () => {
    const { staff, provider, self, patient } = await circle()
    const thread = await start(staff, patient.id, [provider.id, self.id], {
      subject: 'Biopsy of the left breast',
      body: 'The biopsy shows carcinoma.',
    })
    const answer = await reply(self, thread.id, 'What now?')
    const notice = {
      id: uuid,
      type: 'message',
      title: 'New secure message',
      body: 'You have a new secure message.',
      action_url: `/messages/${thread.id}`,
      organization_id: org,
      metadata: {},
      announced: 1,
    }
    expect(await notified(world, provider.id)).toEqual([notice, notice])
    expect(await notified(world, self.id)).toEqual([notice])
    expect(await notified(world, staff.id)).toEqual([notice])
    const message = (user: string, message_id: string | undefined, sender_id: string) => ({
      type: 'message.new',
      user,
      organization: null,
      support: false,
      data: { organization_id: org, thread_id: thread.id, message_id, sender_id },
    })
    const events = await published(world, thread.id)
    expect(events).toHaveLength(4)
    expect(events).toEqual(
      expect.arrayContaining([
        message(provider.id, thread.messages[0]?.id, staff.id),
        message(self.id, thread.messages[0]?.id, staff.id),
        message(provider.id, answer.id, self.id),
        message(staff.id, answer.id, self.id),
      ]),
    )
  })

  test('a participant who may no longer read about the patient hears nothing more', async () => {
    const { staff, provider, patient } = await circle()
    const proxy = await world.user()
    await world.proxy(proxy.id, patient.id, { clinical: true })
    const thread = await start(staff, patient.id, [provider.id, proxy.id])
    await world.admin.query(
      'update patient_proxy_assignments set can_view_clinical_notes = false where patient_id = $1',
      [patient.id],
    )
    await world.admin.query('update organization_memberships set deleted_at = now() where user_id = $1', [
      provider.id,
    ])
    await reply(staff, thread.id)
    expect(await notified(world, proxy.id)).toHaveLength(1)
    expect(await notified(world, provider.id)).toHaveLength(1)
    expect(await published(world, thread.id)).toHaveLength(2)
  })
})

describe('getThread', () => {
  test('is for participants: to an ADMIN, a colleague and another organization it does not exist', async () => {
    const { staff, self, patient } = await circle()
    const thread = await start(staff, patient.id, [self.id])
    const elsewhere = await world.organization()
    const both = await world.user({ roles: { [org]: 'STAFF', [elsewhere]: 'ADMIN' } })
    const proxy = await world.user()
    await world.proxy(proxy.id, patient.id, { clinical: true })
    for (const user of [both, await world.user({ roles: { [org]: 'ADMIN' } }), proxy]) {
      expect(await codeOf(read(user, thread.id))).toBe('NOT_FOUND')
      expect(await codeOf(reply(user, thread.id))).toBe('NOT_FOUND')
      expect(await list(user)).toEqual([])
    }
    const there = { org_id: elsewhere, thread_id: thread.id }
    expect(await codeOf(both.client.messages.get(there))).toBe('NOT_FOUND')
    expect(await codeOf(read(staff, world.id()))).toBe('NOT_FOUND')
  })

  test('reading marks read for that reader only; listing marks nothing', async () => {
    const { staff, provider, self, patient } = await circle()
    const thread = await start(staff, patient.id, [provider.id, self.id])
    await reply(staff, thread.id, 'And one more.')
    expect([await unread(staff), await unread(provider), await unread(self)]).toEqual([[0], [2], [2]])
    expect([await unread(provider), await unread(self)]).toEqual([[2], [2]])
    await read(provider, thread.id)
    expect([await unread(provider), await unread(self)]).toEqual([[0], [2]])
    const seen = await read(staff, thread.id)
    expect(seen.messages.map(({ read_by }) => read_by)).toEqual([[provider.id], [provider.id]])
    await read(self, thread.id)
    await reply(self, thread.id, 'Thanks.')
    expect([await unread(staff), await unread(provider), await unread(self)]).toEqual([[1], [1], [0]])
    const { messages } = await read(staff, thread.id)
    expect(messages.map(({ body, read_by }) => [body, read_by])).toEqual([
      ['Could you renew it?', [provider.id, self.id]],
      ['And one more.', [provider.id, self.id]],
      ['Thanks.', []],
    ])
  })

  test('an admin who looks through the patient’s eyes leaves the patient’s unread marks alone', async () => {
    const { staff, self, patient } = await circle()
    const thread = await start(staff, patient.id, [self.id])
    const admin = await world.user({ roles: { [org]: 'ADMIN' } })
    const { access_token } = await admin.client.admin.impersonate({
      patient_id: patient.id,
      organization_id: org,
      reason: 'The patient cannot open a message.',
    })
    const seen = await world
      .client(world.secret(access_token))
      .messages.get({ org_id: org, thread_id: thread.id })
    expect(seen.messages).toHaveLength(1)
    expect(await unread(self)).toEqual([1])
  })

  test('a proxy reads with can_view_clinical_notes, as long as it lasts, threads about that patient', async () => {
    const { staff, patient } = await circle()
    const other = await world.patient([org])
    const proxy = await world.user()
    await world.proxy(proxy.id, patient.id, { clinical: true })
    const thread = await start(staff, patient.id, [proxy.id])
    expect((await read(proxy, thread.id)).messages).toHaveLength(1)
    expect(await codeOf(reply(proxy, thread.id))).toBe('passed')
    const change = (sql: string) =>
      world.admin.query(`update patient_proxy_assignments set ${sql} where patient_id = $1`, [patient.id])
    const past = new Date(world.clock.now().getTime() - 1000).toISOString()

    await change('can_view_clinical_notes = false')
    expect(await codeOf(list(proxy))).toBe('PROXY_PERMISSION_DENIED')
    expect(await codeOf(read(proxy, thread.id))).toBe('PROXY_PERMISSION_DENIED')
    await change(`can_view_clinical_notes = true, expires_at = '${past}'`)
    expect(await codeOf(read(proxy, thread.id))).toBe('PROXY_ACCESS_EXPIRED')

    // With access to another patient the gate is open, this patient's threads are not.
    await world.admin.query(
      `insert into patient_proxy_assignments (id, proxy_id, patient_id, relationship_type, can_view_clinical_notes,
         access_granted_at) select $1, id, $3, 'PARENT', true, now() from proxies where user_id = $2`,
      [world.id(), proxy.id, other.id],
    )
    const own = await start(proxy, other.id, [staff.id])
    expect((await list(proxy)).map(({ id }) => id)).toEqual([own.id])
    const { items } = await proxy.client.messages.list({ org_id: org, patient_id: patient.id })
    expect(items).toEqual([])
    expect(await codeOf(read(proxy, thread.id))).toBe('NOT_FOUND')
    expect(await codeOf(reply(proxy, thread.id))).toBe('NOT_FOUND')
    expect(await codeOf(start(proxy, patient.id, [staff.id]))).toBe('PROXY_ACCESS_EXPIRED')
    await change('expires_at = null, can_view_clinical_notes = false')
    expect(await codeOf(start(proxy, patient.id, [staff.id]))).toBe('PROXY_PERMISSION_DENIED')
    expect(await codeOf(read(proxy, thread.id))).toBe('NOT_FOUND')
  })

  test('a member who leaves loses the threads at once', async () => {
    const { staff, provider, patient } = await circle()
    const thread = await start(staff, patient.id, [provider.id])
    await world.admin.query('update organization_memberships set deleted_at = now() where user_id = $1', [
      provider.id,
    ])
    expect(await codeOf(read(provider, thread.id))).toBe('NOT_FOUND')
  })

  test('holds the latest 500 messages, oldest first', async () => {
    const { staff, self, patient } = await circle()
    const { id } = await start(staff, patient.id, [self.id])
    await world.admin.query(
      `insert into messages (id, organization_id, thread_id, sender_id, body, created_at)
       select gen_random_uuid(), $1, $2, $3, n::text, now() + make_interval(secs => n) from generate_series(1, 520) n`,
      [org, id, staff.id],
    )
    const { messages } = await read(self, id)
    expect(messages.map(({ body }) => body)).toEqual(Array.from({ length: 500 }, (_, n) => String(n + 21)))
    expect(await unread(self)).toEqual([0])
  })
})

describe('replyToThread', () => {
  test('answers the whole message and moves the thread to the top of everybody’s list', async () => {
    const { staff, self, patient } = await circle()
    const first = await start(staff, patient.id, [self.id], { subject: 'First' })
    const second = await start(staff, patient.id, [self.id], { subject: 'Second' })
    expect((await list(self)).map(({ id }) => id)).toEqual([second.id, first.id])
    const message = await reply(staff, first.id, 'It is ready.')
    expect(message).toEqual({
      id: uuid,
      thread_id: first.id,
      sender_id: staff.id,
      sender_name: expect.any(String),
      body: 'It is ready.',
      attachments: [],
      read_by: [],
      created_at: instant,
    })
    for (const reader of [staff, self]) {
      const [top] = await list(reader)
      expect(top).toMatchObject({ id: first.id, updated_at: message.created_at })
    }
    expect((await read(self, first.id)).messages.at(-1)).toEqual(message)
  })

  test('replies that race keep one order: times rise strictly, and none is read unseen', async () => {
    const { staff, provider, self, patient } = await circle()
    const { id } = await start(staff, patient.id, [provider.id, self.id])
    await Promise.all(Array.from({ length: 30 }, (_, n) => reply(n % 2 ? staff : provider, id, `${n}`)))
    expect(await unread(self)).toEqual([31])
    const { messages } = await read(self, id)
    const times = messages.map(({ created_at }) => created_at)
    expect(new Set(times).size).toBe(31)
    expect(times).toEqual(times.toSorted())
    expect(await unread(self)).toEqual([0])
    await reply(staff, id)
    expect(await unread(self)).toEqual([1])
  })

  test('writing is not reading: what came in while the writer wrote stays unread', async () => {
    const { staff, self, patient } = await circle()
    const { id } = await start(staff, patient.id, [self.id])
    await reply(self, id, 'I feel worse.')
    await reply(staff, id, 'Your refill is ready.')
    expect([await unread(staff), await unread(self)]).toEqual([[1], [2]])
    const { messages } = await read(self, id)
    expect(messages.map(({ read_by }) => read_by)).toEqual([[], [], []])
  })

  test('an archived thread comes back for the others, not for the writer', async () => {
    const { staff, self, patient } = await circle()
    const { id } = await start(staff, patient.id, [self.id])
    await world.admin.query('update message_participants set is_archived = true where thread_id = $1', [id])
    expect(await list(self)).toEqual([])
    expect(await list(self, { filter: 'archived' })).toMatchObject([{ id, is_archived: true }])
    expect((await read(self, id)).is_archived).toBe(true)
    await reply(self, id)
    expect(await list(self, { filter: 'archived' })).toMatchObject([{ id }])
    expect(await list(staff)).toMatchObject([{ id, is_archived: false, unread_count: 1 }])
  })

  test('the same Idempotency-Key writes one message', async () => {
    const { staff, self, patient } = await circle()
    const { id } = await start(staff, patient.id, [self.id])
    const once = () =>
      staff.client.messages.reply(
        { org_id: org, thread_id: id, body: 'Once.' },
        { idempotencyKey: 'reply-once' },
      )
    expect(await once()).toEqual(await once())
    expect(await unread(self)).toEqual([2])
  })
})

describe('listThreads', () => {
  test('shows each thread whole: the last message shortened, what is unread, who takes part', async () => {
    const { staff, self, patient } = await circle()
    const thread = await start(staff, patient.id, [self.id], { body: 'é'.repeat(200) })
    expect(await list(self)).toEqual([
      {
        id: thread.id,
        patient_id: patient.id,
        subject: 'Refill',
        created_at: thread.created_at,
        updated_at: thread.updated_at,
        unread_count: 1,
        is_archived: false,
        last_message: {
          id: thread.messages[0]?.id,
          sender_id: staff.id,
          sender_name: expect.any(String),
          preview: 'é'.repeat(140),
          created_at: thread.created_at,
        },
        participants: thread.participants,
      },
    ])
  })

  test('keyset pages hold their order under ties and walk to the end without repeats', async () => {
    const { staff, self, patient } = await circle()
    for (let index = 0; index < 13; index++) await start(staff, patient.id, [self.id])
    await world.admin.query(
      `update message_threads set updated_at = '2026-03-02T10:00:00Z' where patient_id = $1
         and id in (select id from message_threads where patient_id = $1 limit 9)`,
      [patient.id],
    )
    const walked = []
    for await (const thread of self.client.messages.list({ org_id: org, limit: 4 })) walked.push(thread)
    expect(new Set(walked.map(({ id }) => id)).size).toBe(13)
    const keys = walked.map(({ updated_at, id }) => `${updated_at} ${id}`)
    expect(keys).toEqual(keys.toSorted().reverse())
    const page = await self.client.messages.list({ org_id: org, limit: 2, include_total: true })
    expect(page.total).toBe(13)
    const count = async (limit: number) =>
      (await statementsOf(() => self.client.messages.list({ org_id: org, limit, include_total: true })))
        .length
    expect(await count(100)).toBe(await count(1))
  })

  test('narrows by unread, by words of the subject, and by patient; the total with it', async () => {
    const { staff, self, patient } = await circle()
    const other = await world.patient([org])
    const seen = await start(staff, patient.id, [self.id], { subject: 'Lab Results' })
    const fresh = await start(staff, patient.id, [self.id], { subject: '100% better' })
    await start(staff, other.id, [staff.id], { subject: 'Lab results too' })
    await read(self, seen.id)
    const ids = async (reader: TestUser, query: object) => {
      const page = await reader.client.messages.list({ org_id: org, include_total: true, ...query })
      expect(page.total).toBe(page.items.length)
      return page.items.map(({ id }) => id)
    }
    expect(await ids(self, { filter: 'unread' })).toEqual([fresh.id])
    expect(await ids(self, { search: 'lab res' })).toEqual([seen.id])
    expect(await ids(self, { search: '100%' })).toEqual([fresh.id])
    expect(await ids(self, { search: '%%' })).toEqual([])
    expect(await ids(staff, { patient_id: patient.id })).toEqual([fresh.id, seen.id])
    expect(await ids(self, { patient_id: other.id })).toEqual([])
  })

  test('INVALID_CURSOR for a cursor of another person or another filter', async () => {
    const { staff, self, patient } = await circle()
    for (let index = 0; index < 2; index++) await start(staff, patient.id, [self.id])
    const { next_cursor } = await self.client.messages.list({ org_id: org, limit: 1 })
    const cursor = next_cursor ?? ''
    expect(await codeOf(self.client.messages.list({ org_id: org, cursor }))).toBe('passed')
    expect(await codeOf(self.client.messages.list({ org_id: org, cursor, filter: 'unread' }))).toBe(
      'INVALID_CURSOR',
    )
    expect(await codeOf(staff.client.messages.list({ org_id: org, cursor }))).toBe('INVALID_CURSOR')
  })
})

describe('search', () => {
  test('finds words of subjects and messages, in other forms, unfinished, in quotes, whatever case and accent', async () => {
    const { staff, self, patient } = await circle()
    const refill = await start(staff, patient.id, [self.id], {
      subject: 'Réfill of lisinopril',
      body: 'Will you come on Monday? Bring the x-ray.',
    })
    const labs = await start(staff, patient.id, [self.id], { subject: 'Lab results', body: 'All is well.' })
    await reply(self, labs.id, 'Are the allergies in them, too?')
    const find = async (search: string) => (await list(self, { search })).map(({ id }) => id)
    for (const search of ['refills', 'REFILL', 'lisin', 'mondays', 'will', 'x-ray', '"come on"', 'bring ray'])
      expect(await find(search), search).toEqual([refill.id])
    for (const search of ['allergy', 'allerg', 'results lab', 'in them'])
      expect(await find(search), search).toEqual([labs.id])
    expect(await find('refill or allergy')).toEqual([labs.id, refill.id])
    // Words of one message, not of several: and a phrase in its order.
    for (const search of [
      'lab allergy',
      '"monday come"',
      'nothing',
      '-- -',
      "'; drop table",
      '&|!:*',
      '\\\\',
    ])
      expect(await find(search), search).toEqual([])
  })

  test('looks into the caller’s threads only, archived ones when asked for', async () => {
    const { staff, provider, self, patient } = await circle()
    const word = world.secret('Sarcoidosis qzzv')
    const theirs = await start(staff, patient.id, [provider.id], { subject: 'Consult', body: word })
    const mine = await start(staff, patient.id, [self.id], { subject: word, body: 'See you.' })
    const find = async (reader: TestUser, query: object = {}) => {
      const page = await reader.client.messages.list({
        org_id: org,
        search: 'sarcoidosis',
        include_total: true,
        ...query,
      })
      expect(page.total).toBe(page.items.length)
      return page.items.map(({ id }) => id)
    }
    expect(await find(self)).toEqual([mine.id])
    expect(await find(provider)).toEqual([theirs.id])
    expect(await find(staff)).toEqual([mine.id, theirs.id])
    expect(await find(staff, { patient_id: (await world.patient([org])).id })).toEqual([])
    await staff.client.messages.update({ org_id: org, thread_id: mine.id, is_archived: true })
    expect(await find(staff)).toEqual([theirs.id])
    expect(await find(staff, { filter: 'archived' })).toEqual([mine.id])
    const walked = []
    for await (const { id } of self.client.messages.list({ org_id: org, search: 'sarco', limit: 1 }))
      walked.push(id)
    expect(walked).toEqual([mine.id])
  })

  test('the function that looks for the caller refuses to look for anybody else', async () => {
    const { default: pg } = await import('pg')
    const application = new pg.Client(world.appUrl)
    await application.connect()
    try {
      const { self } = await circle()
      const there = await world.organization()
      for (const [organization, user] of [
        [org, world.id()],
        [there, self.id],
      ]) {
        await application.query('begin')
        await application.query(
          `select set_config('app.organization_id', $1, true), set_config('app.user_id', $2, true)`,
          [org, self.id],
        )
        await expect(
          application.query('select search_threads($1, $2, $3)', [organization, user, 'refill']),
        ).rejects.toThrow('outside its scope')
        await application.query('rollback')
      }
    } finally {
      await application.end()
    }
  })
})

describe('updateThread', () => {
  const update = (user: TestUser, thread_id: string, change: object) =>
    user.client.messages.update({ org_id: org, thread_id, ...change })

  test('archives and takes back for the caller alone', async () => {
    const { staff, self, patient } = await circle()
    const { id } = await start(staff, patient.id, [self.id])
    expect(await update(self, id, { is_archived: true })).toMatchObject({
      id,
      is_archived: true,
      unread_count: 1,
      last_message: { sender_id: staff.id },
    })
    expect(await list(self)).toEqual([])
    expect(await list(staff)).toMatchObject([{ id, is_archived: false }])
    expect(await update(self, id, { is_archived: false })).toMatchObject({ is_archived: false })
    expect(await list(self)).toMatchObject([{ id }])
  })

  test('marks read and unread for the caller alone, and read_by follows', async () => {
    const { staff, provider, self, patient } = await circle()
    const { id } = await start(staff, patient.id, [provider.id, self.id])
    await reply(staff, id, 'And one more.')
    expect(await update(self, id, { mark_read: true })).toMatchObject({ unread_count: 0 })
    expect(await unread(provider)).toEqual([2])
    expect((await read(staff, id)).messages.map(({ read_by }) => read_by)).toEqual([[self.id], [self.id]])
    await reply(self, id, 'Thanks.')
    // The latest of somebody else, not one's own.
    expect(await update(self, id, { mark_unread: true })).toMatchObject({ unread_count: 1 })
    expect((await list(self, { filter: 'unread' })).map((thread) => thread.id)).toEqual([id])
    expect((await read(staff, id)).messages.map(({ read_by }) => read_by)).toEqual([[self.id], [], []])
    expect(await update(self, id, { mark_unread: true })).toMatchObject({ unread_count: 1 })
    // Nothing of somebody else: nothing to be unread.
    const own = await start(self, patient.id, [staff.id])
    expect(await update(self, own.id, { mark_unread: true })).toMatchObject({ unread_count: 0 })
  })

  test('VALIDATION_ERROR for both at once, for nothing, and for false', async () => {
    const { staff, self, patient } = await circle()
    const { id } = await start(staff, patient.id, [self.id])
    await expect(update(self, id, { mark_read: true, mark_unread: true })).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
      errors: [{ pointer: '/mark_unread' }],
    })
    for (const change of [{}, { mark_read: false }, { is_archived: 'yes' }])
      expect(await codeOf(update(self, id, change)), JSON.stringify(change)).toBe('VALIDATION_ERROR')
  })

  test('is for participants, as long as they are: NOT_FOUND to everybody else', async () => {
    const { staff, provider, self, patient } = await circle()
    const { id } = await start(staff, patient.id, [provider.id, self.id])
    const admin = await world.user({ roles: { [org]: 'ADMIN' } })
    expect(await codeOf(update(admin, id, { is_archived: true }))).toBe('NOT_FOUND')
    expect(await codeOf(update(staff, world.id(), { is_archived: true }))).toBe('NOT_FOUND')
    await world.admin.query('update organization_memberships set deleted_at = now() where user_id = $1', [
      provider.id,
    ])
    expect(await codeOf(update(provider, id, { is_archived: true }))).toBe('NOT_FOUND')
    const rows = await world.auditRows({ operation: 'updateThread', actor: provider.id })
    expect(rows).toMatchObject([{ outcome: 'DENIED', action_type: 'UPDATE' }])
  })
})
