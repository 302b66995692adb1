import { randomBytes, randomInt } from 'node:crypto'
import { appendFileSync, createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { type Client, createClient } from '@wardline/sdk'
import pg from 'pg'
import { v7 as uuidv7 } from 'uuid'
import { inject } from 'vitest'
import { type Config, loadConfig } from '../../packages/server/src/config.ts'
import { npiNumber } from '../../packages/server/src/demo/random.ts'
import type { OrganizationRole } from '../../packages/server/src/http/operation.ts'
import { createLog } from '../../packages/server/src/log.ts'
import { createCipher } from '../../packages/server/src/security/cipher.ts'
import { generateKeyRing, type KeyRing } from '../../packages/server/src/security/keys.ts'
import { createTokens } from '../../packages/server/src/security/tokens.ts'
import { newTotpSecret, totpSecretContext } from '../../packages/server/src/security/totp.ts'
import { createServer, type Server, type ServerOptions } from '../../packages/server/src/server.ts'
import { databaseUrl, execute } from '../../scripts/postgres.ts'
import { TestClock } from './clock.ts'
import { checkedFetch } from './contract.ts'

export interface TestUser {
  id: string
  email: string
  sessionId: string
  /** An access token of that session, for an hour of the test's clock. */
  token: string
  totpSecret: string
  client: Client
}

export interface TestPatient {
  id: string
  firstName: string
  lastName: string
  dob: string
  mrn: string
}

export interface WorldOptions {
  /** Changes to the configuration, as environment variables. */
  env?: Record<string, string>
  handlers?: ServerOptions['handlers']
  /** Also run job workers and the like; the default. */
  start?: Date
  /** A PostgreSQL of the test's own, with a migrated database `wardline`, in place of the suite's. */
  postgres?: { adminUrl: string; appUrl: string }
}

let serial = 0
const word = (length = 8): string =>
  Array.from({ length }, () => String.fromCharCode(97 + randomInt(26))).join('')

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

/**
 * A database, a server and a clock of a test's own, and the people in it. Made directly in the database, so
 * that a test pays only for what it tests.
 */
export class World {
  readonly clock: TestClock
  readonly adminUrl: string
  readonly appUrl: string
  readonly config: Config
  readonly keys = generateKeyRing()
  readonly #cipher = createCipher(this.keys)
  readonly #tokens = createTokens(this.keys, { issuer: 'wardline', audience: 'wardline', accessSeconds: 600 })
  readonly #database: string
  readonly #logFile: string
  readonly #phiFile: string
  readonly #options: WorldOptions
  readonly #servers: { server: Server; close: () => Promise<void> }[] = []
  /** As the database's superuser: past every wall. */
  readonly admin: pg.Client
  url = ''

  constructor(database: string, options: WorldOptions) {
    const { logFolder, ...suite } = inject('database')
    const provided = options.postgres ?? suite
    this.#database = database
    this.clock = new TestClock(options.start ?? new Date())
    this.adminUrl = databaseUrl(provided.adminUrl, database)
    this.appUrl = databaseUrl(provided.appUrl, database)
    this.admin = new pg.Client(this.adminUrl)
    this.admin.on('error', () => {})
    this.#options = options
    this.#logFile = join(logFolder, `${database}.log`)
    this.#phiFile = join(logFolder, `${database}.phi`)
    this.config = this.#configWith({})
  }

  #configWith(env: Record<string, string>): Config {
    const { logFolder } = inject('database')
    return loadConfig(
      {
        LOG_LEVEL: 'debug',
        // All that run at once share the connections of one PostgreSQL.
        DATABASE_POOL_SIZE: '6',
        RATE_LIMIT_GENERAL: '100000/1m',
        RATE_LIMIT_AUTH: '100000/1m',
        RATE_LIMIT_LOGIN: '100000/1m',
        RATE_LIMIT_MFA: '100000/1m',
        RATE_LIMIT_IMPERSONATION: '100000/1m',
        MAIL_FOLDER: join(logFolder, `${this.#database}.mail`),
        BLOBS_FOLDER: join(logFolder, `${this.#database}.blobs`),
        ...this.#options.env,
        ...env,
      },
      { port: '0' },
    )
  }

  /** Starts a server on this world's database; several are replicas of one another. */
  async startServer({
    keys = this.keys,
    env = {},
    port = '0',
    handlers = this.#options.handlers,
  }: {
    keys?: KeyRing
    /** Changes to the world's configuration. */
    env?: Record<string, string>
    port?: string
    /** Other handlers than the world's servers have, as another release would. */
    handlers?: WorldOptions['handlers']
  } = {}): Promise<{ url: string; close: () => Promise<void> }> {
    // Kept as it was logged, before redaction: what redaction catches should not have been logged.
    const destination = createWriteStream(this.#logFile, { flags: 'a' })
    const server = await createServer({
      config: { ...this.#configWith(env), port: Number(port) },
      keys,
      databaseUrl: this.appUrl,
      log: createLog('debug', { write: () => {} }, (line) => destination.write(line)),
      clock: this.clock,
      ...(handlers ? { handlers } : {}),
    })
    const url = await server.listen()
    let closed = false
    const close = async (): Promise<void> => {
      if (closed) return
      closed = true
      await server.close()
      destination.end()
      await finished(destination)
    }
    this.#servers.push({ server, close })
    return { url, close }
  }

  /** Ends every server and starts one in their place. Clients made before know the old address. */
  async restart(env: Record<string, string>): Promise<void> {
    for (const { close } of this.#servers) await close()
    this.url = (await this.startServer({ env })).url
  }

  async stop(): Promise<void> {
    for (const { close } of this.#servers) await close()
    await this.admin.end()
    if (this.#options.postgres) return
    const { adminUrl } = inject('database')
    await execute(
      adminUrl,
      `drop database if exists ${new URL(this.adminUrl).pathname.slice(1)} with (force)`,
    )
  }

  /** A value that must never reach a log: the suite's last test looks for it. */
  secret(value: string): string {
    appendFileSync(this.#phiFile, `${value}\n`)
    return value
  }

  id(): string {
    return uuidv7()
  }

  /** An SDK client; every answer that it gets is held against the contract. */
  client(token?: string): Client {
    return createClient({
      baseUrl: this.url,
      fetch: checkedFetch,
      maxRetries: 0,
      ...(token === undefined ? {} : { auth: token }),
    })
  }

  /** A call without the SDK, for what the SDK would not send. */
  fetch(path: string, init: RequestInit & { token?: string } = {}): Promise<Response> {
    const headers = new Headers(init.headers)
    if (init.token) headers.set('authorization', `Bearer ${init.token}`)
    return checkedFetch(`${this.url}${path}`, { ...init, headers })
  }

  async organization(name = `Clinic ${word()}`, timezone = 'America/New_York'): Promise<string> {
    const id = this.id()
    await this.admin.query(
      `insert into organizations (id, name, timezone, subscription_status) values ($1, $2, $3, 'ACTIVE')`,
      [id, name, timezone],
    )
    return id
  }

  /** A person who signed every consent, with MFA when a role demands it, and an open session. */
  async user(
    options: {
      roles?: Record<string, OrganizationRole>
      superAdmin?: boolean
      supportAgent?: boolean
      mfa?: boolean
      name?: string
      /** Minutes since the session's last MFA code. */
      mfaAge?: number
      consents?: boolean
    } = {},
  ): Promise<TestUser> {
    const { roles = {}, superAdmin = false, supportAgent = false, consents = true } = options
    const mfa = options.mfa ?? (superAdmin || supportAgent || Object.keys(roles).length > 0)
    const id = this.id()
    serial += 1
    const email = this.secret(`${word()}.${serial}@patient.test`)
    const totpSecret = this.secret(newTotpSecret())
    await this.admin.query(
      `insert into users (id, email, display_name, is_super_admin, is_support_agent, mfa_enabled, mfa_secret)
       values ($1, $2, $3, $4, $5, $6, $7)`,
      [
        id,
        email,
        options.name ?? `${capital(word())} ${capital(word())}`,
        superAdmin,
        supportAgent,
        mfa,
        mfa ? this.#cipher.encrypt(totpSecret, totpSecretContext(id)) : null,
      ],
    )
    for (const [organization, role] of Object.entries(roles))
      await this.admin.query(
        'insert into organization_memberships (id, organization_id, user_id, role) values ($1, $2, $3, $4)',
        [this.id(), organization, id, role],
      )
    if (consents)
      await this.admin.query(
        `insert into consents (id, user_id, document_id, agreed_at)
         select gen_random_uuid(), $1, id, now() from consent_documents`,
        [id],
      )
    return { id, email, totpSecret, ...(await this.session(id, { mfa, age: options.mfaAge ?? 0 })) }
  }

  /** Another session of a person. */
  async session(
    userId: string,
    { mfa = false, age = 0 }: { mfa?: boolean; age?: number } = {},
  ): Promise<{ sessionId: string; token: string; client: Client }> {
    const sessionId = this.id()
    const now = this.clock.now()
    await this.admin.query(
      `insert into user_sessions (id, user_id, idle_seconds, last_active_at, mfa_verified_at, expires_at)
       values ($1, $2, 36000, $3, $4, $5)`,
      [
        sessionId,
        userId,
        now,
        mfa ? new Date(now.getTime() - age * 60_000) : null,
        new Date(now.getTime() + 12 * 3600_000),
      ],
    )
    const until = new Date(now.getTime() + 12 * 3600_000)
    const token = this.secret(
      await this.#tokens.issueAccess({ userId, sessionId, tokenId: this.id() }, now, until),
    )
    return { sessionId, token, client: this.client(token) }
  }

  /** A patient enrolled in the organizations; synthetic, and listed as PHI. */
  async patient(
    organizations: string[],
    options: { userId?: string; status?: string } = {},
  ): Promise<TestPatient> {
    const patient = {
      id: this.id(),
      firstName: this.secret(`Pf${word(10)}`),
      lastName: this.secret(`Pl${word(10)}`),
      dob: `19${randomInt(40, 99)}-0${randomInt(1, 9)}-1${randomInt(0, 9)}`,
      mrn: this.secret(`MRN-${randomBytes(6).toString('hex')}`),
    }
    await this.admin.query(
      `insert into patients (id, user_id, first_name, last_name, dob, legal_sex) values ($1, $2, $3, $4, $5, 'FEMALE')`,
      [patient.id, options.userId ?? null, patient.firstName, patient.lastName, patient.dob],
    )
    for (const organization of organizations)
      await this.admin.query(
        `insert into organization_patients
           (organization_id, patient_id, medical_record_number, status, enrolled_at, first_name, last_name, dob, search_text)
         values ($1, $2, $3, $4, now(), '', '', now(), '')`,
        [organization, patient.id, patient.mrn, options.status ?? 'ACTIVE'],
      )
    return patient
  }

  /** A provider, who is a member of the organization. */
  async provider(
    organization: string,
    options: { licensed?: boolean } = {},
  ): Promise<TestUser & { providerId: string }> {
    const user = await this.user({ roles: { [organization]: 'PROVIDER' } })
    const providerId = this.id()
    const expiry = options.licensed === false ? '2020-01-01' : '2099-01-01'
    await this.admin.query(
      'insert into providers (id, user_id, npi_number, specialty, state_licenses) values ($1, $2, $3, $4, $5)',
      [
        providerId,
        user.id,
        npiNumber(`1${String(randomInt(100_000_000)).padStart(8, '0')}`),
        'Family medicine',
        JSON.stringify([{ state: 'NY', license_number: 'L-1', expiry }]),
      ],
    )
    return { ...user, providerId }
  }

  /** Gives a person live proxy access to a patient. */
  async proxy(
    userId: string,
    patientId: string,
    options: { clinical?: boolean; scheduling?: boolean; billing?: boolean; expiresAt?: Date } = {},
  ): Promise<void> {
    const proxyId = this.id()
    await this.admin.query('insert into proxies (id, user_id) values ($1, $2)', [proxyId, userId])
    await this.admin.query(
      `insert into patient_proxy_assignments (id, proxy_id, patient_id, relationship_type, can_view_clinical_notes,
         can_view_billing, can_schedule_appointments, access_granted_at, expires_at)
       values ($1, $2, $3, 'PARENT', $4, $5, $6, now(), $7)`,
      [
        this.id(),
        proxyId,
        patientId,
        options.clinical ?? false,
        options.billing ?? true,
        options.scheduling ?? true,
        options.expiresAt ?? null,
      ],
    )
  }

  /** Puts a consent document into force. */
  async consentDocument(type = 'HIPAA_NOTICE', version = '1.0'): Promise<string> {
    const id = this.id()
    await this.admin.query(
      `insert into consent_documents (id, type, version, title, content, effective_date)
       values ($1, $2, $3, $4, 'Synthetic text.', $5)`,
      [id, type, version, `${type} ${version}`, new Date(this.clock.now().getTime() - 1000)],
    )
    return id
  }

  /** Rows of the audit trail, oldest first. */
  async auditRows(where: { operation?: string; actor?: string } = {}): Promise<Record<string, unknown>[]> {
    const { rows } = await this.admin.query(
      `select * from audit_logs where ($1::text is null or operation_id = $1) and ($2::uuid is null or actor_user_id = $2)
       order by occurred_at, id`,
      [where.operation ?? null, where.actor ?? null],
    )
    return rows
  }
}

/** A world with one running server. Call `stop()` when done. */
export async function createWorld(options: WorldOptions = {}): Promise<World> {
  const { adminUrl, template, prefix } = inject('database')
  const database = options.postgres ? 'wardline' : `${prefix}_${randomBytes(5).toString('hex')}`
  if (!options.postgres) await execute(adminUrl, `create database ${database} template ${template}`)
  const world = new World(database, options)
  await world.admin.connect()
  const { url } = await world.startServer()
  world.url = url
  return world
}
