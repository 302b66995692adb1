import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { hashOpaqueToken, newOpaqueToken } from '../../packages/server/src/security/tokens.ts'
import { type MailServer, startMailServer, tokenIn } from '../support/mail.ts'
import { published } from '../support/outbox.ts'
import { codeOf } from '../support/problems.ts'
import { createWorld, type TestUser, type World } from '../support/world.ts'

let world: World
let smtp: MailServer
let org_id: string
let admin: TestUser
let count = 0

beforeAll(async () => {
  smtp = await startMailServer()
  world = await createWorld({ env: smtp.env })
})
afterAll(async () => {
  await world.stop()
  await smtp.close()
})
beforeEach(async () => {
  org_id = await world.organization('Harbor Family Practice')
  admin = await world.user({ roles: { [org_id]: 'ADMIN' } })
})

const address = (): string => {
  count += 1
  return world.secret(`guest.${count}@patient.test`)
}

/** The token of the newest mail to an address, once there are so many. */
const tokenFor = async (email: string, mails = 1): Promise<string> => {
  const mine = () => smtp.mails.filter(({ to }) => to.includes(email))
  await expect.poll(() => mine().length, { timeout: 15_000 }).toBe(mails)
  const mail = mine().at(-1)
  return world.secret(tokenIn(mail ?? { from: '', to: [], raw: '' }))
}

const made = async (email: string, role: 'STAFF' | 'ADMIN') => {
  const invitation = await admin.client.members.invite({ org_id, email, role })
  return { invitation, invitation_id: invitation.id, email }
}
/** An invitation whose link has arrived. */
const inviteByMail = async (email = address()) => ({
  ...(await made(email, 'STAFF')),
  token: await tokenFor(email),
})
/** An invitation whose token is known without waiting for the mail. */
const invite = async (email = address(), role: 'STAFF' | 'ADMIN' = 'STAFF') => {
  const one = await made(email, role)
  const token = world.secret(newOpaqueToken())
  await world.admin.query('update invitations set token_hash = $2 where id = $1', [
    one.invitation_id,
    hashOpaqueToken(token),
  ])
  return { ...one, token }
}
const memberships = async (userId: string): Promise<unknown[]> => {
  const { rows } = await world.admin.query(
    'select role from organization_memberships where user_id = $1 and organization_id = $2 and deleted_at is null',
    [userId, org_id],
  )
  return rows
}

describe('inviting', () => {
  test('mails a link for 7 days; the token is stored hashed and sealed in the job', async () => {
    const before = world.clock.now().getTime()
    const { invitation, email, token } = await inviteByMail()
    expect(invitation).toEqual({
      id: expect.any(String),
      organization_id: org_id,
      email,
      role: 'STAFF',
      status: 'PENDING',
      inviter: { id: admin.id, display_name: expect.any(String) },
      resend_count: 0,
      expires_at: new Date(Date.parse(invitation.created_at) + 7 * 86_400_000).toISOString(),
      accepted_at: null,
      created_at: expect.any(String),
    })
    expect(Date.parse(invitation.created_at)).toBeGreaterThanOrEqual(before)
    const raw = smtp.mails.find(({ to }) => to.includes(email))?.raw
    expect(raw).toContain('Harbor Family Practice')
    const { rows } = await world.admin.query(
      `select data::text as text from jobs.job union all select to_jsonb(i)::text from invitations i`,
    )
    expect(rows.length).toBeGreaterThan(1)
    expect(rows.map(({ text }) => text).join()).not.toContain(token)
    expect(await world.auditRows({ operation: 'inviteMember', actor: admin.id })).toMatchObject([
      { action_type: 'INVITE', resource_type: 'MEMBER', resource_id: invitation.id, organization_id: org_id },
    ])
  })

  test('a member’s address is ALREADY_MEMBER, one invited already a CONFLICT, in any case', async () => {
    const staff = await world.user({ roles: { [org_id]: 'STAFF' } })
    const { email } = await invite()
    const code = (mail: string) => codeOf(admin.client.members.invite({ org_id, email: mail, role: 'STAFF' }))
    expect(await code(staff.email.toUpperCase())).toBe('ALREADY_MEMBER')
    expect(await code(email.toUpperCase())).toBe('CONFLICT')
  })

  test('one that ran out does not stand in the way of a new one', async () => {
    const own = await createWorld()
    try {
      const org = await own.organization()
      const boss = await own.user({ roles: { [org]: 'ADMIN' } })
      const email = own.secret('late@patient.test')
      const first = await boss.client.members.invite({ org_id: org, email, role: 'STAFF' })
      own.clock.advance({ hours: 24 * 7 })
      const again = { ...boss, ...(await own.session(boss.id, { mfa: true })) }
      const list = async (status: 'PENDING' | 'EXPIRED') =>
        (await again.client.invitations.list({ org_id: org, status })).items.map(({ id }) => id)
      expect([await list('PENDING'), await list('EXPIRED')]).toEqual([[], [first.id]])
      const second = await again.client.members.invite({ org_id: org, email, role: 'STAFF' })
      expect([await list('PENDING'), await list('EXPIRED')]).toEqual([[second.id], [first.id]])
      expect(await codeOf(again.client.invitations.resend({ org_id: org, invitation_id: first.id }))).toBe(
        'CONFLICT',
      )
    } finally {
      await own.stop()
    }
  })
})

describe('the list', () => {
  test('shows PENDING ones by default, the newest first, and others when asked; to ADMINs only', async () => {
    const first = await admin.client.members.invite({ org_id, email: address(), role: 'STAFF' })
    const second = await admin.client.members.invite({ org_id, email: address(), role: 'PROVIDER' })
    await admin.client.invitations.cancel({ org_id, invitation_id: first.id })
    const third = await admin.client.members.invite({ org_id, email: address(), role: 'AUDITOR' })
    const walked = []
    for await (const item of admin.client.invitations.list({ org_id, limit: 1 })) walked.push(item.id)
    expect(walked).toEqual([third.id, second.id])
    const all = await admin.client.invitations.list({ org_id, status: 'ALL', include_total: true })
    expect(all).toMatchObject({ total: 3, items: [{}, {}, { status: 'CANCELLED' }] })
    const staff = await world.user({ roles: { [org_id]: 'STAFF' } })
    expect(await codeOf(staff.client.invitations.list({ org_id }))).toBe('FORBIDDEN')
  })
})

describe('sending again', () => {
  test('makes a new link for 7 days from now and voids the old one; 5 times, then RESEND_LIMIT_EXCEEDED', async () => {
    const { invitation_id, email, token } = await inviteByMail()
    const resent = await admin.client.invitations.resend({ org_id, invitation_id })
    expect(resent).toMatchObject({ resend_count: 1, status: 'PENDING' })
    const fresh = await tokenFor(email, 2)
    expect(await codeOf(world.client().invitations.get({ token }))).toBe('NOT_FOUND')
    expect((await world.client().invitations.get({ token: fresh })).id).toBe(invitation_id)
    for (let times = 2; times <= 5; times++) await admin.client.invitations.resend({ org_id, invitation_id })
    expect(await codeOf(admin.client.invitations.resend({ org_id, invitation_id }))).toBe(
      'RESEND_LIMIT_EXCEEDED',
    )
    const elsewhere = await world.organization()
    const foreign = await world.user({ roles: { [elsewhere]: 'ADMIN' } })
    for (const call of [foreign.client.invitations.resend, foreign.client.invitations.cancel])
      expect(await codeOf(call({ org_id: elsewhere, invitation_id }))).toBe('NOT_FOUND')
  })

  test('opens one that ran out again', async () => {
    const { invitation_id, email } = await inviteByMail()
    await world.admin.query('update invitations set expires_at = $2 where id = $1', [
      invitation_id,
      world.clock.now(),
    ])
    await admin.client.invitations.resend({ org_id, invitation_id })
    const token = await tokenFor(email, 2)
    expect((await world.client().invitations.get({ token })).status).toBe('PENDING')
  })
})

describe('accepting', () => {
  test('makes a member, once, and emits and audits', async () => {
    const { invitation_id, token } = await invite()
    expect(await world.client().invitations.get({ token })).toMatchObject({
      organization_name: 'Harbor Family Practice',
      role: 'STAFF',
      status: 'PENDING',
    })
    const guest = await world.user()
    const accepted = await guest.client.invitations.accept({ token })
    expect(accepted).toMatchObject({ invitation_id, organization_id: org_id, role: 'STAFF' })
    expect((await guest.client.users.me()).memberships).toMatchObject([
      { organization_id: org_id, role: 'STAFF' },
    ])
    // The role opens nothing without a second factor.
    expect(await codeOf(guest.client.patients.list({ org_id }))).toBe('MFA_REQUIRED')
    expect(await published(world, accepted.member_id)).toMatchObject([
      { type: 'member.joined', organization: org_id, data: { user_id: guest.id, role: 'STAFF' } },
    ])
    expect(await codeOf(guest.client.invitations.accept({ token }))).toBe('INVITATION_ACCEPTED')
    expect(await codeOf(world.client().invitations.get({ token }))).toBe('INVITATION_USED')
    expect(await codeOf(world.client().invitations.decline({ token }))).toBe('INVITATION_ACCEPTED')
    const call = { org_id, invitation_id }
    expect(await codeOf(admin.client.invitations.resend(call))).toBe('INVITATION_ACCEPTED')
    expect(await codeOf(admin.client.invitations.cancel(call))).toBe('INVITATION_ACCEPTED')
  })

  test('an address that does not match succeeds, and the organization’s audit trail says so', async () => {
    const outcomes = []
    for (const matching of [true, false]) {
      const guest = await world.user()
      const { invitation_id, token } = await invite(matching ? guest.email : address())
      await guest.client.invitations.accept({ token })
      const [row] = await world.auditRows({ operation: 'acceptInvitation', actor: guest.id })
      expect(row).toMatchObject({
        action_type: 'ACCEPT',
        resource_type: 'INVITATION',
        resource_id: invitation_id,
        organization_id: org_id,
      })
      outcomes.push(Object(row?.changes).email_matches)
    }
    expect(outcomes).toEqual([
      { old: null, new: true },
      { old: null, new: false },
    ])
  })

  test('two acceptances at once: one membership', async () => {
    for (let round = 0; round < 3; round++) {
      const { token } = await invite()
      const guest = await world.user()
      const second = await world.session(guest.id)
      const codes = await Promise.all(
        [guest.client, second.client].map((client) => codeOf(client.invitations.accept({ token }))),
      )
      expect(codes.toSorted()).toEqual(['INVITATION_ACCEPTED', 'passed'])
      expect(await memberships(guest.id)).toEqual([{ role: 'STAFF' }])
    }
    const { token } = await invite()
    const guests = [await world.user(), await world.user(), await world.user()]
    const codes = await Promise.all(guests.map(({ client }) => codeOf(client.invitations.accept({ token }))))
    expect(codes.toSorted()).toEqual(['INVITATION_ACCEPTED', 'INVITATION_ACCEPTED', 'passed'])
  })

  test('two invitations of one person at once: one membership, the other is ALREADY_MEMBER and stays open', async () => {
    const [one, two] = [await invite(), await invite()]
    const guest = await world.user()
    const codes = await Promise.all(
      [one, two].map(({ token }) => codeOf(guest.client.invitations.accept({ token }))),
    )
    expect(codes.toSorted()).toEqual(['ALREADY_MEMBER', 'passed'])
    expect(await memberships(guest.id)).toHaveLength(1)
    expect((await admin.client.invitations.list({ org_id })).items).toHaveLength(1)
  })

  test('one that expired, was declined, cancelled or never existed is refused, each with its code', async () => {
    const guest = await world.user()
    const codes = async (token: string) => [
      await codeOf(guest.client.invitations.accept({ token })),
      await codeOf(world.client().invitations.get({ token })),
      await codeOf(world.client().invitations.decline({ token })),
    ]
    const expired = await invite()
    await world.admin.query('update invitations set expires_at = $2 where id = $1', [
      expired.invitation_id,
      world.clock.now(),
    ])
    expect(await codes(expired.token)).toEqual([
      'INVITATION_EXPIRED',
      'INVITATION_EXPIRED',
      'INVITATION_EXPIRED',
    ])
    const cancel = { org_id, invitation_id: expired.invitation_id }
    expect(await codeOf(admin.client.invitations.cancel(cancel))).toBe('INVITATION_EXPIRED')

    const declined = await invite()
    const answer = await world.client().invitations.decline({ token: declined.token })
    expect(answer).toMatchObject({ id: declined.invitation_id, status: 'DECLINED' })
    expect(await codes(declined.token)).toEqual([
      'INVITATION_DECLINED',
      'INVITATION_USED',
      'INVITATION_DECLINED',
    ])
    const resend = { org_id, invitation_id: declined.invitation_id }
    expect(await codeOf(admin.client.invitations.resend(resend))).toBe('INVITATION_DECLINED')
    const rows = await world.auditRows({ operation: 'declineInvitation' })
    expect(rows.find(({ resource_id }) => resource_id === declined.invitation_id)).toMatchObject({
      actor_type: 'ANONYMOUS',
      action_type: 'DECLINE',
      organization_id: org_id,
      outcome: 'SUCCESS',
    })

    const cancelled = await invite()
    await admin.client.invitations.cancel({ org_id, invitation_id: cancelled.invitation_id })
    expect(await codes(cancelled.token)).toEqual(['INVITATION_USED', 'INVITATION_USED', 'INVITATION_USED'])
    expect(await codes('x'.repeat(43))).toEqual(['NOT_FOUND', 'NOT_FOUND', 'NOT_FOUND'])
    expect(await memberships(guest.id)).toEqual([])
  })

  test('a suspended organization takes nobody in, a deleted one is not there', async () => {
    const { token } = await invite()
    const guest = await world.user()
    await world.admin.query('update organizations set suspended_at = now() where id = $1', [org_id])
    expect(await codeOf(guest.client.invitations.accept({ token }))).toBe('ACCOUNT_SUSPENDED')
    await world.admin.query(
      'update organizations set suspended_at = null, deleted_at = now() where id = $1',
      [org_id],
    )
    expect(await codeOf(guest.client.invitations.accept({ token }))).toBe('NOT_FOUND')
    expect(await codeOf(world.client().invitations.get({ token }))).toBe('NOT_FOUND')
    expect(await memberships(guest.id)).toEqual([])
  })

  test('whoever gets a role has the sessions of people with a role from then on', async () => {
    const { token } = await invite()
    const guest = await world.user()
    await guest.client.invitations.accept({ token })
    const { rows } = await world.admin.query(
      'select idle_seconds, expires_at from user_sessions where id = $1',
      [guest.sessionId],
    )
    expect(rows[0].idle_seconds).toBe(world.config.sessions.idleSeconds)
    expect(rows[0].expires_at.getTime()).toBeLessThanOrEqual(
      world.clock.now().getTime() + world.config.sessions.absoluteSeconds * 1000,
    )
  })

  test('nobody accepts in a patient’s name', async () => {
    const login = await world.user()
    const patient = await world.patient([org_id], { userId: login.id })
    const { token } = await invite()
    const { access_token } = await admin.client.admin.impersonate({
      organization_id: org_id,
      patient_id: patient.id,
      reason: 'Looks at the invitation',
    })
    const client = world.client(world.secret(access_token))
    expect(await codeOf(client.invitations.accept({ token }))).toBe('IMPERSONATION_FORBIDDEN')
  })
})
