import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { codeOf } from '../support/problems.ts'
import { createWorld, type World } from '../support/world.ts'

let world: World
let org: string

beforeAll(async () => {
  world = await createWorld()
  org = await world.organization('Harbor Family Practice')
})
afterAll(() => world.stop())

describe('users/me', () => {
  test('of somebody with nothing says who it is and no more', async () => {
    const user = await world.user({ name: 'Ada Moreau' })
    expect(await user.client.users.me()).toEqual({
      id: user.id,
      email: user.email,
      display_name: 'Ada Moreau',
      timezone: expect.any(String),
      platform_roles: [],
      mfa_enabled: false,
      memberships: [],
      patient_profile: null,
      proxy_profile: null,
      impersonation: null,
      created_at: expect.any(String),
    })
  })

  test('of members shows each organization by name, with the role and the record behind it', async () => {
    const other = await world.organization('Albion Clinic')
    const provider = await world.provider(org)
    expect((await provider.client.users.me()).memberships).toEqual([
      {
        organization_id: org,
        organization_name: 'Harbor Family Practice',
        role: 'PROVIDER',
        role_entity_id: provider.providerId,
      },
    ])
    const both = await world.user({ roles: { [org]: 'ADMIN', [other]: 'AUDITOR' } })
    expect((await both.client.users.me()).memberships).toMatchObject([
      { organization_id: other, role: 'AUDITOR', role_entity_id: null },
      { organization_id: org, role: 'ADMIN', role_entity_id: null },
    ])
    await world.admin.query(
      'update organization_memberships set deleted_at = now() where user_id = $1 and organization_id = $2',
      [both.id, other],
    )
    expect((await both.client.users.me()).memberships).toHaveLength(1)
  })

  test('of platform people shows their roles', async () => {
    const both = await world.user({ superAdmin: true, supportAgent: true })
    expect(await both.client.users.me()).toMatchObject({
      platform_roles: ['SUPER_ADMIN', 'SUPPORT_AGENT'],
      mfa_enabled: true,
    })
  })

  test('of a patient shows the own record, and where it is in care', async () => {
    const second = await world.organization('Zenith Health')
    const user = await world.user()
    const patient = await world.patient([org, second], { userId: user.id })
    expect((await user.client.users.me()).patient_profile).toEqual({
      patient_id: patient.id,
      first_name: patient.firstName,
      last_name: patient.lastName,
      organizations: [
        { organization_id: org, organization_name: 'Harbor Family Practice', status: 'ACTIVE' },
        { organization_id: second, organization_name: 'Zenith Health', status: 'ACTIVE' },
      ],
    })
  })

  test('of a proxy shows whom the person acts for and how far, until the very second it ends', async () => {
    const proxy = await world.user()
    const [child, parent] = [await world.patient([org]), await world.patient([org])]
    const expiresAt = new Date(world.clock.now().getTime() + 3600_000)
    await world.proxy(proxy.id, child.id, { clinical: true, billing: false, expiresAt })
    const { rows } = await world.admin.query('select id from proxies where user_id = $1', [proxy.id])
    await world.admin.query(
      `insert into patient_proxy_assignments (id, proxy_id, patient_id, relationship_type, can_view_clinical_notes,
         can_view_billing, can_schedule_appointments, access_granted_at) values ($1, $2, $3, 'POA', false, true, true, now())`,
      [world.id(), rows[0].id, parent.id],
    )
    const managed = async () => (await proxy.client.users.me()).proxy_profile?.patients
    expect(await managed()).toHaveLength(2)
    expect((await managed())?.find(({ patient_id: id }) => id === child.id)).toEqual({
      patient_id: child.id,
      first_name: child.firstName,
      last_name: child.lastName,
      relationship_type: 'PARENT',
      can_view_clinical_notes: true,
      can_view_billing: false,
      can_schedule_appointments: true,
      expires_at: expiresAt.toISOString(),
      organizations: [
        { organization_id: org, organization_name: 'Harbor Family Practice', status: 'ACTIVE' },
      ],
    })
    world.clock.advance({ minutes: 60, seconds: 1 })
    expect((await managed())?.map(({ patient_id: id }) => id)).toEqual([parent.id])
    await world.admin.query('update patient_proxy_assignments set deleted_at = now() where patient_id = $1', [
      parent.id,
    ])
    expect(await managed()).toEqual([])
  })

  test('is nobody’s without a credential', async () => {
    expect(await codeOf(world.client().users.me())).toBe('UNAUTHORIZED')
  })
})

describe('changing oneself', () => {
  test('changes what is named, leaves the rest, and the trail keeps old and new', async () => {
    const user = await world.user({ name: 'Ada Moreau' })
    const before = await user.client.users.me()
    const name = world.secret('Ada Moreau-Quillfeather')
    expect(await user.client.users.updateMe({ display_name: `  ${name} ` })).toEqual({
      ...before,
      display_name: name,
    })
    const moved = await user.client.users.updateMe({ timezone: 'Europe/Lisbon' })
    expect(moved).toEqual({ ...before, display_name: name, timezone: 'Europe/Lisbon' })
    expect(await user.client.users.me()).toEqual(moved)
    const [row] = await world.auditRows({ operation: 'updateCurrentUser', actor: user.id })
    expect(row).toMatchObject({
      action_type: 'UPDATE',
      resource_id: user.id,
      changes: { display_name: { old: 'Ada Moreau', new: name } },
    })
  })

  test('refuses a zone that is none, an empty name, an unknown field and nothing at all; and changes nothing', async () => {
    const user = await world.user({ name: 'Ada Moreau' })
    const before = await user.client.users.me()
    const change = (body: object) => codeOf(user.client.users.updateMe(body))
    for (const body of [{ timezone: 'Mars/Base' }, { display_name: '   ' }, { is_super_admin: true }, {}])
      expect(await change(body)).toBe('VALIDATION_ERROR')
    expect(await user.client.users.me()).toEqual(before)
  })
})

describe('communication preferences', () => {
  test('begin with what the law lets one assume, and keep when they were stated', async () => {
    const user = await world.user()
    const made = (await user.client.users.me()).created_at
    expect(await user.client.users.communicationPreferences()).toEqual({
      transactional_consent: true,
      marketing_consent: false,
      updated_at: made,
    })
    const stated = await user.client.users.updateCommunicationPreferences({ marketing_consent: true })
    expect(stated).toEqual({
      transactional_consent: true,
      marketing_consent: true,
      updated_at: expect.any(String),
    })
    expect(stated.updated_at > made).toBe(true)
    const withdrawn = await user.client.users.updateCommunicationPreferences({ transactional_consent: false })
    expect(withdrawn).toMatchObject({ transactional_consent: false, marketing_consent: true })
    expect(await user.client.users.communicationPreferences()).toEqual(withdrawn)
  })

  test('each change leaves a row with the old value and the new', async () => {
    const user = await world.user()
    await user.client.users.updateCommunicationPreferences({ transactional_consent: false })
    const [row] = await world.auditRows({ operation: 'updateCommunicationPreferences', actor: user.id })
    expect(row).toMatchObject({
      action_type: 'UPDATE',
      resource_type: 'COMMUNICATION_PREFERENCES',
      changes: { transactional_consent: { old: true, new: false } },
    })
    expect(Object.keys(Object(row?.changes))).toEqual(['transactional_consent'])
  })

  test('refuse an unknown field and nothing at all', async () => {
    const user = await world.user()
    const change = (body: object) => codeOf(user.client.users.updateCommunicationPreferences(body))
    expect([await change({ sms: true }), await change({})]).toEqual(['VALIDATION_ERROR', 'VALIDATION_ERROR'])
  })
})

describe('devices', () => {
  const devices = async (token: string) => {
    const { rows } = await world.admin.query(
      'select user_id, platform from user_devices where fcm_token = $1 order by user_id',
      [token],
    )
    return rows
  }
  const newToken = () => world.secret(`fcm:${world.id()}`)

  test('are registered once per person and token, however often', async () => {
    const user = await world.user()
    const token = newToken()
    const first = await user.client.users.registerDevice({ token, platform: 'ios' })
    world.clock.advance({ minutes: 1 })
    const again = await user.client.users.registerDevice({ token, platform: 'web' })
    expect(again).toMatchObject({ id: first.id, platform: 'web', created_at: first.created_at })
    expect(again.last_active_at > first.last_active_at).toBe(true)
    expect(await devices(token)).toEqual([{ user_id: user.id, platform: 'web' }])
  })

  test('change hands: nobody gets the messages of who had the device before', async () => {
    const users = [await world.user(), await world.user(), await world.user()]
    const token = newToken()
    for (const { client } of users) await client.users.registerDevice({ token, platform: 'ios' })
    expect(await devices(token)).toEqual([{ user_id: users[2]?.id, platform: 'ios' }])
    await Promise.all(users.map(({ client }) => client.users.registerDevice({ token, platform: 'android' })))
    expect(await devices(token)).toHaveLength(1)
  })

  test('are taken off by who has them only', async () => {
    const [user, stranger] = [await world.user(), await world.user()]
    const token = newToken()
    await user.client.users.registerDevice({ token, platform: 'android' })
    expect(await stranger.client.users.removeDevice({ token })).toBeUndefined()
    expect(await devices(token)).toHaveLength(1)
    await user.client.users.removeDevice({ token })
    expect(await devices(token)).toEqual([])
    expect(await codeOf(user.client.users.removeDevice({ token }))).toBe('passed')
  })

  test('have a known platform and a token', async () => {
    const { client } = await world.user()
    // @ts-expect-error not a platform
    expect(await codeOf(client.users.registerDevice({ token: 'x', platform: 'vms' }))).toBe(
      'VALIDATION_ERROR',
    )
    expect(await codeOf(client.users.registerDevice({ token: '', platform: 'ios' }))).toBe('VALIDATION_ERROR')
  })
})
