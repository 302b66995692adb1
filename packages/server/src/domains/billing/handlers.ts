import { createHash } from 'node:crypto'
import { type Account, type Billing, BillingError } from '../../adapters/billing/billing.ts'
import { bestOf, isRunning } from '../../adapters/billing/status.ts'
import type { Db } from '../../db/scope.ts'
import type { BillingHandlers } from '../../generated/handlers.ts'
import { notFound, Problem, problem } from '../../http/problem.ts'
import type { Services } from '../../services.ts'
import { returnUrl, writeAccess } from './policy.ts'
import * as queries from './queries.ts'

const notConfigured = () => problem('BILLING_NOT_CONFIGURED', 'Billing is not set up on this server.')

/** The provider's fault as ours to tell; it has done nothing, and so have we. */
const unavailable = ({ fault }: BillingError): Problem<'BILLING_UNAVAILABLE'> =>
  fault === 'REFUSED'
    ? problem('BILLING_UNAVAILABLE', 'Stripe refuses what this server asks; its operator has to look.')
    : problem('BILLING_UNAVAILABLE', 'Stripe does not answer. Nothing was changed; try again.', {
        retry_after: 10,
      })

const isUnknown = (answer: unknown): boolean =>
  answer instanceof BillingError && answer.fault === 'UNKNOWN_CUSTOMER'

interface Payer {
  readonly account: Account
  /** Who it is at the provider; null for nobody yet. */
  readonly customer: string | null
}

interface Order {
  readonly price: string
  readonly returnUrl: string
  /** Of the caller's Idempotency-Key and whose it is. */
  readonly key: string | undefined
}

const alreadyRunning = () => problem('CONFLICT', 'There is a subscription already: change it in the portal.')

/** A customer that the provider knows, and whose subscription is not running. */
async function readyCustomer(
  billing: Billing,
  { account, customer }: Payer,
): Promise<string | BillingError | Problem<'CONFLICT'>> {
  // Derived from ours: whoever asks at the same time, or again after a crash, gets the same customer.
  const key = `wardline-customer-${account.id}`
  if (customer === null) return billing.createCustomer(account, key)
  const statuses = await billing.listStatuses(customer)
  // Deleted there, or of another account: then a new one.
  if (isUnknown(statuses)) return billing.createCustomer(account, `${key}-after-${customer}`)
  if (statuses instanceof BillingError) return statuses
  const status = bestOf(statuses)
  return status !== undefined && isRunning(status) ? alreadyRunning() : customer
}

/** What has to be the same for the provider to answer the same page again. */
const orderKey = (customer: string, { price, returnUrl: back, key }: Order): string | undefined =>
  key === undefined
    ? undefined
    : createHash('sha256')
        .update(JSON.stringify([key, customer, price, back]))
        .digest('hex')

/**
 * Both calls come before anything is written, so that no lock waits for the provider. What it did and we then fail to keep
 * is found again by its key.
 */
async function checkout(
  billing: Billing,
  db: Db,
  payer: Payer,
  order: Order,
): Promise<{ url: string; expires_at: string } | Problem<'CONFLICT' | 'BILLING_UNAVAILABLE'>> {
  const { account } = payer
  const { price, returnUrl: back } = order
  const customer = await readyCustomer(billing, payer)
  if (customer instanceof Problem) return customer
  if (customer instanceof BillingError) return unavailable(customer)
  const key = orderKey(customer, order)
  const page = await billing.createCheckout({ account, customer, price, returnUrl: back }, key)
  if (page instanceof BillingError) return unavailable(page)
  if (customer !== payer.customer) {
    const held = await queries.setCustomer(db, account, payer.customer, customer)
    if (held !== customer) return problem('CONFLICT', 'Somebody else did the same just now. Try again.')
  }
  return { url: page.url, expires_at: page.expiresAt.toISOString() }
}

async function portal(
  billing: Billing,
  customer: string | null,
  back: string,
): Promise<{ url: string } | Problem<'CONFLICT' | 'BILLING_UNAVAILABLE'>> {
  const url = customer === null ? undefined : await billing.createPortal(customer, back)
  if (url === undefined || isUnknown(url))
    return problem('CONFLICT', 'There is no subscription yet: begin one with a checkout.')
  return url instanceof BillingError ? unavailable(url) : { url }
}

export const billingHandlers = ({ billing, clock, config, publicUrl }: Services): BillingHandlers => {
  const back = (wanted: string | undefined) =>
    returnUrl({
      wanted,
      usual: config.billing?.returnUrl ?? `${publicUrl()}/billing`,
      trusted: [new URL(publicUrl()).origin, ...config.corsOrigins],
    })

  return {
    async getOrganizationBilling({ db }, { params: { org_id } }) {
      const row = await queries.findOrganization(db, org_id)
      if (row === undefined) return notFound('organization')
      const configured = billing !== undefined
      return {
        organization_id: row.id,
        configured,
        subscription_status: configured ? row.subscription_status : 'ACTIVE',
        write_access: configured ? writeAccess(row.writes_until, clock.now()) : 'OPEN',
        writes_until: configured ? row.writes_until : null,
        has_portal: configured && row.stripe_customer_id !== null,
      }
    },

    async createOrganizationCheckout({ db, actor }, { params: { org_id }, headers, body }) {
      const price = billing?.price('ORGANIZATION')
      if (billing === undefined || price === undefined) return notConfigured()
      const url = back(body.return_url)
      if (url instanceof Problem) return url
      const row = await queries.findOrganization(db, org_id)
      if (row === undefined) return notFound('organization')
      const own = headers['idempotency-key']
      const by = actor.kind === 'person' ? actor.userId : actor.keyId
      return checkout(
        billing,
        db,
        { account: { kind: 'ORGANIZATION', id: row.id }, customer: row.stripe_customer_id },
        { price, returnUrl: url, key: own === undefined ? undefined : `${by}:${own}` },
      )
    },

    async createOrganizationPortal({ db }, { params: { org_id }, body }) {
      if (billing === undefined) return notConfigured()
      const url = back(body.return_url)
      if (url instanceof Problem) return url
      const row = await queries.findOrganization(db, org_id)
      return row === undefined ? notFound('organization') : portal(billing, row.stripe_customer_id, url)
    },

    async getPatientBilling({ db }, { params: { org_id, patient_id } }) {
      const row = await queries.findPatient(db, org_id, patient_id)
      if (row === undefined) return notFound('patient')
      return {
        patient_id: row.id,
        configured: billing?.price('PATIENT') !== undefined,
        subscription_status: row.subscription_status,
        has_portal: billing !== undefined && row.stripe_customer_id !== null,
      }
    },

    async createPatientCheckout({ db }, { params: { org_id, patient_id }, body }) {
      const price = billing?.price('PATIENT')
      if (billing === undefined || price === undefined) return notConfigured()
      const url = back(body.return_url)
      if (url instanceof Problem) return url
      const row = await queries.findPatient(db, org_id, patient_id)
      if (row === undefined) return notFound('patient')
      return checkout(
        billing,
        db,
        { account: { kind: 'PATIENT', id: row.id }, customer: row.stripe_customer_id },
        { price, returnUrl: url, key: undefined },
      )
    },

    async createPatientPortal({ db }, { params: { org_id, patient_id }, body }) {
      if (billing === undefined) return notConfigured()
      const url = back(body.return_url)
      if (url instanceof Problem) return url
      const row = await queries.findPatient(db, org_id, patient_id)
      return row === undefined ? notFound('patient') : portal(billing, row.stripe_customer_id, url)
    },
  }
}
