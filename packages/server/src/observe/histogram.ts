/*
 * How long things took, as counts by limits that grow by a fourth of an octave: 0.25 ms, 0.297 ms, … 55 s. Counts of
 * servers and minutes add up, and a percentile of the sum is exact to 10 %. What is stored goes by these limits: other
 * ones need another column.
 */

const LEAST_MS = 0.25
const STEPS = 4
/** The last one counts what took longer than any limit. */
export const BUCKETS = 73

/** Which count a duration belongs to. */
export const bucketOf = (ms: number): number =>
  ms <= LEAST_MS ? 0 : Math.min(BUCKETS - 1, Math.ceil(Math.log2(ms / LEAST_MS) * STEPS))

const limitOf = (bucket: number): number => LEAST_MS * 2 ** (bucket / STEPS)

/**
 * The duration that a share of all stayed within, in ms; null when nothing was counted.
 * @param share from 0 to 1
 * @param most the longest of them, which no answer exceeds
 */
export function percentile(counts: readonly number[], share: number, most: number): number | null {
  const total = counts.reduce((sum, count) => sum + count, 0)
  if (total === 0) return null
  const rank = share * total
  let below = 0
  for (const [bucket, count] of counts.entries()) {
    if (count > 0 && below + count >= rank) {
      const from = bucket === 0 ? 0 : limitOf(bucket - 1)
      const to = bucket === BUCKETS - 1 ? most : limitOf(bucket)
      return Math.min(most, from + ((to - from) * Math.max(0, rank - below)) / count)
    }
    below += count
  }
  return most
}
