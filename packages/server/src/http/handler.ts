import type { Readable } from 'node:stream'
import type { Logger } from 'pino'
import type { Db, Scope } from '../db/scope.ts'
import type { components, operations as contract } from '../generated/contract.ts'
import type { CodeOf, DefaultedQuery, OperationId, operations } from '../generated/operations.ts'
import type { Jobs } from '../jobs/queue.ts'
import type { Anonymous, ApiKey, Person } from './actor.ts'
import type { KeysMayCall } from './operation.ts'
import type { Problem } from './problem.ts'

type Parameters<Op extends OperationId> = contract[Op]['parameters']

type Fields<T> = [NonNullable<T>] extends [never] ? Record<never, never> : NonNullable<T>

type WithDefaults<T, Names> = Omit<T, Names & keyof T> & Required<Pick<T, Names & keyof T>>

/** Header names arrive in lower case. */
type Lower<T> = { [K in keyof T as K extends string ? Lowercase<K> : K]: T[K] }

type Body<Op extends OperationId> = (typeof operations)[Op]['gates']['rawBody'] extends true
  ? Buffer
  : JsonBody<Op>

type JsonBody<Op extends OperationId> = contract[Op] extends {
  requestBody: { content: { 'application/json': infer B } }
}
  ? B
  : contract[Op] extends { requestBody: unknown }
    ? Readable
    : undefined

/** What the caller sent, validated against the contract. */
export interface Input<Op extends OperationId> {
  readonly params: Fields<Parameters<Op>['path']>
  readonly query: WithDefaults<Fields<Parameters<Op>['query']>, DefaultedQuery[Op]>
  readonly headers: Lower<Fields<Parameters<Op>['header']>>
  readonly body: Body<Op>
}

type StatusOf<Op extends OperationId> = (typeof operations)[Op]['status']
type SuccessOf<Op extends OperationId> = contract[Op]['responses'] extends infer R
  ? StatusOf<Op> extends keyof R
    ? R[StatusOf<Op>]
    : never
  : never

/**
 * A long text, written while it is made: for each media type of the contract the pieces, made when they are asked
 * for, after the handler's transaction, in one of their own with this scope. The caller's Accept chooses.
 */
export type TextAnswer<MediaType extends PropertyKey> = Readonly<
  Record<MediaType, (scope: Scope) => AsyncIterable<string>>
>

/** A file to send: under this name, to be saved. */
export interface BytesAnswer {
  readonly body: Readable
  readonly size: number
  readonly contentType: string
  readonly filename: string
}

/** One answer in several forms, each made when the caller's Accept chose it. JSON is the one where it takes anything. */
export type Forms<Content> = {
  readonly [MediaType in keyof Content]: () => MediaType extends 'application/json'
    ? Content[MediaType]
    : string
}

type AnswerOf<Content> = [keyof Content] extends ['application/json']
  ? Content['application/json' & keyof Content]
  : 'application/json' extends keyof Content
    ? Forms<Content>
    : '*/*' extends keyof Content
      ? BytesAnswer
      : TextAnswer<keyof Content>

/**
 * The success body; undefined for 204. Stream operations answer what to subscribe to, texts their pieces, downloads
 * their bytes.
 */
export type Result<Op extends OperationId> = (typeof operations)[Op]['gates']['stream'] extends true
  ? Subscription
  : SuccessOf<Op> extends { content: infer Content }
    ? AnswerOf<Content>
    : undefined

/** What a stream shows: any audience that matches, then the types. */
export interface Subscription {
  readonly user: string | null
  readonly organization: string | null
  readonly support: boolean
  readonly types: readonly string[] | null
  /** Only what names this patient. */
  readonly patient: string | null
  /** Under impersonation: what names another organization is not for this reader. */
  readonly within: string | null
  readonly lastEventId: string | null
  /** An ISO instant to begin at; an id wins. */
  readonly since: string | null
}

type StreamEvent = components['schemas']['StreamEvent']

/** Events that handlers publish; heartbeat, stream.reset and stream.closed are the stream's own. */
export type PublishedEvent = Exclude<StreamEvent, { event: 'heartbeat' | 'stream.reset' | 'stream.closed' }>

/** Who receives an event: at least one of them. */
export interface Audience {
  readonly user?: string
  readonly organization?: string
  readonly support?: true
  /** Everybody whom the consent gate holds, each in their own name; goes with none of the others. */
  readonly consenting?: true
}

/** An event to put into the outbox, in the handler's own transaction. */
export type Emit = <Type extends PublishedEvent['event']>(event: {
  readonly type: Type
  readonly audience: Audience
  readonly data: Omit<Extract<PublishedEvent, { event: Type }>['data'], 'occurred_at'>
}) => void

/** Queues a job in the handler's own transaction: it runs only if that commits. */
export type Enqueue = <Name extends keyof Jobs>(name: Name, payload: Jobs[Name]) => void

/**
 * Writes a row of the audit trail for one of several records that a call changes, with what changed since the last one,
 * in the handler's own transaction. The call has its own row besides.
 */
export type RecordChange = (record: {
  readonly action: string
  readonly resource: string
  readonly id: string
}) => Promise<void>

type GatesOf<Op extends OperationId> = (typeof operations)[Op]['gates']

/** A handler that needs a person refuses keys in its contract, or does not compile. */
type ActorOf<Op extends OperationId> = GatesOf<Op>['access'] extends { public: true }
  ? Anonymous
  : KeysMayCall<GatesOf<Op>> extends false
    ? Person
    : Person | ApiKey

/** All that a handler sees of the server. */
export interface Context<Op extends OperationId> {
  readonly db: Db
  readonly actor: ActorOf<Op>
  readonly log: Logger
  readonly emit: Emit
  readonly enqueue: Enqueue
  readonly record: RecordChange
  /** Aborted when the caller hangs up before the answer. */
  readonly signal: AbortSignal
}

/** Answers the success body, or a Problem whose code the operation declares. */
export type Handler<Op extends OperationId> = (
  context: Context<Op>,
  input: Input<Op>,
) => Promise<Result<Op> | Problem<CodeOf<Op>>>
