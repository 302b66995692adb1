import type { Admission, Person } from '../../http/actor.ts'
import { type Problem, problem } from '../../http/problem.ts'

/** The organization that an administrator acts in; null for a super-admin who named none. */
export const organizationOf = (as: Admission): string | null =>
  as.kind === 'member' || as.kind === 'platform' ? as.organizationId : null

/** Names and health data show only to the organization's own administrators. */
export const seesNames = (as: Admission): boolean => as.kind === 'member' && as.role === 'ADMIN'

export const organizationRequired = () =>
  problem('ORGANIZATION_REQUIRED', 'Name the organization in organization_id.')

interface Target {
  readonly status: 'ACTIVE' | 'DISCHARGED'
  readonly user_id: string | null
}

/** Whom one may impersonate: a patient in care here, with a sign-in, who is somebody else. */
export function targetRefusal(
  target: Target,
  actor: Person,
): Problem<'PATIENT_DISCHARGED' | 'CONFLICT'> | undefined {
  if (target.status !== 'ACTIVE') return problem('PATIENT_DISCHARGED', 'The patient is discharged.')
  if (target.user_id === null) return problem('CONFLICT', 'The patient has no sign-in.')
  if (target.user_id === actor.userId) return problem('CONFLICT', 'The patient is yourself.')
  return undefined
}
