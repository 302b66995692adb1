import { UsageError } from './exit.ts'

/** A date as typed, checked. */
export const day = (text: string | undefined, flag: string): string | undefined => {
  if (text === undefined) return undefined
  const valid = /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text))
  if (!valid) throw new UsageError(`${flag} must be a date like 2026-03-31, not "${text}"`)
  return text
}
