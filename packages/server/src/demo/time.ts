const MINUTE = 60_000
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR

/** When the wall clock of the time zone shows `minutes` after midnight on the day (YYYY-MM-DD). */
export function atLocal(day: string, minutes: number, timeZone: string): Date {
  const asIfUtc = Date.parse(`${day}T00:00:00Z`) + minutes * MINUTE
  const format = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' })
  const name = format.formatToParts(asIfUtc).find(({ type }) => type === 'timeZoneName')?.value ?? ''
  const [, sign = '+', hours = '0', rest = '0'] = /GMT([+-])(\d\d):(\d\d)/.exec(name) ?? []
  const offset = (Number(hours) * 60 + Number(rest)) * MINUTE * (sign === '-' ? -1 : 1)
  return new Date(asIfUtc - offset)
}

/** The business days (Monday to Friday, YYYY-MM-DD) from so many days before until so many after now. */
export function businessDays(now: Date, before: number, after: number): string[] {
  return Array.from({ length: before + after + 1 }, (_, i) => new Date(now.getTime() + (i - before) * DAY))
    .filter((day) => day.getUTCDay() !== 0 && day.getUTCDay() !== 6)
    .map((day) => day.toISOString().slice(0, 10))
}
