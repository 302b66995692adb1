import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { notified } from '../support/outbox.ts'
import { codeOf } from '../support/problems.ts'
import { createWorld, type TestUser, type World } from '../support/world.ts'

let world: World
let org: string
let staff: TestUser

beforeAll(async () => {
  world = await createWorld({ start: new Date('2026-03-02T14:00:00Z') })
  org = await world.organization()
  staff = await world.user({ roles: { [org]: 'STAFF' } })
})
afterAll(() => world.stop())

const instant = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
const uuid = expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)

type Create = Parameters<typeof staff.client.tasks.create>[0]
const create = (change: Partial<Create> = {}, user = staff) =>
  user.client.tasks.create({ org_id: org, description: 'Call back', ...change })
const update = (task: { id: string }, change: object, user = staff) =>
  user.client.tasks.update({ org_id: org, task_id: task.id, ...change })
const colleague = (role: 'ADMIN' | 'PROVIDER' | 'STAFF' | 'CALL_CENTER_AGENT' | 'AUDITOR' = 'PROVIDER') =>
  world.user({ roles: { [org]: role } })

describe('createTask', () => {
  test('answers the whole task, PENDING, and lists it so', async () => {
    const assignee = await colleague()
    const patient = await world.patient([org])
    const created = await create({
      description: world.secret('Call back about biopsy qzzu'),
      assignee_id: assignee.id,
      due_at: '2026-03-03T12:00:00-05:00',
      related_resource: { type: 'PATIENT', id: patient.id },
    })
    expect(created).toEqual({
      id: uuid,
      organization_id: org,
      description: 'Call back about biopsy qzzu',
      status: 'PENDING',
      due_at: '2026-03-03T17:00:00.000Z',
      assignee: { id: assignee.id, display_name: expect.any(String) },
      created_by: { id: staff.id, display_name: expect.any(String) },
      related_resource: { type: 'PATIENT', id: patient.id },
      completed_at: null,
      version: 1,
      created_at: instant,
      updated_at: instant,
    })
    const { items } = await staff.client.tasks.list({ org_id: org, assignee_id: assignee.id })
    expect(items).toEqual([created])
    expect(await notified(world, assignee.id)).toMatchObject([
      { title: 'New task', body: 'A task was assigned to you. Sign in to see it.', action_url: '/tasks' },
    ])
  })

  test('a task for oneself tells nobody, one for nobody neither', async () => {
    const before = (await notified(world, staff.id)).length
    await create({ assignee_id: staff.id })
    expect(await create()).toMatchObject({ assignee: null, due_at: null, related_resource: null })
    expect(await notified(world, staff.id)).toHaveLength(before)
  })

  test('VALIDATION_ERROR for an assignee who cannot see tasks', async () => {
    const elsewhere = await world.user({ roles: { [await world.organization()]: 'STAFF' } })
    const left = await colleague()
    await world.admin.query('update organization_memberships set deleted_at = now() where user_id = $1', [
      left.id,
    ])
    for (const user of [elsewhere, left, await colleague('AUDITOR'), await world.user()])
      await expect(create({ assignee_id: user.id })).rejects.toMatchObject({
        code: 'VALIDATION_ERROR',
        errors: [{ pointer: '/assignee_id' }],
      })
    for (const role of ['ADMIN', 'PROVIDER', 'STAFF', 'CALL_CENTER_AGENT'] as const)
      expect(await codeOf(create({ assignee_id: (await colleague(role)).id })), role).toBe('passed')
  })

  test('VALIDATION_ERROR for a record that is not of this organization', async () => {
    const there = await world.organization()
    const patient = await world.patient([there])
    for (const type of ['PATIENT', 'APPOINTMENT'] as const)
      for (const id of [patient.id, world.id()])
        await expect(create({ related_resource: { type, id } })).rejects.toMatchObject({
          code: 'VALIDATION_ERROR',
          errors: [{ pointer: '/related_resource/id' }],
        })
    const { providerId } = await world.provider(org)
    const visit = await staff.client.appointments.create({
      org_id: org,
      provider_id: providerId,
      patient_id: (await world.patient([org])).id,
      scheduled_at: '2026-04-01T15:00:00Z',
      appointment_type: 'IN_PERSON',
    })
    const about = { type: 'APPOINTMENT', id: visit.id } as const
    expect(await create({ related_resource: about })).toMatchObject({ related_resource: about })
  })

  test('an API key makes tasks, and nobody is named as the maker', async () => {
    const admin = await colleague('ADMIN')
    const key = await admin.client.apiKeys.create({
      org_id: org,
      name: 'Laboratory',
      role: 'STAFF',
      scopes: ['read', 'write'],
    })
    const task = await world.client(world.secret(key.secret)).tasks.create({
      org_id: org,
      description: 'Look at the result',
      assignee_id: staff.id,
    })
    expect(task).toMatchObject({ created_by: null, assignee: { id: staff.id } })
  })

  test('ADMIN, PROVIDER, STAFF and CALL_CENTER_AGENT work with tasks; an AUDITOR and a patient do not', async () => {
    for (const role of ['ADMIN', 'PROVIDER', 'STAFF', 'CALL_CENTER_AGENT', 'AUDITOR'] as const) {
      const user = await colleague(role)
      const codes = [
        await codeOf(create({}, user)),
        await codeOf(user.client.tasks.list({ org_id: org })),
        await codeOf(update(await create(), { status: 'COMPLETED' }, user)),
      ]
      expect(codes, role).toEqual(Array(3).fill(role === 'AUDITOR' ? 'FORBIDDEN' : 'passed'))
    }
    const self = await world.user()
    await world.patient([org], { userId: self.id })
    expect(await codeOf(self.client.tasks.list({ org_id: org }))).toBe('NOT_FOUND')
  })
})

describe('updateTask', () => {
  test('completing stamps the time, by the server’s clock, once; reopening empties it', async () => {
    const task = await create()
    const now = world.clock.now().getTime()
    const done = await update(task, { status: 'COMPLETED' })
    expect(done).toMatchObject({ status: 'COMPLETED', version: 2 })
    expect(Math.abs(Date.parse(done.completed_at ?? '') - now)).toBeLessThan(60_000)
    world.clock.advance({ minutes: 2 })
    expect(await update(task, { status: 'COMPLETED' })).toMatchObject({ completed_at: done.completed_at })
    expect(await update(task, { status: 'PENDING' })).toMatchObject({ completed_at: null, version: 4 })
    expect(await update(task, { status: 'CANCELLED' })).toMatchObject({
      status: 'CANCELLED',
      completed_at: null,
    })
  })

  test('what is left out stays, null empties, a new assignee is told', async () => {
    const [first, second] = [await colleague(), await colleague()]
    const task = await create({ assignee_id: first.id, due_at: '2026-03-05T10:00:00Z' })
    expect(await update(task, { assignee_id: second.id })).toMatchObject({
      assignee: { id: second.id },
      due_at: '2026-03-05T10:00:00.000Z',
      description: 'Call back',
    })
    expect(await update(task, { assignee_id: second.id, due_at: null })).toMatchObject({ due_at: null })
    expect(await notified(world, first.id)).toHaveLength(1)
    expect(await notified(world, second.id)).toHaveLength(1)
    expect(await update(task, { assignee_id: null, description: 'Write instead' })).toMatchObject({
      assignee: null,
      description: 'Write instead',
    })
    expect(await codeOf(update(task, { assignee_id: world.id() }))).toBe('VALIDATION_ERROR')
    expect(await codeOf(update(task, {}))).toBe('VALIDATION_ERROR')
    const rows = await world.auditRows({ operation: 'updateTask' })
    expect(rows.filter(({ resource_id }) => resource_id === task.id)[0]).toMatchObject({
      action_type: 'UPDATE',
      changes: { assignee_id: { old: first.id, new: second.id } },
    })
  })

  test('PRECONDITION_FAILED for a stale If-Match: of ten who take a task one gets it', async () => {
    const task = await create()
    const users = []
    for (let n = 0; n < 10; n++) users.push(await colleague())
    const codes = await Promise.all(
      users.map((user) => codeOf(update(task, { if_match: 1, assignee_id: user.id }, user))),
    )
    expect(codes.toSorted()).toEqual([...Array(9).fill('PRECONDITION_FAILED'), 'passed'])
    await expect(update(task, { if_match: 1, status: 'CANCELLED' })).rejects.toMatchObject({
      problem: { current_version: 2 },
    })
  })

  test('NOT_FOUND for a task of another organization', async () => {
    const there = await world.organization()
    const other = await world.user({ roles: { [there]: 'ADMIN' } })
    const task = { org_id: there, task_id: (await create()).id, status: 'COMPLETED' as const }
    expect(await codeOf(other.client.tasks.update(task))).toBe('NOT_FOUND')
    expect((await other.client.tasks.list({ org_id: there })).items).toEqual([])
  })
})

describe('listTasks', () => {
  test('by due time, those without one last, in pages without repeats; narrows by assignee, status and due', async () => {
    const org_id = await world.organization()
    const user = await world.user({ roles: { [org_id]: 'STAFF' } })
    const make = async (due_at?: string, assignee_id?: string) =>
      (await user.client.tasks.create({ org_id, description: 'A', due_at, assignee_id })).id
    const open = [await make(), await make()]
    const late = await make('2026-03-04T10:00:00Z', user.id)
    const ties = [await make('2026-03-03T10:00:00Z'), await make('2026-03-03T10:00:00Z')]
    const early = await make('2026-03-01T10:00:00Z', user.id)
    const all = [early, ...ties.toSorted(), late, ...open.toSorted()]
    for (const limit of [1, 2, 5]) {
      const walked = []
      for await (const { id } of user.client.tasks.list({ org_id, limit })) walked.push(id)
      expect(walked).toEqual(all)
    }
    await user.client.tasks.update({ org_id, task_id: early, status: 'COMPLETED' })
    const list = async (query: object) => {
      const page = await user.client.tasks.list({ org_id, include_total: true, ...query })
      expect(page.total).toBe(page.items.length)
      return page.items.map(({ id }) => id)
    }
    expect(await list({ status: 'PENDING' })).toEqual(all.slice(1))
    expect(await list({ status: 'COMPLETED' })).toEqual([early])
    expect(await list({ assignee_id: user.id })).toEqual([early, late])
    expect(await list({ assignee_id: user.id, status: 'PENDING' })).toEqual([late])
    expect(await list({ due_before: '2026-03-03T10:00:00Z' })).toEqual([early])
    expect(await list({ due_after: '2026-03-03T10:00:00Z' })).toEqual([...ties.toSorted(), late])
    expect(await list({ due_after: '2026-03-03T10:00:00Z', due_before: '2026-03-04T10:00:00Z' })).toEqual(
      ties.toSorted(),
    )
  })

  test('VALIDATION_ERROR for a range the wrong way round, INVALID_CURSOR for another filter’s', async () => {
    const at = '2026-03-03T10:00:00Z'
    const { list } = staff.client.tasks
    expect(await codeOf(list({ org_id: org, due_after: at, due_before: at }))).toBe('VALIDATION_ERROR')
    await create()
    await create()
    const { next_cursor } = await list({ org_id: org, limit: 1 })
    const cursor = next_cursor ?? ''
    expect(await codeOf(list({ org_id: org, limit: 1, cursor }))).toBe('passed')
    expect(await codeOf(list({ org_id: org, status: 'PENDING', cursor }))).toBe('INVALID_CURSOR')
  })
})
