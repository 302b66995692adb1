import { describe, expect, test } from 'vitest'
import { freeSlots } from './availability.ts'

const long = new Date('2020-01-01T00:00:00Z')
const night = [{ weekday: 7, opens: '00:00', closes: '06:00' }]
const on = (day: string, timezone: string, change: object = {}) => ({
  timezone,
  openingHours: night,
  firstDay: day,
  lastDay: day,
  busy: [],
  ...change,
})
const starts = (slots: ReturnType<typeof freeSlots>) => slots.map(({ local_start }) => local_start)

describe('daylight saving', () => {
  test('the night that skips an hour has no slot in it', () => {
    const slots = freeSlots(on('2026-03-08', 'America/New_York'), 60, long)
    expect(starts(slots)).toEqual([
      '2026-03-08T00:00:00-05:00',
      '2026-03-08T01:00:00-05:00',
      '2026-03-08T03:00:00-04:00',
      '2026-03-08T04:00:00-04:00',
      '2026-03-08T05:00:00-04:00',
    ])
    expect(slots[2]).toMatchObject({
      starts_at: '2026-03-08T07:00:00.000Z',
      ends_at: '2026-03-08T08:00:00.000Z',
    })
  })

  test('the night that has an hour twice offers it twice', () => {
    expect(starts(freeSlots(on('2026-11-01', 'America/New_York'), 60, long))).toEqual([
      '2026-11-01T00:00:00-04:00',
      '2026-11-01T01:00:00-04:00',
      '2026-11-01T01:00:00-05:00',
      '2026-11-01T02:00:00-05:00',
      '2026-11-01T03:00:00-05:00',
      '2026-11-01T04:00:00-05:00',
      '2026-11-01T05:00:00-05:00',
    ])
  })

  test('a booking in the first of the two hours leaves the second free', () => {
    const busy = [[Date.parse('2026-11-01T05:00:00Z'), Date.parse('2026-11-01T06:00:00Z')]]
    const slots = starts(freeSlots(on('2026-11-01', 'America/New_York', { busy }), 60, long))
    expect(slots).not.toContain('2026-11-01T01:00:00-04:00')
    expect(slots).toContain('2026-11-01T01:00:00-05:00')
  })

  test('opening hours that fall into the gap hold nothing; those around it lose what is skipped', () => {
    const gap = [{ weekday: 7, opens: '02:00', closes: '03:00' }]
    expect(freeSlots(on('2026-03-08', 'America/New_York', { openingHours: gap }), 15, long)).toEqual([])
    const around = [{ weekday: 7, opens: '01:30', closes: '03:30' }]
    expect(freeSlots(on('2026-03-08', 'America/New_York', { openingHours: around }), 30, long)).toHaveLength(
      2,
    )
  })

  test('a day that begins at one in the morning, and zones with half an hour', () => {
    // Santiago skips midnight itself.
    const early = [{ weekday: 7, opens: '00:00', closes: '02:00' }]
    expect(
      starts(freeSlots(on('2026-09-06', 'America/Santiago', { openingHours: early }), 60, long)),
    ).toEqual(['2026-09-06T01:00:00-03:00'])
    // Lord Howe's summer time is half an hour.
    expect(freeSlots(on('2026-10-04', 'Australia/Lord_Howe'), 30, long)).toHaveLength(11)
    expect(freeSlots(on('2026-04-05', 'Australia/Lord_Howe'), 30, long)).toHaveLength(13)
  })

  test('ordinary opening hours stay on the wall clock across both switches', () => {
    const week = { ...on('2026-03-06', 'America/New_York'), openingHours: undefined, lastDay: '2026-03-09' }
    const firsts = starts(freeSlots(week, 480, long))
    expect(firsts).toEqual(['2026-03-06T09:00:00-05:00', '2026-03-09T09:00:00-04:00'])
  })
})

describe('opening hours', () => {
  test('stretches that overlap or touch are one; 24:00 is the end of the day', () => {
    const openingHours = [
      { weekday: 1, opens: '13:00', closes: '24:00' },
      { weekday: 1, opens: '09:00', closes: '12:00' },
      { weekday: 1, opens: '11:00', closes: '13:00' },
    ]
    const slots = freeSlots(on('2026-03-02', 'UTC', { openingHours }), 300, long)
    expect(starts(slots)).toEqual([
      '2026-03-02T09:00:00+00:00',
      '2026-03-02T14:00:00+00:00',
      '2026-03-02T19:00:00+00:00',
    ])
  })

  test('a lunch break is kept, and a slot that would reach over closing is none', () => {
    const openingHours = [
      { weekday: 1, opens: '09:00', closes: '10:40' },
      { weekday: 1, opens: '13:00', closes: '14:00' },
    ]
    const slots = freeSlots(on('2026-03-02', 'UTC', { openingHours }), 45, long)
    expect(starts(slots).map((start) => start.slice(11, 16))).toEqual(['09:00', '09:45', '13:00'])
  })

  test('none at all is closed; nothing said is Monday to Friday, 9 to 5', () => {
    expect(freeSlots(on('2026-03-02', 'UTC', { openingHours: [] }), 30, long)).toEqual([])
    const week = { ...on('2026-03-02', 'UTC'), openingHours: undefined, lastDay: '2026-03-08' }
    expect(freeSlots(week, 60, long)).toHaveLength(40)
  })
})

test('what is booked or has begun is not offered, to the minute', () => {
  const openingHours = [{ weekday: 1, opens: '09:00', closes: '12:00' }]
  const busy = [
    [Date.parse('2026-03-02T11:30:00Z'), Date.parse('2026-03-02T12:00:00Z')],
    [Date.parse('2026-03-02T10:10:00Z'), Date.parse('2026-03-02T10:30:00Z')],
  ]
  const slots = (now: string) =>
    starts(freeSlots(on('2026-03-02', 'UTC', { openingHours, busy }), 30, new Date(now))).map((start) =>
      start.slice(11, 16),
    )
  expect(slots('2026-03-02T08:59:59Z')).toEqual(['09:00', '09:30', '10:30', '11:00'])
  expect(slots('2026-03-02T09:30:00Z')).toEqual(['10:30', '11:00'])
})
