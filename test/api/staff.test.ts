import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { codeOf } from '../support/problems.ts'
import { statementsOf } from '../support/statements.ts'
import { createWorld, type TestUser, type World } from '../support/world.ts'

let world: World
let org_id: string
let admin: TestUser

beforeAll(async () => {
  world = await createWorld()
  org_id = await world.organization()
  admin = await world.user({ roles: { [org_id]: 'ADMIN' } })
})
afterAll(() => world.stop())

describe('a staff profile', () => {
  test('is made for a member, changed and deleted by ADMINs; the person reads the own one', async () => {
    const user = await world.user({ roles: { [org_id]: 'STAFF' }, name: 'Theo Brandt' })
    const made = await admin.client.staff.create({
      org_id,
      user_id: user.id,
      employee_id: 'E-10482',
      job_title: ' Front desk ',
    })
    expect(made).toEqual({
      id: expect.any(String),
      user_id: user.id,
      display_name: 'Theo Brandt',
      email: user.email,
      role: 'STAFF',
      employee_id: 'E-10482',
      job_title: 'Front desk',
      created_at: expect.any(String),
      updated_at: expect.any(String),
    })
    const one = { org_id, staff_id: made.id }
    expect(await user.client.staff.get(one)).toEqual(made)
    const colleague = await world.user({ roles: { [org_id]: 'PROVIDER' } })
    expect(await codeOf(colleague.client.staff.get(one))).toBe('NOT_FOUND')
    const { staff } = user.client
    expect(await codeOf(staff.update({ ...one, job_title: 'Chief' }))).toBe('FORBIDDEN')
    expect(await codeOf(staff.delete(one))).toBe('FORBIDDEN')
    expect(await codeOf(staff.list({ org_id }))).toBe('FORBIDDEN')
    expect(await admin.client.staff.update({ ...one, job_title: null })).toMatchObject({
      job_title: null,
      employee_id: 'E-10482',
    })
    expect(await world.auditRows({ operation: 'updateStaff', actor: admin.id })).toMatchObject([
      { changes: { job_title: { old: 'Front desk', new: null } } },
    ])
    expect(await codeOf(admin.client.staff.create({ org_id, user_id: user.id }))).toBe('CONFLICT')
    expect(await codeOf(admin.client.staff.delete(one))).toBe('passed')
    expect(await codeOf(admin.client.staff.get(one))).toBe('NOT_FOUND')
    expect(await codeOf(admin.client.staff.update({ ...one, job_title: 'x' }))).toBe('NOT_FOUND')
    expect(await codeOf(admin.client.staff.delete(one))).toBe('NOT_FOUND')
    expect((await user.client.users.me()).memberships).toMatchObject([
      { role: 'STAFF', role_entity_id: null },
    ])
  })

  test('is for members alone (NOT_FOUND), and not taken from another organization (CONFLICT)', async () => {
    const there = await world.organization()
    const stranger = await world.user({ roles: { [there]: 'STAFF' } })
    expect(await codeOf(admin.client.staff.create({ org_id, user_id: stranger.id }))).toBe('NOT_FOUND')
    const both = await world.user({ roles: { [org_id]: 'STAFF', [there]: 'STAFF' } })
    const { id: staff_id } = await admin.client.staff.create({ org_id, user_id: both.id })
    expect(await codeOf(admin.client.staff.delete({ org_id, staff_id }))).toBe('CONFLICT')
    const outsider = await world.user({ roles: { [await world.organization()]: 'ADMIN' } })
    expect(await codeOf(outsider.client.staff.get({ org_id, staff_id }))).toBe('NOT_FOUND')
  })

  test('is found by job title, name and employee number; pages walk to the end', async () => {
    const own = await world.organization()
    const boss = await world.user({ roles: { [own]: 'ADMIN' } })
    const make = async (name: string, employee_id: string, job_title: string) => {
      const user = await world.user({ roles: { [own]: 'STAFF' }, name })
      return (await boss.client.staff.create({ org_id: own, user_id: user.id, employee_id, job_title })).id
    }
    const ids = [
      await make('Zoë Brandt', 'E-1', 'Front desk'),
      await make('Ada Klein', 'E-2', 'Billing'),
      await make('Bo Lund', 'X-3', 'Front desk'),
    ]
    const find = async (query: { search?: string; job_title?: string }) =>
      (await boss.client.staff.list({ org_id: own, ...query })).items.map(({ id }) => id)
    expect(await find({ search: 'zoe' })).toEqual([ids[0]])
    expect(await find({ search: 'e-2' })).toEqual([ids[1]])
    expect(await find({ job_title: 'FRONT DESK' })).toEqual([ids[0], ids[2]])
    const walked = []
    for await (const one of boss.client.staff.list({ org_id: own, limit: 1 })) walked.push(one.id)
    expect(walked).toEqual(ids)
    const page = await boss.client.staff.list({ org_id: own, limit: 1, include_total: true })
    expect(page.total).toBe(3)
    const count = async (limit: number) =>
      (await statementsOf(() => boss.client.staff.list({ org_id: own, limit }))).length
    expect(await count(100)).toBe(await count(1))
  })
})
