import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { notified, published } from '../support/outbox.ts'
import { codeOf } from '../support/problems.ts'
import { openStream } from '../support/streams.ts'
import { createWorld, type TestPatient, type TestUser, type World } from '../support/world.ts'

let world: World

beforeAll(async () => {
  // Nine in the morning in New York.
  world = await createWorld({ start: new Date('2026-03-02T14:00:00Z'), env: { HEARTBEAT_SECONDS: '1' } })
})
afterAll(() => world.stop())

const uuid = expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
const instant = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)

/** A practice of its own: its queue is nobody else's. */
async function practice(agents = 1) {
  const org = await world.organization()
  const admin = await world.user({ roles: { [org]: 'ADMIN' } })
  const all: TestUser[] = []
  for (let n = 0; n < agents; n++) all.push(await world.user({ roles: { [org]: 'CALL_CENTER_AGENT' } }))
  const [agent] = all
  if (!agent) throw new Error('a practice has an agent')
  const key = await admin.client.apiKeys.create({
    org_id: org,
    name: 'Telephony',
    role: 'CALL_CENTER_AGENT',
    scopes: ['read', 'write'],
  })
  const bridge = world.client(world.secret(key.secret))
  const ring = (body: { caller_id?: string; reason?: string } = {}) => bridge.calls.enqueueInbound(body)
  const queue = async () => (await agent.client.calls.queue({})).items.map(({ id }) => id)
  return { org, admin, agent, agents: all, bridge, ring, queue }
}

interface Numbers {
  value?: string
  safe?: boolean
  type?: string
}
/** A contact method of a patient; answers its id. */
async function contact(
  { id }: TestPatient,
  { value = '+12125550123', safe = true, type = 'MOBILE' }: Numbers = {},
) {
  const contactId = world.id()
  await world.admin.query(
    'insert into contact_methods (id, patient_id, type, value, is_safe_for_voicemail) values ($1, $2, $3, $4, $5)',
    [contactId, id, type, world.secret(value), safe],
  )
  return contactId
}

const counts = (codes: readonly string[]) =>
  Object.fromEntries([...new Set(codes)].map((code) => [code, codes.filter((one) => one === code).length]))

describe('enqueueInboundCall', () => {
  test('a bridge with an API key queues a caller, whose number is normalized and found to be a patient’s', async () => {
    const { org, ring } = await practice()
    const patient = await world.patient([org])
    await contact(patient, { value: '+12125550142' })
    const call = await ring({ caller_id: '(212) 555-0142', reason: world.secret('refill of qzzv') })
    expect(call).toEqual({
      id: uuid,
      organization_id: org,
      call_type: 'INBOUND',
      status: 'QUEUED',
      caller_id: '+12125550142',
      patient: { id: patient.id, first_name: patient.firstName, last_name: patient.lastName },
      agent: null,
      reason: 'refill of qzzv',
      outcome: null,
      notes: null,
      recording: 'NONE',
      entered_queue_at: instant,
      started_at: null,
      ended_at: null,
      wait_time_seconds: null,
      duration_seconds: null,
      version: 1,
      created_at: instant,
      updated_at: instant,
      candidates: [],
      tasks: [],
    })
  })

  test('of several patients with the number none is chosen: they are listed until one is', async () => {
    const { org, ring, agent } = await practice()
    const value = '+12125550143'
    const [mother, child] = [await world.patient([org]), await world.patient([org])]
    for (const patient of [mother, child]) await contact(patient, { value })
    // The same number twice is one patient.
    await contact(mother, { value, type: 'HOME' })
    await contact(await world.patient([await world.organization()]), { value })
    const { id, patient, candidates } = await ring({ caller_id: value })
    expect(patient).toBeNull()
    expect(candidates.map((one) => one.id).toSorted()).toEqual([mother.id, child.id].toSorted())
    await agent.client.calls.accept({ queue_id: id })
    const chosen = await agent.client.calls.update({ call_id: id, patient_id: child.id })
    expect(chosen).toMatchObject({ patient: { id: child.id }, candidates: [] })
  })

  test('a number of another organization’s patient, an unknown one and a withheld one match nobody', async () => {
    const { ring } = await practice()
    await contact(await world.patient([await world.organization()]), { value: '+12125550144' })
    for (const body of [{ caller_id: '+12125550144' }, { caller_id: '+442079460018' }, {}])
      expect(await ring(body)).toMatchObject({ patient: null, candidates: [], status: 'QUEUED' })
  })

  test('VALIDATION_ERROR for a number that cannot exist', async () => {
    const { ring } = await practice()
    await expect(ring({ caller_id: '12345' })).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
      errors: [{ pointer: '/caller_id' }],
    })
  })

  test('a retry with the same key queues nobody twice', async () => {
    const { bridge, queue } = await practice()
    const once = () => bridge.calls.enqueueInbound({}, { idempotencyKey: 'CA-1' })
    expect((await once()).id).toBe((await once()).id)
    expect(await queue()).toHaveLength(1)
  })

  test('ORGANIZATION_REQUIRED for an agent of several practices who names none', async () => {
    const [one, two] = [await world.organization(), await world.organization()]
    const both = await world.user({ roles: { [one]: 'CALL_CENTER_AGENT', [two]: 'CALL_CENTER_AGENT' } })
    expect(await codeOf(both.client.calls.queue({}))).toBe('ORGANIZATION_REQUIRED')
    expect(await codeOf(both.client.calls.enqueueInbound({}))).toBe('ORGANIZATION_REQUIRED')
    expect(await both.client.calls.enqueueInbound({ organization_id: two })).toMatchObject({
      organization_id: two,
    })
  })

  test('PROVIDER, STAFF, AUDITOR, a patient and a stranger have no part in calls', async () => {
    const { org } = await practice()
    for (const role of ['PROVIDER', 'STAFF', 'AUDITOR'] as const) {
      const { client } = await world.user({ roles: { [org]: role } })
      expect(await codeOf(client.calls.queue({ organization_id: org }))).toBe('FORBIDDEN')
    }
    const { client } = await world.user()
    expect(await codeOf(client.calls.queue({ organization_id: org }))).toBe('NOT_FOUND')
  })
})

describe('listCallQueue', () => {
  test('shows who waits, the first comer first, with position and waiting time, page by page', async () => {
    const { agent, ring } = await practice(2)
    const ids: string[] = []
    for (let n = 0; n < 5; n++) {
      ids.push((await ring()).id)
      world.clock.advance({ seconds: 10 })
    }
    const page = await agent.client.calls.queue({ limit: 2, include_total: true })
    expect(page).toMatchObject({ waiting: 5, total: 5, longest_wait_seconds: 50, free_agents: 2 })
    const walked: { id: string; position: number; waiting_seconds: number }[] = []
    for await (const item of agent.client.calls.queue({ limit: 2 })) walked.push(item)
    expect(walked.map(({ id, position, waiting_seconds }) => [id, position, waiting_seconds])).toEqual(
      ids.map((id, index) => [id, index + 1, 50 - index * 10]),
    )
  })

  test('averages the waits and durations of the last 24 hours', async () => {
    const { agent, ring } = await practice()
    const { calls } = agent.client
    expect(await calls.queue({})).toMatchObject({
      waiting: 0,
      longest_wait_seconds: null,
      average_wait_seconds: null,
      average_duration_seconds: null,
    })
    for (const [wait, talk] of [
      [30, 120],
      [90, 240],
    ] as const) {
      const { id } = await ring()
      world.clock.advance({ seconds: wait })
      await calls.accept({ queue_id: id })
      world.clock.advance({ seconds: talk })
      expect(await calls.complete({ call_id: id })).toMatchObject({
        status: 'COMPLETED',
        wait_time_seconds: wait,
        duration_seconds: talk,
      })
    }
    expect(await calls.queue({})).toMatchObject({ average_wait_seconds: 60, average_duration_seconds: 180 })
  })

  test('INVALID_CURSOR for a cursor of another organization’s queue', async () => {
    const [here, there] = [await practice(), await practice()]
    for (let n = 0; n < 2; n++) await here.ring()
    const { next_cursor } = await here.agent.client.calls.queue({ limit: 1 })
    const cursor = next_cursor ?? ''
    expect(await codeOf(there.agent.client.calls.queue({ limit: 1, cursor }))).toBe('INVALID_CURSOR')
  })
})

describe('acceptCall', () => {
  test('two agents race a hundred times for one call: one has it, the other gets 409', {
    timeout: 120_000,
  }, async () => {
    const { agents, ring } = await practice(2)
    const winners = new Set<string>()
    for (let round = 0; round < 100; round++) {
      const { id } = await ring()
      const codes = await Promise.all(
        agents.map(({ client }) => codeOf(client.calls.accept({ queue_id: id }))),
      )
      expect(counts(codes), `round ${round}`).toEqual({ passed: 1, CONFLICT: 1 })
      const winner = agents[codes.indexOf('passed')]
      winners.add(winner?.id ?? '')
      expect(await winner?.client.calls.complete({ call_id: id })).toMatchObject({
        agent: { id: winner?.id },
      })
    }
    expect(winners.size).toBeGreaterThan(0)
  })

  test('the loser is told who was faster', async () => {
    const { agents, ring } = await practice(2)
    const { id } = await ring()
    const [first, second] = agents
    const call = await first?.client.calls.accept({ queue_id: id })
    await expect(second?.client.calls.accept({ queue_id: id })).rejects.toMatchObject({
      code: 'CONFLICT',
      problem: { assignee: call?.agent?.display_name },
    })
  })

  test('first come, first served: with three agents and thirty callers nobody is served before who came earlier', {
    timeout: 60_000,
  }, async () => {
    const { agents, ring } = await practice(3)
    const order: string[] = []
    for (let n = 0; n < 30; n++) {
      order.push((await ring()).id)
      world.clock.advance({ seconds: 1 })
    }
    const [last] = order.slice(-1)
    expect(await codeOf(agents[0]?.client.calls.accept({ queue_id: last ?? '' }) ?? Promise.resolve())).toBe(
      'CONFLICT',
    )
    const served: string[] = []
    await Promise.all(
      agents.map(async ({ client }) => {
        for (;;) {
          const [first] = (await client.calls.queue({ limit: 1 })).items
          if (!first) return
          if ((await codeOf(client.calls.accept({ queue_id: first.id }))) !== 'passed') continue
          served.push(first.id)
          await client.calls.complete({ call_id: first.id })
        }
      }),
    )
    expect(served.toSorted()).toEqual(order.toSorted())
    // As the audit trail has it: the order of acceptance is that of coming.
    const { rows } = await world.admin.query<{ resource_id: string }>(
      `select resource_id from audit_logs where operation_id = 'acceptCall' and outcome = 'SUCCESS' and resource_id = any($1)
       order by id`,
      [order],
    )
    expect(rows.map(({ resource_id }) => resource_id)).toEqual(order)
  })

  test('CONFLICT for an agent who is in a call, in this practice or another; the queue goes on for the others', async () => {
    const [here, there] = [await practice(), await practice()]
    const both = await world.user({
      roles: { [here.org]: 'CALL_CENTER_AGENT', [there.org]: 'CALL_CENTER_AGENT' },
    })
    const [first, second, elsewhere] = [await here.ring(), await here.ring(), await there.ring()]
    const accept = (id: string, organization_id: string) =>
      both.client.calls.accept({ queue_id: id, organization_id })
    await accept(first.id, here.org)
    expect(await codeOf(accept(second.id, here.org))).toBe('CONFLICT')
    expect(await codeOf(accept(elsewhere.id, there.org))).toBe('CONFLICT')
    expect(await here.agent.client.calls.accept({ queue_id: second.id })).toMatchObject({
      status: 'IN_PROGRESS',
    })
    await both.client.calls.complete({ call_id: first.id, organization_id: here.org })
    expect(await accept(elsewhere.id, there.org)).toMatchObject({ agent: { id: both.id } })
  })

  test('one agent who accepts twice at once gets one call', async () => {
    const { agent, ring, queue } = await practice()
    const ids = [(await ring()).id, (await ring()).id]
    await Promise.all(ids.map((queue_id) => codeOf(agent.client.calls.accept({ queue_id }))))
    expect(await queue()).toHaveLength(1)
  })

  test('NOT_FOUND for what never waited here: another practice’s caller, an outbound call', async () => {
    const [here, there] = [await practice(), await practice()]
    const { id } = await there.ring()
    expect(await codeOf(here.agent.client.calls.accept({ queue_id: id }))).toBe('NOT_FOUND')
    const patient = await world.patient([here.org])
    const contact_id = await contact(patient)
    const out = await here.agent.client.calls.startOutbound({ patient_id: patient.id, contact_id })
    expect(await codeOf(here.agent.client.calls.accept({ queue_id: out.id }))).toBe('NOT_FOUND')
  })
})

describe('hangUpQueuedCall', () => {
  test('a caller who hangs up is MISSED, once, and cannot be accepted', async () => {
    const { agent, bridge, ring, queue } = await practice()
    const { id } = await ring()
    world.clock.advance({ seconds: 40 })
    const missed = await bridge.calls.hangUp({ queue_id: id })
    expect(missed).toMatchObject({ status: 'MISSED', wait_time_seconds: 40, ended_at: instant, agent: null })
    expect(await bridge.calls.hangUp({ queue_id: id })).toEqual(missed)
    expect(await codeOf(agent.client.calls.accept({ queue_id: id }))).toBe('CONFLICT')
    expect(await queue()).toEqual([])
    expect((await published(world, id)).filter(({ type }) => type === 'call.dequeued')).toHaveLength(2)
  })

  test('INVALID_TRANSITION once it was answered, NOT_FOUND elsewhere', async () => {
    const { agent, bridge, ring } = await practice()
    const { id } = await ring()
    await agent.client.calls.accept({ queue_id: id })
    expect(await codeOf(bridge.calls.hangUp({ queue_id: id }))).toBe('INVALID_TRANSITION')
    expect(await codeOf((await practice()).bridge.calls.hangUp({ queue_id: id }))).toBe('NOT_FOUND')
  })

  test('of a hang-up and an accept at once one happens, twenty times', async () => {
    const { agent, bridge, ring } = await practice()
    for (let round = 0; round < 20; round++) {
      const { id } = await ring()
      const [accepted, hungUp] = await Promise.all([
        codeOf(agent.client.calls.accept({ queue_id: id })),
        codeOf(bridge.calls.hangUp({ queue_id: id })),
      ])
      const { status } = await agent.client.calls.get({ call_id: id })
      expect([accepted, hungUp, status]).toEqual(
        accepted === 'passed'
          ? ['passed', 'INVALID_TRANSITION', 'IN_PROGRESS']
          : ['CONFLICT', 'passed', 'MISSED'],
      )
      if (accepted === 'passed') await agent.client.calls.complete({ call_id: id })
    }
  })

  test('a caller who waits longer than an hour is given up by upkeep, once, on however many servers', async () => {
    const { agent, org, ring, queue } = await practice()
    const replica = await world.startServer()
    const old = await ring()
    world.clock.advance({ minutes: 59 })
    const fresh = await ring()
    world.clock.advance({ minutes: 2 })
    await expect.poll(queue, { timeout: 10_000 }).toEqual([fresh.id])
    expect(await agent.client.calls.get({ call_id: old.id })).toMatchObject({
      status: 'MISSED',
      wait_time_seconds: 3660,
    })
    await replica.close()
    const told = (await published(world, old.id)).filter(({ type }) => type === 'call.dequeued')
    expect(told.map(({ user, organization }) => user ?? organization).toSorted()).toEqual(
      [agent.id, org].toSorted(),
    )
  })
})

describe('events', () => {
  test('call.incoming reaches the organization and every free agent, and nobody else; no number, no name', async () => {
    const { org, agents, admin, ring } = await practice(3)
    const [busy, free, gone] = agents
    await busy?.client.calls.accept({ queue_id: (await ring()).id })
    await world.admin.query('update organization_memberships set deleted_at = now() where user_id = $1', [
      gone?.id,
    ])
    await world.user({ roles: { [org]: 'STAFF' } })
    const { id } = await ring({ caller_id: '+12125550145', reason: 'A' })
    const events = await published(world, id)
    expect(events.map(({ type, user, organization, data }) => [type, user, organization, data])).toEqual([
      ['call.incoming', null, org, { organization_id: org, call_id: id }],
      ['call.incoming', free?.id, null, { organization_id: org, call_id: id }],
    ])
    expect(admin.id).toBeDefined()
  })

  test('a free agent’s stream shows it, and that a colleague has taken it', async () => {
    const { org, agents, ring } = await practice(2)
    const [one, two] = agents
    const stream = await openStream(world.url, two?.token)
    const { id } = await ring()
    await one?.client.calls.accept({ queue_id: id })
    await expect.poll(() => stream.events.length).toBe(2)
    expect(stream.events).toMatchObject([
      { event: 'call.incoming', data: { call_id: id } },
      {
        event: 'call.dequeued',
        data: { organization_id: org, call_id: id, status: 'IN_PROGRESS', agent_id: one?.id },
      },
    ])
    stream.close()
  })

  test('call.completed reaches the agent and the organization', async () => {
    const { org, agent, ring } = await practice()
    const { id } = await ring()
    await agent.client.calls.accept({ queue_id: id })
    await agent.client.calls.complete({ call_id: id })
    expect((await published(world, id)).at(-1)).toEqual({
      type: 'call.completed',
      user: agent.id,
      organization: org,
      support: false,
      data: { organization_id: org, call_id: id, status: 'COMPLETED', agent_id: agent.id },
    })
  })
})

describe('updateCall and completeCall', () => {
  test('note what came of it; what is left out stays, null empties; the trail has old and new', async () => {
    const { agent, ring } = await practice()
    const { id: call_id } = await ring()
    await agent.client.calls.accept({ queue_id: call_id })
    const noted = await agent.client.calls.update({
      call_id,
      outcome: 'Booked',
      notes: world.secret('after five qzzw'),
    })
    expect(noted).toMatchObject({ outcome: 'Booked', notes: 'after five qzzw', version: 3 })
    expect(await agent.client.calls.update({ call_id, notes: null })).toMatchObject({
      outcome: 'Booked',
      notes: null,
    })
    expect(await codeOf(agent.client.calls.update({ call_id }))).toBe('VALIDATION_ERROR')
    const [row] = await world.auditRows({ operation: 'updateCall', actor: agent.id })
    expect(row).toMatchObject({ resource_id: call_id, changes: { outcome: { old: null, new: 'Booked' } } })
  })

  test('PRECONDITION_FAILED for a stale version', async () => {
    const { agent, ring } = await practice()
    const { id: call_id } = await ring()
    const { version } = await agent.client.calls.accept({ queue_id: call_id })
    await agent.client.calls.update({ call_id, if_match: version, outcome: 'A' })
    await expect(
      agent.client.calls.update({ call_id, if_match: version, outcome: 'B' }),
    ).rejects.toMatchObject({
      code: 'PRECONDITION_FAILED',
      problem: { current_version: version + 1 },
    })
  })

  test('FORBIDDEN on a colleague’s call; ADMIN and the bridge may', async () => {
    const { agents, admin, bridge, ring } = await practice(2)
    const [one, two] = agents
    const { id: call_id } = await ring()
    await one?.client.calls.accept({ queue_id: call_id })
    if (!two) throw new Error('there are two')
    expect(await codeOf(two.client.calls.update({ call_id, outcome: 'A' }))).toBe('FORBIDDEN')
    expect(await codeOf(two.client.calls.complete({ call_id }))).toBe('FORBIDDEN')
    expect(await codeOf(two.client.calls.get({ call_id }))).toBe('passed')
    expect(await admin.client.calls.update({ call_id, outcome: 'A' })).toMatchObject({ outcome: 'A' })
    expect(await bridge.calls.complete({ call_id, notes: 'B' })).toMatchObject({
      status: 'COMPLETED',
      notes: 'B',
    })
  })

  test('VALIDATION_ERROR for a patient who is not here, and to give an outbound call to another', async () => {
    const { org, agent, ring } = await practice()
    const { id: call_id } = await ring()
    const away = await world.patient([await world.organization()])
    const pointer = { errors: [{ pointer: '/patient_id' }] }
    await expect(agent.client.calls.update({ call_id, patient_id: away.id })).rejects.toMatchObject(pointer)
    const patient = await world.patient([org])
    const out = await agent.client.calls.startOutbound({
      patient_id: patient.id,
      contact_id: await contact(patient),
    })
    for (const patient_id of [null, (await world.patient([org])).id])
      await expect(agent.client.calls.update({ call_id: out.id, patient_id })).rejects.toMatchObject(pointer)
  })

  test('INVALID_TRANSITION for a call that waits, that is over, or that ends as it cannot', async () => {
    const { agent, ring } = await practice()
    const { calls } = agent.client
    const { id: call_id } = await ring()
    expect(await codeOf(calls.complete({ call_id }))).toBe('INVALID_TRANSITION')
    expect(await codeOf(calls.update({ call_id, status: 'IN_PROGRESS' }))).toBe('INVALID_TRANSITION')
    await calls.accept({ queue_id: call_id })
    expect(await codeOf(calls.complete({ call_id, status: 'VOICEMAIL' }))).toBe('INVALID_TRANSITION')
    await calls.complete({ call_id })
    expect(await codeOf(calls.complete({ call_id }))).toBe('INVALID_TRANSITION')
  })

  test('NOT_FOUND for another practice’s call, whatever is asked', async () => {
    const [here, there] = [await practice(), await practice()]
    const { id: call_id } = await there.ring()
    const { calls } = here.agent.client
    for (const call of [
      () => calls.get({ call_id }),
      () => calls.update({ call_id, outcome: 'A' }),
      () => calls.complete({ call_id }),
      () => calls.createTask({ call_id, description: 'A' }),
      () => calls.getRecordingUrl({ call_id }),
    ])
      expect(await codeOf(call())).toBe('NOT_FOUND')
  })
})

describe('createCallTask', () => {
  test('a follow-up is a task about the call, the call shows it, and the assignee is told', async () => {
    const { org, agent, ring } = await practice()
    const nurse = await world.user({ roles: { [org]: 'STAFF' } })
    const { id: call_id } = await ring()
    const task = await agent.client.calls.createTask({
      call_id,
      description: world.secret('Ask about qzzx'),
      assignee_id: nurse.id,
      due_at: '2026-03-03T17:00:00Z',
    })
    expect(task).toMatchObject({
      status: 'PENDING',
      assignee: { id: nurse.id },
      created_by: { id: agent.id },
      related_resource: { type: 'CALL', id: call_id },
    })
    const later = await agent.client.calls.createTask({ call_id, description: 'Whenever' })
    expect((await agent.client.calls.get({ call_id })).tasks).toEqual([task, later])
    expect(await notified(world, nurse.id)).toMatchObject([{ title: 'New task' }])
    expect((await nurse.client.tasks.list({ org_id: org })).items.map(({ id }) => id)).toContain(task.id)
  })

  test('VALIDATION_ERROR for an assignee who cannot see tasks', async () => {
    const { org, agent, ring } = await practice()
    const { id: assignee_id } = await world.user({ roles: { [org]: 'AUDITOR' } })
    const task = { call_id: (await ring()).id, description: 'A', assignee_id }
    await expect(agent.client.calls.createTask(task)).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
      errors: [{ pointer: '/assignee_id' }],
    })
  })
})

describe('recordings', () => {
  const sound = Buffer.from('RIFF, and what was said')
  const file = { content_type: 'audio/wav', size_bytes: sound.length } as const

  test('the bridge hands one in; the link to it is good for 15 minutes, and listening is audited', async () => {
    const { agent, bridge, ring } = await practice()
    const { id: call_id } = await ring()
    const link = () => agent.client.calls.getRecordingUrl({ call_id })
    expect(await codeOf(link())).toBe('RECORDING_NOT_AVAILABLE')
    const { url, method, headers } = await bridge.calls.createRecordingUpload({ call_id, ...file })
    // Announced, not sent yet.
    expect(await codeOf(link())).toBe('RECORDING_NOT_AVAILABLE')
    expect((await fetch(url, { method, headers, body: sound })).ok).toBe(true)
    const got = await link()
    expect(Date.parse(got.expires_at) - world.clock.now().getTime()).toBeLessThanOrEqual(15 * 60_000)
    const response = await fetch(got.url)
    expect(response.headers.get('content-disposition')).toContain(`call-${call_id}.wav`)
    expect(Buffer.from(await response.arrayBuffer())).toEqual(sound)
    expect(await agent.client.calls.get({ call_id })).toMatchObject({ recording: 'AVAILABLE' })
    world.clock.advance({ minutes: 16 })
    expect((await fetch(got.url)).status).toBe(403)
    const [row] = await world.auditRows({ operation: 'getCallRecordingUrl', actor: agent.id })
    expect(row).toMatchObject({ action_type: 'LISTEN', resource_id: call_id })
    expect(await codeOf(bridge.calls.createRecordingUpload({ call_id, ...file }))).toBe('CONFLICT')
  })

  test('redacted by an ADMIN it is gone for good: RECORDING_REDACTED, and no other takes its place', async () => {
    const { agent, admin, bridge, ring } = await practice()
    const { id: call_id } = await ring()
    expect(await codeOf(admin.client.calls.redactRecording({ call_id }))).toBe('RECORDING_NOT_AVAILABLE')
    const { url, method, headers } = await bridge.calls.createRecordingUpload({ call_id, ...file })
    await fetch(url, { method, headers, body: sound })
    const { url: link } = await agent.client.calls.getRecordingUrl({ call_id })
    expect(await codeOf(agent.client.calls.redactRecording({ call_id }))).toBe('FORBIDDEN')
    for (let n = 0; n < 2; n++) await admin.client.calls.redactRecording({ call_id })
    expect(await codeOf(agent.client.calls.getRecordingUrl({ call_id }))).toBe('RECORDING_REDACTED')
    expect((await fetch(link)).status).toBe(404)
    expect(await codeOf(bridge.calls.createRecordingUpload({ call_id, ...file }))).toBe('RECORDING_REDACTED')
    expect(await agent.client.calls.get({ call_id })).toMatchObject({ recording: 'REDACTED' })
  })

  test('NOT_FOUND for another practice’s call', async () => {
    const [here, there] = [await practice(), await practice()]
    const { id: call_id } = await there.ring()
    expect(await codeOf(here.bridge.calls.createRecordingUpload({ call_id, ...file }))).toBe('NOT_FOUND')
    expect(await codeOf(here.admin.client.calls.redactRecording({ call_id }))).toBe('NOT_FOUND')
  })
})

describe('startOutboundCall', () => {
  test('rings at the patient’s safe number, is answered, and lasts from then on', async () => {
    const { org, agent } = await practice()
    const patient = await world.patient([org])
    const contact_id = await contact(patient, { value: '+12125550146' })
    const call = await agent.client.calls.startOutbound({
      patient_id: patient.id,
      contact_id,
      reason: 'Results',
    })
    expect(call).toMatchObject({
      call_type: 'OUTBOUND',
      status: 'INITIATING',
      caller_id: '+12125550146',
      patient: { id: patient.id },
      agent: { id: agent.id },
      entered_queue_at: null,
      started_at: instant,
    })
    world.clock.advance({ seconds: 20 })
    const call_id = call.id
    expect(await agent.client.calls.update({ call_id, status: 'IN_PROGRESS' })).toMatchObject({
      status: 'IN_PROGRESS',
    })
    world.clock.advance({ seconds: 90 })
    expect(await agent.client.calls.complete({ call_id })).toMatchObject({
      duration_seconds: 90,
      wait_time_seconds: null,
    })
  })

  test('ends as VOICEMAIL or MISSED when nobody is there; an agent in a call starts none (CONFLICT)', async () => {
    const { org, agent } = await practice()
    const patient = await world.patient([org])
    const dial = { patient_id: patient.id, contact_id: await contact(patient) }
    for (const status of ['VOICEMAIL', 'MISSED'] as const) {
      const { id: call_id } = await agent.client.calls.startOutbound(dial)
      expect(await codeOf(agent.client.calls.startOutbound(dial))).toBe('CONFLICT')
      world.clock.advance({ seconds: 15 })
      expect(await agent.client.calls.complete({ call_id, status })).toMatchObject({
        status,
        duration_seconds: status === 'MISSED' ? null : 15,
      })
    }
  })

  const outbound = async (change: {
    status?: string
    numbers?: Numbers
    consents?: boolean
    userConsents?: boolean
  }) => {
    const { org, agent } = await practice()
    const login = await world.user()
    const patient = await world.patient([org], {
      userId: login.id,
      ...(change.status && { status: change.status }),
    })
    const contact_id = await contact(patient, change.numbers)
    await world.admin.query('update patients set transactional_consent = $2 where id = $1', [
      patient.id,
      change.consents ?? true,
    ])
    await world.admin.query('update users set transactional_consent = $2 where id = $1', [
      login.id,
      change.userConsents ?? true,
    ])
    return codeOf(agent.client.calls.startOutbound({ patient_id: patient.id, contact_id }))
  }

  test('VOICEMAIL_UNSAFE for a number that is not marked safe, or is marked unsafe under another type', async () => {
    expect(await outbound({ numbers: { safe: false } })).toBe('VOICEMAIL_UNSAFE')
    const { org, agent } = await practice()
    const patient = await world.patient([org])
    const contact_id = await contact(patient)
    await contact(patient, { safe: false, type: 'HOME' })
    expect(await codeOf(agent.client.calls.startOutbound({ patient_id: patient.id, contact_id }))).toBe(
      'VOICEMAIL_UNSAFE',
    )
  })

  test('CONSENT_NOT_GRANTED when the record or the sign-in says no', async () => {
    expect(await outbound({ consents: false })).toBe('CONSENT_NOT_GRANTED')
    expect(await outbound({ userConsents: false })).toBe('CONSENT_NOT_GRANTED')
    expect(await outbound({})).toBe('passed')
  })

  test('PATIENT_DISCHARGED for a discharged patient', async () => {
    expect(await outbound({ status: 'DISCHARGED' })).toBe('PATIENT_DISCHARGED')
  })

  test('VALIDATION_ERROR for an e-mail address', async () => {
    expect(await outbound({ numbers: { type: 'EMAIL', value: 'ada@patient.test' } })).toBe('VALIDATION_ERROR')
  })

  test('NOT_FOUND for a contact of somebody else, and for another practice’s patient', async () => {
    const { org, agent } = await practice()
    const [patient, other] = [await world.patient([org]), await world.patient([org])]
    const away = await world.patient([await world.organization()])
    for (const [one, contact_id] of [
      [patient, await contact(other)],
      [patient, world.id()],
      [away, await contact(away)],
    ] as const)
      expect(await codeOf(agent.client.calls.startOutbound({ patient_id: one.id, contact_id }))).toBe(
        'NOT_FOUND',
      )
  })

  test('CALL_LIMIT_EXCEEDED at the fourth attempt of the organization’s day, which ends at its own midnight', async () => {
    // Noon in New York, whatever other tests did to the clock; the day there ends at 04:00 or 05:00 in Greenwich.
    const { org } = await practice()
    const patient = await world.patient([org])
    const contact_id = await contact(patient)
    const fresh = () => world.user({ roles: { [org]: 'CALL_CENTER_AGENT' } })
    const local = (format: Intl.DateTimeFormatOptions) =>
      Number(
        new Intl.DateTimeFormat('en-US', {
          timeZone: 'America/New_York',
          hourCycle: 'h23',
          ...format,
        }).format(world.clock.now()),
      )
    world.clock.advance({ minutes: 60 - local({ minute: 'numeric' }) })
    while (local({ hour: 'numeric' }) !== 22) world.clock.advance({ hours: 1 })
    const attempt = async () => {
      const agent = await fresh()
      const code = await codeOf(
        (async () => {
          const { id: call_id } = await agent.client.calls.startOutbound({
            patient_id: patient.id,
            contact_id,
          })
          await agent.client.calls.complete({ call_id, status: 'MISSED' })
        })(),
      )
      return code
    }
    // In Greenwich another day has begun already.
    const codes = []
    for (let n = 0; n < 4; n++) {
      codes.push(await attempt())
      world.clock.advance({ minutes: 29 })
    }
    expect(codes).toEqual(['passed', 'passed', 'passed', 'CALL_LIMIT_EXCEEDED'])
    world.clock.advance({ minutes: 5 })
    expect(await attempt()).toBe('passed')
  })

  test('of agents who dial one patient at once three get through', async () => {
    const { org, agents } = await practice(5)
    const patient = await world.patient([org])
    const contact_id = await contact(patient)
    const codes = await Promise.all(
      agents.map(({ client }) => codeOf(client.calls.startOutbound({ patient_id: patient.id, contact_id }))),
    )
    expect(counts(codes)).toEqual({ passed: 3, CALL_LIMIT_EXCEEDED: 2 })
  })
})

describe('lists of calls', () => {
  test('listRecentCalls shows the own ones only, listPatientCalls all of the patient’s here, the newest first', async () => {
    const { org, agents, admin, ring } = await practice(2)
    const [one, two] = agents
    if (!one || !two) throw new Error('there are two')
    const patient = await world.patient([org])
    await contact(patient, { value: '+12125550147' })
    const ids: string[] = []
    for (let n = 0; n < 6; n++) {
      const { id } = await ring({ caller_id: '+12125550147' })
      const { client } = n % 2 === 0 ? one : two
      await client.calls.accept({ queue_id: id })
      await client.calls.complete({ call_id: id })
      ids.unshift(id)
      world.clock.advance({ seconds: 1 })
    }
    const own: string[] = []
    for await (const { id } of one.client.calls.recent({ limit: 2 })) own.push(id)
    expect(own).toEqual(ids.filter((_, index) => index % 2 === 1))
    const all: string[] = []
    for await (const { id } of admin.client.calls.history({ patient_id: patient.id, limit: 4 })) all.push(id)
    expect(all).toEqual(ids)
    const page = await two.client.calls.history({ patient_id: patient.id, include_total: true })
    expect(page.total).toBe(6)
    expect((await one.client.calls.recent({ include_total: true })).total).toBe(3)
    const elsewhere = await practice()
    expect(await codeOf(elsewhere.agent.client.calls.history({ patient_id: patient.id }))).toBe('NOT_FOUND')
    const { next_cursor } = await one.client.calls.recent({ limit: 1 })
    const cursor = next_cursor ?? ''
    expect(await codeOf(two.client.calls.recent({ limit: 1, cursor }))).toBe('INVALID_CURSOR')
    expect(await codeOf(one.client.calls.history({ patient_id: patient.id, limit: 1, cursor }))).toBe(
      'INVALID_CURSOR',
    )
  })
})
