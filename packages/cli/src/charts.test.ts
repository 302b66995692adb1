import { expect, test } from 'vitest'
import { bar, fitted, sparkline } from './charts.ts'

test('a sparkline fills the highest, leaves a gap where nothing was measured, and is flat for nothing', () => {
  expect(sparkline([0, 7, null, 14])).toBe('▁▅ █')
  expect(sparkline([0, 0])).toBe('▁▁')
})

test('a bar of more than nothing shows', () => {
  expect([bar(0, 100), bar(0.1, 100), bar(50, 100), bar(0, 0)]).toEqual(['', '█', '█'.repeat(15), ''])
})

test('too many values for the line become the highest of their neighbours: no peak is lost', () => {
  expect(fitted([1, 9, 2, null, null, 3], 3)).toEqual([9, 2, 3])
  expect(fitted([null, null, 1], 2)).toEqual([null, 1])
  expect(fitted([1, 2], 5)).toEqual([1, 2])
  expect(
    fitted(
      Array.from({ length: 84 }, () => 1),
      40,
    ).length,
  ).toBeLessThanOrEqual(40)
})
