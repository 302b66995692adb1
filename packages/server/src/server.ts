import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { createClient } from 'redis'
import manifest from '../package.json' with { type: 'json' }
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
import { drain } from './http/drain.ts'
import { createIds } from './ids.ts'
import { documentJobs } from './jobs/documents.ts'
import { createEffects } from './jobs/effects.ts'
import { jobHandlers } from './jobs/handlers.ts'
import { createJobQueue, type JobQueue } from './jobs/queue.ts'
import { createUpkeep } from './jobs/upkeep.ts'
import { createDependencies } from './observe/dependencies.ts'
import { createFigures } from './observe/figures.ts'
import { Measures } from './observe/measures.ts'
import { needsOf, WATCH_LIMIT_MS } from './observe/needs.ts'
import type { PoolFigures } from './observe/problems.ts'
import { createReporter, type Instance } from './observe/reporter.ts'
import { Requests } from './observe/requests.ts'
import { traceQueries } from './observe/sql.ts'
import { poolFigures, readSystemHealth } from './observe/system.ts'
import { createCipher } from './security/cipher.ts'
import { createCursors } from './security/cursors.ts'
import type { KeyRing } from './security/keys.ts'
import { createPasswords } from './security/passwords.ts'
import { createTokens } from './security/tokens.ts'
import type { Services } from './services.ts'
import { within } from './time-limit.ts'

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
  /**
   * Says that it is not ready, takes nothing new, tells streams to go elsewhere, finishes requests and jobs, writes what was
   * measured, lets go of the database. Within ten seconds: what has not ended by then is cut, and the log says what it was.
   */
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

const AUDIT_POOL = 2
const COURIER_POOL = 2
const TELEMETRY_POOL = 1
const WATCH_POOL = 2

/** They come every few seconds, whatever people do, and would make every figure look better. */
const PROBES: ReadonlySet<string> = new Set(['getHealth', 'getDeepHealth'])

// Counted from the wish to stop; who wishes it waits for ten seconds.
const REQUESTS_UNTIL_MS = 7000
const JOBS_UNTIL_MS = 7600
// What was not finished by then is given back, which takes some statements.
const JOBS_BACK_UNTIL_MS = 8800
const WRITTEN_UNTIL_MS = 9200
const CLOSED_UNTIL_MS = 9600

/** Puts the server together. Nothing listens before `listen()`. */
export async function createServer(options: ServerOptions): Promise<Server> {
  const { config, keys, databaseUrl, log, clock } = options
  const { version } = manifest
  const newId = createIds(clock)
  const instanceId = newId()
  // Loaded by who wants traces or metrics, and by nobody else: a start must not wait for them.
  const tracing =
    config.traces && (await import('./observe/otel.ts')).createTracing(config.traces, version, instanceId)
  const pool = createPool(databaseUrl, config.databasePoolSize, (error) =>
    log.warn({ err: error }, 'an idle database connection was lost'),
  )
  // Connections of its own: a request that holds one while it waits for its row must not wait for itself.
  const auditPool = createPool(databaseUrl, AUDIT_POOL, (error) =>
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
          prepare: tracing && traceQueries,
        })
  // Webhooks that all go out at once hold up no request.
  const courierPool = createPool(databaseUrl, COURIER_POOL, (error) =>
    log.warn({ err: error }, 'a connection for webhooks was lost'),
  )
  const telemetryPool = createPool(databaseUrl, TELEMETRY_POOL, (error) =>
    log.warn({ err: error }, 'the connection for telemetry was lost'),
  )
  const telemetry = new TelemetryBuffer(telemetryPool)
  // Whether the database is well must be told while all others wait for it.
  const watchPool = createPool(
    databaseUrl,
    WATCH_POOL,
    (error) => log.warn({ err: error }, 'a connection for watching was lost'),
    { connectionTimeoutMillis: WATCH_LIMIT_MS, query_timeout: WATCH_LIMIT_MS },
  )
  if (tracing) for (const one of [pool, auditPool, courierPool, telemetryPool]) traceQueries(one)
  const redis =
    config.redisUrl === undefined ? null : createClient({ url: config.redisUrl, disableOfflineQueue: true })
  redis?.on('error', (error: unknown) => log.warn({ err: error }, 'redis is away'))
  const audited = new WeakSet<Person>()
  const apart = new AuditApart(databaseUrl)
  let publicUrl = config.publicUrl ?? `http://${config.host}:${config.port}`
  const cipher = createCipher(keys)
  const blobLinks = createBlobLinks(cipher, () => publicUrl)
  const blobs = await createBlobs(config, blobLinks, clock)
  const scanner = createScanner(config)
  const mailer = createMailer(config, log)
  let instance: Instance = {
    id: instanceId,
    kind: 'SERVER',
    version,
    runsJobs: config.runJobs,
    startedAt: clock.now(),
  }
  let isStopping = false
  const pools = (): PoolFigures[] => [
    poolFigures('requests', config.databasePoolSize, pool),
    poolFigures('audit', AUDIT_POOL, auditPool),
    poolFigures('webhooks', COURIER_POOL, courierPool),
    poolFigures('telemetry', TELEMETRY_POOL, telemetryPool),
    poolFigures('watching', WATCH_POOL, watchPool),
  ]
  const tailLagSeconds = (): number | null =>
    instance.kind === 'WORKER' ? null : Math.round(hub.tailLagMs / 100) / 10
  const dependencies = createDependencies(
    needsOf({
      database: watchPool,
      cipher,
      jobs: { ping: () => jobs.ping() },
      tailLagSeconds,
      replica,
      redis,
      mailer,
      blobs,
      scanner,
    }),
    log,
  )
  const figures = createFigures(watchPool, clock, log)
  const prometheus =
    config.metrics.port === undefined
      ? undefined
      : (await import('./observe/prometheus.ts')).createPrometheus(
          {
            version,
            pools,
            streams: () => hub.size,
            requestsUnderWay: (): number => requests.size,
            tailLagSeconds,
            findings: () => dependencies.look(),
            figures,
          },
          log,
        )
  const measures = new Measures(clock)
  const requests: Requests = new Requests([
    (operation, status, ms) => {
      if (!PROBES.has(operation)) measures.answered(operation, status, ms)
    },
    ...(prometheus ? [prometheus.answered] : []),
  ])
  const reporter = createReporter({
    pool: watchPool,
    clock,
    log,
    measures,
    load: () => ({
      stopping: isStopping,
      streams: hub.size,
      requestsUnderWay: requests.size,
      poolWaiting: pool.waitingCount,
    }),
  })
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
    readiness: { look: () => dependencies.look(), stopping: () => isStopping },
    systemHealth: () =>
      readSystemHealth({ clock, instance: () => instance, dependencies, figures, pools, tailLagSeconds }),
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
    { tracing, ended: prometheus?.jobEnded },
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
    tracing,
    attempted: prometheus?.webhookAttempted,
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
    requests,
    tracing,
  })
  options.extend?.(app)
  async function close(): Promise<void> {
    const begun = performance.now()
    const left = (untilMs: number): number => Math.max(0, untilMs - (performance.now() - begun))
    /** Nothing that hangs keeps the process: it goes on without it, and says so. */
    async function inTime(what: string, untilMs: number, work: Promise<unknown>): Promise<void> {
      if ((await within(left(untilMs), work, 'late')) === 'late')
        log.error({ what }, 'a part of the server did not stop in time, and was left')
    }
    const isServing = app.server.listening
    isStopping = true
    if (isServing) {
      log.info('stopping: not ready any more')
      reporter.hurry()
      await sleep(config.shutdownGraceSeconds * 1000)
    }
    const requestsMs = left(REQUESTS_UNTIL_MS)
    await Promise.all([
      drain(app.server, requests, requestsMs, log),
      inTime('streams', REQUESTS_UNTIL_MS, hub.stop()),
      inTime('webhooks', REQUESTS_UNTIL_MS, courier.stop()),
      inTime('upkeep', REQUESTS_UNTIL_MS, upkeep.stop()),
      inTime('jobs', REQUESTS_UNTIL_MS, jobs.rest()),
    ])
    await inTime('audit threads', REQUESTS_UNTIL_MS + 500, apart.close())
    await inTime('the web server', REQUESTS_UNTIL_MS + 500, app.close())
    await inTime('jobs', JOBS_BACK_UNTIL_MS, jobs.stop(Math.max(1000, left(JOBS_UNTIL_MS))))
    await inTime('the language model', JOBS_BACK_UNTIL_MS, ai?.close() ?? Promise.resolve())
    mailer.close()
    announcer.stop()
    blobs.close()
    billing?.close()
    if (redis?.isOpen) redis.destroy()
    await Promise.all([
      inTime('telemetry', WRITTEN_UNTIL_MS, telemetry.stop()),
      inTime('what was measured', WRITTEN_UNTIL_MS, reporter.stop()),
      tracing?.stop(left(WRITTEN_UNTIL_MS)),
      prometheus?.close(),
    ])
    await inTime(
      'the database',
      CLOSED_UNTIL_MS,
      Promise.all([
        replica?.close(),
        ...[pool, auditPool, courierPool, telemetryPool, watchPool].map((one) => one.end()),
      ]),
    )
    if (isServing) log.info({ ms: Math.round(performance.now() - begun) }, 'stopped')
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

  async function watch(): Promise<void> {
    if (prometheus && config.metrics.port !== undefined)
      await prometheus.listen(config.metrics.host, config.metrics.port)
    reporter.start(instance)
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
        await watch()
        // Who asks first finds answers.
        void dependencies.look()
        const url = await app.listen({ host: config.host, port: config.port })
        publicUrl = config.publicUrl ?? url
        return url
      }),
    work: () =>
      orClose(async () => {
        instance = { ...instance, kind: 'WORKER', runsJobs: true }
        await startBehind(true)
        await watch()
      }),
    close,
  }
}
