import type { components } from '../../generated/contract.ts'

/** How a subscription stands, in our words. */
export type SubscriptionStatus = components['schemas']['SubscriptionStatus']

// The best first. An ended one outranks one that never began: whoever let a subscription lapse does not begin anew by
// starting another that is never paid.
const ORDER = [
  'ACTIVE',
  'TRIALING',
  'PAST_DUE',
  'CANCELED',
  'INCOMPLETE',
] as const satisfies SubscriptionStatus[]

/** The standing of a customer: that of the best of the subscriptions; undefined for none. */
export const bestOf = (statuses: readonly SubscriptionStatus[]): SubscriptionStatus | undefined =>
  ORDER.find((status) => statuses.includes(status))

/** Whether there is a subscription to change, rather than one to begin. */
export const isRunning = (status: SubscriptionStatus): boolean =>
  status === 'ACTIVE' || status === 'TRIALING' || status === 'PAST_DUE'
