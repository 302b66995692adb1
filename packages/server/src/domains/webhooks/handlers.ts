import type { WebhooksHandlers } from '../../generated/handlers.ts'
import { problem } from '../../http/problem.ts'
import type { Services } from '../../services.ts'
import { findAccount } from '../billing/queries.ts'
import { insertReceipt } from './queries.ts'

export const webhooksHandlers = ({ billing, clock }: Services): WebhooksHandlers => ({
  /** Keeps that the event came, and asks Stripe later: its own telling may be old, and a slow answer is sent again. */
  async handleStripeWebhook({ db, enqueue, log }, { headers, body }) {
    if (billing === undefined)
      return problem('BILLING_NOT_CONFIGURED', 'Billing is not set up on this server.')
    const now = clock.now()
    const event = billing.readEvent(body, headers['stripe-signature'], now)
    if (event === 'forged')
      return problem('INVALID_SIGNATURE', 'The Stripe-Signature is missing, wrong or too old.')
    if (event === 'unreadable') return problem('VALIDATION_ERROR', 'The body is not an event of Stripe.')
    const { id, type, customer } = event
    const account = customer === undefined ? undefined : await findAccount(db, customer)
    const outcome = account ? 'APPLIED' : customer === undefined ? 'IGNORED' : 'UNKNOWN_CUSTOMER'
    const isNew = await insertReceipt(db, {
      provider: 'stripe',
      external_id: id,
      event_type: type,
      outcome,
      received_at: now,
    })
    if (isNew && account && customer !== undefined) enqueue('billing-sync', { customer_id: customer })
    log.info(
      { event_id: id, event_type: type, outcome: isNew ? outcome : 'REPEATED' },
      'Stripe told of something',
    )
    return { received: true }
  },
})
