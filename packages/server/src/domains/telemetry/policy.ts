import type { components } from '../../generated/contract.ts'
import { type Problem, problem } from '../../http/problem.ts'

type Event = components['schemas']['TelemetryEvent']

interface Fault {
  readonly pointer: string
  readonly message: string
}

const MOST_BYTES = 8192
const DEEPEST = 3
const OLDEST_MS = 7 * 86_400_000
const AHEAD_MS = 5 * 60_000
const MOST_FAULTS = 50

const step = (name: string | number): string => `/${String(name).replaceAll('~', '~0').replaceAll('/', '~1')}`

// What PostgreSQL cannot keep would fail the whole group that it is stored with.
const isStorable = (text: string): boolean => text.isWellFormed() && !text.includes('\u0000')

/** The first thing in it that cannot be kept. Looks no deeper than allowed, so that depth alone costs nothing. */
function valueFault(value: unknown, pointer: string, depth: number): Fault | undefined {
  if (typeof value === 'string')
    return isStorable(value) ? undefined : { pointer, message: 'contains a character that cannot be stored' }
  if (typeof value === 'number')
    return Number.isFinite(value) ? undefined : { pointer, message: 'is too large a number' }
  if (typeof value !== 'object' || value === null) return undefined
  if (depth >= DEEPEST) return { pointer, message: `is nested more than ${DEEPEST} deep` }
  const parts: [string | number, unknown][] = Array.isArray(value)
    ? [...value.entries()]
    : Object.entries(value)
  for (const [name, part] of parts) {
    const where = `${pointer}${step(name)}`.slice(0, 500)
    if (!isStorable(String(name)))
      return { pointer, message: 'contains a character that cannot be stored in a name' }
    const fault = valueFault(part, where, depth + 1)
    if (fault) return fault
  }
  return undefined
}

function timeFault(occurredAt: string | undefined, now: Date): string | undefined {
  if (occurredAt === undefined) return undefined
  const age = now.getTime() - Date.parse(occurredAt)
  if (Number.isNaN(age)) return 'is not a time'
  if (age > OLDEST_MS) return 'is more than 7 days ago'
  return age < -AHEAD_MS ? 'is more than 5 minutes ahead' : undefined
}

function faultsOf({ properties = {}, occurred_at }: Event, pointer: string, now: Date): Fault[] {
  const time = timeFault(occurred_at, now)
  const faults = time === undefined ? [] : [{ pointer: `${pointer}/occurred_at`, message: time }]
  const where = `${pointer}/properties`
  const fault = valueFault(properties, where, 0)
  if (fault) return [...faults, fault]
  const bytes = Buffer.byteLength(JSON.stringify(properties))
  if (bytes > MOST_BYTES)
    faults.push({ pointer: where, message: `has ${bytes} bytes as JSON, more than ${MOST_BYTES}` })
  return faults
}

/**
 * What the contract's schema cannot say: size, depth, and a time that can be believed.
 * @param at where the events stand in the body, by their index
 */
export function refuseEvents(
  events: readonly Event[],
  at: (index: number) => string,
  now: Date,
): Problem<'VALIDATION_ERROR'> | undefined {
  const faults = events.flatMap((event, index) => faultsOf(event, at(index), now))
  return faults.length === 0
    ? undefined
    : problem('VALIDATION_ERROR', 'Some fields are not valid.', { errors: faults.slice(0, MOST_FAULTS) })
}
