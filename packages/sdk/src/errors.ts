import type { components } from './generated/types.ts'

/** A problem document (RFC 9457), as the server answers it. */
export type Problem = components['schemas']['Problem']
/** The error catalogue of the contract. */
export type ProblemCode = components['schemas']['ProblemCode']

/** What every error of this package is. `requestId` is what to quote when asking for help. */
export class WardlineError extends Error {
  override name = 'WardlineError'
  /** The operation that was called, as the contract names it. */
  readonly operation: string | undefined

  constructor(message: string, options: { cause?: unknown; operation?: string | undefined } = {}) {
    super(redact(message), options.cause === undefined ? undefined : { cause: harmless(options.cause) })
    this.operation = options.operation
  }
}

/**
 * The server refused, and said why. Branch on `code`, never on the text: `isProblem(error, 'CONFLICT')`.
 * The fields beyond `code` and `status` are there with the codes that the contract names for them.
 */
export class ProblemError<Code extends ProblemCode = ProblemCode> extends WardlineError {
  override name = 'ProblemError'
  readonly code: Code
  readonly status: number
  readonly title: string
  readonly detail: string | undefined
  readonly requestId: string
  /** Each invalid field, with VALIDATION_ERROR. */
  readonly errors: NonNullable<Problem['errors']>
  /** Seconds to wait, with RATE_LIMITED, ACCOUNT_LOCKED, UNAVAILABLE, BILLING_UNAVAILABLE and AI_UNAVAILABLE. */
  readonly retryAfter: number | undefined
  /** What is still to be signed, with CONSENT_REQUIRED. */
  readonly pendingDocuments: NonNullable<Problem['pending_documents']>
  /** The version that stands now, with PRECONDITION_FAILED. */
  readonly currentVersion: number | undefined
  /** Who changed what since the version that was sent, with PRECONDITION_FAILED on a ticket. */
  readonly changes: NonNullable<Problem['changes']>
  /** The whole document, for what has no field here. */
  readonly problem: Problem

  constructor(
    problem: Problem & { code: Code },
    options: { operation?: string | undefined; retryAfter?: number | undefined } = {},
  ) {
    super(`${problem.code}: ${problem.detail ?? problem.title} (request ${problem.request_id})`, options)
    this.problem = problem
    this.code = problem.code
    this.status = problem.status
    this.title = problem.title
    this.detail = problem.detail
    this.requestId = problem.request_id
    this.errors = problem.errors ?? []
    this.retryAfter = problem.retry_after ?? options.retryAfter
    this.pendingDocuments = problem.pending_documents ?? []
    this.currentVersion = problem.current_version
    this.changes = problem.changes ?? []
  }
}

/** An answer that is not the contract's: a proxy's error page, a body that is no JSON, another server. */
export class ResponseError extends WardlineError {
  override name = 'ResponseError'
  readonly status: number
  readonly requestId: string | undefined

  constructor(
    message: string,
    options: {
      status: number
      requestId?: string | undefined
      operation?: string | undefined
      cause?: unknown
    },
  ) {
    super(message, options)
    this.status = options.status
    this.requestId = options.requestId
  }
}

/** The server could not be reached, or the connection broke before the answer was whole. */
export class ConnectionError extends WardlineError {
  override name = 'ConnectionError'
  /** The system's code where there is one: ECONNREFUSED, ENOTFOUND, ECONNRESET… */
  readonly code: string | undefined

  constructor(message: string, options: { cause?: unknown; operation?: string | undefined } = {}) {
    super(message, options)
    this.code = systemCode(options.cause)
  }
}

/** One attempt, body included, took longer than `timeout`. */
export class TimeoutError extends WardlineError {
  override name = 'TimeoutError'
  /** The limit that was passed, in milliseconds. */
  readonly timeout: number

  constructor(timeout: number, operation: string | undefined) {
    super(`${operation ?? 'The request'} took longer than ${timeout} ms`, { operation })
    this.timeout = timeout
  }
}

/** `signIn` needs a code from the authenticator app and was given none. */
export class MfaCodeRequiredError extends WardlineError {
  override name = 'MfaCodeRequiredError'
}

/** The session of this client has ended: sign in again. */
export class SessionEndedError extends WardlineError {
  override name = 'SessionEndedError'
}

/** The server ended an event stream for good; `reason` says why. */
export class StreamClosedError extends WardlineError {
  override name = 'StreamClosedError'
  readonly reason: string
  /** The last event that the consumer got: a later stream can resume from it. */
  readonly lastEventId: string | undefined

  constructor(
    reason: string,
    options: { operation?: string | undefined; lastEventId?: string | undefined } = {},
  ) {
    super(`The server closed the stream: ${reason}`, options)
    this.reason = reason
    this.lastEventId = options.lastEventId
  }
}

/**
 * Is it a problem, and of one of these codes? Narrows, so that `error.code` has exactly them.
 * Works across two copies of this package (ESM and CJS), where `instanceof` does not.
 *
 * @example
 * try { await client.supportDesk.claim({ ticket_id }) }
 * catch (error) { if (isProblem(error, 'CONFLICT')) console.log('taken by', error.problem.assignee); else throw error }
 */
export function isProblem(error: unknown): error is ProblemError
export function isProblem<Code extends ProblemCode>(
  error: unknown,
  ...codes: Code[]
): error is ProblemError<Code>
export function isProblem(error: unknown, ...codes: ProblemCode[]): error is ProblemError {
  if (!(error instanceof Error) || error.name !== 'ProblemError' || !('code' in error)) return false
  return codes.length === 0 || codes.some((code) => code === error.code)
}

/** Takes credentials out of a text: bearer tokens, JWTs, URL user info, secrets in queries and JSON. */
export const redact = (text: string): string =>
  text
    .replace(/\b(Bearer|Basic)\s+[^\s"',]+/gi, '$1 [redacted]')
    .replace(/\bwhsec_[\w+/=]+/g, '[redacted]')
    .replace(/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, '[redacted]')
    .replace(/\/\/[^\s/@]+@/g, '//[redacted]@')
    .replace(/\b(\w*(?:token|ticket|password|secret|link|signature))=[^\s&"']+/gi, '$1=[redacted]')
    .replace(/"(\w*(?:token|ticket|password|secret))"\s*:\s*"[^"]*"/gi, '"$1":"[redacted]"')

/** The system's error code, wherever `fetch` has wrapped it. */
const systemCode = (error: unknown): string | undefined => {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    if ('code' in at && typeof at.code === 'string') return at.code
    if (at instanceof AggregateError && at.errors.length > 0) {
      const code = systemCode(at.errors[0])
      if (code !== undefined) return code
    }
  }
  return undefined
}

/** A cause is printed with its error, and `fetch` quotes a bad header's value in its own: keep a clean copy. */
const harmless = (cause: unknown): unknown => {
  if (!(cause instanceof Error) || cause instanceof WardlineError) return cause
  const copy = new Error(
    redact(cause.message),
    cause.cause === undefined ? undefined : { cause: harmless(cause.cause) },
  )
  copy.name = cause.name
  copy.stack = redact(cause.stack ?? '')
  const code = systemCode(cause)
  return code === undefined ? copy : Object.assign(copy, { code })
}

/** Turns a refusal into its error. Reads nothing but what it is given. */
export const toError = (
  response: { status: number; headers: { get(name: string): string | null } },
  body: unknown,
  operation: string | undefined,
  retryAfter?: number,
): ProblemError | ResponseError => {
  if (isProblemDocument(body)) return new ProblemError(body, { operation, retryAfter })
  const requestId = response.headers.get('x-request-id') ?? undefined
  const excerpt = typeof body === 'string' ? body.replace(/\s+/g, ' ').trim().slice(0, 200) : ''
  return new ResponseError(
    `HTTP ${response.status}, not a problem document${excerpt === '' ? '' : `: ${excerpt}`}`,
    { status: response.status, requestId, operation },
  )
}

/** The error of a `fetch` that got no answer. */
export const unreachable = (baseUrl: string, cause: unknown, operation: string): ConnectionError => {
  const error = new ConnectionError('', { cause })
  const why = error.code ?? (cause instanceof Error ? cause.message : String(cause))
  return new ConnectionError(`${new URL(baseUrl, 'http://localhost').host} could not be reached (${why})`, {
    cause,
    operation,
  })
}

const isProblemDocument = (body: unknown): body is Problem =>
  typeof body === 'object' &&
  body !== null &&
  'code' in body &&
  typeof body.code === 'string' &&
  'status' in body &&
  typeof body.status === 'number' &&
  'title' in body &&
  'request_id' in body
