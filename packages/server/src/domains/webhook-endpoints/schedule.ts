const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** How long a delivery is tried, and how long an endpoint may fail before it is disabled. */
export const GIVE_UP_MS = 72 * HOUR

// Standard Webhooks' own schedule, to its third day.
const PAUSES = [5000, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR] as const
const LONGEST = 20 * HOUR
/** A receiver that was away is not met by everything at once when it is back. */
const JITTER = 0.2

/** However long a receiver wants to be left alone: a day later it is asked again. */
const LONGEST_WISH = 24 * HOUR

/** `Retry-After`, in seconds or as an HTTP date, as an instant; null when there is none that can be read, or none ahead. */
export function retryAt(header: string | null, now: Date): Date | null {
  if (header === null) return null
  const text = header.trim()
  const wish = /^\d{1,10}$/.test(text) ? Number(text) * 1000 : Date.parse(httpDate(text)) - now.getTime()
  return wish > 0 ? new Date(now.getTime() + Math.min(wish, LONGEST_WISH)) : null
}

/** Only the one form that is still sent (RFC 9110): Date.parse reads almost anything. */
const httpDate = (text: string): string =>
  /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(text) ? text : ''

/**
 * When a delivery that failed is tried again; the last time is three days after the first. Undefined when that was it.
 * @param attempts how many there were
 * @param notBefore what the receiver wishes; it makes the pause longer, never shorter
 * @param random from 0 to 1
 */
export function nextAttempt(
  attempts: number,
  createdAt: Date,
  now: Date,
  notBefore: Date | null,
  random: () => number,
): Date | undefined {
  const end = createdAt.getTime() + GIVE_UP_MS
  if (now.getTime() >= end) return undefined
  const pause = PAUSES[attempts - 1] ?? LONGEST
  const jittered = pause * (1 + JITTER * (2 * random() - 1))
  return new Date(Math.min(Math.max(now.getTime() + jittered, notBefore?.getTime() ?? 0), end))
}
