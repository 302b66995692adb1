import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hashOpaqueToken, newOpaqueToken } from '../../packages/server/src/security/tokens.ts'
import { type MailServer, startMailServer, tokenIn } from '../support/mail.ts'
import { published } from '../support/outbox.ts'
import { codeOf } from '../support/problems.ts'
import { challenge, enableMfa, type Registered, register, signIn, totp } from '../support/sign-in.ts'
import { createWorld, type World } from '../support/world.ts'

let world: World
let smtp: MailServer

beforeAll(async () => {
  smtp = await startMailServer()
  world = await createWorld({ env: { ...smtp.env, PUBLIC_URL: 'https://clinic.example/' } })
})
afterAll(async () => {
  await world.stop()
  await smtp.close()
})

const mailsTo = (email: string) => smtp.mails.filter(({ to }) => to.includes(email))
/** Waits for the jobs. */
const mailed = (email: string, count = 1) =>
  expect.poll(() => mailsTo(email).length, { timeout: 15_000, interval: 100 }).toBe(count)
/** The queue has done all that it was given. */
const idle = () =>
  expect
    .poll(
      async () => {
        const { rows } = await world.admin.query(
          `select count(*)::int as waiting from jobs.job where name in ('mail', 'password-reset') and state < 'completed'`,
        )
        return rows[0].waiting
      },
      { timeout: 15_000, interval: 100 },
    )
    .toBe(0)

const forgot = (email: string) => world.client().auth.forgotPassword({ email })
const newPassword = () => world.secret(`heron-${world.id().slice(-12)}-meadow`)

/** The token of the newest link that the person was mailed. */
async function mailedToken({ email }: Pick<Registered, 'email'>): Promise<string> {
  const before = mailsTo(email).length
  await forgot(email)
  await mailed(email, before + 1)
  const mail = mailsTo(email).at(-1)
  if (mail === undefined) throw new Error('no mail came')
  return world.secret(tokenIn(mail))
}
/** A token as a mailed link has it, made without waiting for the mail. */
async function openToken({ tokens }: Pick<Registered, 'tokens'>): Promise<string> {
  const token = world.secret(newOpaqueToken())
  await world.admin.query(
    'insert into password_reset_tokens (id, user_id, token_hash, expires_at) values ($1, $2, $3, $4)',
    [world.id(), tokens.user.id, hashOpaqueToken(token), new Date(world.clock.now().getTime() + 3_600_000)],
  )
  return token
}
const reset = (token: string, password = newPassword()) =>
  world.client().auth.resetPassword({ token, password })
const wrongSignIns = async ({ email }: Registered, times: number) => {
  for (let index = 0; index < times; index++)
    await codeOf(world.client().auth.login({ email, password: 'not-the-password' }))
}
const forceReset = (userId: string) =>
  world.admin.query('update users set must_reset_password = true where id = $1', [userId])

describe('asking for a reset', () => {
  test('mails a link of PUBLIC_URL to the address as the account spells it, and keeps only the token’s hash', async () => {
    const user = await register(world)
    await forgot(world.secret(user.email.toUpperCase()))
    await mailed(user.email)
    const [mail] = mailsTo(user.email)
    expect(mail).toMatchObject({ from: 'mail@wardline.test', to: [user.email] })
    expect(mail?.raw).toContain('https://clinic.example/reset-password#token=')
    const token = world.secret(mail ? tokenIn(mail) : '')
    const { rows } = await world.admin.query(
      `select (select string_agg(row_to_json(t)::text, '') from password_reset_tokens t)
         || (select string_agg(row_to_json(j)::text, '') from jobs.job j) as text`,
    )
    expect(rows[0].text).toContain('password-reset')
    for (const secret of [token, user.email, user.email.toUpperCase()])
      expect(rows[0].text).not.toContain(secret)
  })

  test('answers an unknown address and a deleted account the same 202, and mails nothing', async () => {
    const [known, deleted] = [await register(world), await register(world)]
    await world.admin.query('update users set deleted_at = now() where email = $1', [deleted.email])
    const answers = []
    for (const email of [known.email, deleted.email, 'nobody@patient.test']) {
      const response = await world.fetch('/api/auth/password/forgot', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ email }),
      })
      answers.push({ status: response.status, body: await response.text() })
    }
    expect(answers).toEqual(Array(3).fill({ status: 202, body: '' }))
    await mailed(known.email)
    await idle()
    expect(mailsTo(deleted.email)).toEqual([])
    expect(mailsTo('nobody@patient.test')).toEqual([])
  })

  test('does the same work for every address: who has an account is found out by the job', async () => {
    const user = await register(world)
    const queued = async (email: string) => {
      await idle()
      const jobs = async () => {
        const { rows } = await world.admin.query(
          `select count(*)::int as jobs from jobs.job where name = 'password-reset'`,
        )
        return rows[0].jobs
      }
      const before = await jobs()
      await forgot(email)
      return (await jobs()) - before
    }
    expect([await queued(user.email), await queued('nobody@patient.test')]).toEqual([1, 1])
  })

  test('has at most three links of an account open, so that nobody floods a mailbox', async () => {
    const user = await register(world)
    for (let index = 0; index < 5; index++) await forgot(user.email)
    await mailed(user.email, 3)
    await idle()
    expect(mailsTo(user.email)).toHaveLength(3)
  })

  test('a mail that the server refuses for a while is sent again, and takes none of the others with it', async () => {
    const users = [await register(world), await register(world), await register(world)]
    await idle()
    smtp.refuse(1)
    for (const { email } of users) await forgot(email)
    // The queue waits at least five seconds before it tries again.
    for (const { email } of users) await mailed(email)
    await idle()
    for (const { email } of users) {
      const mails = mailsTo(email)
      expect(mails).toHaveLength(1)
      for (const mail of mails) expect(await codeOf(reset(world.secret(tokenIn(mail))))).toBe('passed')
    }
  })

  test('belongs to the rate class auth', async () => {
    const limited = await createWorld({ env: { RATE_LIMIT_AUTH: '2/1m' } })
    try {
      const calls = []
      for (let index = 0; index < 3; index++)
        calls.push(await codeOf(limited.client().auth.forgotPassword({ email: 'nobody@patient.test' })))
      expect(calls).toEqual(['passed', 'passed', 'RATE_LIMITED'])
    } finally {
      await limited.stop()
    }
  })
})

describe('resetting', () => {
  test('sets the password, ends every session of the person, and says so to the streams', async () => {
    const user = await register(world)
    const other = await signIn(world, user)
    const password = newPassword()
    expect(await reset(await mailedToken(user), password)).toMatchObject({
      user: { id: user.tokens.user.id },
    })
    expect(await codeOf(user.client.users.me())).toBe('UNAUTHORIZED')
    expect(await codeOf(world.client(other.access_token).users.me())).toBe('UNAUTHORIZED')
    expect(await codeOf(world.client().auth.refresh({ refresh_token: other.refresh_token }))).toBe(
      'UNAUTHORIZED',
    )
    expect(await codeOf(signIn(world, user))).toBe('UNAUTHORIZED')
    expect(await codeOf(signIn(world, { ...user, password }))).toBe('passed')
    for (const id of [user.tokens.session_id, other.session_id])
      expect(await published(world, id)).toMatchObject([
        { type: 'session.revoked', user: user.tokens.user.id, data: { reason: 'PASSWORD_CHANGED' } },
      ])
    expect(
      (await world.auditRows({ operation: 'resetPassword', actor: user.tokens.user.id })).at(-1),
    ).toMatchObject({
      action_type: 'PASSWORD_RESET',
      resource_type: 'USER',
      resource_id: user.tokens.user.id,
      outcome: 'SUCCESS',
    })
  })

  test('works once, and uses up the other links of the account', async () => {
    const user = await register(world)
    const [first, second] = [await openToken(user), await openToken(user)]
    expect(await codeOf(reset(first))).toBe('passed')
    expect(await codeOf(reset(first))).toBe('UNAUTHORIZED')
    expect(await codeOf(reset(second))).toBe('UNAUTHORIZED')
  })

  test('of one token shown several times at once one reset works', async () => {
    const user = await register(world)
    const token = await openToken(user)
    const codes = await Promise.all(Array.from({ length: 5 }, () => codeOf(reset(token))))
    expect(codes.toSorted()).toEqual([...Array(4).fill('UNAUTHORIZED'), 'passed'])
  })

  test('leaves no session to a sign-in with the old password that runs at the same time', async () => {
    for (let round = 0; round < 5; round++) {
      const user = await register(world)
      const token = await openToken(user)
      const [old] = await Promise.allSettled([signIn(world, user), reset(token)])
      if (old.status === 'fulfilled')
        expect(await codeOf(world.client(old.value.access_token).users.me())).toBe('UNAUTHORIZED')
    }
  })

  test('is refused an hour later, and with a token that never was', async () => {
    const user = await register(world)
    const token = await mailedToken(user)
    world.clock.advance({ minutes: 60, seconds: 1 })
    expect(await codeOf(reset(token))).toBe('UNAUTHORIZED')
    expect(await codeOf(reset('A'.repeat(43)))).toBe('UNAUTHORIZED')
    expect(await codeOf(signIn(world, user))).toBe('passed')
  })

  test('refuses a weak password and leaves the token as it was', async () => {
    const user = await register(world)
    const token = await openToken(user)
    for (const weak of ['short-1', 'Password1234!', user.email]) {
      const refused = reset(token, weak)
      await expect(refused).rejects.toMatchObject({
        code: 'VALIDATION_ERROR',
        errors: [{ pointer: '/password' }],
      })
    }
    expect(await codeOf(reset(token))).toBe('passed')
  })

  test('clears the lockout, the count included', async () => {
    const user = await register(world)
    await wrongSignIns(user, 5)
    expect(await codeOf(signIn(world, user))).toBe('ACCOUNT_LOCKED')
    await mailed(user.email)
    const password = newPassword()
    await reset(await openToken(user), password)
    await wrongSignIns(user, 4)
    expect(await codeOf(signIn(world, { ...user, password }))).toBe('passed')
  })

  test('keeps multi-factor authentication, and ends a challenge that the old password earned', async () => {
    const user = await register(world)
    const { secret } = await enableMfa(world, user)
    const mfaToken = await challenge(world, user)
    const password = newPassword()
    await reset(await openToken(user), password)
    const finish = (mfa_token: string) =>
      codeOf(world.client().auth.completeMfaChallenge({ mfa_token, code: totp(world, secret) }))
    expect(await finish(mfaToken)).toBe('UNAUTHORIZED')
    expect(await finish(await challenge(world, { ...user, password }))).toBe('passed')
  })

  test('ends the impersonations that the person began, at once, and the organization is told', async () => {
    const org = await world.organization()
    const user = await register(world)
    await world.admin.query(
      `insert into organization_memberships (id, organization_id, user_id, role) values ($1, $2, $3, 'ADMIN')`,
      [world.id(), org, user.tokens.user.id],
    )
    await enableMfa(world, user)
    const patient = await world.patient([org], { userId: (await world.user()).id })
    const { access_token: token, impersonation_id: id } = await user.client.admin.impersonate({
      patient_id: patient.id,
      organization_id: org,
      reason: 'Patient reports an empty list',
    })
    expect(await codeOf(world.client(world.secret(token)).users.me())).toBe('passed')
    await reset(await openToken(user))
    expect(await codeOf(world.client(token).users.me())).toBe('IMPERSONATION_EXPIRED')
    world.clock.advance({ minutes: 2 })
    await expect
      .poll(async () => (await published(world, id)).map(({ type }) => type), { timeout: 5000 })
      .toContain('impersonation.ended')
  })

  test('leaves an administrator’s impersonation of the person alone', async () => {
    const org = await world.organization()
    const admin = await world.user({ roles: { [org]: 'ADMIN' } })
    const user = await register(world)
    const patient = await world.patient([org], { userId: user.tokens.user.id })
    const { access_token: token } = await admin.client.admin.impersonate({
      patient_id: patient.id,
      organization_id: org,
      reason: 'Patient reports an empty list',
    })
    world.secret(token)
    await reset(await openToken(user))
    expect(await codeOf(world.client(token).users.me())).toBe('passed')
  })
})

describe('an account that must reset its password', () => {
  test('gets in by no way but the reset, which opens it again', async () => {
    const user = await register(world)
    const { tokens } = user
    await forceReset(tokens.user.id)
    expect(await codeOf(signIn(world, user))).toBe('PASSWORD_RESET_REQUIRED')
    expect(await codeOf(world.client().auth.refresh({ refresh_token: tokens.refresh_token }))).toBe(
      'PASSWORD_RESET_REQUIRED',
    )
    expect(await codeOf(signIn(world, { ...user, password: 'not-the-password' }))).toBe('UNAUTHORIZED')
    const password = newPassword()
    await reset(await openToken(user), password)
    expect(await codeOf(signIn(world, { ...user, password }))).toBe('passed')
  })

  test('with MFA learns it before it is asked for a code', async () => {
    const user = await register(world)
    const { secret } = await enableMfa(world, user)
    const mfa_token = await challenge(world, user)
    await forceReset(user.tokens.user.id)
    expect(await codeOf(challenge(world, user))).toBe('PASSWORD_RESET_REQUIRED')
    expect(
      await codeOf(world.client().auth.completeMfaChallenge({ mfa_token, code: totp(world, secret) })),
    ).toBe('PASSWORD_RESET_REQUIRED')
  })
})

describe('changing', () => {
  test('needs the current password, ends the other sessions and keeps this one', async () => {
    const user = await register(world)
    const other = await signIn(world, user)
    const password = newPassword()
    expect(
      await user.client.auth.changePassword({ current_password: user.password, new_password: password }),
    ).toBeUndefined()
    expect(await codeOf(user.client.users.me())).toBe('passed')
    expect(await codeOf(world.client().auth.refresh({ refresh_token: user.tokens.refresh_token }))).toBe(
      'passed',
    )
    expect(await codeOf(world.client(other.access_token).users.me())).toBe('UNAUTHORIZED')
    expect(await published(world, other.session_id)).toMatchObject([
      { type: 'session.revoked', data: { reason: 'PASSWORD_CHANGED' } },
    ])
    expect(await codeOf(signIn(world, user))).toBe('UNAUTHORIZED')
    expect(await codeOf(signIn(world, { ...user, password }))).toBe('passed')
    expect((await world.auditRows({ operation: 'changePassword' })).at(-1)).toMatchObject({
      action_type: 'PASSWORD_CHANGE',
      actor_user_id: user.tokens.user.id,
      outcome: 'SUCCESS',
    })
  })

  test('a wrong current password changes nothing and counts towards the lockout', async () => {
    const user = await register(world)
    const change = () =>
      codeOf(
        user.client.auth.changePassword({
          current_password: 'not-the-password',
          new_password: newPassword(),
        }),
      )
    const codes = []
    for (let index = 0; index < 6; index++) codes.push(await change())
    expect(codes).toEqual([...Array(5).fill('INVALID_PASSWORD'), 'ACCOUNT_LOCKED'])
  })

  test('refuses a weak password and the same one again', async () => {
    const user = await register(world)
    for (const weak of ['short-1', 'Password1234!', 'Ada Moreau 123', user.password]) {
      const refused = user.client.auth.changePassword({ current_password: user.password, new_password: weak })
      await expect(refused).rejects.toMatchObject({
        code: 'VALIDATION_ERROR',
        errors: [{ pointer: '/new_password' }],
      })
    }
    expect(await codeOf(signIn(world, user))).toBe('passed')
  })

  test('of two changes at once with the same current password one works', async () => {
    const user = await register(world)
    const change = () =>
      codeOf(
        user.client.auth.changePassword({ current_password: user.password, new_password: newPassword() }),
      )
    expect((await Promise.all([change(), change()])).toSorted()).toEqual(['INVALID_PASSWORD', 'passed'])
  })

  test('uses up the reset links that are open', async () => {
    const user = await register(world)
    const token = await openToken(user)
    await user.client.auth.changePassword({ current_password: user.password, new_password: newPassword() })
    expect(await codeOf(reset(token))).toBe('UNAUTHORIZED')
  })
})

test('the lock mails the person, in their own time, once', async () => {
  const user = await register(world)
  await wrongSignIns(user, 7)
  await mailed(user.email)
  const [mail] = mailsTo(user.email)
  expect(mail?.raw).toContain('Subject: Your account was locked')
  expect(mail?.raw).toMatch(/opens again by itself on \w+ \d+, \d{4} at \d+:\d\d/)
})
