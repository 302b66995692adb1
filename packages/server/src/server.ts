import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { createClient } from 'redis'
import { createAi } from './adapters/ai/ai.ts'
import { createBilling } from './adapters/billing/billing.ts'
import { createBlobs } from './adapters/blobs/blobs.ts'
import { createBlobLinks } from './adapters/blobs/links.ts'
import { createMailer } from './adapters/mail/mail.ts'
import { createNoPush } from './adapters/push/push.ts'
import { createScanner } from './adapters/scanner/scanner.ts'
import { AuditApart } from './audit/apart.ts'
import type { Clock } from './clock.ts'
import type { Config } from './config.ts'
import { AuditBatch } from './db/audit-batch.ts'
import { createPool } from './db/pool.ts'
import { Replica } from './db/replica.ts'
import { adminHandlers } from './domains/admin/handlers.ts'
import { aiHandlers } from './domains/ai/handlers.ts'
import { apiKeysHandlers } from './domains/api-keys/handlers.ts'
import { appointmentsHandlers } from './domains/appointments/handlers.ts'
import { authHandlers } from './domains/auth/handlers.ts'
import { billingHandlers } from './domains/billing/handlers.ts'
import { blobsHandlers } from './domains/blobs/handlers.ts'
import { callCenterHandlers } from './domains/call-center/handlers.ts'
import { careTeamHandlers } from './domains/care-team/handlers.ts'
import { consentHandlers } from './domains/consent/handlers.ts'
import { contactMethodsHandlers } from './domains/contact-methods/handlers.ts'
import { documentsHandlers } from './domains/documents/handlers.ts'
import { queueUnscanned } from './domains/documents/upkeep.ts'
import { enrollmentHandlers } from './domains/enrollment/handlers.ts'
import { createAnnouncer } from './domains/events/announcer.ts'
import { eventsHandlers } from './domains/events/handlers.ts'
import { Hub } from './domains/events/hub.ts'
import { healthHandlers } from './domains/health/handlers.ts'
import { invitationsHandlers } from './domains/invitations/handlers.ts'
import { membersHandlers } from './domains/members/handlers.ts'
import { messagingHandlers } from './domains/messaging/handlers.ts'
import { mfaHandlers } from './domains/mfa/handlers.ts'
import { notificationsHandlers } from './domains/notifications/handlers.ts'
import { organizationsHandlers } from './domains/organizations/handlers.ts'
import { patientsHandlers } from './domains/patients/handlers.ts'
import { providersHandlers } from './domains/providers/handlers.ts'
import { proxiesHandlers } from './domains/proxies/handlers.ts'
import { staffHandlers } from './domains/staff/handlers.ts'
import { superAdminHandlers } from './domains/super-admin/handlers.ts'
import { supportHandlers } from './domains/support/handlers.ts'
import { supportDeskHandlers } from './domains/support-desk/handlers.ts'
import { tasksHandlers } from './domains/tasks/handlers.ts'
import { TelemetryBuffer } from './domains/telemetry/buffer.ts'
import { telemetryHandlers } from './domains/telemetry/handlers.ts'
import { usersHandlers } from './domains/users/handlers.ts'
import { createCourier } from './domains/webhook-endpoints/courier.ts'
import { webhookEndpointsHandlers } from './domains/webhook-endpoints/handlers.ts'
import { createSender } from './domains/webhook-endpoints/sender.ts'
import { webhooksHandlers } from './domains/webhooks/handlers.ts'
import type { Handlers } from './generated/handlers.ts'
import type { Person } from './http/actor.ts'
import { createApp } from './http/app.ts'
import { createIds } from './ids.ts'
import { documentJobs } from './jobs/documents.ts'
import { createEffects } from './jobs/effects.ts'
import { jobHandlers } from './jobs/handlers.ts'
import { createJobQueue, type JobQueue } from './jobs/queue.ts'
import { createUpkeep } from './jobs/upkeep.ts'
import { createCipher } from './security/cipher.ts'
import { createCursors } from './security/cursors.ts'
import type { KeyRing } from './security/keys.ts'
import { createPasswords } from './security/passwords.ts'
import { createTokens } from './security/tokens.ts'
import type { Services } from './services.ts'

export interface ServerOptions {
  readonly config: Config
  readonly keys: KeyRing
  /** The application's login: neither superuser nor owner. */
  readonly databaseUrl: string
  readonly log: Logger
  readonly clock: Clock
  /** Replaces handlers, for tests of the pipeline itself. */
  readonly handlers?: (services: Services) => Handlers
  /** Adds to the app, for tests of the boot: a route outside the contract stops it. */
  readonly extend?: (app: FastifyInstance) => void
}

/** A server that can be listened on and closed, once each. */
export interface Server {
  /** Answers the URL. Rejects with the system's error (EADDRINUSE, EACCES) when the address cannot be used. */
  listen(): Promise<string>
  /** Runs jobs and upkeep, and serves nobody; instead of `listen`. */
  work(): Promise<void>
  /** Ends streams, finishes requests and jobs, lets go of the database. */
  close(): Promise<void>
}

/** The handlers of every domain. */
export const allHandlers = (services: Services): Handlers => ({
  ...healthHandlers(services),
  ...authHandlers(services),
  ...usersHandlers(services),
  ...mfaHandlers(services),
  ...notificationsHandlers(services),
  ...consentHandlers(services),
  ...organizationsHandlers(services),
  ...membersHandlers(services),
  ...invitationsHandlers(services),
  ...apiKeysHandlers(services),
  ...patientsHandlers(services),
  ...contactMethodsHandlers(services),
  ...enrollmentHandlers(services),
  ...proxiesHandlers(services),
  ...careTeamHandlers(services),
  ...providersHandlers(services),
  ...staffHandlers(services),
  ...appointmentsHandlers(services),
  ...messagingHandlers(services),
  ...tasksHandlers(services),
  ...callCenterHandlers(services),
  ...documentsHandlers(services),
  ...blobsHandlers(services),
  ...supportHandlers(services),
  ...supportDeskHandlers(services),
  ...eventsHandlers(services),
  ...adminHandlers(services),
  ...superAdminHandlers(services),
  ...telemetryHandlers(services),
  ...webhookEndpointsHandlers(services),
  ...billingHandlers(services),
  ...webhooksHandlers(services),
  ...aiHandlers(services),
})

/** Puts the server together. Nothing listens before `listen()`. */
export async function createServer(options: ServerOptions): Promise<Server> {
  const { config, keys, databaseUrl, log, clock } = options
  const pool = createPool(databaseUrl, config.databasePoolSize, (error) =>
    log.warn({ err: error }, 'an idle database connection was lost'),
  )
  // Connections of its own: a request that holds one while it waits for its row must not wait for itself.
  const auditPool = createPool(databaseUrl, 2, (error) =>
    log.warn({ err: error }, 'an audit connection was lost'),
  )
  const audit = new AuditBatch(auditPool)
  const replica =
    config.databaseReplicaUrl === undefined
      ? undefined
      : new Replica({
          url: config.databaseReplicaUrl,
          poolSize: config.databasePoolSize,
          primary: auditPool,
          log,
        })
  // Webhooks that all go out at once hold up no request.
  const courierPool = createPool(databaseUrl, 2, (error) =>
    log.warn({ err: error }, 'a connection for webhooks was lost'),
  )
  const telemetryPool = createPool(databaseUrl, 1, (error) =>
    log.warn({ err: error }, 'the connection for telemetry was lost'),
  )
  const telemetry = new TelemetryBuffer(telemetryPool)
  const redis =
    config.redisUrl === undefined ? null : createClient({ url: config.redisUrl, disableOfflineQueue: true })
  redis?.on('error', (error: unknown) => log.warn({ err: error }, 'redis is away'))
  const audited = new WeakSet<Person>()
  const apart = new AuditApart(databaseUrl)
  const newId = createIds(clock)
  let publicUrl = config.publicUrl ?? `http://${config.host}:${config.port}`
  const cipher = createCipher(keys)
  const blobLinks = createBlobLinks(cipher, () => publicUrl)
  const blobs = await createBlobs(config, blobLinks, clock)
  const scanner = createScanner(config)
  const billing = await createBilling(config, log)
  const ai = createAi(config, log)
  const services: Services = {
    config,
    clock,
    log,
    keys,
    tokens: createTokens(keys, {
      issuer: 'wardline',
      audience: 'wardline',
      accessSeconds: config.sessions.accessTokenSeconds,
    }),
    passwords: createPasswords(),
    cipher,
    cursors: createCursors(keys),
    blobs,
    blobLinks,
    scanner,
    billing,
    ai,
    jobs: { retry: (db, name, id) => jobs.retry(db, name, id) },
    publicUrl: () => publicUrl,
    telemetry,
    newId,
    health: [
      { name: 'database', ask: () => pool.query('select 1') },
      ...(redis ? [{ name: 'redis', ask: () => redis.ping() }] : []),
      ...(scanner ? [{ name: 'scanner', ask: () => scanner.ping() }] : []),
    ],
    audit: {
      verify: (query) => apart.verify(query),
      export: (task) => apart.export(task),
      async commitFirst(actor, row) {
        const id = newId()
        await audit.commit({
          id,
          actorUserId: actor.userId,
          actorType: 'USER',
          organizationId: row.organizationId,
          operationId: 'impersonatePatient',
          resourceType: 'IMPERSONATION',
          resourceId: row.resourceId,
          actionType: 'BREAK_GLASS',
          ipAddress: actor.origin.ip,
          userAgent: actor.origin.userAgent,
          impersonatorId: null,
          requestId: actor.origin.requestId,
          reason: row.reason,
          outcome: 'SUCCESS',
          problemCode: null,
          changes: null,
          occurredAt: clock.now(),
        })
        audited.add(actor)
        return id
      },
    },
  }
  const hub = new Hub(pool, databaseUrl, clock, log, config.heartbeatSeconds)
  const announcer = createAnnouncer(pool, redis && { mouth: redis, ear: redis.duplicate() }, log)
  const published = (): void => {
    hub.wake()
    announcer.announce()
    courier.wake()
  }
  const mailer = createMailer(config, log)
  const effects = createEffects({ pool, clock, insert: (...job) => jobs.insert(...job), published })
  const documents = documentJobs({
    blobs,
    scanner,
    allowUnscanned: config.documentsAllowUnscanned,
    clock,
    effects,
  })
  const jobs: JobQueue = createJobQueue(
    databaseUrl,
    jobHandlers(pool, mailer, createNoPush(log), services, effects, documents),
    log,
  )
  const upkeep = createUpkeep({
    ...services,
    pool,
    effects,
    blobs,
    callQueueSeconds: config.callQueueSeconds,
    apart,
  })
  const timeoutMs = config.webhooks.timeoutSeconds * 1000
  const courier = createCourier({
    ...services,
    pool: courierPool,
    effects,
    sender: createSender({ allowPrivate: config.webhooks.allowPrivate, timeoutMs }),
    timeoutMs,
  })
  const app = await createApp({
    services,
    handlers: (options.handlers ?? allHandlers)(services),
    pool,
    replica,
    audit,
    audited,
    hub,
    jobs,
    redis,
    published,
  })
  options.extend?.(app)
  async function close(): Promise<void> {
    await hub.stop()
    await Promise.all([app.close(), courier.stop()])
    await ai?.close()
    await upkeep.stop()
    await apart.close()
    await jobs.stop()
    mailer.close()
    announcer.stop()
    blobs.close()
    billing?.close()
    if (redis?.isOpen) redis.destroy()
    await replica?.close()
    await pool.end()
    await auditPool.end()
    await courierPool.end()
    await telemetry.stop()
    await telemetryPool.end()
  }
  async function orClose<T>(begin: () => Promise<T>): Promise<T> {
    try {
      return await begin()
    } catch (error) {
      await close()
      throw error
    }
  }

  async function startBehind(work: boolean): Promise<void> {
    // Before the upkeep, which may queue something.
    await jobs.start({ work })
    await upkeep.start()
    if (work) courier.start()
    if (work && scanner) await queueUnscanned(pool, jobs)
  }

  return {
    listen: () =>
      orClose(async () => {
        // Not awaited: Redis away costs shared limits, not the start; the client keeps trying.
        redis?.connect().catch((error: unknown) => log.warn({ err: error }, 'redis is away'))
        await startBehind(config.runJobs)
        await replica?.start()
        await hub.start()
        announcer.listen(() => hub.wake())
        const url = await app.listen({ host: config.host, port: config.port })
        publicUrl = config.publicUrl ?? url
        return url
      }),
    work: () => orClose(() => startBehind(true)),
    close,
  }
}
