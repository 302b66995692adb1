import { type Problem, problem } from '../../http/problem.ts'

/** Access ends in the future, or never. */
export const refuseEnd = (
  expiresAt: string | null | undefined,
  now: Date,
): Problem<'VALIDATION_ERROR'> | undefined =>
  typeof expiresAt === 'string' && Date.parse(expiresAt) <= now.getTime()
    ? problem('VALIDATION_ERROR', undefined, {
        errors: [{ pointer: '/expires_at', message: 'must be in the future' }],
      })
    : undefined

/** Who may be named: not oneself, since access as a proxy outlives the job; and not the patient. */
export function refuseCandidate(
  userId: string,
  callerId: string,
  patientUserId: string | null,
): Problem<'FORBIDDEN' | 'CONFLICT'> | undefined {
  if (userId === callerId) return problem('FORBIDDEN', 'Ask a colleague to give you access as a proxy.')
  return userId === patientUserId ? problem('CONFLICT', 'This is the patient.') : undefined
}
