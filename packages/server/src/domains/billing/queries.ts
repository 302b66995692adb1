import { sql } from 'kysely'
import type { Account } from '../../adapters/billing/billing.ts'
import type { SubscriptionStatus } from '../../adapters/billing/status.ts'
import type { Db } from '../../db/scope.ts'

export const findOrganization = (db: Db, id: string) =>
  db
    .selectFrom('organizations')
    .select(['id', 'timezone', 'stripe_customer_id', 'subscription_status', 'writes_until'])
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
    .executeTakeFirst()

/** A patient in care of the organization. */
export const findPatient = (db: Db, organizationId: string, id: string) =>
  db
    .selectFrom('organization_patients as op')
    .innerJoin('patients as p', 'p.id', 'op.patient_id')
    .select(['p.id', 'p.stripe_customer_id', 'p.subscription_status'])
    .where('op.organization_id', '=', organizationId)
    .where('op.patient_id', '=', id)
    .where('op.deleted_at', 'is', null)
    .where('p.deleted_at', 'is', null)
    .executeTakeFirst()

/** Notes who the account is at the provider, in place of `old`. Answers who it is now: another one when somebody was first. */
export async function setCustomer(
  db: Db,
  { kind, id }: Account,
  old: string | null,
  customer: string,
): Promise<string | null> {
  const name = kind === 'ORGANIZATION' ? 'set_organization_customer' : 'set_patient_customer'
  const { rows } = await sql<{ customer: string | null }>`
    select ${sql.id(name)}(${id}, ${old}, ${customer}) as customer`.execute(db)
  return rows[0]?.customer ?? null
}

/** Whose customer it is, or was until it was deleted; undefined for nobody's. */
export async function findAccount(
  db: Db,
  customer: string,
): Promise<(Account & { readonly deleted: boolean }) | undefined> {
  const { rows } = await sql<
    Account & { deleted: boolean }
  >`select kind, id, deleted from billing_account(${customer})`.execute(db)
  return rows[0]
}

/**
 * Whoever asks for this customer's subscriptions writes them down before the next one asks: an older answer never overwrites
 * a newer one. Held to the end of the transaction; it keeps nobody from the account's own row.
 */
export const lockCustomer = (db: Db, customer: string) =>
  sql`select pg_advisory_xact_lock(hashtextextended(${`billing:${customer}`}, 0))`.execute(db)

/** How a customer's subscriptions stand; gone: the provider knows the customer no more. */
export interface Standing {
  readonly status: SubscriptionStatus
  readonly gone: boolean
}

export interface OrganizationChange {
  readonly old_status: SubscriptionStatus
  readonly new_status: SubscriptionStatus
  readonly old_until: string | null
  readonly new_until: string | null
}

/** Answers what was and what is; undefined when it changes nothing, or the customer is no longer this organization's. */
export async function setOrganizationSubscription(
  db: Db,
  id: string,
  customer: string,
  { status, gone }: Standing,
  now: Date,
): Promise<OrganizationChange | undefined> {
  const { rows } = await sql<OrganizationChange>`
    select * from set_organization_subscription(${id}, ${customer}, ${status}, ${gone}, ${now})`.execute(db)
  return rows[0]
}

interface PatientChange {
  readonly old_status: SubscriptionStatus | null
  readonly new_status: SubscriptionStatus
  /** The patient's own sign-in. */
  readonly user_id: string | null
}

/** The same of a patient. */
export async function setPatientSubscription(
  db: Db,
  id: string,
  customer: string,
  { status, gone }: Standing,
): Promise<PatientChange | undefined> {
  const { rows } = await sql<PatientChange>`
    select * from set_patient_subscription(${id}, ${customer}, ${status}, ${gone})`.execute(db)
  return rows[0]
}

/** Organizations whose ADMINs are to hear that writing ends by `soon`, or ended by `now`. */
export async function listLapsing(db: Db, now: Date, soon: Date, limit: number): Promise<string[]> {
  const rows = await db
    .selectFrom('organizations')
    .select('id')
    .where('writes_until', '<=', soon.toISOString())
    .where('deleted_at', 'is', null)
    .where((eb) =>
      eb.or([
        eb('lapse_told', 'is', null),
        eb.and([eb('lapse_told', '=', 'SOON'), eb('writes_until', '<=', now.toISOString())]),
      ]),
    )
    .orderBy('writes_until')
    .limit(limit)
    .execute()
  return rows.map(({ id }) => id)
}

interface LapseNotice {
  readonly stage: 'SOON' | 'ENDED'
  readonly writes_until: string
  readonly stripe_customer_id: string | null
}

/** What the ADMINs are to be told now, once; undefined for nothing. */
export async function claimLapseNotice(db: Db, id: string, now: Date): Promise<LapseNotice | undefined> {
  const { rows } = await sql<LapseNotice>`select * from claim_lapse_notice(${id}, ${now})`.execute(db)
  return rows[0]
}
