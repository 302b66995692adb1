import { sql } from 'kysely'
import type { Db } from '../../db/scope.ts'
import { type NotifyTools, notify } from '../notifications/notify.ts'

interface ExpiringLicense {
  readonly organization_id: string
  readonly provider_id: string
  readonly user_id: string
  readonly state: string
  readonly expiry: string
  readonly days_left: number
  /** The provider was not told by another organization. */
  readonly is_first: boolean
  readonly admin_ids: readonly string[]
}

const inDays = (days: number): string => (days === 0 ? 'today' : days === 1 ? 'tomorrow' : `in ${days} days`)

/**
 * Tells providers and ADMINs of licences that have come within 60, 30 or 7 days of their end. Each stage of a licence is
 * told once, whichever of many servers looks first.
 */
export async function announceExpiringLicenses(db: Db, tools: NotifyTools, now: Date): Promise<void> {
  const { rows } = await sql<ExpiringLicense>`select * from claim_license_reminders(${now})`.execute(db)
  for (const {
    organization_id,
    provider_id,
    user_id,
    state,
    expiry,
    days_left,
    is_first,
    admin_ids,
  } of rows) {
    tools.emit({
      type: 'license.expiring',
      audience: { organization: organization_id },
      data: { organization_id, provider_id, state, expiry, days_left },
    })
    const notice = {
      organization_id,
      type: 'admin',
      action_url: `/organizations/${organization_id}/providers/${provider_id}`,
      created_at: now,
    } as const
    await notify(db, tools, is_first ? [user_id] : [], {
      ...notice,
      title: 'Your licence expires soon',
      body: `Your licence of ${state} expires ${inDays(days_left)}. Without one no appointment can be booked with you.`,
    })
    await notify(db, tools, admin_ids, {
      ...notice,
      title: 'The licence of a provider expires soon',
      body: `A licence of ${state} expires ${inDays(days_left)}. Without one no appointment can be booked.`,
    })
  }
}
