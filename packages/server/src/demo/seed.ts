import type { ClientBase } from 'pg'
import type { Blobs } from '../adapters/blobs/blobs.ts'
import { connect } from '../db/connect.ts'
import { createCipher } from '../security/cipher.ts'
import type { KeyRing } from '../security/keys.ts'
import { createPasswords } from '../security/passwords.ts'
import { totpSecretContext } from '../security/totp.ts'
import { insertCalls } from './calls.ts'
import { insertAppointments, insertPatients, insertThreads } from './care.ts'
import { insertCircles } from './circles.ts'
import { insertDeskWork, insertTickets } from './desk.ts'
import { insertDocuments } from './documents.ts'
import { insertRows } from './insert.ts'
import { type Cast, createCast } from './people.ts'
import { Random } from './random.ts'
import { DEMO_PASSWORD } from './sign-ins.ts'
import { insertTelemetry } from './telemetry.ts'
import { DAY } from './time.ts'
import { insertWebhooks } from './webhooks.ts'
import { CONSENT_DOCUMENTS } from './words.ts'
import { insertOwnVisits, insertTasks, insertVisitHistory } from './work.ts'

const SEED = 20_260_105
const OPENING_HOURS = [1, 2, 3, 4, 5].map((weekday) => ({ weekday, opens: '09:00', closes: '17:00' }))

interface SeedOptions {
  readonly now: Date
  /** Seals the second factors. */
  readonly keys: KeyRing
  /** Where the files go. */
  readonly blobs: Blobs
}

async function insertIdentity(
  client: ClientBase,
  cast: Cast,
  random: Random,
  options: SeedOptions,
): Promise<void> {
  const { now, keys } = options
  const cipher = createCipher(keys)
  const passwordHash = await createPasswords().hash(DEMO_PASSWORD)
  const joined = new Date(now.getTime() - 200 * DAY)
  await insertRows(
    client,
    'users',
    cast.users.map(({ id, email, name, timezone, signIn }) => ({
      id,
      email,
      password_hash: signIn === undefined ? null : passwordHash,
      display_name: name,
      timezone,
      is_super_admin: email.startsWith('super@'),
      is_support_agent: email.startsWith('support@'),
      mfa_enabled: signIn?.totpSecret !== undefined,
      mfa_secret:
        signIn?.totpSecret === undefined ? null : cipher.encrypt(signIn.totpSecret, totpSecretContext(id)),
      created_at: joined,
      updated_at: joined,
    })),
  )
  await insertRows(
    client,
    'organizations',
    cast.organizations.map(({ id, name, timezone, color }) => ({
      id,
      name,
      timezone,
      settings: { primary_color: color, opening_hours: OPENING_HOURS },
      subscription_status: 'ACTIVE',
      created_at: joined,
      updated_at: joined,
    })),
  )
  await insertRows(
    client,
    'organization_memberships',
    cast.members.map(({ organization, user, role }) => ({
      id: random.uuid(),
      organization_id: organization.id,
      user_id: user.id,
      role,
    })),
  )
  await insertRows(
    client,
    'staff',
    cast.staff.map(({ user, title }) => ({
      id: random.uuid(),
      user_id: user.id,
      employee_id: `E-${random.digits(5)}`,
      job_title: title,
    })),
  )
  await insertRows(
    client,
    'providers',
    cast.providers.map(({ id, user, npi, specialty, organizations }) => ({
      id,
      user_id: user.id,
      npi_number: npi,
      specialty,
      state_licenses: organizations.map(({ state }) => ({
        state,
        license_number: `${state}${random.digits(6)}`,
        expiry: new Date(now.getTime() + random.between(90, 700) * DAY).toISOString().slice(0, 10),
      })),
    })),
  )
  await insertConsents(client, cast, random, now)
}

/** The first version of each document, signed by everyone: all sign-ins work at once. */
async function insertConsents(client: ClientBase, cast: Cast, random: Random, now: Date): Promise<void> {
  const documents = CONSENT_DOCUMENTS.map((document) => ({
    id: random.uuid(),
    ...document,
    version: '1.0',
    effective_date: new Date(now.getTime() - 100 * DAY),
  }))
  await insertRows(client, 'consent_documents', documents)
  await insertRows(
    client,
    'consents',
    cast.users.flatMap(({ id }) =>
      documents.map((document) => ({
        id: random.uuid(),
        user_id: id,
        document_id: document.id,
        agreed_at: new Date(now.getTime() - 90 * DAY),
      })),
    ),
  )
}

/**
 * Fills an empty database with the demo, all or nothing.
 * @param ownerUrl the embedded database's owner: nothing else may be filled with public passwords.
 * @returns false when there is data already.
 */
export async function seedDemo(ownerUrl: string, options: SeedOptions): Promise<boolean> {
  const { now } = options
  const client = await connect(ownerUrl, 'the embedded database', 'wardline-seed')
  try {
    const { rows } = await client.query('select exists (select from users) as filled')
    if (rows[0]?.filled === true) return false
    const random = new Random(SEED)
    const cast = createCast(random, now)
    await client.query('begin')
    await insertIdentity(client, cast, random, options)
    await insertPatients(client, cast, random, now)
    const visits = await insertAppointments(client, cast, random, now)
    await insertThreads(client, cast, random, now)
    const desk = await insertTickets(client, cast, random, now)
    // Last: what was there before keeps its ids.
    await insertOwnVisits(client, cast, random, now)
    await insertVisitHistory(client, cast, visits, random, now)
    await insertTasks(client, cast, random, now)
    await insertDocuments(client, cast, random, now, options.blobs)
    await insertDeskWork(client, cast, desk, random, now)
    // Of a sequence of its own: what else is added changes none of its ids.
    await insertCircles(client, cast, new Random(SEED + 1), now)
    await insertCalls(client, cast, new Random(SEED + 2), now)
    await insertWebhooks(client, cast, new Random(SEED + 37), createCipher(options.keys), now)
    await insertTelemetry(client, cast, new Random(SEED + 42), now)
    await client.query('commit')
    // The planner knows nothing of new tables until it is told.
    await client.query('analyze')
    return true
  } finally {
    await client.end()
  }
}
