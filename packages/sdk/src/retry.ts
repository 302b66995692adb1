import type { Clock } from './clock.ts'

const RETRIED = new Set([408, 429, 502, 503, 504])
/** A longer `Retry-After` is told to the caller at once: nobody waits minutes inside a call. */
export const LONGEST_WAIT = 60_000

/**
 * Could a second try of a call that may be repeated help? 500 is not among them: it is a defect, or a stored
 * answer that the same Idempotency-Key would only replay.
 */
export const isWorthRetrying = (status: number, code: string | undefined): boolean =>
  RETRIED.has(status) || (status === 409 && code === 'IDEMPOTENCY_IN_PROGRESS')

/** Full jitter: anything from 0 to `first * 2^attempt`, at most `longest`. Milliseconds. */
export const backoff = (clock: Clock, attempt: number, first = 500, longest = 8_000): number =>
  clock.random() * Math.min(longest, first * 2 ** attempt)

/** `Retry-After` as milliseconds from now: seconds or an HTTP date; undefined when absent or unreadable. */
export const retryAfter = (header: string | null, now: number): number | undefined => {
  if (header === null) return undefined
  const text = header.trim()
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000
  const date = Date.parse(text)
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}
