import { randomBytes } from 'node:crypto'
import { Webhook } from 'standardwebhooks'

const BYTES = 32

/** How long the old secret signs along after a rotation. */
export const OVERLAP_MS = 24 * 3600_000

export const newWebhookSecret = (): string => `whsec_${randomBytes(BYTES).toString('base64')}`

/** What a secret of this endpoint is encrypted for. */
export const secretContext = (endpointId: string): string => `webhook_endpoints.secret:${endpointId}`

/** The headers of Standard Webhooks, with one signature for each secret. */
export const signedHeaders = (
  secrets: readonly string[],
  eventId: string,
  body: string,
  at: Date,
): Record<string, string> => ({
  'webhook-id': eventId,
  'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
  'webhook-signature': secrets.map((secret) => new Webhook(secret).sign(eventId, at, body)).join(' '),
})
