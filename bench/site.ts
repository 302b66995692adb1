import { randomBytes } from 'node:crypto'
import type pg from 'pg'
import { v7 as uuidv7 } from 'uuid'
import { migrate } from '../packages/server/src/db/migrate.ts'
import type { KeyRing } from '../packages/server/src/security/keys.ts'
import { createTokens } from '../packages/server/src/security/tokens.ts'
import { databaseUrl, execute, testPostgres } from '../scripts/postgres.ts'

/** A migrated database of its own with the application's login, gone afterwards. */
export async function onDatabase<T>(
  use: (urls: { readonly ownerUrl: string; readonly appUrl: string }) => Promise<T>,
): Promise<T> {
  const postgres = await testPostgres()
  // Of the database and of the login.
  const name = `wardline_bench_${randomBytes(4).toString('hex')}`
  const ownerUrl = databaseUrl(postgres.adminUrl, name)
  try {
    await execute(postgres.adminUrl, `create database ${name}`)
    await migrate(ownerUrl)
    await execute(ownerUrl, `create role ${name} login password 'bench' in role wardline_app`)
    const appUrl = new URL(ownerUrl)
    appUrl.username = name
    appUrl.password = 'bench'
    return await use({ ownerUrl, appUrl: appUrl.href })
  } finally {
    await execute(postgres.adminUrl, `drop database if exists ${name} with (force)`)
    await execute(postgres.adminUrl, `drop role if exists ${name}`)
    await postgres.stop()
  }
}

export interface SignIn {
  readonly user: string
  readonly session: string
}

/** An organization with one person in it. */
export async function addOrganization(
  owner: pg.ClientBase,
  role: 'ADMIN' | 'STAFF',
): Promise<{ org: string; user: string }> {
  const [org, user] = [uuidv7(), uuidv7()]
  await owner.query(`insert into organizations (id, name) values ($1, 'Bench')`, [org])
  await owner.query(
    `insert into users (id, email, display_name, mfa_enabled, mfa_secret) values ($1, 'bench@wardline.test', 'Bench', true, 'x')`,
    [user],
  )
  await owner.query(
    'insert into organization_memberships (id, organization_id, user_id, role) values ($1, $2, $3, $4)',
    [uuidv7(), org, user, role],
  )
  return { org, user }
}

/** A session for each of these people, with a second factor that is fresh now. */
export async function signIn(owner: pg.ClientBase, users: readonly string[]): Promise<SignIn[]> {
  const signIns = users.map((user) => ({ user, session: uuidv7() }))
  await owner.query(
    `insert into user_sessions (id, user_id, idle_seconds, last_active_at, mfa_verified_at, expires_at)
     select s, u, 36000, now(), now(), now() + interval '2 hours' from unnest($1::uuid[], $2::uuid[]) t (s, u)`,
    [signIns.map(({ session }) => session), users],
  )
  return signIns
}

/** An access token for each, good for an hour. */
export async function tokensFor(keys: KeyRing, signIns: readonly SignIn[]): Promise<string[]> {
  const issuer = createTokens(keys, { issuer: 'wardline', audience: 'wardline', accessSeconds: 3600 })
  const tokens: string[] = []
  for (const { user, session } of signIns)
    tokens.push(await issuer.issueAccess({ userId: user, sessionId: session, tokenId: uuidv7() }, new Date()))
  return tokens
}

/** 2,000 patients of an organization. @returns one of them */
export async function addPatients(owner: pg.ClientBase, org: string): Promise<string> {
  await owner.query(
    `with p as (insert into patients (id, first_name, last_name, dob)
       select gen_random_uuid(), 'First' || n, 'Last' || n, '1980-01-01' from generate_series(1, 2000) n returning id)
     insert into organization_patients (organization_id, patient_id, medical_record_number, enrolled_at, first_name, last_name, dob, search_text)
       select $1, id, 'MRN-' || row_number() over (), now(), '', '', now(), '' from p`,
    [org],
  )
  const { rows } = await owner.query('select patient_id from organization_patients limit 1')
  return rows[0].patient_id
}
