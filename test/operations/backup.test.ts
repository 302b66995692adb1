import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { cpSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Client } from '@wardline/sdk'
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest'
import { sealAudit } from '../../packages/server/src/audit/seals.ts'
import { type Embedded, startEmbedded } from '../../packages/server/src/db/embedded.ts'
import { migrate } from '../../packages/server/src/db/migrate.ts'
import { createPool } from '../../packages/server/src/db/pool.ts'
import { createCipher } from '../../packages/server/src/security/cipher.ts'
import { writeKeyRing } from '../../packages/server/src/security/keys.ts'
import { databaseUrl, execute } from '../../scripts/postgres.ts'
import { finished, temporaryFolder, wardServer } from '../embedded/process.ts'
import { challenge, enableMfa, guarded, type Registered, register, totp } from '../support/sign-in.ts'
import { openStream } from '../support/streams.ts'
import { createWorld, type TestPatient, type TestUser, World } from '../support/world.ts'

/*
 * The handbook's backup and restore, from one cluster into another: a dump by a role that may only read, the files, the
 * keys. What was there is there, what was provable is provable, and what comes after follows it.
 */

const run = promisify(execFile)
const missing = await run('pg_dump', ['--version']).then(
  () => undefined,
  () => 'pg_dump is not installed',
)
if (missing !== undefined) console.warn(`The tests of backup and restore are skipped: ${missing}.`)

let world: World
let embedded: Embedded
let org_id: string
let admin: TestUser
let root: TestUser
let ada: Registered
let secret: string
let patient: TestPatient
let backup: string

/** A role for backups, as the handbook makes it. */
async function backupRole(): Promise<{ url: string; drop: () => Promise<void> }> {
  const name = `wardline_backup_${randomBytes(4).toString('hex')}`
  await execute(
    world.adminUrl,
    `create role ${name} login bypassrls password 'backup' in role pg_read_all_data`,
  )
  const url = new URL(world.adminUrl)
  url.username = name
  url.password = 'backup'
  return { url: url.href, drop: () => execute(world.adminUrl, `drop role ${name}`) }
}

async function seal(appUrl: string): Promise<void> {
  const pool = createPool(appUrl, 1, () => {})
  expect(await sealAudit(pool, world.clock.now())).toBe(true)
  await pool.end()
}

describe.skipIf(missing !== undefined)('a backup', () => {
  beforeAll(async () => {
    world = await createWorld({ env: { DOCUMENTS_ALLOW_UNSCANNED: 'true' } })
    embedded = await startEmbedded({ dataDir: '', ephemeral: true })
    org_id = await world.organization()
    admin = await world.user({ roles: { [org_id]: 'ADMIN' } })
    root = await world.user({ superAdmin: true })
    ada = await register(world)
    secret = (await enableMfa(world, ada)).secret
    patient = await world.patient([org_id])
    // The other cluster counts lower, however young this one is.
    await execute(
      world.adminUrl,
      'do $$ begin for i in 1..5000 loop perform pg_current_xact_id(); commit; end loop; end $$',
    )
  }, 60_000)
  afterAll(async () => {
    await world?.stop()
    await embedded?.stop()
  }, 30_000)

  test('is restored into another cluster: people sign in, the trail verifies, events and jobs go on', async () => {
    const path = `/api/organizations/${org_id}/events`
    const stream = await openStream(world.url, admin.token, { path })
    await admin.client.patients.get({ org_id, patient_id: patient.id })
    const file = new File(['Synthetic letter.'], 'letter.txt', { type: 'text/plain' })
    const document = await admin.client.documents.uploadFile({ org_id, patient_id: patient.id, file })
    await vi.waitFor(async () => expect((await download(admin.client, document.id)).ok).toBe(true), {
      timeout: 10_000,
    })
    await admin.client.members.invite({ org_id, email: world.secret('one@patient.test'), role: 'STAFF' })
    const joined = await world.user({ roles: { [org_id]: 'STAFF' } })
    await admin.client.members.remove({ org_id, member_id: await memberOf(joined) })
    await expect.poll(() => stream.events.map(({ event }) => event)).toEqual(['member.removed'])
    const [last] = stream.events
    stream.close()
    await seal(world.appUrl)
    const sealed = await root.client.admin.verifyAuditIntegrity()
    expect(sealed.intact).toBe(true)
    await world.admin.query(
      `insert into jobs.job (id, name, data, state, start_after) values
         (gen_random_uuid(), 'mail', jsonb_build_object('id', 'm1', 'sealed', $1::text), 'created', now() + interval '1 day')`,
      [
        createCipher(world.keys).encrypt(
          JSON.stringify({ to: 'two@patient.test', subject: 'After the restore', text: 'Synthetic.' }),
          'jobs.mail:m1',
        ),
      ],
    )

    // The order of the handbook: database, then files, then keys.
    backup = await temporaryFolder()
    const role = await backupRole()
    await run('pg_dump', ['--format=custom', '--file', join(backup, 'wardline.dump'), '--dbname', role.url])
    await role.drop()
    cpSync(world.config.blobs.folder ?? '', join(backup, 'blobs'), { recursive: true })
    writeKeyRing(join(backup, 'keys.json'), world.keys, false)

    const target = databaseUrl(embedded.adminUrl, 'wardline')
    const owner = new URL(world.adminUrl).username
    if (owner !== 'postgres') await execute(target, `create role ${owner} superuser`)
    await run('pg_restore', ['--exit-on-error', '--dbname', target, join(backup, 'wardline.dump')])

    // A server that started now would number what happens below what happened: it does not.
    const env = { DATABASE_URL: embedded.appUrl, WARDLINE_KEYS_FILE: join(backup, 'keys.json') }
    const refused = await finished(wardServer(['start', '--port', '0'], { env }))
    expect(refused).toEqual({
      code: 1,
      output:
        'The database was restored from a dump into a cluster that counts its transactions anew: run "ward-server migrate" once, before any server starts.\n',
    })
    const migrated = await finished(wardServer(['migrate'], { env: { DATABASE_OWNER_URL: target } }))
    expect(migrated.code).toBe(0)
    expect(migrated.output).toContain('its events and audit trail go on after what they had')

    const restored = new World('wardline', {
      postgres: { adminUrl: embedded.adminUrl, appUrl: embedded.appUrl },
      start: world.clock.now(),
      env: {
        DOCUMENTS_ALLOW_UNSCANNED: 'true',
        BLOBS_FOLDER: join(backup, 'blobs'),
        MAIL_FOLDER: join(backup, 'mail'),
      },
    })
    await restored.admin.connect()
    try {
      restored.url = (await restored.startServer({ keys: world.keys })).url
      const mfa_token = await challenge(restored, ada)
      const tokens = await restored
        .client()
        .auth.completeMfaChallenge({ mfa_token, code: totp(restored, secret) })
      guarded(restored, tokens)
      const there = (user: TestUser) => restored.client(user.token)
      const found = await there(admin).patients.get({ org_id, patient_id: patient.id })
      expect(found.last_name).toBe(patient.lastName)
      expect(await (await download(there(admin), document.id)).text()).toBe('Synthetic letter.')

      // Who was listening goes on where it was.
      const again = await openStream(restored.url, admin.token, { path, lastEventId: last?.id ?? '' })
      const next = await restored.user({ roles: { [org_id]: 'STAFF' } })
      const { items } = await there(admin).members.list({ org_id, limit: 100 })
      await there(admin).members.remove({
        org_id,
        member_id: items.find((one) => one.user_id === next.id)?.id ?? '',
      })
      await expect.poll(() => again.events.map(({ event }) => event)).toEqual(['member.removed'])
      expect(again.events[0]?.id).not.toBe(last?.id)

      await seal(embedded.appUrl)
      const verified = await there(root).admin.verifyAuditIntegrity()
      expect(verified).toMatchObject({ intact: true, first_bad: null })
      expect(verified.checked_seals).toBeGreaterThan(sealed.checked_seals)
      expect(verified.checked_rows).toBeGreaterThan(sealed.checked_rows)
      const { rows } = await restored.admin.query(
        `select count(*)::int as unsealed from audit_logs
         where (xid, id) > (select last_xid, last_id from audit_seals order by number desc limit 1)
           and occurred_at < (select max(sealed_at) from audit_seals)`,
      )
      expect(rows[0]?.unsealed).toBe(0)

      await restored.admin.query(`update jobs.job set start_after = now() where data ->> 'id' = 'm1'`)
      await vi.waitFor(
        () => {
          const mails = readdirSync(join(backup, 'mail')).map((name) =>
            readFileSync(join(backup, 'mail', name), 'utf8'),
          )
          expect(mails.some((mail) => mail.includes('After the restore'))).toBe(true)
        },
        { timeout: 20_000, interval: 200 },
      )
      // It is done once: a further start changes nothing.
      const base = (await restored.admin.query('select base from xid_base')).rows
      expect(await migrate(target)).toEqual([])
      expect((await restored.admin.query('select base from xid_base')).rows).toEqual(base)
    } finally {
      await restored.stop()
    }
  }, 60_000)

  test('cannot be made by the owner, whom row-level security binds too: it fails, instead of leaving rows out', async () => {
    const { prefix } = inject('database')
    const name = `${prefix}_owner_${randomBytes(4).toString('hex')}`
    await execute(world.adminUrl, `create role ${name} login password 'owner' in role pg_read_all_data`)
    const url = new URL(world.adminUrl)
    url.username = name
    url.password = 'owner'
    const dump = run('pg_dump', ['--file', '/dev/null', '--dbname', url.href])
    await expect(dump).rejects.toThrow(/row-level security policy/)
    await execute(world.adminUrl, `drop role ${name}`)
  })
})

/** The file behind a document's link. */
async function download(client: Client, document_id: string): Promise<Response> {
  const { url } = await client.documents.getDownloadUrl({ org_id, document_id })
  return fetch(url)
}

async function memberOf(user: TestUser): Promise<string> {
  const { items } = await admin.client.members.list({ org_id, limit: 100 })
  return items.find((one) => one.user_id === user.id)?.id ?? ''
}
