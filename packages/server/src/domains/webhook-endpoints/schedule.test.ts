import { expect, test } from 'vitest'
import { GIVE_UP_MS, nextAttempt } from './schedule.ts'

const start = new Date('2026-03-02T14:30:00.000Z')

/** When each attempt is, in milliseconds after the first, if all fail at once. */
function attempts(random: () => number): number[] {
  const times = [0]
  for (let now: Date | undefined = start; now; ) {
    now = nextAttempt(times.length, start, now, random)
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
  expect(nextAttempt(3, start, end, () => 0)).toBeUndefined()
  expect(nextAttempt(50, start, new Date(end.getTime() - 1), () => 1)).toEqual(end)
})
