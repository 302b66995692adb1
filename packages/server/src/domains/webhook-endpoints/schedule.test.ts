import { expect, test } from 'vitest'
import { GIVE_UP_MS, nextAttempt, retryAt } from './schedule.ts'

const start = new Date('2026-03-02T14:30:00.000Z')

/** When each attempt is, in milliseconds after the first, if all fail at once. */
function attempts(random: () => number): number[] {
  const times = [0]
  for (let now: Date | undefined = start; now; ) {
    now = nextAttempt(times.length, start, now, null, random)
    if (now) times.push(now.getTime() - start.getTime())
  }
  return times
}

test.each([0, 0.5, 1])('attempts grow apart and end at three days exactly, jitter %d', (value) => {
  const times = attempts(() => value)
  expect(times.at(-1)).toBe(GIVE_UP_MS)
  expect(times.length).toBeGreaterThanOrEqual(9)
  expect(times.length).toBeLessThanOrEqual(12)
  expect(times[1]).toBeCloseTo(5000 * (0.8 + 0.4 * value))
  expect(times).toEqual(times.toSorted((a, b) => a - b))
})

test('after three days there is none', () => {
  const end = new Date(start.getTime() + GIVE_UP_MS)
  expect(nextAttempt(3, start, end, null, () => 0)).toBeUndefined()
  expect(nextAttempt(50, start, new Date(end.getTime() - 1), null, () => 1)).toEqual(end)
})

test('a receiver may ask for a longer pause, never for a shorter one, and not beyond the three days', () => {
  const after = (ms: number) => new Date(start.getTime() + ms)
  expect(nextAttempt(1, start, start, after(60_000), () => 0.5)).toEqual(after(60_000))
  expect(nextAttempt(1, start, start, after(1000), () => 0.5)).toEqual(after(5000))
  const late = after(GIVE_UP_MS - 1000)
  expect(nextAttempt(9, start, late, after(GIVE_UP_MS + 60_000), () => 0.5)).toEqual(after(GIVE_UP_MS))
})

test.each([
  ['120', 120_000],
  [' 5 ', 5000],
  ['Mon, 02 Mar 2026 14:32:00 GMT', 120_000],
  ['86400', 86_400_000],
  ['9999999999', 86_400_000],
  ['Tue, 02 Mar 2027 14:32:00 GMT', 86_400_000],
])('Retry-After %j is %d ms from now, a day at most', (header, ms) => {
  expect(retryAt(header, start)?.getTime()).toBe(start.getTime() + ms)
})

test.each([null, '', '0', '-5', '1.5', 'soon', '12 years', 'Mon, 02 Mar 2026 14:29:00 GMT'])(
  'Retry-After %j says nothing',
  (header) => {
    expect(retryAt(header, start)).toBeNull()
  },
)
