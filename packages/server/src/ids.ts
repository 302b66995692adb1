import { v7 } from 'uuid'
import type { Clock } from './clock.ts'

const maxSequence = 0xffff_ffff

/**
 * UUIDv7 (RFC 9562) of the clock's time. Ids of one process rise even within a millisecond, so that rows of
 * one moment keep their order; the rest is random, so that they are not guessable.
 */
export function createIds(clock: Clock): () => string {
  let lastMs = 0
  let sequence = 0
  return () => {
    const now = clock.now().getTime()
    if (now > lastMs || sequence >= maxSequence) {
      lastMs = Math.max(now, lastMs + (sequence >= maxSequence ? 1 : 0))
      // A random start in the lower half leaves room to count up.
      sequence = Math.floor(Math.random() * (maxSequence / 2))
    } else sequence += 1
    return v7({ msecs: lastMs, seq: sequence })
  }
}
