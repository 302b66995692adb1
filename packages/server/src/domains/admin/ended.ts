import type { Db } from '../../db/scope.ts'
import { type NotifyTools, notify } from '../notifications/notify.ts'

/** An impersonation that is over. `user_id` is the patient's sign-in. */
export interface EndedImpersonation {
  readonly id: string
  readonly organization_id: string
  readonly patient_id: string
  readonly admin_user_id: string
  readonly user_id: string | null
}

/** Tells the organization that an impersonation is over, and the patient that there was one. */
export async function announceEnd(
  db: Db,
  tools: NotifyTools,
  ended: EndedImpersonation,
  at: Date,
): Promise<void> {
  tools.emit({
    type: 'impersonation.ended',
    audience: { organization: ended.organization_id },
    data: {
      impersonation_id: ended.id,
      organization_id: ended.organization_id,
      patient_id: ended.patient_id,
      admin_user_id: ended.admin_user_id,
      ended_at: at.toISOString(),
    },
  })
  await notify(db, tools, ended.user_id === null ? [] : [ended.user_id], {
    organization_id: ended.organization_id,
    type: 'system',
    title: 'An administrator looked at your account',
    body: 'An administrator of your care organization saw what you see here, to help or to check something.',
    action_url: '/account',
    created_at: at,
  })
}
