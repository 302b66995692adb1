import { randomBytes } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import Stripe from 'stripe'

/** Stripe's own words for how a subscription stands. */
export type StripeStatus = Stripe.Subscription.Status

export interface StripeCall {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly form: Readonly<Record<string, string>>
}

interface Stored {
  readonly request: string
  status: number
  body: string
  done: boolean
}

type Answer = readonly [status: number, body: object]
/** Instead of the usual answer; undefined for the usual one, a promise to give it only then. */
type Instead = Answer | 'hang up' | 'say nothing' | Promise<void> | undefined

export const WEBHOOK_SECRET = 'whsec_of_this_test'
const KEY = 'sk_test_of_this_test'

const fault = (type: string, rest: object): object => ({
  error: { type, message: 'Words that are for the log at most', ...rest },
})
const missing = (param: string): Answer => [
  404,
  fault('invalid_request_error', { code: 'resource_missing', param }),
]

/**
 * Stripe's API on loopback, as far as it is used: its forms and errors, its secret key, and its idempotency keys: the same
 * request again gets the same answer, another one is refused, one that still runs is a conflict.
 */
export class LocalStripe {
  readonly calls: StripeCall[] = []
  readonly #server = createServer((request, response) => void this.#take(request, response))
  readonly #customers = new Map<string, Readonly<Record<string, string>>>()
  readonly #subscriptions = new Map<string, StripeStatus[]>()
  readonly #stored = new Map<string, Stored>()
  /** Called before a call is answered; what it answers instead. */
  #instead: ((call: StripeCall) => Instead) | undefined
  /** How long an answer takes. */
  delayMs = 0
  url = ''

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    const { port } = this.#server.address() as AddressInfo
    this.url = `http://127.0.0.1:${port}`
    return this
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.#server.closeAllConnections()
    await closed
  }

  /** What a server under test needs to be billed here. */
  get env(): Record<string, string> {
    return {
      STRIPE_SECRET_KEY: KEY,
      STRIPE_WEBHOOK_SECRET: WEBHOOK_SECRET,
      STRIPE_PRICE_ORGANIZATION: 'price_organization',
      STRIPE_PRICE_PATIENT: 'price_patient',
      STRIPE_API_BASE: this.url,
      STRIPE_TIMEOUT_SECONDS: '1',
    }
  }

  instead(answer: (call: StripeCall) => Instead): void {
    this.#instead = answer
  }

  asUsual(): void {
    this.#instead = undefined
  }

  customers(): string[] {
    return [...this.#customers.keys()]
  }

  /** How the customer's subscriptions stand from now on. */
  subscriptions(customer: string, ...statuses: StripeStatus[]): void {
    this.#subscriptions.set(customer, statuses)
  }

  standing(customer: string): readonly StripeStatus[] {
    return this.#subscriptions.get(customer) ?? []
  }

  /** Deletes a customer, as somebody does in Stripe's dashboard. */
  forget(customer: string): void {
    this.#customers.delete(customer)
  }

  count(method: string, path: string): number {
    return this.calls.filter((call) => call.method === method && call.path === path).length
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const url = new URL(request.url ?? '/', this.url)
    const text = Buffer.concat(chunks).toString()
    const form = Object.fromEntries([...url.searchParams, ...new URLSearchParams(text)])
    const call = { method: request.method ?? '', path: url.pathname, headers: request.headers, form }
    this.calls.push(call)
    const instead = this.#instead?.(call)
    if (instead === 'say nothing') return
    if (instead === 'hang up') {
      request.socket.destroy()
      return
    }
    // What it knows now, told then.
    const usual = instead === undefined || instead instanceof Promise ? this.#once(call, text) : undefined
    if (instead instanceof Promise) await instead
    const [status, body] =
      instead === undefined || instead instanceof Promise ? ((await usual) ?? missing('id')) : instead
    response
      .writeHead(status, {
        'content-type': 'application/json',
        'request-id': `req_${randomBytes(6).toString('hex')}`,
      })
      .end(typeof body === 'string' ? body : JSON.stringify(body))
  }

  async #once(call: StripeCall, text: string): Promise<readonly [number, object | string]> {
    const key = call.headers['idempotency-key']
    if (call.method !== 'POST' || typeof key !== 'string') {
      const answer = this.#answer(call)
      await sleep(this.delayMs)
      return answer
    }
    const request = `${call.path} ${text}`
    const before = this.#stored.get(key)
    if (before && before.request !== request) return [400, fault('idempotency_error', {})]
    if (before && !before.done)
      return [409, fault('invalid_request_error', { code: 'idempotency_key_in_use' })]
    if (before) return [before.status, before.body]
    const stored: Stored = { request, status: 0, body: '', done: false }
    this.#stored.set(key, stored)
    await sleep(this.delayMs)
    const [status, body] = this.#answer(call)
    Object.assign(stored, { status, body: JSON.stringify(body), done: true })
    // What was refused before it began may be sent again.
    if (status >= 400) this.#stored.delete(key)
    return [status, body]
  }

  #answer({ method, path, headers, form }: StripeCall): Answer {
    if (headers.authorization !== `Bearer ${KEY}`) return [401, fault('invalid_request_error', {})]
    if (method === 'POST' && path === '/v1/customers') {
      const id = `cus_${randomBytes(7).toString('hex')}`
      this.#customers.set(id, form)
      return [200, { id, object: 'customer' }]
    }
    const canceled = method === 'DELETE' ? /^\/v1\/subscriptions\/sub_(\d+)_(\w+)$/.exec(path) : null
    if (canceled) {
      const statuses = this.#subscriptions.get(canceled[2] ?? '')
      if (statuses?.[Number(canceled[1])] === undefined) return missing('id')
      statuses[Number(canceled[1])] = 'canceled'
      return [200, { id: path.slice(18), object: 'subscription', status: 'canceled' }]
    }
    const customer = form.customer ?? ''
    if (!this.#customers.has(customer)) return missing('customer')
    if (method === 'GET' && path === '/v1/subscriptions') {
      const data = (this.#subscriptions.get(customer) ?? []).map((status, at) => ({
        id: `sub_${at}_${customer}`,
        object: 'subscription',
        customer,
        status,
      }))
      return [200, { object: 'list', url: path, has_more: false, data }]
    }
    const id = randomBytes(8).toString('hex')
    if (method === 'POST' && path === '/v1/billing_portal/sessions')
      return [
        200,
        { id: `bps_${id}`, object: 'billing_portal.session', url: `https://billing.stripe.com/p/${id}` },
      ]
    if (method === 'POST' && path === '/v1/checkout/sessions') {
      if (!/^price_(organization|patient)$/.test(form['line_items[0][price]'] ?? ''))
        return missing('line_items[0][price]')
      const url = `https://checkout.stripe.com/c/pay/cs_${id}`
      return [200, { id: `cs_${id}`, object: 'checkout.session', url, expires_at: 1_900_000_000 }]
    }
    return missing('id')
  }
}

export interface TestEvent {
  readonly id: string
  readonly payload: string
}

/** An event as Stripe writes it, for people to read: other spaces would be other bytes. */
export function stripeEvent(
  type: string,
  object: object,
  id = `evt_${randomBytes(9).toString('hex')}`,
): TestEvent {
  const event = {
    id,
    object: 'event',
    api_version: '2026-10-28',
    created: 1,
    livemode: false,
    type,
    data: { object },
  }
  return { id, payload: JSON.stringify(event, null, 2) }
}

/** The header `Stripe-Signature`, by Stripe's own helper. */
export const stripeSignature = (payload: string, at: Date, secret = WEBHOOK_SECRET): string =>
  Stripe.webhooks.generateTestHeaderString({
    payload,
    secret,
    timestamp: Math.floor(at.getTime() / 1000),
  })
