import { AsyncLocalStorage } from 'node:async_hooks'

/** What a span may say: closed values, never a person's, never an id of a record. */
export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>

export type SpanKind = 'server' | 'client' | 'internal'

/** A measured part of the work. */
export interface Span {
  readonly traceId: string
  /** The W3C header that hands the trace on. */
  readonly traceparent: string
  child(name: string, kind: SpanKind, attributes: Attributes): Span
  set(attributes: Attributes): void
  /** @param failure what kind of error it ended with; its words may quote what they met, and stay out. */
  end(failure?: string): void
}

/** Where spans come from; undefined where no traces are wanted. */
export interface Tracing {
  /** @param traceparent of the caller; anything that is none begins a trace of its own. */
  begin(name: string, kind: SpanKind, attributes: Attributes, traceparent?: string | string[]): Span
  /** Sends what is left, at most for so long. */
  stop(limitMs: number): Promise<void>
}

const active = new AsyncLocalStorage<Span>()

/** The span that the present work belongs to. */
export const activeSpan = (): Span | undefined => active.getStore()

/** Runs `work` as a part of the span. */
export const within = <T>(span: Span | undefined, work: () => T): T =>
  span === undefined ? work() : active.run(span, work)

/** Runs `work` outside any span: what sends the spans must make none. */
export const outside = <T>(work: () => T): T => active.exit(work)

const NONE = {}

/** What a line of the log says of its trace. */
export const traceFields = (): object => {
  const span = active.getStore()
  return span === undefined ? NONE : { trace_id: span.traceId }
}

/** What kind of error it was, for a span. */
export const failureOf = (error: unknown): string =>
  error instanceof Error
    ? 'code' in error && typeof error.code === 'string'
      ? error.code
      : error.name
    : 'unknown'

/** Runs `work` in a span of its own, which ends with it. */
export async function spanned<T>(span: Span | undefined, work: () => Promise<T>): Promise<T> {
  if (span === undefined) return work()
  try {
    const value = await active.run(span, work)
    span.end()
    return value
  } catch (error) {
    span.end(failureOf(error))
    throw error
  }
}
