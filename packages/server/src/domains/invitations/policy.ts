import { type Problem, problem } from '../../http/problem.ts'
import type { InvitationStatus } from './queries.ts'

type Closed = 'INVITATION_ACCEPTED' | 'INVITATION_DECLINED' | 'INVITATION_USED'

/** Somebody answered it, or it was cancelled. */
export function refuseClosed(status: InvitationStatus): Problem<Closed> | undefined {
  switch (status) {
    case 'ACCEPTED':
      return problem('INVITATION_ACCEPTED')
    case 'DECLINED':
      return problem('INVITATION_DECLINED')
    case 'CANCELLED':
      return problem('INVITATION_USED', 'The invitation was cancelled.')
    default:
      return undefined
  }
}

/** It can no longer be answered. */
export const refuseAnswer = (status: InvitationStatus): Problem<Closed | 'INVITATION_EXPIRED'> | undefined =>
  refuseClosed(status) ??
  (status === 'EXPIRED' ? problem('INVITATION_EXPIRED', 'Ask for a new one.') : undefined)

const RESENDS = 5

export const refuseResend = (
  status: InvitationStatus,
  resends: number,
): Problem<Closed | 'RESEND_LIMIT_EXCEEDED'> | undefined =>
  refuseClosed(status) ??
  (resends >= RESENDS
    ? problem('RESEND_LIMIT_EXCEEDED', `It was sent ${RESENDS} times again; invite anew.`)
    : undefined)
