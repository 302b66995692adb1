import { UsageError } from './exit.ts'

/** An instant as typed, with its offset, in the form that the server takes. */
export const instant = (text: string | undefined, flag: string): string | undefined => {
  if (text === undefined) return undefined
  const time = /T.*(Z|[+-]\d{2}:\d{2})$/i.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(time))
    throw new UsageError(
      `${flag} must be a time with its offset, like 2026-03-31T09:30-04:00 or 2026-03-31T13:30Z, not "${text}"`,
    )
  return new Date(time).toISOString()
}

/** The same, for a flag that must be there. */
export const requiredInstant = (text: string | undefined, flag: string): string => {
  const found = instant(text, flag)
  if (found === undefined) throw new UsageError(`${flag} is required`)
  return found
}
