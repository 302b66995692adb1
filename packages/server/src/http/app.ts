import type { Readable } from 'node:stream'
import cors from '@fastify/cors'
import helmet from '@fastify/helmet'
import Fastify, {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerOptions,
} from 'fastify'
import type { Pool } from 'pg'
import { UPLOAD_TYPE } from '../adapters/blobs/blobs.ts'
import type { Config } from '../config.ts'
import type { AuditBatch } from '../db/audit-batch.ts'
import type { Replica } from '../db/replica.ts'
import { type Db, noDatabase, type Scope, transaction, unscoped } from '../db/scope.ts'
import type { Hub } from '../domains/events/hub.ts'
import { type OutboxEvent, publishEvents } from '../domains/events/outbox.ts'
import { redeemStreamTicket } from '../domains/events/queries.ts'
import type { Handlers } from '../generated/handlers.ts'
import { type OperationId, operations } from '../generated/operations.ts'
import type { JobQueue } from '../jobs/queue.ts'
import type { Requests } from '../observe/requests.ts'
import { type Span, type Tracing, within } from '../observe/trace.ts'
import type { Services } from '../services.ts'
import { StartupError } from '../startup-error.ts'
import type { Person } from './actor.ts'
import { movesBytes, receiveBytes, sendBytes } from './bytes.ts'
import { registerDocs } from './docs.ts'
import { toProblem } from './error-handler.ts'
import { createExternalSignIn } from './external.ts'
import type { BytesAnswer, RecordChange, Subscription, TextAnswer } from './handler.ts'
import type { OperationDefinition } from './operation.ts'
import { Problem, problem } from './problem.ts'
import { personOf, type RequestState } from './request-state.ts'
import { SessionLoader } from './session.ts'
import { access } from './steps/access.ts'
import { account } from './steps/account.ts'
import { auditRecord, auditRow, auditWrite, hasEffect, isAudited, isDenial } from './steps/audit.ts'
import { authenticate, personOfSession, sessionFault } from './steps/authenticate.ts'
import { consent } from './steps/consent.ts'
import { claimKey, idempotencyKey, type StoredReply, storeReply } from './steps/idempotency.ts'
import { impersonation } from './steps/impersonation.ts'
import { mfa } from './steps/mfa.ts'
import { createRateLimit, type Quota, type RedisConnection } from './steps/rate-limit.ts'
import { scopeOf } from './steps/scope.ts'
import { stepUp } from './steps/step-up.ts'
import { createSubscription } from './steps/subscription.ts'
import { keptOf, lostPatient, type OpenedStream, openStream } from './stream.ts'
import { chosenType, sendText } from './text.ts'
import { Schemas } from './validate.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    operation?: OperationDefinition
    /** The few routes beside the contract: its own text and the pages that show it. */
    documentation?: true
  }
  interface FastifyRequest {
    state: RequestState | null
    /** Where requests are traced. */
    span: Span | null
    quota: Quota | null
  }
}

function partition<T>(items: readonly T[], first: (item: T) => boolean): [T[], T[]] {
  return [items.filter(first), items.filter((item) => !first(item))]
}

/** What the composition root puts together. */
export interface AppParts {
  readonly services: Services
  readonly handlers: Handlers
  readonly pool: Pool
  /** Answers lists when it can; undefined leaves them to the pool. */
  readonly replica: Replica | undefined
  readonly audit: AuditBatch
  /** Actors whose audit row is committed already (break glass). */
  readonly audited: WeakSet<Person>
  readonly hub: Hub
  readonly jobs: JobQueue
  readonly redis: RedisConnection | null
  /** Something was published: wakes every replica's tailer. */
  readonly published: () => void
  readonly requests: Requests
  readonly tracing: Tracing | undefined
}

type AnyHandler = (context: unknown, input: unknown) => Promise<unknown>

const safeRequestId = /^[\w.:-]{1,128}$/

interface Outbox {
  events: OutboxEvent[]
  jobs: { name: string; payload: object }[]
}

interface Reply {
  readonly status: number
  readonly type: string
  readonly body: string | undefined
  readonly version: unknown
  readonly replayed: boolean
}

const JSON_TYPE = 'application/json'

// As nginx says it.
const HUNG_UP = 499

const never = new AbortController().signal

/** Aborted when the connection closes before the answer is out; made at the first call, for few ask. */
function hangUpOf(reply: FastifyReply): () => AbortSignal {
  let gone: AbortController | undefined
  return () => {
    if (gone) return gone.signal
    const made = new AbortController()
    gone = made
    if (reply.raw.destroyed) made.abort()
    reply.raw.once('close', () => {
      if (!reply.raw.writableFinished) made.abort()
    })
    return made.signal
  }
}

/** `Forms` of whatever operation. */
type AnyForms = Readonly<Record<string, () => unknown>>

type TrustProxy = NonNullable<FastifyServerOptions['trustProxy']>

/** Fastify counts hops by a function; its types know no number. */
function trustProxy(setting: Config['trustProxy']): TrustProxy {
  if (typeof setting === 'number') return (_address: string, hop: number) => hop < setting
  return setting === false ? false : [...setting]
}

/**
 * The one composition root: every operation of the contract becomes a route with its gates. Refuses to start
 * when an operation has no handler, a handler no operation, or a route is outside the contract.
 */
export async function createApp(parts: AppParts): Promise<FastifyInstance> {
  const { services, pool, audit } = parts
  const { config, clock, log } = services
  const schemas = new Schemas()
  const rateLimit = createRateLimit(config, parts.redis)
  const sessions = new SessionLoader(pool)
  const subscription = createSubscription(config.billing !== undefined)
  const signIn = authenticate({
    pool,
    sessions,
    tokens: services.tokens,
    redeemTicket: (ticket, now) => unscoped(pool, 'write', (db) => redeemStreamTicket(db, ticket, now)),
    external: createExternalSignIn(pool, services),
  })

  const app = Fastify({
    logger: false,
    bodyLimit: config.bodyLimitBytes,
    trustProxy: trustProxy(config.trustProxy),
    // While it stops, every request that comes is answered; see drain.ts.
    return503OnClosing: false,
    exposeHeadRoutes: false,
    routerOptions: { ignoreTrailingSlash: false, maxParamLength: 300 },
    requestIdHeader: false,
    genReqId: (request) => {
      const given = request.headers['x-request-id']
      return typeof given === 'string' && safeRequestId.test(given) ? given : services.newId()
    },
  })
  app.removeContentTypeParser('text/plain')
  app.decorateRequest('state', null)
  app.decorateRequest('quota', null)
  app.decorateRequest('span', null)

  app.addHook('onRoute', ({ config: route, method, url }) => {
    // What browsers ask beforehand; the plugin answers it, where origins are named.
    const preflight = method === 'OPTIONS' && url === '*' && config.corsOrigins.length > 0
    if (!route?.operation && !route?.documentation && !preflight)
      throw new StartupError(`The route ${String(method)} ${url} is not in the contract.`)
  })
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id)
    const operation = request.routeOptions.config?.operation
    parts.requests.begun(request, request.id, operation?.id ?? 'none')
    // Who hangs up before the answer gets none, and nothing else would say that it is over.
    reply.raw.once('close', () => conclude(request, reply, HUNG_UP))
    // The path of the contract, not the caller's, which names records.
    request.span =
      parts.tracing?.begin(
        operation?.id ?? 'none',
        'server',
        {
          'http.request.method': request.method,
          'http.route': operation?.path,
          'wardline.request_id': request.id,
        },
        request.headers.traceparent,
      ) ?? null
    within(request.span ?? undefined, done)
  })
  await app.register(helmet, { contentSecurityPolicy: { directives: { 'upgrade-insecure-requests': null } } })
  if (config.corsOrigins.length > 0)
    await app.register(cors, {
      origin: [...config.corsOrigins],
      // Its own default names only those that need no asking.
      methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
      exposedHeaders: ['ETag', 'Retry-After', 'X-Request-ID', 'X-Idempotent-Replayed', 'RateLimit'],
    })
  app.addHook('onSend', async (request, reply) => {
    // Answers are a person's own; only the docs may be kept.
    if (!request.routeOptions.config.documentation) reply.header('cache-control', 'no-store')
    // The next request goes to a server that stays.
    if (services.readiness.stopping()) reply.header('connection', 'close')
    const { quota } = request
    if (!quota) return
    reply.headers({
      'ratelimit-policy': `"${quota.name}";q=${quota.points};w=${quota.windowSeconds}`,
      ratelimit: `"${quota.name}";r=${quota.remaining};t=${quota.resetSeconds}`,
      'x-ratelimit-limit': quota.points,
      'x-ratelimit-remaining': quota.remaining,
      'x-ratelimit-reset': quota.resetSeconds,
    })
  })
  app.addHook('onResponse', async (request, reply) => conclude(request, reply, reply.statusCode))

  /** A request is over, one way or another; only the first way counts. */
  function conclude(request: FastifyRequest, reply: FastifyReply, status: number): void {
    // Neither path nor query: both may name a person.
    const operation = request.routeOptions.config.operation?.id
    if (!parts.requests.answered(request, operation ?? 'none', status, reply.elapsedTime)) return
    const ms = Math.round(reply.elapsedTime * 10) / 10
    const { span } = request
    const what = status === HUNG_UP ? 'left unanswered: the caller hung up' : 'answered'
    within(span ?? undefined, () => log.info({ request_id: request.id, operation, status, ms }, what))
    span?.set({ 'http.response.status_code': status })
    span?.end(status >= 500 ? String(status) : undefined)
  }

  const stateOf = (
    request: FastifyRequest,
    reply: FastifyReply,
    operation: OperationDefinition,
  ): RequestState => ({
    operation,
    origin: {
      requestId: request.id,
      ip: request.ip,
      userAgent: request.headers['user-agent']?.slice(0, 500) ?? null,
    },
    now: clock.now(),
    params: Object(request.params),
    query: Object(request.query),
    headers: request.headers,
    session: null,
    actor: null,
    tokenEndsAt: null,
    organizationId: null,
    body: undefined,
    hungUp: hangUpOf(reply),
  })

  const checkParams = (state: RequestState): void => {
    const invalid = schemas.check(state.operation, { params: state.params })
    if (invalid) throw invalid
  }

  /** Everything that can refuse without the body, before the body is read. */
  async function gatekeeper(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const { operation } = request.routeOptions.config
    if (!operation) return
    const state = stateOf(request, reply, operation)
    request.state = state
    try {
      await signIn(state)
    } catch (refused) {
      // Guessing credentials is limited by address.
      request.quota = await rateLimit(state)
      throw refused
    }
    request.quota = await rateLimit(state)
    account(state)
    impersonation(state)
    checkParams(state)
    access(state)
    consent(state)
    mfa(state)
    stepUp(state)
    subscription(state)
  }

  const handlerOf = (id: OperationId): AnyHandler => {
    const handler: unknown = parts.handlers[id]
    if (typeof handler !== 'function') throw new StartupError(`The operation ${id} has no handler.`)
    // The table of handlers is typed per operation; here they are called by name, with validated input.
    return handler as AnyHandler
  }

  const contextOf = (state: RequestState, db: Db, outbox: Outbox) => ({
    db,
    actor: state.actor,
    log: log.child({ request_id: state.origin.requestId, operation: state.operation.id }),
    emit: (event: OutboxEvent) => outbox.events.push(event),
    enqueue: (name: string, payload: object) => outbox.jobs.push({ name, payload }),
    record: (record: Parameters<RecordChange>[0]) => auditRecord(db, state, services.newId(), record),
    get signal() {
      return state.hungUp()
    },
  })

  async function publish(db: Db, outbox: Outbox, now: Date): Promise<void> {
    await publishEvents(db, outbox.events, now)
    for (const { name, payload } of outbox.jobs) await parts.jobs.insert(db, name, payload)
  }

  function toReply(operation: OperationDefinition, value: unknown): Reply {
    const version =
      typeof value === 'object' && value !== null && 'version' in value ? value.version : undefined
    const body = value === undefined ? undefined : schemas.serialize(operation, value)
    return { status: operation.status, type: JSON_TYPE, body, version, replayed: false }
  }

  /** The answer that the handler gives in several forms, in the one that Accept chooses; its ETag is the JSON's. */
  function inForm(state: RequestState, forms: AnyForms): [Reply, value: unknown] {
    const value = forms[JSON_TYPE]?.()
    const reply = toReply(state.operation, value)
    const type = chosenType(state.headers.accept, Object.keys(forms))
    if (type === JSON_TYPE) return [reply, value]
    return [{ ...reply, type, body: String(forms[type]?.()) }, value]
  }

  /** On the replica where the contract and the replica's own state allow it; the gates before have asked the primary. */
  async function readIn(
    state: RequestState,
    scope: Scope,
    work: (db: Db) => Promise<unknown>,
  ): Promise<unknown> {
    const elsewhere = state.operation.paged ? await parts.replica?.read(scope, work) : undefined
    if (elsewhere) return elsewhere.value
    return transaction(pool, scope, 'read', async (db) => ({ value: await work(db), commit: true }))
  }

  async function read(state: RequestState, handler: AnyHandler, input: object): Promise<Reply> {
    const outbox: Outbox = { events: [], jobs: [] }
    const scope = scopeOf(state)
    const value =
      scope.name === 'none'
        ? await handler(contextOf(state, noDatabase, outbox), input)
        : await readIn(state, scope, (db) => handler(contextOf(state, db, outbox), input))
    if (value instanceof Problem) {
      // It was done, and failed only then: a text that left the house is recorded however it fared.
      if (value.keep && isAudited(state)) {
        await audit.commit(auditRow(state, services.newId(), undefined, value))
        throw Object.assign(value, { recorded: true })
      }
      throw value
    }
    if (outbox.events.length + outbox.jobs.length > 0)
      throw new Error(`${state.operation.id} publishes, so it must say x-writes`)
    const [reply, answered] =
      state.operation.forms.length > 0
        ? // A handler of such an operation answers Forms: the Handlers interface says so.
          inForm(state, value as AnyForms)
        : [toReply(state.operation, value), value]
    if (isAudited(state)) await audit.commit(auditRow(state, services.newId(), answered))
    return reply
  }

  /** Its part is committed with others' (`x-group-commit`): no transaction is its own, so nothing may hang on one. */
  async function writeTogether(state: RequestState, handler: AnyHandler, input: object): Promise<Reply> {
    const outbox: Outbox = { events: [], jobs: [] }
    const value = await handler(contextOf(state, noDatabase, outbox), input)
    if (value instanceof Problem) throw value
    if (outbox.events.length + outbox.jobs.length > 0)
      throw new Error(`${state.operation.id} commits in a group, so it cannot publish`)
    return toReply(state.operation, value)
  }

  async function write(state: RequestState, handler: AnyHandler, input: object): Promise<Reply> {
    const { operation, now } = state
    const outbox: Outbox = { events: [], jobs: [] }
    const key = idempotencyKey(state)
    const outcome = await transaction<Reply | Problem>(pool, scopeOf(state), 'write', async (db) => {
      const stored = key && (await claimKey(db, key, now))
      if (stored) return { value: replay(stored), commit: false }
      const value = await handler(contextOf(state, db, outbox), input)
      if (value instanceof Problem && !value.keep) return { value, commit: false }
      await publish(db, outbox, now)
      if (value instanceof Problem) {
        if (isAudited(state)) await auditWrite(db, auditRow(state, services.newId(), undefined, value))
        return { value, commit: true }
      }
      const reply = toReply(operation, value)
      const person = personOf(state)
      const done = person !== null && parts.audited.has(person)
      if (isAudited(state) && !done && hasEffect(state, value))
        await auditWrite(db, auditRow(state, services.newId(), value))
      if (key)
        await storeReply(
          db,
          key,
          { status: reply.status, body: reply.body === undefined ? undefined : JSON.parse(reply.body) },
          now,
        )
      return { value: reply, commit: true }
    })
    if (outcome instanceof Problem) {
      if (!outcome.keep) throw outcome
      parts.published()
      // Its DENIED row is committed with what it kept.
      throw Object.assign(outcome, { recorded: true })
    }
    if (outbox.events.length > 0) parts.published()
    return outcome
  }

  function replay(stored: StoredReply): Reply {
    const { body } = stored
    const version = typeof body === 'object' && body !== null && 'version' in body ? body.version : undefined
    return {
      status: stored.status,
      type: JSON_TYPE,
      body: body === undefined ? undefined : JSON.stringify(body),
      version,
      replayed: true,
    }
  }

  async function answer(request: FastifyRequest, reply: FastifyReply, handler: AnyHandler): Promise<unknown> {
    const { state } = request
    if (!state) throw new Error('the gates did not run')
    const { operation } = state
    state.body = request.body
    const query = { ...state.query }
    // Part of the security scheme, not a parameter of the operation.
    if (operation.gates.stream) delete query.ticket
    const headers = { ...state.headers }
    const takesBody = schemas.takesBody(operation)
    const body = takesBody || operation.gates.rawBody ? request.body : undefined
    // The path was validated by the gates, which go by it.
    const invalid = schemas.check(operation, { query, headers, ...(takesBody ? { body } : {}) })
    if (invalid) throw invalid
    const input = { params: { ...state.params }, query, headers, body }
    if (operation.gates.stream) return stream(request, reply, state, handler, input)
    if (movesBytes(operation)) return bytes(request, reply, state, handler, input)
    if (operation.contentType?.startsWith('text/')) return text(request, reply, state, handler, input)
    const run = operation.gates.groupCommit ? writeTogether : operation.gates.writes ? write : read
    const result = await run(state, handler, input)
    reply.status(result.status)
    if (result.replayed) reply.header('x-idempotent-replayed', 'true')
    if (operation.etag && typeof result.version === 'number') reply.header('etag', `"${result.version}"`)
    if (result.body === undefined) return reply.send()
    return reply.type(`${result.type}; charset=utf-8`).send(result.body)
  }

  /** The row of the audit trail is there before the first piece; a text that breaks off has one, too. */
  async function text(
    request: FastifyRequest,
    reply: FastifyReply,
    state: RequestState,
    handler: AnyHandler,
    input: object,
  ): Promise<unknown> {
    const scope = scopeOf(state)
    const value = await transaction(pool, scope, 'read', async (db) => ({
      value: await handler(contextOf(state, db, { events: [], jobs: [] }), input),
      commit: true,
    }))
    if (value instanceof Problem) throw value
    if (isAudited(state)) await audit.commit(auditRow(state, services.newId(), undefined))
    // A handler of such an operation answers a TextAnswer: the Handlers interface says so.
    return sendText(request, reply, log, scope, value as TextAnswer<string>)
  }

  /** Without a transaction: a slow caller must not hold a connection of the pool. */
  async function bytes(
    request: FastifyRequest,
    reply: FastifyReply,
    state: RequestState,
    handler: AnyHandler,
    input: object,
  ): Promise<unknown> {
    const context = contextOf(state, noDatabase, { events: [], jobs: [] })
    const work = async (body?: Readable): Promise<unknown> => {
      const value = await handler(context, { ...input, body })
      if (value instanceof Problem) throw value
      return value
    }
    const value = state.operation.bodyType === null ? await work() : await receiveBytes(request, reply, work)
    // A handler of a download answers a BytesAnswer: the Handlers interface says so.
    return value === undefined
      ? reply.status(state.operation.status).send()
      : sendBytes(reply, value as BytesAnswer)
  }

  /** The gates again, for a stream that is already open. */
  async function accessFault(opened: OpenedStream, handler: AnyHandler) {
    const now = clock.now()
    const session = await sessions.load(opened.sessionId, now)
    if (sessionFault(session, now) || !session)
      return opened.isImpersonated ? ('IMPERSONATION_ENDED' as const) : ('SESSION_ENDED' as const)
    const again: RequestState = {
      ...opened.input,
      operation: opened.operation,
      origin: opened.origin,
      now,
      session,
      actor: personOfSession(session, opened.origin),
      tokenEndsAt: null,
      organizationId: null,
      body: undefined,
      hungUp: () => never,
    }
    try {
      for (const gate of [account, impersonation, access, consent, mfa]) await gate(again)
      const outbox: Outbox = { events: [], jobs: [] }
      const value = await handler(contextOf(again, noDatabase, outbox), { ...opened.input, body: undefined })
      const same = JSON.stringify(value) === opened.subscription
      return same && !lostPatient(opened, session, now) ? undefined : ('ACCESS_LOST' as const)
    } catch (refused) {
      if (!(refused instanceof Problem)) throw refused
      return refused.code.startsWith('ACCOUNT_') ? ('ACCOUNT_CLOSED' as const) : ('ACCESS_LOST' as const)
    }
  }

  // A function of its own: a closure made beside the request would keep all of that alive.
  const rechecks = (opened: OpenedStream, handler: AnyHandler) => () => accessFault(opened, handler)

  async function stream(
    request: FastifyRequest,
    reply: FastifyReply,
    state: RequestState,
    handler: AnyHandler,
    input: OpenedStream['input'],
  ): Promise<unknown> {
    const value = await handler(contextOf(state, noDatabase, { events: [], jobs: [] }), input)
    if (value instanceof Problem) throw value
    if (isAudited(state)) await audit.commit(auditRow(state, services.newId(), undefined))
    // A stream handler answers a Subscription: the Handlers interface says so.
    const subscription = value as Subscription
    parts.requests.left(request)
    request.span?.end()
    request.span = null
    return openStream(request, reply, state, parts.hub, subscription, {
      recheck: rechecks(keptOf(state, input, subscription), handler),
    })
  }

  app.setErrorHandler((error, request, reply) =>
    within(request.span ?? undefined, () => answerError(error, request, reply)),
  )
  async function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const { state } = request
    let { problem: answered, unexpected } = toProblem(error)
    if (unexpected)
      log.error({ err: error, request_id: request.id, operation: state?.operation.id }, 'failed')
    if (state && isAudited(state) && isDenial(answered) && !('recorded' in answered)) {
      try {
        await audit.commit(auditRow(state, services.newId(), undefined, answered))
      } catch (failure) {
        log.error({ err: failure, request_id: request.id }, 'a refusal could not be recorded')
        answered = problem('UNAVAILABLE', 'The database does not answer. Try again.', { retry_after: 1 })
      }
    }
    if (state && !state.operation.codes.includes(answered.code))
      log.error(
        { request_id: request.id, operation: state.operation.id, problem: answered.code },
        'undeclared problem',
      )
    if (answered.extra.retry_after !== undefined) reply.header('retry-after', answered.extra.retry_after)
    return reply
      .status(answered.status)
      .type('application/problem+json')
      .send(JSON.stringify(answered.toBody(request.id, request.url.split('?')[0] ?? '/')))
  }
  app.setNotFoundHandler(() => {
    throw problem('NOT_FOUND', 'There is no such path.')
  })

  const addRoute = (to: FastifyInstance, definition: (typeof operations)[OperationId]): void => {
    const operation: OperationDefinition = definition
    const handler = handlerOf(definition.id)
    to.route({
      method: operation.method,
      url: operation.path.replace(/\{(\w+)\}/g, ':$1'),
      config: { operation },
      onRequest: gatekeeper,
      // A body arrives outside of what was begun with the headers.
      handler: (request, reply) => within(request.span ?? undefined, () => answer(request, reply, handler)),
    })
  }
  const [files, others] = partition(Object.values(operations), movesBytes)
  const [signed, documents] = partition(others, ({ gates }: OperationDefinition) => gates.rawBody)
  for (const definition of documents) addRoute(app, definition)
  // A body that is signed reaches its handler as the bytes that were signed, whatever it says it is.
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
    for (const definition of signed) addRoute(scope, definition)
  })
  // A body that is a file reaches its handler unread, there and nowhere else.
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser(UPLOAD_TYPE, (_request, payload, done) => done(null, payload))
    for (const definition of files) addRoute(scope, definition)
  })
  const unknown = Object.keys(parts.handlers).find((name) => !(name in operations))
  if (unknown) throw new StartupError(`The handler ${unknown} belongs to no operation of the contract.`)
  await registerDocs(app, config.publicUrl)
  return app
}
