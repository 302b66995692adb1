import type { Pool } from 'pg'
import { type Account, type Billing, BillingError } from '../../adapters/billing/billing.ts'
import { bestOf, isRunning, type SubscriptionStatus } from '../../adapters/billing/status.ts'
import type { Clock } from '../../clock.ts'
import { type Db, noScope, type Scope, unscoped } from '../../db/scope.ts'
import { auditWrite } from '../../http/steps/audit.ts'
import type { Effects } from '../../jobs/effects.ts'
import type { Services } from '../../services.ts'
import { type NotifyTools, notify } from '../notifications/notify.ts'
import * as queries from './queries.ts'
import { type News, tellAdmins } from './tell.ts'

interface Parts extends Pick<Services, 'cipher' | 'log' | 'newId' | 'publicUrl'> {
  readonly pool: Pool
  readonly clock: Clock
  readonly billing: Billing | undefined
  readonly effects: Effects
}

/** One change that nobody signed in made: the provider's. */
const auditChange = (
  db: Db,
  newId: () => string,
  { kind, id }: Account,
  organizationId: string | null,
  now: Date,
): Promise<void> => {
  const row = newId()
  return auditWrite(db, {
    id: row,
    actorUserId: null,
    actorType: 'SYSTEM',
    organizationId,
    operationId: 'handleStripeWebhook',
    resourceType: kind,
    resourceId: id,
    actionType: 'UPDATE_SUBSCRIPTION',
    ipAddress: null,
    userAgent: null,
    impersonatorId: null,
    requestId: row,
    reason: null,
    outcome: 'SUCCESS',
    problemCode: null,
    changes: null,
    occurredAt: now,
  })
}

/** How the customer stands now, whatever any event says; undefined where there was never a subscription. */
async function standing(
  { billing, log }: Parts,
  customer: string,
): Promise<SubscriptionStatus | BillingError | undefined> {
  // Nobody to ask any more: the job waits for whoever has the settings.
  if (billing === undefined) return new BillingError('UNAVAILABLE')
  const statuses = await billing.listStatuses(customer)
  // Nobody can pay for a customer that is gone.
  if (statuses instanceof BillingError) return statuses.fault === 'UNKNOWN_CUSTOMER' ? 'CANCELED' : statuses
  const running = statuses.filter(isRunning).length
  if (running > 1) log.warn({ customer, running }, 'a customer pays for several subscriptions')
  return bestOf(statuses)
}

const newsOf = (was: SubscriptionStatus, is: SubscriptionStatus, until: string | null): News | undefined => {
  if (was === is) return undefined
  if (is === 'PAST_DUE' || is === 'CANCELED') return is
  return isRunning(is) && (was === 'PAST_DUE' || was === 'CANCELED') && until === null ? 'RENEWED' : undefined
}

async function syncOrganization(
  parts: Parts,
  db: Db,
  tools: NotifyTools,
  account: Account,
  customer: string,
  status: SubscriptionStatus,
): Promise<void> {
  const now = parts.clock.now()
  const change = await queries.setOrganizationSubscription(db, account.id, customer, status, now)
  if (change === undefined) return
  const { old_status, new_status, old_until, new_until } = change
  if (old_status === new_status && old_until === new_until) return
  await auditChange(db, parts.newId, account, account.id, now)
  tools.emit({
    type: 'subscription.updated',
    audience: { organization: account.id },
    data: { organization_id: account.id, subscription_status: new_status, writes_until: new_until },
  })
  const news = newsOf(old_status, new_status, new_until)
  const organization = await queries.findOrganization(db, account.id)
  if (news && organization) await tellAdmins(db, tools, parts, organization, news, new_until, now)
}

async function syncPatient(
  parts: Parts,
  db: Db,
  tools: NotifyTools,
  account: Account,
  customer: string,
  status: SubscriptionStatus,
): Promise<void> {
  const now = parts.clock.now()
  const change = await queries.setPatientSubscription(db, account.id, customer, status)
  if (change === undefined || change.old_status === change.new_status) return
  await auditChange(db, parts.newId, account, null, now)
  if (change.new_status !== 'PAST_DUE' || change.user_id === null) return
  await notify(db, tools, [change.user_id], {
    organization_id: null,
    type: 'billing',
    title: 'A payment failed',
    body: 'Your subscription could not be paid. Please look at your card.',
    action_url: '/billing',
    created_at: now,
  })
}

/**
 * Asks the provider how a customer's subscriptions stand and writes that down, with what follows from it. It does not matter
 * what was told, how often or in which order: who asks later knows better, and is written down later.
 * @returns why nothing could be written down, while the provider does not answer
 */
export async function syncCustomer(parts: Parts, customer: string): Promise<BillingError | undefined> {
  const account = await unscoped(parts.pool, 'read', (db) => queries.findAccount(db, customer))
  if (account === undefined) return undefined
  const isOrganization = account.kind === 'ORGANIZATION'
  const scope: Scope = isOrganization
    ? { name: 'organization', organizationId: account.id, userId: null }
    : noScope
  return parts.effects(scope, async (db, { emit, enqueue }) => {
    await queries.lockCustomer(db, customer)
    const status = await standing(parts, customer)
    if (status === undefined || status instanceof BillingError) return status
    const sync = isOrganization ? syncOrganization : syncPatient
    await sync(parts, db, { emit, enqueue, newId: parts.newId }, account, customer, status)
    return undefined
  })
}
