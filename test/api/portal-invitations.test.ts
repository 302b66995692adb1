import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hashOpaqueToken, newOpaqueToken } from '../../packages/server/src/security/tokens.ts'
import { type MailServer, startMailServer, tokenIn } from '../support/mail.ts'
import { codeOf } from '../support/problems.ts'
import { register } from '../support/sign-in.ts'
import { createWorld, type TestPatient, type TestUser, type World } from '../support/world.ts'

let world: World
let smtp: MailServer
let org_id: string
let staff: TestUser

beforeAll(async () => {
  smtp = await startMailServer()
  world = await createWorld({ env: smtp.env })
  org_id = await world.organization('Sunrise Recovery Clinic')
  staff = await world.user({ roles: { [org_id]: 'STAFF' } })
})
afterAll(async () => {
  await world.stop()
  await smtp.close()
})

let serial = 0
const address = (): string => {
  serial += 1
  return world.secret(`portal.${serial}@patient.test`)
}
const mailed = async (email: string): Promise<string> => {
  await expect.poll(() => smtp.mails.some(({ to }) => to.includes(email)), { timeout: 15_000 }).toBe(true)
  return world.secret(
    tokenIn(smtp.mails.findLast(({ to }) => to.includes(email)) ?? { from: '', to: [], raw: '' }),
  )
}
/** An invitation whose token is known without waiting for the mail. */
async function invite(
  patient: TestPatient,
  org = org_id,
  { client }: TestUser = staff,
): Promise<{ token: string; id: string }> {
  const { id } = await client.patients.inviteToPortal({
    org_id: org,
    patient_id: patient.id,
    email: address(),
  })
  const token = world.secret(newOpaqueToken())
  await world.admin.query('update portal_invitations set token_hash = $2 where id = $1', [
    id,
    hashOpaqueToken(token),
  ])
  return { token, id }
}
const accept = ({ client }: Pick<TestUser, 'client'>, token: string, dob: string) =>
  client.portalInvitations.accept({ token, dob })

describe('an invitation to the portal', () => {
  test('is mailed as a link for 7 days that names neither patient nor practice; the person registers and is linked', async () => {
    const patient = await world.patient([org_id])
    const email = address()
    const invitation = await staff.client.patients.inviteToPortal({ org_id, patient_id: patient.id, email })
    expect(invitation).toEqual({
      id: expect.any(String),
      patient_id: patient.id,
      email,
      expires_at: expect.any(String),
    })
    expect(Date.parse(invitation.expires_at) - world.clock.now().getTime()).toBeGreaterThan(6.99 * 86_400_000)
    const token = await mailed(email)
    const { raw } = smtp.mails.find(({ to }) => to.includes(email)) ?? { raw: '' }
    for (const word of [patient.firstName, patient.lastName, 'Sunrise', patient.dob])
      expect(raw).not.toContain(word)
    const { rows } = await world.admin.query(
      'select data::text as text from jobs.job union all select to_jsonb(i)::text from portal_invitations i',
    )
    expect(rows.map(({ text }) => text).join()).not.toContain(token)
    const person = await register(world)
    expect(await accept(person, token, patient.dob)).toEqual({
      patient_id: patient.id,
      organization_id: org_id,
      role: 'PATIENT',
    })
    expect(await person.client.patients.get({ org_id, patient_id: patient.id })).toMatchObject({
      has_login: true,
      version: 2,
    })
    const me = await person.client.users.me()
    expect(me.patient_profile).toMatchObject({
      patient_id: patient.id,
      organizations: [{ organization_id: org_id }],
    })
    expect(await world.auditRows({ operation: 'acceptPortalInvitation', actor: me.id })).toMatchObject([
      {
        action_type: 'LINK',
        resource_type: 'PATIENT',
        resource_id: patient.id,
        organization_id: org_id,
        outcome: 'SUCCESS',
      },
    ])
    expect(await world.auditRows({ operation: 'invitePatientToPortal', actor: staff.id })).toMatchObject([
      { action_type: 'INVITE', resource_id: patient.id },
    ])
    // Once, and now there is a sign-in.
    expect(await codeOf(accept(await world.user(), token, patient.dob))).toBe('NOT_FOUND')
    expect(
      await codeOf(staff.client.patients.inviteToPortal({ org_id, patient_id: patient.id, email })),
    ).toBe('CONFLICT')
  })

  test('goes to the e-mail contact that is safe, and to none that is not', async () => {
    const { id: patient_id } = await world.patient([org_id])
    const send = (email?: string) =>
      staff.client.patients.inviteToPortal({ org_id, patient_id, ...(email === undefined ? {} : { email }) })
    await expect(send()).rejects.toMatchObject({ code: 'VALIDATION_ERROR', errors: [{ pointer: '/email' }] })
    const unsafe = address()
    const { id: contact_id } = await staff.client.contactMethods.create({
      org_id,
      patient_id,
      type: 'EMAIL',
      value: unsafe,
    })
    expect(await codeOf(send())).toBe('VALIDATION_ERROR')
    expect(await codeOf(send(unsafe.toUpperCase()))).toBe('VOICEMAIL_UNSAFE')
    await staff.client.contactMethods.update({ org_id, patient_id, contact_id, is_safe_for_voicemail: true })
    expect(await send()).toMatchObject({ email: unsafe })
  })

  test('a newer one voids the older of the same practice', async () => {
    const patient = await world.patient([org_id])
    const first = await invite(patient)
    const second = await invite(patient)
    const person = await world.user()
    expect(await codeOf(accept(person, first.token, patient.dob))).toBe('NOT_FOUND')
    expect(await codeOf(accept(person, second.token, patient.dob))).toBe('passed')
  })

  test('is for ADMIN, PROVIDER and STAFF, of patients here; not for API keys', async () => {
    const { id: patient_id } = await world.patient([org_id])
    const send = ({ client }: Pick<TestUser, 'client'>, id = patient_id) =>
      codeOf(client.patients.inviteToPortal({ org_id, patient_id: id, email: address() }))
    for (const role of ['ADMIN', 'PROVIDER', 'STAFF'] as const)
      expect(await send(await world.user({ roles: { [org_id]: role } }))).toBe('passed')
    expect(await send(await world.user({ roles: { [org_id]: 'CALL_CENTER_AGENT' } }))).toBe('FORBIDDEN')
    const foreign = await world.patient([await world.organization()])
    expect(await send(staff, foreign.id)).toBe('NOT_FOUND')
    const admin = await world.user({ roles: { [org_id]: 'ADMIN' } })
    const key = await admin.client.apiKeys.create({
      org_id,
      name: 'Key',
      role: 'STAFF',
      scopes: ['read', 'write'],
    })
    expect(await send({ client: world.client(world.secret(key.secret)) })).toBe('FORBIDDEN')
  })
})

describe('accepting', () => {
  test('a wrong birth, an unknown, used, old or exhausted link are answered alike', async () => {
    const patient = await world.patient([org_id])
    const person = await world.user()
    const answer = async (token: string, dob: string) => {
      const response = await world.fetch(`/api/portal-invitations/${token}/accept`, {
        method: 'POST',
        token: person.token,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ dob }),
      })
      const { request_id: _, instance: __, ...rest } = (await response.json()) as Record<string, unknown>
      return { status: response.status, ...rest }
    }
    const unknown = await answer(newOpaqueToken(), patient.dob)
    expect(unknown).toMatchObject({ status: 404, code: 'NOT_FOUND' })
    const old = await invite(patient)
    await world.admin.query(`update portal_invitations set expires_at = $2 where id = $1`, [
      old.id,
      world.clock.now(),
    ])
    expect(await answer(old.token, patient.dob)).toEqual(unknown)
    const { token, id } = await invite(patient)
    for (let tries = 0; tries < 5; tries++) expect(await answer(token, '1901-01-01')).toEqual(unknown)
    expect(await answer(token, patient.dob)).toEqual(unknown)
    const { rows } = await world.admin.query(
      'select attempts, accepted_at from portal_invitations where id = $1',
      [id],
    )
    expect(rows).toEqual([{ attempts: 5, accepted_at: null }])
    const denied = await world.auditRows({ operation: 'acceptPortalInvitation', actor: person.id })
    expect(
      denied.every(({ outcome, problem_code }) => outcome === 'DENIED' && problem_code === 'NOT_FOUND'),
    ).toBe(true)
    expect(denied).toHaveLength(8)
  })

  test('five tries are five, also when they come at once', async () => {
    const patient = await world.patient([org_id])
    const { token, id } = await invite(patient)
    const people = await Promise.all(Array.from({ length: 4 }, () => world.user()))
    await Promise.all(
      people.flatMap((person) => [1, 2, 3].map(() => codeOf(accept(person, token, '1901-01-01')))),
    )
    const { rows } = await world.admin.query('select attempts from portal_invitations where id = $1', [id])
    expect(rows).toEqual([{ attempts: 5 }])
    expect(await codeOf(accept(await world.user(), token, patient.dob))).toBe('NOT_FOUND')
  })

  test('of two people at once one is linked', async () => {
    const patient = await world.patient([org_id])
    const { token } = await invite(patient)
    const people = await Promise.all(Array.from({ length: 5 }, () => world.user()))
    const codes = await Promise.all(people.map((person) => codeOf(accept(person, token, patient.dob))))
    expect(codes.toSorted()).toEqual([...Array(4).fill('NOT_FOUND'), 'passed'])
  })

  test('by two links of two practices at once one person is linked; the other is told CONFLICT', async () => {
    const there = await world.organization()
    const boss = await world.user({ roles: { [there]: 'ADMIN' } })
    const shared = await world.patient([org_id, there])
    const links = [await invite(shared), await invite(shared, there, boss)]
    const people = [await world.user(), await world.user()]
    const codes = await Promise.all(
      people.map((person, at) => codeOf(accept(person, links[at]?.token ?? '', shared.dob))),
    )
    expect(codes.toSorted()).toEqual(['CONFLICT', 'passed'])
  })

  test('an account that is another patient’s answers CONFLICT, also when it opens two links at once', async () => {
    const [one, two] = [await world.patient([org_id]), await world.patient([org_id])]
    const [first, second] = [await invite(one), await invite(two)]
    const person = await world.user()
    const codes = await Promise.all([
      codeOf(accept(person, first.token, one.dob)),
      codeOf(accept(person, second.token, two.dob)),
    ])
    expect(codes.toSorted()).toEqual(['CONFLICT', 'passed'])
    const { rows } = await world.admin.query('select count(*)::int as n from patients where user_id = $1', [
      person.id,
    ])
    expect(rows).toEqual([{ n: 1 }])
  })

  test('the link of a deleted patient or of a closed practice opens nothing', async () => {
    const own = await world.organization()
    const boss = await world.user({ roles: { [own]: 'ADMIN' } })
    const [gone, here] = [await world.patient([own]), await world.patient([own])]
    const [first, second] = [await invite(gone, own, boss), await invite(here, own, boss)]
    await boss.client.patients.delete({ org_id: own, patient_id: gone.id })
    expect(await codeOf(accept(await world.user(), first.token, gone.dob))).toBe('NOT_FOUND')
    await world.admin.query('update organizations set suspended_at = now() where id = $1', [own])
    expect(await codeOf(accept(await world.user(), second.token, here.dob))).toBe('NOT_FOUND')
  })
})
