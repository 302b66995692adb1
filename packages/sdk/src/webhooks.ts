import { WardlineError } from './errors.ts'
import type { StreamEvent } from './events.ts'
import type { components } from './generated/types.ts'

/** An event as a webhook brings it, told apart by `event`: the same as in the organization's stream. */
export type WebhookEvent = Extract<StreamEvent, { event: components['schemas']['WebhookEventType'] }>

/** Why a webhook was not accepted. Answer 400 to all of them: the server tries again, and the log shows it. */
export type WebhookRejection =
  | 'MISSING_HEADERS'
  | 'BAD_TIMESTAMP'
  | 'TOO_OLD'
  | 'TOO_NEW'
  | 'WRONG_SIGNATURE'
  | 'NOT_AN_EVENT'

/** A webhook is not from who it says, was changed, or is not of this moment. */
export class WebhookVerificationError extends WardlineError {
  override name = 'WebhookVerificationError'
  readonly reason: WebhookRejection

  constructor(reason: WebhookRejection, message: string) {
    super(message)
    this.reason = reason
  }
}

export interface VerifyOptions {
  /** Seconds that the webhook's time may be off the present, either way. Default 300. */
  tolerance?: number | undefined
  /** The present, in milliseconds; for tests. */
  now?: number | undefined
}

/** As a framework has them: `Headers`, or an object with names in any case. */
export type WebhookHeaders =
  | { get(name: string): string | null }
  | Readonly<Record<string, string | readonly string[] | undefined>>

const TOLERANCE = 300
const HMAC = { name: 'HMAC', hash: 'SHA-256' } as const

/**
 * Checks a webhook by the Standard Webhooks scheme and answers its event. Give it the body as it came, byte for byte,
 * never parsed and serialized again. A webhook may come more than once: skip an `id` that you have dealt with.
 *
 * @param secret `whsec_…` of the endpoint; several while you change over from one to another
 * @throws WebhookVerificationError, whose `reason` says what is wrong
 * @example
 * const event = await verifyWebhook(await request.text(), request.headers, process.env.WEBHOOK_SECRET)
 * if (event.event === 'member.joined') await welcome(event.data.user_id)
 */
export const verifyWebhook = async (
  payload: string | Uint8Array<ArrayBuffer>,
  headers: WebhookHeaders,
  secret: string | readonly string[],
  { tolerance = TOLERANCE, now = Date.now() }: VerifyOptions = {},
): Promise<WebhookEvent> => {
  const [id, timestamp, signature] = ['id', 'timestamp', 'signature'].map((name) =>
    headerOf(headers, `webhook-${name}`),
  )
  if (!id || !timestamp || !signature)
    throw new WebhookVerificationError(
      'MISSING_HEADERS',
      'A webhook has the headers webhook-id, webhook-timestamp and webhook-signature',
    )
  checkTime(timestamp, tolerance, now)
  const bytes = typeof payload === 'string' ? new TextEncoder().encode(payload) : payload
  const content = joined(`${id}.${timestamp}.`, bytes)
  for (const one of typeof secret === 'string' ? [secret] : secret)
    if (await isSignedBy(one, content, signature)) return parsed(bytes, id)
  throw new WebhookVerificationError('WRONG_SIGNATURE', 'No signature of the webhook fits the secret')
}

/**
 * The headers that `verifyWebhook`, and any library of Standard Webhooks, takes for this body: to test a receiver.
 *
 * @param at when it was sent, in milliseconds; now when left out
 */
export const signWebhook = async (
  payload: string,
  { id, secret, at = Date.now() }: { id: string; secret: string; at?: number | undefined },
): Promise<Record<'webhook-id' | 'webhook-timestamp' | 'webhook-signature', string>> => {
  const timestamp = String(Math.floor(at / 1000))
  const content = joined(`${id}.${timestamp}.`, new TextEncoder().encode(payload))
  const signature = await crypto.subtle.sign(HMAC, await keyOf(secret, 'sign'), content)
  const text = btoa(String.fromCharCode(...new Uint8Array(signature)))
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${text}` }
}

const headerOf = (headers: WebhookHeaders, name: string): string | undefined => {
  if (isHeaders(headers)) return headers.get(name) ?? undefined
  for (const [key, value] of Object.entries(headers))
    if (key.toLowerCase() === name) return typeof value === 'string' ? value : value?.join(' ')
  return undefined
}

const isHeaders = (headers: WebhookHeaders): headers is { get(name: string): string | null } =>
  typeof headers.get === 'function'

const checkTime = (timestamp: string, tolerance: number, now: number): void => {
  if (!/^\d{1,12}$/.test(timestamp))
    throw new WebhookVerificationError('BAD_TIMESTAMP', 'webhook-timestamp is not in seconds')
  const age = now / 1000 - Number(timestamp)
  if (age > tolerance) throw new WebhookVerificationError('TOO_OLD', 'The webhook was sent too long ago')
  if (age < -tolerance) throw new WebhookVerificationError('TOO_NEW', 'The webhook is from the future')
}

const joined = (start: string, bytes: Uint8Array): Uint8Array<ArrayBuffer> => {
  const head = new TextEncoder().encode(start)
  const all = new Uint8Array(head.length + bytes.length)
  all.set(head)
  all.set(bytes, head.length)
  return all
}

const fromBase64 = (text: string): Uint8Array<ArrayBuffer> | undefined => {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
  } catch {
    return undefined
  }
}

const keyOf = (secret: string, use: 'sign' | 'verify') => {
  const bytes = fromBase64(secret.replace(/^whsec_/, ''))
  // A mistake of who calls, not of the webhook: an empty key would fit what anybody can sign.
  if (bytes === undefined || bytes.length === 0) throw new WardlineError('The secret is not like whsec_…')
  return crypto.subtle.importKey('raw', bytes, HMAC, false, [use])
}

/** Any of the signatures will do: after a rotation there are two. Compared by WebCrypto, in constant time. */
const isSignedBy = async (
  secret: string,
  content: Uint8Array<ArrayBuffer>,
  signatures: string,
): Promise<boolean> => {
  const key = await keyOf(secret, 'verify')
  for (const one of signatures.split(' ')) {
    const [version, text = ''] = one.split(',')
    const bytes = version === 'v1' ? fromBase64(text) : undefined
    if (bytes !== undefined && (await crypto.subtle.verify(HMAC, key, bytes, content))) return true
  }
  return false
}

const parsed = (bytes: Uint8Array, id: string): WebhookEvent => {
  try {
    const event: unknown = JSON.parse(new TextDecoder().decode(bytes))
    if (isEvent(event, id)) return event
  } catch {
    // Said below.
  }
  throw new WebhookVerificationError('NOT_AN_EVENT', 'The webhook is signed, and holds no event')
}

// The signature vouches that the server wrote it; this only tells an event from another body signed with the same secret.
const isEvent = (value: unknown, id: string): value is WebhookEvent =>
  typeof value === 'object' &&
  value !== null &&
  'id' in value &&
  value.id === id &&
  'event' in value &&
  typeof value.event === 'string' &&
  'data' in value &&
  typeof value.data === 'object'
