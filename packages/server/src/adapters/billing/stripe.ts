import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import type { Logger } from 'pino'
import Stripe from 'stripe'
import type { BillingSettings } from '../../config.ts'
import { isRecord } from '../../is-record.ts'
import { type Account, type Billing, BillingError, type BillingEvent } from './billing.ts'
import type { SubscriptionStatus } from './status.ts'

const retries = 1
// Callers wait with a database connection in their hands: more of them at once would take all of the pool.
const mostAtOnce = 4
const toleranceSeconds = 300

/**
 * Stripe's words in ours. `unpaid` is what it makes of past_due when it gives up asking for the money, `paused` a trial that
 * ended without a card: both can be paid any time. `incomplete_expired` never began.
 */
const STATUSES: Record<Stripe.Subscription.Status, SubscriptionStatus> = {
  active: 'ACTIVE',
  trialing: 'TRIALING',
  past_due: 'PAST_DUE',
  unpaid: 'PAST_DUE',
  paused: 'PAST_DUE',
  canceled: 'CANCELED',
  incomplete: 'INCOMPLETE',
  incomplete_expired: 'INCOMPLETE',
}

/** After these a subscription may stand otherwise. What they say of it is not believed: Stripe is asked. */
const TELLING: ReadonlySet<string> = new Set([
  'checkout.session.completed',
  'checkout.session.async_payment_succeeded',
  'checkout.session.async_payment_failed',
  'customer.deleted',
  'customer.subscription.created',
  'customer.subscription.updated',
  'customer.subscription.deleted',
  'customer.subscription.paused',
  'customer.subscription.resumed',
  'invoice.paid',
  'invoice.payment_failed',
])

function customerOf(type: string, object: unknown): string | undefined {
  if (!TELLING.has(type) || !isRecord(object)) return undefined
  const customer = type === 'customer.deleted' ? object.id : object.customer
  if (typeof customer === 'string') return customer
  return isRecord(customer) && typeof customer.id === 'string' ? customer.id : undefined
}

/** @returns undefined for what is no event of Stripe's */
function readBody(text: string): BillingEvent | undefined {
  let event: unknown
  try {
    event = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!isRecord(event) || typeof event.id !== 'string' || typeof event.type !== 'string') return undefined
  const { id, type, data } = event
  if (id === '' || id.length > 255 || type === '' || type.length > 200) return undefined
  return { id, type, customer: customerOf(type, isRecord(data) ? data.object : undefined) }
}

function addressOf(apiBase: string | undefined) {
  if (apiBase === undefined) return { httpAgent: new HttpsAgent({ keepAlive: true }) }
  const { protocol, hostname, port } = new URL(apiBase)
  const isPlain = protocol === 'http:'
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    protocol: isPlain ? ('http' as const) : ('https' as const),
    port: port === '' ? (isPlain ? 80 : 443) : Number(port),
    httpAgent: isPlain ? new HttpAgent({ keepAlive: true }) : new HttpsAgent({ keepAlive: true }),
  }
}

const metadataOf = ({ kind, id }: Account) =>
  kind === 'ORGANIZATION' ? { organization_id: id } : { patient_id: id }

/** Where a page leads back to, and how it went. */
const backTo = (returnUrl: string, billing: 'done' | 'canceled'): string => {
  const url = new URL(returnUrl)
  url.searchParams.set('billing', billing)
  return url.href
}

/** Stripe, by its own library. Nothing is sent there but our ids, prices and addresses to come back to. */
export function createStripe(settings: BillingSettings, log: Logger): Billing {
  const address = addressOf(settings.apiBase)
  const stripe = new Stripe(settings.secretKey, {
    ...address,
    timeout: settings.timeoutSeconds * 1000,
    maxNetworkRetries: retries,
    telemetry: false,
  })
  let underWay = 0

  function faultOf(error: unknown): BillingError {
    if (!(error instanceof Stripe.errors.StripeError)) throw error
    const { type, code, param, statusCode, requestId } = error
    const isGone = code === 'resource_missing' && (param === 'customer' || param === 'id')
    const isOurs = statusCode !== undefined && statusCode < 500 && statusCode !== 409 && statusCode !== 429
    const fault = isGone ? 'UNKNOWN_CUSTOMER' : isOurs ? 'REFUSED' : 'UNAVAILABLE'
    const said = { stripe: { type, code, param, status: statusCode, request_id: requestId } }
    if (fault === 'REFUSED') log.error(said, 'Stripe refuses what it is asked: look at the STRIPE_ settings')
    else log.warn(said, 'Stripe did nothing')
    return new BillingError(fault)
  }

  async function ask<T>(work: () => Promise<T>): Promise<T | BillingError> {
    if (underWay >= mostAtOnce) return new BillingError('UNAVAILABLE')
    underWay += 1
    try {
      return await work()
    } catch (error) {
      return faultOf(error)
    } finally {
      underWay -= 1
    }
  }

  function isSigned(text: string, signature: string, secret: string, now: Date): boolean {
    try {
      const { signature: helper } = stripe.webhooks
      return (
        helper?.verifyHeader(text, signature, secret, toleranceSeconds, undefined, now.getTime()) === true
      )
    } catch (error) {
      if (error instanceof Stripe.errors.StripeSignatureVerificationError) return false
      throw error
    }
  }

  return {
    price: (kind) => (kind === 'ORGANIZATION' ? settings.organizationPrice : settings.patientPrice),

    createCustomer: (account, idempotencyKey) =>
      ask(async () => {
        const customer = { metadata: metadataOf(account) }
        return (await stripe.customers.create(customer, { idempotencyKey })).id
      }),

    async createCheckout({ account, customer, price, returnUrl }, key) {
      const metadata = metadataOf(account)
      const order: Stripe.Checkout.SessionCreateParams = {
        mode: 'subscription',
        customer,
        client_reference_id: account.id,
        line_items: [{ price, quantity: 1 }],
        metadata,
        subscription_data: { metadata },
        success_url: backTo(returnUrl, 'done'),
        cancel_url: backTo(returnUrl, 'canceled'),
      }
      const options = key === undefined ? {} : { idempotencyKey: key }
      const session = await ask(() => stripe.checkout.sessions.create(order, options))
      if (session instanceof BillingError) return session
      // Only a page of another kind than we ask for has none.
      if (session.url === null) return new BillingError('UNAVAILABLE')
      return { url: session.url, expiresAt: new Date(session.expires_at * 1000) }
    },

    createPortal: (customer, returnUrl) =>
      ask(async () => (await stripe.billingPortal.sessions.create({ customer, return_url: returnUrl })).url),

    listStatuses: (customer) =>
      ask(async () => {
        const { data } = await stripe.subscriptions.list({ customer, status: 'all', limit: 100 })
        // A word that Stripe adds one day: until we know it, it closes nothing.
        return data.map(({ status }) => STATUSES[status] ?? 'INCOMPLETE')
      }),

    endSubscriptions: (customer) =>
      ask(async () => {
        const { data } = await stripe.subscriptions.list({ customer, status: 'all', limit: 100 })
        for (const { id, status } of data)
          if (status !== 'canceled' && status !== 'incomplete_expired') await stripe.subscriptions.cancel(id)
        return undefined
      }),

    readEvent(body, signature, now) {
      const text = body.toString()
      // Bytes that are no text are not what Stripe signed. The library gets the text: of bytes it would mend some.
      if (signature === undefined || !Buffer.from(text).equals(body)) return 'forged'
      const signedAt = Number(/(?:^|,)t=(\d{1,12})(?:,|$)/.exec(signature)?.[1])
      // It minds what is too old, and not what is of tomorrow.
      if (!(signedAt * 1000 <= now.getTime() + toleranceSeconds * 1000)) return 'forged'
      const isValid = settings.webhookSecrets.some((secret) => isSigned(text, signature, secret, now))
      return isValid ? (readBody(text) ?? 'unreadable') : 'forged'
    },

    close: () => address.httpAgent.destroy(),
  }
}
