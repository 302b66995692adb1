import { Temporal } from 'temporal-polyfill'
import type { components } from '../../generated/contract.ts'

type OpeningHours = components['schemas']['OpeningHours']
type Slot = components['schemas']['Slot']

/** At most so many days after the first. */
export const LONGEST_RANGE = 31

const DEFAULT_HOURS: readonly OpeningHours[] = [1, 2, 3, 4, 5].map((weekday) => ({
  weekday,
  opens: '09:00',
  closes: '17:00',
}))

/** From one instant to another, in milliseconds; the end is not part of it. */
type Interval = readonly [start: number, end: number]

interface Calendar {
  readonly timezone: string
  /** Monday to Friday, 9 to 5, when the organization says nothing. */
  readonly openingHours: readonly OpeningHours[] | undefined
  /** Calendar days (YYYY-MM-DD), both included. */
  readonly firstDay: string
  readonly lastDay: string
  readonly busy: readonly Interval[]
}

/** Of one weekday, by opening; stretches that touch or overlap are one. */
function stretchesOf(hours: readonly OpeningHours[], weekday: number): { opens: string; closes: string }[] {
  const merged: { opens: string; closes: string }[] = []
  for (const { opens, closes } of hours
    .filter((stretch) => stretch.weekday === weekday)
    .toSorted((a, b) => a.opens.localeCompare(b.opens))) {
    const last = merged.at(-1)
    if (!last || opens > last.closes) merged.push({ opens, closes })
    else if (closes > last.closes) last.closes = closes
  }
  return merged
}

/** When the clock on the wall shows a time. One that daylight saving skips is the first moment after the gap. */
const instantOf = (day: Temporal.PlainDate, time: string, timeZone: string): number =>
  (time === '24:00'
    ? day.add({ days: 1 }).toZonedDateTime(timeZone)
    : day.toZonedDateTime({ timeZone, plainTime: time })
  ).epochMilliseconds

function opening({ timezone, openingHours = DEFAULT_HOURS, firstDay, lastDay }: Calendar): Interval[] {
  const intervals: Interval[] = []
  const last = Temporal.PlainDate.from(lastDay)
  for (
    let day = Temporal.PlainDate.from(firstDay);
    Temporal.PlainDate.compare(day, last) <= 0;
    day = day.add({ days: 1 })
  )
    for (const { opens, closes } of stretchesOf(openingHours, day.dayOfWeek))
      intervals.push([instantOf(day, opens, timezone), instantOf(day, closes, timezone)])
  return intervals
}

const slotOf = (start: number, end: number, timezone: string): Slot => ({
  starts_at: new Date(start).toISOString(),
  ends_at: new Date(end).toISOString(),
  local_start: Temporal.Instant.fromEpochMilliseconds(start)
    .toZonedDateTimeISO(timezone)
    .toString({ timeZoneName: 'never', smallestUnit: 'second' }),
})

/** How many days lie between two days. */
export const daysBetween = (firstDay: string, lastDay: string): number =>
  Temporal.PlainDate.from(firstDay).until(Temporal.PlainDate.from(lastDay)).days

/**
 * The slots of so many minutes, counted from each opening, in which nothing else is booked and which have not begun.
 * Minutes are real ones: on the day that an hour is skipped, opening hours over that hour hold fewer slots, on the day
 * that it comes twice more.
 */
export function freeSlots(calendar: Calendar, durationMinutes: number, now: Date): Slot[] {
  const length = durationMinutes * 60_000
  const busy = calendar.busy.toSorted(([a], [b]) => a - b)
  const slots: Slot[] = []
  let next = 0
  for (const [opens, closes] of opening(calendar))
    for (let start = opens; start + length <= closes; start += length) {
      // Bookings of one provider never overlap: what ended before this slot is past for every later one.
      while ((busy[next]?.[1] ?? Number.POSITIVE_INFINITY) <= start) next += 1
      const taken = (busy[next]?.[0] ?? Number.POSITIVE_INFINITY) < start + length
      if (!taken && start > now.getTime()) slots.push(slotOf(start, start + length, calendar.timezone))
    }
  return slots
}
