import type { components } from '../../generated/contract.ts'

type WebhookEventType = components['schemas']['WebhookEventType']

// A record: a type that the contract gains or loses fails to compile here.
const TYPES: Record<WebhookEventType, true> = {
  'member.joined': true,
  'member.removed': true,
  'license.expiring': true,
  'subscription.updated': true,
  'call.incoming': true,
  'call.dequeued': true,
  'call.completed': true,
  'impersonation.started': true,
  'impersonation.ended': true,
}

/** Nothing else ever leaves, whatever an organization's stream shows. */
export const WEBHOOK_EVENT_TYPES = Object.keys(TYPES)

export const isWebhookEventType = (type: string): type is WebhookEventType => Object.hasOwn(TYPES, type)
