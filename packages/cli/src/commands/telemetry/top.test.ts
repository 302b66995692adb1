import { describe, expect, it } from 'vitest'
import { style } from '../../output.ts'
import { fineBar, renderTop } from './top.ts'

const top = {
  from: '2026-03-01T14:00:00.000Z',
  to: '2026-03-02T14:30:00.000Z',
  total: 5210,
  names: 12,
  events: [
    { event_name: 'schedule.opened', count: 3120 },
    { event_name: 'message.sent', count: 871 },
    { event_name: 'report.printed', count: 1 },
  ],
}

describe('the bars', () => {
  it('stand beside their numbers, are drawn to an eighth of a character, and say what is left out', () => {
    const lines = renderTop(top, style(false), 70).split('\n')
    expect(lines[0]).toMatch(/^5,210 events of 12 names since 2026-03-01 /)
    expect(lines[1]).toMatch(/^schedule\.opened {2}3,120 {3}59\.9 % {2}█+$/)
    expect(lines[2]).toMatch(/^message\.sent {7}871 {3}16\.7 % {2}█+[▏▎▍▌▋▊▉]?$/)
    expect(lines[3]).toMatch(/^report\.printed {7}1 {4}0\.0 % {2}▏$/)
    expect(lines[4]).toBe('and 1,218 of 9 more')
  })

  it.each([40, 60, 80, 200])('fit a terminal of %d columns, whatever the names', (width) => {
    const long = { ...top, events: [{ event_name: 'a'.repeat(100), count: 5210 }, ...top.events] }
    for (const line of renderTop(long, style(false), width).split('\n'))
      expect([...line].length).toBeLessThanOrEqual(Math.max(width, 56))
    const rows = renderTop(top, style(false), width).split('\n').slice(1, 4)
    expect(Math.max(...rows.map((line) => [...line].length))).toBeLessThanOrEqual(width)
  })

  it('are drawn in proportion, and none vanishes', () => {
    expect(fineBar(8, 8, 10)).toBe('█'.repeat(10))
    expect(fineBar(4, 8, 10)).toBe('█'.repeat(5))
    expect(fineBar(1, 80, 10)).toBe('▏')
    expect(fineBar(1, 1_000_000, 10)).toBe('▏')
    expect(fineBar(0, 8, 10)).toBe('')
    expect(fineBar(0, 0, 10)).toBe('')
  })

  it('of nothing are none', () => {
    expect(renderTop({ ...top, total: 0, names: 0, events: [] }, style(false), 80)).toMatch(
      /^0 events of 0 names since [^\n]+\n$/,
    )
  })
})
