import { type Problem, problem } from '../../http/problem.ts'

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
