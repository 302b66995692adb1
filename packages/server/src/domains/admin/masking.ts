import type { JsonValue } from '../../generated/database.ts'

const MASK = '***'

/** Enough to tell two people apart, not enough to name one: "Ngozi Okafor" becomes "N*** O***". */
export const maskName = (name: string | null): string =>
  name === null
    ? MASK
    : name
        .split(/\s+/)
        .map((word) => `${[...word].slice(0, 1).join('')}${MASK}`)
        .join(' ')

/** Keeps which fields changed, and that one was empty; hides every value. */
export function maskValues(value: JsonValue): JsonValue {
  if (value === null) return null
  if (Array.isArray(value)) return value.map(maskValues)
  if (typeof value !== 'object') return MASK
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, maskValues(part ?? null)]))
}
