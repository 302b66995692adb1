import type { Pool } from 'pg'
import { type Account, type Billing, BillingError } from '../../adapters/billing/billing.ts'
import { bestOf, isRunning } from '../../adapters/billing/status.ts'
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
async function askStanding(
  { billing, log }: Parts,
  customer: string,
): Promise<queries.Standing | BillingError | undefined> {
  // Nobody to ask any more: the job waits for whoever has the settings.
  if (billing === undefined) return new BillingError('UNAVAILABLE')
  const statuses = await billing.listStatuses(customer)
  // Nobody can pay for a customer that is gone.
  if (statuses instanceof BillingError)
    return statuses.fault === 'UNKNOWN_CUSTOMER' ? { status: 'CANCELED', gone: true } : statuses
  const running = statuses.filter(isRunning).length
  if (running > 1) log.warn({ customer, running }, 'a customer pays for several subscriptions')
  const status = bestOf(statuses)
  return status && { status, gone: false }
}

function newsOf(change: queries.OrganizationChange): News | undefined {
  const { old_status: was, new_status: is, old_until: before, new_until: until } = change
  if (before !== null && until === null) return 'RENEWED'
  return was !== is && (is === 'PAST_DUE' || is === 'CANCELED') ? is : undefined
}

async function syncOrganization(
  parts: Parts,
  db: Db,
  tools: NotifyTools,
  account: Account,
  customer: string,
  standing: queries.Standing,
): Promise<void> {
  const now = parts.clock.now()
  const change = await queries.setOrganizationSubscription(db, account.id, customer, standing, now)
  if (change === undefined) return
  const { old_status, new_status, old_until, new_until } = change
  if (old_status === new_status && old_until === new_until) return
  await auditChange(db, parts.newId, account, account.id, now)
  tools.emit({
    type: 'subscription.updated',
    audience: { organization: account.id },
    data: { organization_id: account.id, subscription_status: new_status, writes_until: new_until },
  })
  const news = newsOf(change)
  const organization = await queries.findOrganization(db, account.id)
  if (news && organization) await tellAdmins(db, tools, parts, organization, news, new_until, now)
}

async function syncPatient(
  parts: Parts,
  db: Db,
  tools: NotifyTools,
  account: Account,
  customer: string,
  standing: queries.Standing,
): Promise<void> {
  const now = parts.clock.now()
  const change = await queries.setPatientSubscription(db, account.id, customer, standing)
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

/** Nobody who was deleted goes on paying, not even on a page that was opened before. */
async function endFor({ billing, log }: Parts, customer: string): Promise<BillingError | undefined> {
  if (billing === undefined) return new BillingError('UNAVAILABLE')
  const fault = await billing.endSubscriptions(customer)
  if (fault?.fault === 'UNKNOWN_CUSTOMER') return undefined
  if (fault === undefined) log.info({ customer }, 'the subscriptions of somebody deleted are ended')
  return fault
}

/**
 * Asks the provider how a customer's subscriptions stand and writes that down, with what follows from it. It does not matter
 * what was told, how often or in which order: who asks later knows better, and is written down later.
 * @returns why nothing could be written down, while the provider does not answer
 */
export async function syncCustomer(parts: Parts, customer: string): Promise<BillingError | undefined> {
  const account = await unscoped(parts.pool, 'read', (db) => queries.findAccount(db, customer))
  if (account === undefined) return undefined
  if (account.deleted) return endFor(parts, customer)
  const isOrganization = account.kind === 'ORGANIZATION'
  const scope: Scope = isOrganization
    ? { name: 'organization', organizationId: account.id, userId: null }
    : noScope
  return parts.effects(scope, async (db, { emit, enqueue }) => {
    await queries.lockCustomer(db, customer)
    const standing = await askStanding(parts, customer)
    if (standing === undefined || standing instanceof BillingError) return standing
    const sync = isOrganization ? syncOrganization : syncPatient
    await sync(parts, db, { emit, enqueue, newId: parts.newId }, account, customer, standing)
    return undefined
  })
}
