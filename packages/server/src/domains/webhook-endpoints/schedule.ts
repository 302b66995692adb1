const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** How long a delivery is tried, and how long an endpoint may fail before it is disabled. */
export const GIVE_UP_MS = 72 * HOUR

// Standard Webhooks' own schedule, to its third day.
const PAUSES = [5000, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR] as const
const LONGEST = 20 * HOUR
/** A receiver that was away is not met by everything at once when it is back. */
const JITTER = 0.2

/**
 * When a delivery that failed is tried again; the last time is three days after the first. Undefined when that was it.
 * @param attempts how many there were
 * @param random from 0 to 1
 */
export function nextAttempt(
  attempts: number,
  createdAt: Date,
  now: Date,
  random: () => number,
): Date | undefined {
  const end = createdAt.getTime() + GIVE_UP_MS
  if (now.getTime() >= end) return undefined
  const pause = PAUSES[attempts - 1] ?? LONGEST
  const jittered = pause * (1 + JITTER * (2 * random() - 1))
  return new Date(Math.min(now.getTime() + jittered, end))
}
