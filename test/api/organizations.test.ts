import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { published } from '../support/outbox.ts'
import { codeOf } from '../support/problems.ts'
import { organizationStream } from '../support/streams.ts'
import { createWorld, type World } from '../support/world.ts'

let world: World

beforeAll(async () => {
  world = await createWorld()
})
afterAll(() => world.stop())

describe('creating', () => {
  test('makes the creator its ADMIN and only member', async () => {
    const user = await world.user({ mfa: true })
    const settings = {
      primary_color: '#0a6e8a',
      opening_hours: [{ weekday: 1, opens: '09:00', closes: '17:00' }],
    }
    const created = await user.client.organizations.create({
      name: '  Harbor Family Practice ',
      tax_id: '12-3456789',
      timezone: 'America/Chicago',
      settings,
    })
    expect(created).toEqual({
      id: expect.any(String),
      name: 'Harbor Family Practice',
      tax_id: '12-3456789',
      timezone: 'America/Chicago',
      settings,
      subscription_status: expect.any(String),
      member_count: 1,
      patient_count: 0,
      role: 'ADMIN',
      created_at: expect.any(String),
      updated_at: expect.any(String),
    })
    expect(await user.client.organizations.get({ org_id: created.id })).toEqual(created)
    expect((await user.client.users.me()).memberships).toMatchObject([
      { organization_id: created.id, role: 'ADMIN' },
    ])
    expect(await codeOf(user.client.patients.list({ org_id: created.id }))).toBe('passed')
    expect(await world.auditRows({ operation: 'createOrganization', actor: user.id })).toMatchObject([
      { action_type: 'CREATE', resource_type: 'ORGANIZATION', resource_id: created.id },
    ])
  })

  test.each([
    ['a zone that is none', { timezone: 'Mars/Base' }, '/timezone'],
    ['no name but space', { name: '   ' }, '/name'],
    [
      'closing before opening',
      { settings: { opening_hours: [{ weekday: 1, opens: '17:00', closes: '09:00' }] } },
      '/settings/opening_hours/0/closes',
    ],
    ['a field that is not there', { subscription_status: 'ACTIVE' }, '/subscription_status'],
  ])('refuses %s and makes nothing', async (_, change, pointer) => {
    const { client } = await world.user()
    await expect(client.organizations.create({ name: 'Harbor', ...change })).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
      errors: [{ pointer }],
    })
    expect((await client.organizations.list()).items).toEqual([])
  })
})

describe('reading', () => {
  test('counts members and patients as they come and go', async () => {
    const org_id = await world.organization()
    const admin = await world.user({ roles: { [org_id]: 'ADMIN' } })
    const staff = await world.user({ roles: { [org_id]: 'STAFF' } })
    await world.patient([org_id])
    const counts = async () => {
      const { member_count, patient_count, role } = await admin.client.organizations.get({ org_id })
      return { member_count, patient_count, role }
    }
    expect(await counts()).toEqual({ member_count: 2, patient_count: 1, role: 'ADMIN' })
    await world.admin.query('update organization_memberships set deleted_at = now() where user_id = $1', [
      staff.id,
    ])
    expect(await counts()).toEqual({ member_count: 1, patient_count: 1, role: 'ADMIN' })
  })

  test('another’s organization answers 404, exactly like one that does not exist', async () => {
    const [org, absent] = [await world.organization(), world.id()]
    const stranger = await world.user({ roles: { [await world.organization()]: 'ADMIN' } })
    const patient = await world.user()
    await world.patient([org], { userId: patient.id })
    for (const { token } of [stranger, patient]) {
      const [theirs, none] = await Promise.all(
        [org, absent].map(async (id) => {
          const response = await world.fetch(`/api/organizations/${id}`, { token })
          const { request_id: _, instance: __, ...body } = (await response.json()) as Record<string, unknown>
          return { status: response.status, body }
        }),
      )
      expect(theirs?.status).toBe(404)
      expect(theirs).toEqual(none)
    }
  })

  test('every role of a member may read it; a SUPER_ADMIN may, without a role', async () => {
    const org_id = await world.organization()
    for (const role of ['ADMIN', 'PROVIDER', 'STAFF', 'CALL_CENTER_AGENT', 'AUDITOR'] as const) {
      const { client } = await world.user({ roles: { [org_id]: role } })
      expect((await client.organizations.get({ org_id })).role).toBe(role)
    }
    const { client } = await world.user({ superAdmin: true })
    expect((await client.organizations.get({ org_id })).role).toBeNull()
    expect((await client.organizations.list()).items).toEqual([])
  })
})

describe('listing', () => {
  test('shows one’s own by name, the ties in order, and walks to the end', async () => {
    const names = ['Zenith', 'Albion', 'Harbor', 'Harbor', 'Harbor']
    const ids = await Promise.all(names.map((name) => world.organization(name)))
    const { client, id } = await world.user({
      roles: Object.fromEntries(ids.map((org) => [org, 'STAFF' as const])),
    })
    await world.organization('Albion')
    const walked = []
    for await (const item of client.organizations.list({ limit: 2 })) walked.push(item)
    expect(walked.map(({ name }) => name)).toEqual(names.toSorted())
    expect(new Set(walked.map((item) => item.id))).toEqual(new Set(ids))
    expect((await client.organizations.list({ include_total: true, limit: 1 })).total).toBe(5)
    expect('total' in (await client.organizations.list())).toBe(false)
    await world.admin.query(
      'update organization_memberships set deleted_at = now() where user_id = $1 and organization_id = $2',
      [id, ids[0]],
    )
    expect((await client.organizations.list({ include_total: true })).total).toBe(4)
  })

  test('a cursor is the caller’s own: another’s and a forged one are refused', async () => {
    const ids = [await world.organization(), await world.organization()]
    const roles = Object.fromEntries(ids.map((org) => [org, 'STAFF' as const]))
    const [mine, other] = [await world.user({ roles }), await world.user({ roles })]
    const { next_cursor: cursor } = await mine.client.organizations.list({ limit: 1 })
    const use = (client: typeof mine.client, value: string) =>
      codeOf(client.organizations.list({ limit: 1, cursor: value }))
    expect(await use(mine.client, cursor ?? '')).toBe('passed')
    expect(await use(other.client, cursor ?? '')).toBe('INVALID_CURSOR')
    expect(await use(mine.client, 'forged')).toBe('INVALID_CURSOR')
  })
})

describe('changing', () => {
  test('changes only what is sent, for an ADMIN, and audits old and new', async () => {
    const org_id = await world.organization('Harbor')
    const admin = await world.user({ roles: { [org_id]: 'ADMIN' } })
    const before = await admin.client.organizations.get({ org_id })
    const settings = { primary_color: '#0a6e8a' }
    const after = await admin.client.organizations.update({ org_id, name: ' Bay ', settings })
    expect(after).toEqual({ ...before, name: 'Bay', settings, updated_at: expect.any(String) })
    await admin.client.organizations.update({ org_id, timezone: 'America/Chicago' })
    expect(await admin.client.organizations.get({ org_id })).toMatchObject({
      name: 'Bay',
      settings,
      timezone: 'America/Chicago',
    })
    const rows = await world.auditRows({ operation: 'updateOrganization', actor: admin.id })
    expect(rows[0]).toMatchObject({
      action_type: 'UPDATE',
      resource_id: org_id,
      organization_id: org_id,
      changes: { name: { old: 'Harbor', new: 'Bay' }, settings: { old: {}, new: settings } },
    })
    const staff = await world.user({ roles: { [org_id]: 'STAFF' } })
    expect(await codeOf(staff.client.organizations.update({ org_id, name: 'Mine' }))).toBe('FORBIDDEN')
    for (const change of [{ timezone: 'Mars/Base' }, {}])
      expect(await codeOf(admin.client.organizations.update({ org_id, ...change }))).toBe('VALIDATION_ERROR')
  })
})

describe('deleting', () => {
  test('its data answers 404 to members and patients, streams close, impersonations and keys end; the trail stays', async () => {
    const org_id = await world.organization()
    const admin = await world.user({ roles: { [org_id]: 'ADMIN' } })
    const staff = await world.user({ roles: { [org_id]: 'STAFF' } })
    const self = await world.user()
    const patient = await world.patient([org_id], { userId: self.id })
    const watching = await organizationStream(world, org_id, admin.token)
    const { access_token, impersonation_id } = await admin.client.admin.impersonate({
      organization_id: org_id,
      patient_id: patient.id,
      reason: 'Before everything ends',
    })
    const seen = world.client(world.secret(access_token))
    expect(await codeOf(seen.users.me())).toBe('passed')
    expect(await codeOf(staff.client.organizations.delete({ org_id }))).toBe('FORBIDDEN')

    await admin.client.organizations.delete({ org_id })
    await expect.poll(() => watching.text(), { timeout: 5000 }).toContain('ACCESS_LOST')
    await watching.ended
    const reach = { org_id, patient_id: patient.id }
    const calls = [admin, staff, self].flatMap(({ client }) => [
      client.organizations.get({ org_id }),
      client.patients.get(reach),
      client.messages.list({ org_id }),
    ])
    expect(new Set(await Promise.all(calls.map((call) => codeOf(call))))).toEqual(new Set(['NOT_FOUND']))
    const superAdmin = await world.user({ superAdmin: true })
    expect(await codeOf(superAdmin.client.organizations.get({ org_id }))).toBe('NOT_FOUND')
    expect((await staff.client.organizations.list()).items).toEqual([])
    expect(await codeOf(seen.users.me())).toBe('IMPERSONATION_EXPIRED')
    expect((await published(world, impersonation_id)).map(({ type }) => type)).toEqual([
      'impersonation.started',
      'impersonation.ended',
    ])
    expect(await world.auditRows({ operation: 'deleteOrganization', actor: admin.id })).toMatchObject([
      { action_type: 'DELETE', resource_id: org_id, organization_id: org_id, outcome: 'SUCCESS' },
    ])
    const { rows } = await world.admin.query('select deleted_at from organizations where id = $1', [org_id])
    expect(rows[0].deleted_at).toEqual(expect.any(Date))
  })
})
