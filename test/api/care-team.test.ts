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

const patient = async (organizations = [org_id]) => (await world.patient(organizations)).id
const add = (
  patient_id: string,
  provider_id: string,
  is_primary_provider = false,
  { client }: TestUser = admin,
) => client.careTeam.add({ org_id, patient_id, provider_id, is_primary_provider })
const team = async (patient_id: string) => (await admin.client.careTeam.list({ org_id, patient_id })).items
const primaries = async (patient_id: string) =>
  (await team(patient_id)).filter((one) => one.is_primary_provider).map((one) => one.provider_id)
const book = (patient_id: string, provider_id: string) =>
  admin.client.appointments.create({
    org_id,
    patient_id,
    provider_id,
    appointment_type: 'IN_PERSON',
    scheduled_at: new Date(world.clock.now().getTime() + 86_400_000).toISOString(),
  })

describe('the primary provider', () => {
  test('is one: naming another demotes the old in the same step', async () => {
    const patient_id = await patient()
    const [first, second] = [await world.provider(org_id), await world.provider(org_id)]
    const made = await add(patient_id, first.providerId, true)
    expect(made).toEqual({
      id: expect.any(String),
      provider_id: first.providerId,
      display_name: expect.any(String),
      specialty: 'Family medicine',
      is_primary_provider: true,
      assigned_at: expect.any(String),
    })
    await add(patient_id, second.providerId, true)
    expect(await primaries(patient_id)).toEqual([second.providerId])
    expect((await team(patient_id)).map(({ provider_id }) => provider_id)).toEqual([
      second.providerId,
      first.providerId,
    ])
    await admin.client.careTeam.update({
      org_id,
      patient_id,
      assignment_id: made.id,
      is_primary_provider: true,
    })
    expect(await primaries(patient_id)).toEqual([first.providerId])
    const [row] = await world.auditRows({ operation: 'updateCareTeamMember', actor: admin.id })
    expect(row).toMatchObject({ action_type: 'UPDATE', resource_type: 'CARE_TEAM', resource_id: made.id })
  })

  test('of many named at once one stays', async () => {
    const patient_id = await patient()
    const providers = await Promise.all(Array.from({ length: 6 }, () => world.provider(org_id)))
    const codes = await Promise.all(
      providers.map(({ providerId }) => codeOf(add(patient_id, providerId, true))),
    )
    expect(codes).toEqual(Array(6).fill('passed'))
    expect(await primaries(patient_id)).toHaveLength(1)
    const members = await team(patient_id)
    const again = await Promise.all(
      members.map(({ id }) =>
        codeOf(
          admin.client.careTeam.update({ org_id, patient_id, assignment_id: id, is_primary_provider: true }),
        ),
      ),
    )
    expect(again).toEqual(Array(6).fill('passed'))
    expect(await primaries(patient_id)).toHaveLength(1)
  })

  test('with booked appointments neither goes nor steps down: CONFLICT; another may take over', async () => {
    const patient_id = await patient()
    const [lead, next] = [await world.provider(org_id), await world.provider(org_id)]
    const { id: assignment_id } = await add(patient_id, lead.providerId, true)
    const one = { org_id, patient_id, assignment_id }
    const booked = await book(patient_id, lead.providerId)
    expect(await codeOf(admin.client.careTeam.remove(one))).toBe('CONFLICT')
    expect(await codeOf(admin.client.careTeam.update({ ...one, is_primary_provider: false }))).toBe(
      'CONFLICT',
    )
    // Appointments with somebody else are no hindrance, nor are past ones.
    await world.admin.query(
      `update appointments set scheduled_at = now() - interval '2 days' where id = $1`,
      [booked.id],
    )
    await book(patient_id, next.providerId)
    expect(await admin.client.careTeam.update({ ...one, is_primary_provider: false })).toMatchObject({
      is_primary_provider: false,
    })
    await admin.client.careTeam.update({ ...one, is_primary_provider: true })
    await book(await patient(), lead.providerId)
    expect(await codeOf(admin.client.careTeam.remove(one))).toBe('passed')
    expect(await codeOf(admin.client.careTeam.remove(one))).toBe('NOT_FOUND')
  })

  test('may change the team of this patient, of no other; other providers may not', async () => {
    const [mine, others] = [await patient(), await patient()]
    const [lead, second, third] = [
      await world.provider(org_id),
      await world.provider(org_id),
      await world.provider(org_id),
    ]
    await add(mine, lead.providerId, true)
    const { id: assignment_id } = await add(mine, second.providerId, false, lead)
    expect(await codeOf(add(mine, third.providerId, false, second))).toBe('FORBIDDEN')
    expect(await codeOf(add(others, third.providerId, false, lead))).toBe('FORBIDDEN')
    const hand = { org_id, patient_id: mine, assignment_id, is_primary_provider: true }
    expect(await codeOf(second.client.careTeam.update(hand))).toBe('FORBIDDEN')
    expect(await codeOf(lead.client.careTeam.remove({ org_id, patient_id: mine, assignment_id }))).toBe(
      'FORBIDDEN',
    )
    expect(await codeOf(lead.client.careTeam.update(hand))).toBe('passed')
    // Handed over: the old one leads no more.
    expect(await codeOf(add(mine, third.providerId, false, lead))).toBe('FORBIDDEN')
    expect(await codeOf(add(mine, third.providerId, false, second))).toBe('passed')
    const staff = await world.user({ roles: { [org_id]: 'STAFF' } })
    expect(await codeOf(add(mine, third.providerId, false, staff))).toBe('FORBIDDEN')
    const key = await admin.client.apiKeys.create({
      org_id,
      name: 'Key',
      role: 'PROVIDER',
      scopes: ['read', 'write'],
    })
    const client = world.client(world.secret(key.secret))
    expect(
      await codeOf(client.careTeam.add({ org_id, patient_id: mine, provider_id: third.providerId })),
    ).toBe('FORBIDDEN')
  })
})

describe('a care team', () => {
  test('has nobody twice (CONFLICT), and nobody who does not treat here (NOT_FOUND)', async () => {
    const patient_id = await patient()
    const { providerId } = await world.provider(org_id)
    await add(patient_id, providerId)
    expect(await codeOf(add(patient_id, providerId, true))).toBe('CONFLICT')
    const foreign = await world.provider(await world.organization())
    expect(await codeOf(add(patient_id, foreign.providerId))).toBe('NOT_FOUND')
    expect(await codeOf(add(world.id(), providerId))).toBe('NOT_FOUND')
    const update = { org_id, patient_id, assignment_id: world.id(), is_primary_provider: true }
    expect(await codeOf(admin.client.careTeam.update(update))).toBe('NOT_FOUND')
  })

  test('of one organization is not seen by another that shares the patient', async () => {
    const there = await world.organization()
    const boss = await world.user({ roles: { [there]: 'ADMIN' } })
    const patient_id = await patient([org_id, there])
    const [ours, theirs] = [await world.provider(org_id), await world.provider(there)]
    const { id: assignment_id } = await add(patient_id, ours.providerId, true)
    await boss.client.careTeam.add({
      org_id: there,
      patient_id,
      provider_id: theirs.providerId,
      is_primary_provider: true,
    })
    const seen = await boss.client.careTeam.list({ org_id: there, patient_id })
    expect(seen.items.map(({ provider_id }) => provider_id)).toEqual([theirs.providerId])
    expect(await primaries(patient_id)).toEqual([ours.providerId])
    const named = { org_id: there, patient_id, assignment_id }
    expect(await codeOf(boss.client.careTeam.remove(named))).toBe('NOT_FOUND')
    expect(await codeOf(boss.client.careTeam.update({ ...named, is_primary_provider: false }))).toBe(
      'NOT_FOUND',
    )
  })

  test('shows to the patient and a proxy; who left the organization is off it, and makes room for a new primary', async () => {
    const self = await world.user()
    const { id: patient_id } = await world.patient([org_id], { userId: self.id })
    const proxy = await world.user()
    await world.proxy(proxy.id, patient_id, { billing: false, scheduling: false })
    const [gone, next] = [await world.provider(org_id), await world.provider(org_id)]
    await add(patient_id, gone.providerId, true)
    for (const { client } of [self, proxy])
      expect((await client.careTeam.list({ org_id, patient_id })).items).toHaveLength(1)
    const agent = await world.user({ roles: { [org_id]: 'CALL_CENTER_AGENT' } })
    expect(await codeOf(agent.client.careTeam.list({ org_id, patient_id }))).toBe('FORBIDDEN')
    expect(await codeOf((await world.user()).client.careTeam.list({ org_id, patient_id }))).toBe('NOT_FOUND')
    await world.admin.query('update organization_memberships set deleted_at = now() where user_id = $1', [
      gone.id,
    ])
    expect(await team(patient_id)).toEqual([])
    await add(patient_id, next.providerId, true)
    expect(await primaries(patient_id)).toEqual([next.providerId])
  })

  test('pages walk to the end, the primary first; as many statements for many as for one', async () => {
    const patient_id = await patient()
    for (let index = 0; index < 4; index++)
      await add(patient_id, (await world.provider(org_id)).providerId, index === 2)
    const walked = []
    for await (const one of admin.client.careTeam.list({ org_id, patient_id, limit: 1 })) walked.push(one)
    expect(walked.map(({ is_primary_provider }) => is_primary_provider)).toEqual([true, false, false, false])
    expect(walked).toEqual(await team(patient_id))
    const page = await admin.client.careTeam.list({ org_id, patient_id, limit: 1, include_total: true })
    expect(page.total).toBe(4)
    const count = async (limit: number) =>
      (await statementsOf(() => admin.client.careTeam.list({ org_id, patient_id, limit }))).length
    expect(await count(100)).toBe(await count(1))
  })
})
