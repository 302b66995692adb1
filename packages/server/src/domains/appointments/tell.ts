import type { Db } from '../../db/scope.ts'
import { type NotifyTools, notify } from '../notifications/notify.ts'
import * as queries from './queries.ts'

interface Visit {
  readonly id: string
  readonly organization_id: string
  readonly patient_id: string
  readonly provider_id: string
}

/** What happened, as a notice says it: nothing of who, when or why. */
const NOTICES = {
  booked: { title: 'New appointment', body: 'An appointment was booked. Sign in to see it.' },
  moved: {
    title: 'Appointment moved',
    body: 'An appointment was moved to another time. Sign in to see it.',
  },
  cancelled: { title: 'Appointment cancelled', body: 'An appointment was cancelled. Sign in to see which.' },
} as const

interface Happened {
  readonly type: 'appointment.created' | 'appointment.updated'
  /** Left out when it is no news to those concerned. */
  readonly notice?: keyof typeof NOTICES | undefined
  /** The user who did it needs no notice; null: an API key. */
  readonly by: string | null
  readonly at: Date
}

/** The ids of a visit: all that its events carry. */
export const idsOf = (visit: Visit) => ({
  organization_id: visit.organization_id,
  appointment_id: visit.id,
  patient_id: visit.patient_id,
  provider_id: visit.provider_id,
})

/** The patient, live proxies and the provider hear of it on their streams, and those who did not do it get a notice. */
export async function tellConcerned(
  db: Db,
  tools: NotifyTools,
  visit: Visit,
  { type, notice, by, at }: Happened,
): Promise<void> {
  const people = await queries.listConcerned(db, visit.patient_id, visit.provider_id, at)
  for (const user of people) tools.emit({ type, audience: { user }, data: idsOf(visit) })
  if (notice === undefined) return
  const others = people.filter((user) => user !== by)
  await notify(db, tools, others, {
    ...NOTICES[notice],
    organization_id: visit.organization_id,
    type: 'appointment',
    action_url: `/appointments/${visit.id}`,
    created_at: at,
  })
}
