import { expect, test } from 'vitest'
import { BUCKETS, bucketOf, percentile } from './histogram.ts'

const countsOf = (durations: readonly number[]): number[] => {
  const counts = new Array<number>(BUCKETS).fill(0)
  for (const ms of durations) counts[bucketOf(ms)] = (counts[bucketOf(ms)] ?? 0) + 1
  return counts
}

test('percentiles of what was counted are those of the durations, exact to 10 %', () => {
  // Of very different sizes, and in no order.
  const durations = Array.from({ length: 5000 }, (_, n) => 0.5 * 1.002 ** ((n * 7919) % 5000))
  const sorted = durations.toSorted((a, b) => a - b)
  const counts = countsOf(durations)
  for (const share of [0.01, 0.5, 0.9, 0.95, 0.99, 0.999]) {
    const exact = sorted[Math.ceil(share * sorted.length) - 1] ?? 0
    const read = percentile(counts, share, Math.max(...durations)) ?? 0
    expect(Math.abs(read / exact - 1)).toBeLessThan(0.1)
  }
})

test('counts of two servers add up to those of both', () => {
  const [one, two] = [countsOf([1, 2, 400]), countsOf([3, 5, 90_000])]
  const both = one.map((count, bucket) => count + (two[bucket] ?? 0))
  expect(both).toEqual(countsOf([1, 2, 400, 3, 5, 90_000]))
})

test('nothing counted is no percentile, and none is longer than the longest', () => {
  expect(percentile(countsOf([]), 0.5, 0)).toBeNull()
  expect(percentile(countsOf([7]), 0.99, 7)).toBe(7)
  expect(percentile(countsOf([120_000]), 1, 120_000)).toBe(120_000)
  expect(percentile(countsOf([0]), 1, 0)).toBe(0)
})

test('every duration has a bucket, and a longer one no lower one', () => {
  let before = 0
  for (let ms = 0; ms < 200_000; ms = ms * 1.07 + 0.01) {
    const bucket = bucketOf(ms)
    expect(bucket).toBeGreaterThanOrEqual(before)
    expect(bucket).toBeLessThan(BUCKETS)
    before = bucket
  }
  expect(bucketOf(Number.POSITIVE_INFINITY)).toBe(BUCKETS - 1)
})
