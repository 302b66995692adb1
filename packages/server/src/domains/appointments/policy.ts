import type { Admission } from '../../http/actor.ts'
import { type Problem, problem } from '../../http/problem.ts'
import { daysBetween, LONGEST_RANGE } from './availability.ts'

export type AppointmentStatus = 'SCHEDULED' | 'CONFIRMED' | 'COMPLETED' | 'CANCELLED' | 'NO_SHOW'

const next: Readonly<Record<AppointmentStatus, readonly AppointmentStatus[]>> = {
  SCHEDULED: ['CONFIRMED', 'CANCELLED', 'NO_SHOW', 'COMPLETED'],
  CONFIRMED: ['CANCELLED', 'NO_SHOW', 'COMPLETED'],
  COMPLETED: [],
  CANCELLED: [],
  NO_SHOW: [],
}

/** COMPLETED, CANCELLED and NO_SHOW lead nowhere. */
export const isFinal = (status: AppointmentStatus): boolean => next[status].length === 0

const invalid = (pointer: string, message: string): Problem<'VALIDATION_ERROR'> =>
  problem('VALIDATION_ERROR', undefined, { errors: [{ pointer, message }] })

const END_OF_YEARS = Date.UTC(10_000, 0, 1)

/** Nothing is booked into the past, nor beyond the years that the wire can write. */
export function refusePast(scheduledAt: string, now: Date): Problem<'VALIDATION_ERROR'> | undefined {
  const at = Date.parse(scheduledAt)
  return at > now.getTime() && at < END_OF_YEARS
    ? undefined
    : invalid('/scheduled_at', 'must be in the future, before the year 10000')
}

/** One day or a range, the right way round. */
export function refuseDays(query: {
  readonly date?: string
  readonly start_date?: string
  readonly end_date?: string
}): Problem<'VALIDATION_ERROR'> | undefined {
  const { date, start_date, end_date } = query
  if (date !== undefined && (start_date !== undefined || end_date !== undefined))
    return invalid('/query/date', 'does not go with start_date or end_date')
  if (start_date !== undefined && end_date !== undefined && start_date > end_date)
    return invalid('/query/end_date', 'must not be before start_date')
  return undefined
}

/** DISCHARGED patients take no new appointments, unlicensed providers neither. */
export function refuseCare(
  patient: { readonly status: 'ACTIVE' | 'DISCHARGED' },
  provider: { readonly licensed: boolean },
): Problem<'PATIENT_DISCHARGED' | 'LICENSE_EXPIRED'> | undefined {
  if (patient.status === 'DISCHARGED') return problem('PATIENT_DISCHARGED', 'Enroll the patient again first.')
  return provider.licensed ? undefined : problem('LICENSE_EXPIRED')
}

/** A status that does not lead there. Staying is no step. */
export const refuseTransition = (
  from: AppointmentStatus,
  to: AppointmentStatus,
): Problem<'CONFLICT'> | undefined =>
  from === to || next[from].includes(to)
    ? undefined
    : problem('CONFLICT', `The appointment is ${from}, which does not become ${to}.`)

/** What is over stays as it is; only the practice's notes may still change. */
export const refuseFinal = (status: AppointmentStatus): Problem<'CONFLICT'> | undefined =>
  isFinal(status) ? problem('CONFLICT', `The appointment is ${status}, and stays so.`) : undefined

/** Patients and proxies change a visit only before it starts; the practice also later. */
export const refuseBegun = (
  as: Admission,
  scheduledAt: string,
  now: Date,
): Problem<'CONFLICT'> | undefined =>
  as.kind === 'patient' && Date.parse(scheduledAt) <= now.getTime()
    ? problem('CONFLICT', 'The appointment has begun. Call the practice.')
    : undefined

/** A reason goes with cancelling, and with nothing else. */
export function refuseReason(body: {
  readonly status?: AppointmentStatus | undefined
  readonly cancellation_reason?: string | undefined
}): Problem<'VALIDATION_ERROR'> | undefined {
  if ((body.status === 'CANCELLED') === (body.cancellation_reason !== undefined)) return undefined
  return body.status === 'CANCELLED'
    ? invalid('/cancellation_reason', 'is required to cancel')
    : invalid('/cancellation_reason', 'goes with the status CANCELLED')
}

/** The version that the caller has seen, if it says so, must be the present one. */
export const refuseStale = (
  seen: number | undefined,
  current: number,
): Problem<'PRECONDITION_FAILED'> | undefined =>
  seen === undefined || seen === current
    ? undefined
    : problem('PRECONDITION_FAILED', undefined, { current_version: current })

/** At most 31 days ahead of the first. */
export function refuseRange(firstDay: string, lastDay: string): Problem<'VALIDATION_ERROR'> | undefined {
  const days = daysBetween(firstDay, lastDay)
  if (days < 0) return invalid('/query/end_date', 'must not be before start_date')
  return days > LONGEST_RANGE
    ? invalid('/query/end_date', `must be at most ${LONGEST_RANGE} days after start_date`)
    : undefined
}

/** Of what is asked, that which differs; undefined when nothing does. */
export function changesOf<Changes extends object>(present: object, asked: Changes): Changes | undefined {
  const before = new Map(Object.entries(present))
  const differing = Object.entries(asked).filter(([name, value]) => before.get(name) !== value)
  // Some of the same properties with the same values.
  return differing.length === 0 ? undefined : (Object.fromEntries(differing) as Changes)
}
