import type { Logger } from 'pino'
import type { Config } from '../../config.ts'
import type { SubscriptionStatus } from './status.ts'

/** Who pays. Its id is all that leaves the house. */
export interface Account {
  readonly kind: 'ORGANIZATION' | 'PATIENT'
  readonly id: string
}

/** Where somebody subscribes. */
export interface CheckoutPage {
  readonly url: string
  readonly expiresAt: Date
}

/** What the provider tells of. */
export interface BillingEvent {
  readonly id: string
  readonly type: string
  /** Whose subscription may stand otherwise now; undefined where none can. */
  readonly customer: string | undefined
}

/** UNKNOWN_CUSTOMER: it was deleted there, or belongs to another account. REFUSED: our settings are wrong. */
export type BillingFault = 'UNAVAILABLE' | 'REFUSED' | 'UNKNOWN_CUSTOMER'

/** Why the provider did nothing: answered, not thrown. Its own words may name what was asked, and stay in the log. */
export class BillingError extends Error {
  override readonly name = 'BillingError'
  readonly fault: BillingFault

  constructor(fault: BillingFault) {
    super(fault)
    this.fault = fault
  }
}

/** The payment provider. Every call ends within some 20 seconds, and answers a BillingError when it has done nothing. */
export interface Billing {
  /** What there is to subscribe to; undefined where nothing is. */
  price(kind: Account['kind']): string | undefined
  /** Makes a customer; with the same key the same one again. */
  createCustomer(account: Account, key: string): Promise<string | BillingError>
  /** Makes a page to subscribe on; with the same key the same one again. Without a key: a new one. */
  createCheckout(
    order: { account: Account; customer: string; price: string; returnUrl: string },
    key: string | undefined,
  ): Promise<CheckoutPage | BillingError>
  /** Makes a page to change the subscription on. */
  createPortal(customer: string, returnUrl: string): Promise<string | BillingError>
  /** How each of the customer's subscriptions stands now. */
  listStatuses(customer: string): Promise<readonly SubscriptionStatus[] | BillingError>
  /** Ends whatever the customer still pays for. */
  endSubscriptions(customer: string): Promise<BillingError | undefined>
  /**
   * Reads an event, when its signature holds over these very bytes and is at most five minutes old.
   * @returns 'forged' where it does not, 'unreadable' for what is signed and no event
   */
  readEvent(body: Buffer, signature: string | undefined, now: Date): BillingEvent | 'forged' | 'unreadable'
  close(): void
}

/** Stripe where it is configured. Its library is loaded only then. */
export async function createBilling(
  { billing }: Pick<Config, 'billing'>,
  log: Logger,
): Promise<Billing | undefined> {
  if (billing === undefined) return undefined
  const { createStripe } = await import('./stripe.ts')
  return createStripe(billing, log)
}
