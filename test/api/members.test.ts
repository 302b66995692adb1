import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { published } from '../support/outbox.ts'
import { codeOf } from '../support/problems.ts'
import { organizationStream } from '../support/streams.ts'
import { createWorld, type TestUser, type World } from '../support/world.ts'

let world: World
let org_id: string
let admin: TestUser

beforeAll(async () => {
  world = await createWorld()
})
afterAll(() => world.stop())
beforeEach(async () => {
  org_id = await world.organization()
  admin = await world.user({ roles: { [org_id]: 'ADMIN' } })
})

const memberId = async (user: Pick<TestUser, 'id'>, organization = org_id): Promise<string> => {
  const { rows } = await world.admin.query(
    'select id from organization_memberships where user_id = $1 and organization_id = $2 and deleted_at is null',
    [user.id, organization],
  )
  return rows[0]?.id
}
const admins = async (): Promise<number> => {
  const { rows } = await world.admin.query(
    `select count(*)::int as n from organization_memberships
     where organization_id = $1 and role = 'ADMIN' and deleted_at is null`,
    [org_id],
  )
  return rows[0].n
}

describe('the list', () => {
  test('shows every role the members in the order of joining, page by page', async () => {
    const staff = await world.user({ roles: { [org_id]: 'STAFF' } })
    const auditor = await world.user({ roles: { [org_id]: 'AUDITOR' } })
    await world.user({ roles: { [await world.organization()]: 'STAFF' } })
    const walked = []
    for await (const item of auditor.client.members.list({ org_id, limit: 2 })) walked.push(item)
    expect(walked.map(({ user_id, role }) => [user_id, role])).toEqual([
      [admin.id, 'ADMIN'],
      [staff.id, 'STAFF'],
      [auditor.id, 'AUDITOR'],
    ])
    const page = await staff.client.members.list({ org_id, include_total: true, limit: 1 })
    expect(page).toMatchObject({ total: 3, items: [{ email: admin.email, organization_id: org_id }] })
    const stranger = await world.user({ roles: { [await world.organization()]: 'ADMIN' } })
    expect(await codeOf(stranger.client.members.list({ org_id }))).toBe('NOT_FOUND')
  })

  test('finds by role and by part of name or e-mail, whatever that contains', async () => {
    const ada = await world.user({ roles: { [org_id]: 'STAFF' }, name: 'Ada 100% Moreau' })
    const list = async (filter: { search?: string; role?: 'STAFF' }) =>
      (await admin.client.members.list({ org_id, ...filter })).items.map((one) => one.user_id)
    expect(await list({ search: '100% mor' })).toEqual([ada.id])
    expect(await list({ search: ada.email.toUpperCase() })).toEqual([ada.id])
    expect(await list({ search: '%%%' })).toEqual([])
    expect(await list({ role: 'STAFF' })).toEqual([ada.id])
  })
})

describe('changing a role', () => {
  test('bites on the next request and is audited with the old and the new value', async () => {
    const member = await world.user({ roles: { [org_id]: 'AUDITOR' } })
    const member_id = await memberId(member)
    expect(await codeOf(member.client.patients.list({ org_id }))).toBe('FORBIDDEN')
    const changed = await admin.client.members.update({ org_id, member_id, role: 'STAFF' })
    expect(changed).toMatchObject({ id: member_id, role: 'STAFF', user_id: member.id })
    expect(await codeOf(member.client.patients.list({ org_id }))).toBe('passed')
    expect(await world.auditRows({ operation: 'updateMember', actor: admin.id })).toMatchObject([
      {
        action_type: 'UPDATE',
        resource_type: 'MEMBER',
        resource_id: member_id,
        organization_id: org_id,
        changes: { role: { old: 'AUDITOR', new: 'STAFF' } },
      },
    ])
  })

  test('is for an ADMIN of the same organization: others are refused, a foreign member is not there', async () => {
    const staff = await world.user({ roles: { [org_id]: 'STAFF' } })
    const member_id = await memberId(staff)
    expect(await codeOf(staff.client.members.update({ org_id, member_id, role: 'ADMIN' }))).toBe('FORBIDDEN')
    const elsewhere = await world.organization()
    const foreign = await world.user({ roles: { [elsewhere]: 'ADMIN' } })
    const call = { org_id: elsewhere, member_id, role: 'ADMIN' as const }
    expect(await codeOf(foreign.client.members.update(call))).toBe('NOT_FOUND')
    expect(await codeOf(foreign.client.members.remove({ org_id: elsewhere, member_id }))).toBe('NOT_FOUND')
    expect(await codeOf(staff.client.members.list({ org_id }))).toBe('passed')
  })
})

describe('the last ADMIN', () => {
  test('can be neither demoted nor removed, and stays what they are', async () => {
    const member_id = await memberId(admin)
    expect(await codeOf(admin.client.members.update({ org_id, member_id, role: 'STAFF' }))).toBe('LAST_ADMIN')
    expect(await codeOf(admin.client.members.remove({ org_id, member_id }))).toBe('LAST_ADMIN')
    expect(await codeOf(admin.client.members.update({ org_id, member_id, role: 'ADMIN' }))).toBe('passed')
    expect(await admins()).toBe(1)
  })

  test('cannot be lost by two requests at once', async () => {
    for (let round = 0; round < 5; round++) {
      const other = await world.user({ roles: { [org_id]: 'ADMIN' } })
      const [mine, theirs] = [await memberId(admin), await memberId(other)]
      const codes = await Promise.all([
        codeOf(admin.client.members.remove({ org_id, member_id: theirs })),
        codeOf(other.client.members.update({ org_id, member_id: mine, role: 'STAFF' })),
      ])
      expect(await admins()).toBe(1)
      expect(codes.filter((code) => code === 'passed')).toHaveLength(1)
      // The loser is refused by the rule, or by the gates when the winner was through already.
      expect(['LAST_ADMIN', 'NOT_FOUND', 'FORBIDDEN']).toContain(codes.find((code) => code !== 'passed'))
      const { rows } = await world.admin.query(
        `select user_id from organization_memberships where organization_id = $1 and role = 'ADMIN' and deleted_at is null`,
        [org_id],
      )
      if (rows[0].user_id !== admin.id) admin = other
    }
  })

  test('cannot leave together with the others: of all at once, one stays', async () => {
    const all = [admin]
    for (let index = 0; index < 5; index++) all.push(await world.user({ roles: { [org_id]: 'ADMIN' } }))
    const ids = await Promise.all(all.map((user) => memberId(user)))
    const codes = await Promise.all(
      all.map(({ client }, index) => codeOf(client.members.remove({ org_id, member_id: ids[index] ?? '' }))),
    )
    expect(codes.toSorted()).toEqual(['LAST_ADMIN', ...Array.from({ length: 5 }, () => 'passed')])
    expect(await admins()).toBe(1)
  })

  test('does not count those who cannot sign in', async () => {
    const suspended = await world.user({ roles: { [org_id]: 'ADMIN' } })
    await world.admin.query('update users set suspended_at = now() where id = $1', [suspended.id])
    const member_id = await memberId(admin)
    expect(await codeOf(admin.client.members.remove({ org_id, member_id }))).toBe('LAST_ADMIN')
  })
})

describe('removing', () => {
  test('ends access at once, open streams too, on every server; and emits and audits', async () => {
    const replica = await world.startServer()
    const other = await world.user({ roles: { [org_id]: 'ADMIN' } })
    const member_id = await memberId(other)
    const watching = await organizationStream(world, org_id, other.token, replica.url)
    await admin.client.members.remove({ org_id, member_id })
    expect(await codeOf(other.client.patients.list({ org_id }))).toBe('NOT_FOUND')
    await expect.poll(() => watching.text(), { timeout: 5000 }).toContain('ACCESS_LOST')
    await watching.ended
    expect(await published(world, member_id)).toEqual([
      {
        type: 'member.removed',
        user: null,
        organization: org_id,
        support: false,
        data: { organization_id: org_id, member_id, user_id: other.id, role: 'ADMIN' },
      },
    ])
    expect(await world.auditRows({ operation: 'removeMember', actor: admin.id })).toMatchObject([
      { action_type: 'REMOVE', resource_type: 'MEMBER', resource_id: member_id, organization_id: org_id },
    ])
    expect(await codeOf(admin.client.members.remove({ org_id, member_id }))).toBe('NOT_FOUND')
    expect((await admin.client.organizations.get({ org_id })).member_count).toBe(1)
  })
})
