import { join } from 'node:path'
import { createClient } from '@wardline/sdk'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { secretContext } from '../../packages/server/src/domains/webhook-endpoints/secrets.ts'
import { createCipher } from '../../packages/server/src/security/cipher.ts'
import { type KeyRing, readKeyRing, writeKeyRing } from '../../packages/server/src/security/keys.ts'
import { finished, temporaryFolder, wardServer } from '../embedded/process.ts'
import { checkedFetch } from '../support/contract.ts'
import { codeOf } from '../support/problems.ts'
import { challenge, enableMfa, guarded, type Registered, register, signIn, totp } from '../support/sign-in.ts'
import { createWorld, type World } from '../support/world.ts'

let world: World

beforeEach(async () => {
  const fresh = await createWorld()
  world = fresh
  onTestFinished(() => fresh.stop())
})

/** `ward-server keys …` on the site's file and database. */
async function keys(file: string, ...args: string[]): Promise<{ code: number | null; output: string }> {
  const env = { WARDLINE_KEYS_FILE: file, DATABASE_OWNER_URL: world.adminUrl }
  return finished(wardServer(['keys', ...args], { env }))
}

/** Every row of every table that holds one of these keys' names somewhere. */
async function mentions(kids: readonly string[]): Promise<string[]> {
  const { rows: tables } = await world.admin.query(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname in ('public', 'jobs')`,
  )
  const found: string[] = []
  for (const { name } of tables)
    for (const kid of kids) {
      const { rows } = await world.admin.query(
        `select count(*)::int as count from ${name} t where to_jsonb(t)::text like '%' || $1 || '.%'`,
        [kid],
      )
      if (rows[0]?.count > 0) found.push(`${name}: ${rows[0]?.count}`)
    }
  return found
}

const at = (url: string, token: string) =>
  createClient({ baseUrl: url, fetch: checkedFetch, maxRetries: 0, auth: token })

test('keys are staged, rotated, re-encrypted and retired while servers go on, and nothing stops working', async () => {
  const file = join(await temporaryFolder(), 'keys.json')
  writeKeyRing(file, world.keys, false)
  const [before] = [world.url]
  const servers: string[] = [before]
  const restart = async (ring: KeyRing): Promise<string> => {
    const { url } = await world.startServer({ keys: ring })
    servers.push(url)
    world.url = url
    return url
  }

  // Something under every kind of ciphertext.
  const org_id = await world.organization()
  const admin = await world.user({ roles: { [org_id]: 'ADMIN' } })
  const ada = await register(world)
  const { secret } = await enableMfa(world, ada)
  const half = await register(world)
  await half.client.mfa.setup()
  const endpoint = await admin.client.webhooks.create({ org_id, url: 'https://hooks.clinic.example' })
  await admin.client.webhooks.rotateSecret({ org_id, endpoint_id: endpoint.id })
  for (let n = 0; n < 3; n++) await world.patient([org_id])
  // Queued for later, so that no worker takes it.
  await world.admin.query(
    `insert into jobs.job (id, name, data, state, start_after) values
       (gen_random_uuid(), 'mail', jsonb_build_object('id', 'a', 'sealed', $1::text), 'created', now() + interval '1 day')`,
    [createCipher(world.keys).encrypt('{}', 'jobs.mail:a')],
  )
  const old = world.keys.encryption.map(({ kid }) => kid)
  expect((await mentions(old)).length).toBeGreaterThanOrEqual(4)

  const enter = async (who: Registered): Promise<string> => {
    // A code works once.
    world.clock.advance({ seconds: 30 })
    const mfa_token = await challenge(world, who)
    return guarded(
      world,
      await world.client().auth.completeMfaChallenge({ mfa_token, code: totp(world, secret) }),
    ).access_token
  }
  const firstToken = await enter(ada)
  const firstPage = await admin.client.patients.list({ org_id, limit: 1 })

  // One server knows the staged key, the other does not: tokens are still the old key's, and good on both.
  expect(await keys(file, 'stage')).toMatchObject({ code: 0 })
  const staged = readKeyRing(file)
  expect(staged.signing.map((key) => key.staged)).toEqual([undefined, true])
  expect(staged.signing[0]).toEqual(world.keys.signing[0])
  const second = await restart(staged)
  const stagedToken = (await signIn(world, half)).access_token
  for (const url of servers) expect(await codeOf(at(url, stagedToken).users.me())).toBe('passed')

  // One server uses the new key, the other knows it.
  expect(await keys(file, 'rotate')).toMatchObject({ code: 0 })
  const rotated = readKeyRing(file)
  expect(rotated.signing.map(({ kid }) => kid)).toEqual([staged.signing[1]?.kid, staged.signing[0]?.kid])
  expect(rotated.encryption.map(({ kid }) => kid)).toEqual([staged.encryption[1]?.kid, old[0]])
  const third = await restart(rotated)
  const newToken = await enter(ada)
  expect(newToken.split('.')[0]).not.toBe(firstToken.split('.')[0])
  for (const token of [firstToken, stagedToken, newToken])
    for (const url of [second, third]) expect(await codeOf(at(url, token).users.me())).toBe('passed')
  // Without staging this would have been everybody's fate on servers that are not restarted yet.
  expect(await codeOf(at(before, newToken).users.me())).toBe('UNAUTHORIZED')
  // A cursor of the old key's goes on, and one of the new key's is understood where it is staged.
  const page = await at(third, admin.token).patients.list({
    org_id,
    limit: 1,
    cursor: firstPage.next_cursor ?? '',
  })
  await at(second, admin.token).patients.list({ org_id, limit: 1, cursor: page.next_cursor ?? '' })

  const refused = await keys(file, 'retire')
  expect(refused.code).toBe(1)
  expect(refused.output).toMatch(
    /^The old keys are still needed, by \d+ of users\.mfa_secret first: run "ward-server keys reencrypt"/,
  )
  const reencrypted = await keys(file, 'reencrypt')
  expect(reencrypted).toMatchObject({ code: 0 })
  expect(reencrypted.output).toMatch(/^\d+ secrets were put under the key in use\.\n$/)
  expect((await keys(file, 'reencrypt')).output).toBe('0 secrets were put under the key in use.\n')
  expect(await mentions(old)).toEqual([])

  expect(await keys(file, 'retire')).toMatchObject({ code: 0 })
  const retired = readKeyRing(file)
  expect(retired.encryption.map(({ kid }) => kid)).toEqual([rotated.encryption[0]?.kid])
  const fourth = await restart(retired)
  await enter(ada)
  for (const token of [firstToken, stagedToken, newToken])
    expect(await codeOf(at(fourth, token).users.me())).toBe('passed')
  const { rows } = await world.admin.query('select id, secret, old_secret from webhook_endpoints')
  for (const { id, secret: now, old_secret: earlier } of rows)
    for (const sealed of [now, earlier])
      expect(createCipher(retired).decrypt(sealed, secretContext(id))).toMatch(/^whsec_/)

  const shown = await keys(file, 'list')
  expect(shown.output).toMatch(/encryption +\w+ +in use/)
  for (const { key } of retired.encryption) expect(shown.output).not.toContain(key)
}, 60_000)

test('a secret that no key reads is told, by its place, and stays as it is', async () => {
  const file = join(await temporaryFolder(), 'keys.json')
  writeKeyRing(file, world.keys, false)
  const user = await world.user({ mfa: true })
  await world.admin.query(`update users set mfa_secret = 'gone.a.b.c' where id = $1`, [user.id])
  const { code, output } = await keys(file, 'reencrypt')
  expect(code).toBe(1)
  expect(output).toContain(
    `No key of the ring reads 1 more, the first of which is users.mfa_secret ${user.id}.`,
  )
  const { rows } = await world.admin.query('select mfa_secret from users where id = $1', [user.id])
  expect(rows).toEqual([{ mfa_secret: 'gone.a.b.c' }])
})
