import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { codeOf } from '../support/problems.ts'
import { challenge, enableMfa, guarded, register, signIn, totp } from '../support/sign-in.ts'
import { createWorld, type World } from '../support/world.ts'

let world: World

beforeAll(async () => {
  world = await createWorld()
})
afterAll(() => world.stop())

/** Somebody with MFA on. */
async function member() {
  const user = await register(world)
  return { ...user, ...(await enableMfa(world, user)) }
}
const answer = async (mfa_token: string, code: string) =>
  guarded(world, await world.client().auth.completeMfaChallenge({ mfa_token, code }))

/** Six digits that are none of the codes of these minutes. */
const wrong = (secret: string): string => {
  const right = [-2, -1, 0, 1, 2].map((step) => totp(world, secret, step))
  return (
    ['000000', '111111', '222222', '333333', '444444', '555555'].find((code) => !right.includes(code)) ?? ''
  )
}

describe('setting up', () => {
  test('answers secret, link, picture and 8 backup codes, and stores none of them in the clear', async () => {
    const { client, tokens } = await register(world)
    const setup = await client.mfa.setup()
    for (const value of [setup.secret, ...setup.backup_codes]) world.secret(value)
    expect(new Set(setup.backup_codes).size).toBe(8)
    expect(setup.otpauth_url).toContain(`secret=${setup.secret}`)
    expect(setup.qr_code).toMatch(/^data:image\/png;base64,/)
    await client.mfa.verify({ code: totp(world, setup.secret) })
    const { rows } = await world.admin.query(
      `select row_to_json(u)::text || coalesce((select string_agg(row_to_json(b)::text, '')
         from user_mfa_backup_codes b where b.user_id = u.id), '') as text from users u where id = $1`,
      [tokens.user.id],
    )
    for (const value of [setup.secret, ...setup.backup_codes]) expect(rows[0].text).not.toContain(value)
  })

  test('changes nothing before a code confirms it', async () => {
    const user = await register(world)
    const { secret } = await user.client.mfa.setup()
    world.secret(secret)
    expect(await codeOf(user.client.mfa.verify({ code: wrong(secret) }))).toBe('INVALID_MFA_CODE')
    expect((await user.client.users.me()).mfa_enabled).toBe(false)
    expect(await codeOf(signIn(world, user))).toBe('passed')
    const status = await user.client.mfa.verify({ code: totp(world, secret) })
    expect(status.mfa_enabled).toBe(true)
    expect((await user.client.users.me()).mfa_enabled).toBe(true)
    expect(await codeOf(challenge(world, user))).toBe('passed')
  })

  test('waits 15 minutes for the code, and beginning again replaces what was pending', async () => {
    const { email, password } = await register(world)
    const first = await signIn(world, { email, password })
    const stale = await world.client(first.access_token).mfa.setup()
    world.clock.advance({ minutes: 15, seconds: 1 })
    const { client } = { client: world.client((await signIn(world, { email, password })).access_token) }
    expect(await codeOf(client.mfa.verify({ code: totp(world, stale.secret) }))).toBe('CONFLICT')
    const [old, fresh] = [await client.mfa.setup(), await client.mfa.setup()]
    for (const { secret } of [stale, old, fresh]) world.secret(secret)
    expect(await codeOf(client.mfa.verify({ code: totp(world, old.secret) }))).toBe('INVALID_MFA_CODE')
    expect(await codeOf(client.mfa.verify({ code: totp(world, fresh.secret) }))).toBe('passed')
  })

  test('is refused when it is on, and verify when nothing is pending', async () => {
    const none = await register(world)
    expect(await codeOf(none.client.mfa.verify({ code: '123456' }))).toBe('CONFLICT')
    const { client, secret } = await member()
    expect(await codeOf(client.mfa.setup())).toBe('CONFLICT')
    expect(await codeOf(client.mfa.verify({ code: totp(world, secret) }))).toBe('CONFLICT')
  })

  test('makes the session strong for 10 minutes', async () => {
    const { client, tokens } = await register(world)
    const { secret } = await client.mfa.setup()
    world.secret(secret)
    const { step_up_until: until } = await client.mfa.verify({ code: totp(world, secret) })
    expect(Math.round((Date.parse(until) - world.clock.now().getTime()) / 1000)).toBe(600)
    const { rows } = await world.admin.query('select mfa_verified_at from user_sessions where id = $1', [
      tokens.session_id,
    ])
    expect(rows[0].mfa_verified_at).not.toBeNull()
  })
})

describe('the challenge', () => {
  test('the password alone answers no tokens; a code finishes the sign-in, strong', async () => {
    const user = await member()
    const tokens = await answer(await challenge(world, user), totp(world, user.secret))
    expect(tokens.user.id).toBe(user.tokens.user.id)
    expect(await codeOf(world.client(tokens.access_token).users.me())).toBe('passed')
    const { rows } = await world.admin.query('select mfa_verified_at from user_sessions where id = $1', [
      tokens.session_id,
    ])
    expect(rows[0].mfa_verified_at).not.toBeNull()
  })

  test('takes codes one step early or late, not two', async () => {
    const user = await member()
    for (const [step, code] of [
      [-2, 'UNAUTHORIZED'],
      [2, 'UNAUTHORIZED'],
      [-1, 'passed'],
      [1, 'passed'],
    ] as const)
      expect([
        step,
        await codeOf(answer(await challenge(world, user), totp(world, user.secret, step))),
      ]).toEqual([step, code])
  })

  test('a step is never accepted twice: not at another sign-in, not for step-up, and none before it', async () => {
    const user = await member()
    const code = totp(world, user.secret)
    const tokens = await answer(await challenge(world, user), code)
    expect(await codeOf(answer(await challenge(world, user), code))).toBe('UNAUTHORIZED')
    expect(await codeOf(answer(await challenge(world, user), totp(world, user.secret, -1)))).toBe(
      'UNAUTHORIZED',
    )
    const { auth } = world.client(tokens.access_token)
    expect(await codeOf(auth.stepUp({ code }))).toBe('INVALID_MFA_CODE')
    world.clock.advance({ seconds: 30 })
    const next = totp(world, user.secret)
    expect(await codeOf(auth.stepUp({ code: next }))).toBe('passed')
    expect(await codeOf(answer(await challenge(world, user), next))).toBe('UNAUTHORIZED')
  })

  test('the code that turned MFA on opens nothing', async () => {
    const user = await register(world)
    const { secret } = await user.client.mfa.setup()
    const code = totp(world, world.secret(secret))
    await user.client.mfa.verify({ code })
    expect(await codeOf(answer(await challenge(world, user), code))).toBe('UNAUTHORIZED')
  })

  test('of one code shown to four challenges at once one sign-in works', async () => {
    const user = await member()
    const open = await Promise.all(Array.from({ length: 4 }, () => challenge(world, user)))
    const code = totp(world, user.secret)
    const codes = await Promise.all(open.map((token) => codeOf(answer(token, code))))
    expect(codes.toSorted()).toEqual(['UNAUTHORIZED', 'UNAUTHORIZED', 'UNAUTHORIZED', 'passed'])
  })

  test('a backup code works once, whatever its case and without the dash', async () => {
    const user = await member()
    const [first = '', second = ''] = user.backupCodes
    expect(await codeOf(answer(await challenge(world, user), first))).toBe('passed')
    expect(await codeOf(answer(await challenge(world, user), first))).toBe('UNAUTHORIZED')
    const typed = second.toLowerCase().replace('-', '')
    expect(await codeOf(answer(await challenge(world, user), typed))).toBe('passed')
    const other = await member()
    expect(await codeOf(answer(await challenge(world, user), other.backupCodes[0] ?? ''))).toBe(
      'UNAUTHORIZED',
    )
  })

  test('of one backup code shown four times at once one sign-in works', async () => {
    const user = await member()
    const open = await Promise.all(Array.from({ length: 4 }, () => challenge(world, user)))
    const codes = await Promise.all(open.map((token) => codeOf(answer(token, user.backupCodes[0] ?? ''))))
    expect(codes.filter((code) => code === 'passed')).toHaveLength(1)
  })

  test('works once, and for five minutes', async () => {
    const user = await member()
    const used = await challenge(world, user)
    await answer(used, totp(world, user.secret))
    world.clock.advance({ seconds: 30 })
    expect(await codeOf(answer(used, totp(world, user.secret)))).toBe('UNAUTHORIZED')
    const late = await challenge(world, user)
    world.clock.advance({ minutes: 4, seconds: 50 })
    expect(await codeOf(answer(late, wrong(user.secret)))).toBe('UNAUTHORIZED')
    world.clock.advance({ seconds: 11 })
    expect(await codeOf(answer(late, totp(world, user.secret)))).toBe('UNAUTHORIZED')
    expect(await codeOf(answer(await challenge(world, user), totp(world, user.secret)))).toBe('passed')
    expect(await codeOf(answer('A'.repeat(43), '123456'))).toBe('UNAUTHORIZED')
  })

  test('takes five tries, each of which counts towards the lockout', async () => {
    const user = await member()
    const [first, other] = [await challenge(world, user), await challenge(world, user)]
    for (let index = 0; index < 5; index++)
      expect(await codeOf(answer(first, wrong(user.secret)))).toBe('UNAUTHORIZED')
    expect(await codeOf(answer(other, totp(world, user.secret)))).toBe('ACCOUNT_LOCKED')
    await world.admin.query('update users set locked_until = null where email = $1', [user.email])
    expect(await codeOf(answer(first, totp(world, user.secret)))).toBe('UNAUTHORIZED')
    expect(await codeOf(answer(other, totp(world, user.secret)))).toBe('passed')
  })
})

describe('step-up', () => {
  test('a wrong code counts towards the lockout: a stolen session cannot guess for ever', async () => {
    const { client, secret } = await member()
    for (let index = 0; index < 5; index++)
      expect(await codeOf(client.auth.stepUp({ code: wrong(secret) }))).toBe('INVALID_MFA_CODE')
    expect(await codeOf(client.auth.stepUp({ code: totp(world, secret) }))).toBe('ACCOUNT_LOCKED')
  })

  test('is refused without MFA', async () => {
    const { client } = await register(world)
    expect(await codeOf(client.auth.stepUp({ code: '123456' }))).toBe('CONFLICT')
  })
})

describe('new backup codes', () => {
  test('replace the old ones, which die; the new ones work, once each, and are kept hashed', async () => {
    const user = await member()
    const { backup_codes: codes } = await user.client.mfa.regenerateBackupCodes({ password: user.password })
    for (const code of codes) world.secret(code)
    expect(new Set(codes).size).toBe(8)
    expect(await codeOf(answer(await challenge(world, user), user.backupCodes[0] ?? ''))).toBe('UNAUTHORIZED')
    expect(await codeOf(answer(await challenge(world, user), codes[0] ?? ''))).toBe('passed')
    expect(await codeOf(answer(await challenge(world, user), codes[0] ?? ''))).toBe('UNAUTHORIZED')
    const { rows } = await world.admin.query(
      `select string_agg(row_to_json(b)::text, '') as text from user_mfa_backup_codes b where user_id = $1`,
      [user.tokens.user.id],
    )
    for (const code of codes) expect(rows[0].text).not.toContain(code)
    expect((await world.auditRows({ operation: 'regenerateMfaBackupCodes' })).at(-1)).toMatchObject({
      action_type: 'MFA_BACKUP_CODES',
      actor_user_id: user.tokens.user.id,
    })
  })

  test('need the password, and MFA to be on', async () => {
    const user = await member()
    const wrongly = user.client.mfa.regenerateBackupCodes({ password: 'not-the-password' })
    expect(await codeOf(wrongly)).toBe('INVALID_PASSWORD')
    expect(await codeOf(answer(await challenge(world, user), user.backupCodes[0] ?? ''))).toBe('passed')
    const none = await register(world)
    expect(await codeOf(none.client.mfa.regenerateBackupCodes({ password: none.password }))).toBe('CONFLICT')
  })
})

describe('turning it off', () => {
  test('needs the password, leaves nothing behind, and weakens the session', async () => {
    const user = await member()
    expect(await codeOf(user.client.mfa.disable({ password: 'not-the-password' }))).toBe('INVALID_PASSWORD')
    expect((await user.client.users.me()).mfa_enabled).toBe(true)
    expect(await user.client.mfa.disable({ password: user.password })).toBeUndefined()
    expect((await user.client.users.me()).mfa_enabled).toBe(false)
    expect(await codeOf(signIn(world, user))).toBe('passed')
    const { rows } = await world.admin.query(
      `select u.mfa_secret, (select count(*)::int from user_mfa_backup_codes b where b.user_id = u.id) as codes,
         (select count(*)::int from user_sessions s where s.user_id = u.id and mfa_verified_at is not null) as strong
       from users u where u.id = $1`,
      [user.tokens.user.id],
    )
    expect(rows).toEqual([{ mfa_secret: null, codes: 0, strong: 0 }])
    expect((await world.auditRows({ operation: 'disableMfa' })).at(-1)).toMatchObject({
      action_type: 'MFA_DISABLE',
      outcome: 'SUCCESS',
      changes: { mfa_enabled: { old: true, new: false } },
    })
    expect(await codeOf(user.client.mfa.disable({ password: user.password }))).toBe('CONFLICT')
  })

  test('can be undone: a new setup has a secret and codes of its own', async () => {
    const user = await member()
    await user.client.mfa.disable({ password: user.password })
    const again = await enableMfa(world, user)
    expect(again.secret).not.toBe(user.secret)
    expect(await codeOf(answer(await challenge(world, user), totp(world, again.secret)))).toBe('passed')
  })

  test.each(['an organization', 'the platform'])(
    'is refused to whoever holds a role in %s, with the right password too',
    async (where) => {
      const user = await member()
      const { id } = user.tokens.user
      if (where === 'the platform')
        await world.admin.query('update users set is_support_agent = true where id = $1', [id])
      else
        await world.admin.query(
          `insert into organization_memberships (id, organization_id, user_id, role) values ($1, $2, $3, 'STAFF')`,
          [world.id(), await world.organization(), id],
        )
      const refused = user.client.mfa.disable({ password: user.password })
      await expect(refused).rejects.toMatchObject({ code: 'MFA_REQUIRED_FOR_ROLE', status: 403 })
      expect((await user.client.users.me()).mfa_enabled).toBe(true)
    },
  )

  test('a wrong password counts towards the lockout, here and at new backup codes alike', async () => {
    const { client } = await member()
    const password = 'not-the-password'
    const codes = []
    for (let index = 0; index < 3; index++) {
      codes.push(await codeOf(client.mfa.disable({ password })))
      codes.push(await codeOf(client.mfa.regenerateBackupCodes({ password })))
    }
    expect(codes).toEqual([...Array(5).fill('INVALID_PASSWORD'), 'ACCOUNT_LOCKED'])
  })
})
