import type { Pool } from 'pg'
import type { Logger } from 'pino'
import type { Clock } from '../../clock.ts'
import { type Db, type Scope, transaction } from '../../db/scope.ts'
import type { Effects } from '../../jobs/effects.ts'
import { spanned, type Tracing } from '../../observe/trace.ts'
import type { Cipher } from '../../security/cipher.ts'
import { within } from '../../time-limit.ts'
import { disableGone, disableIfFailing } from './disable.ts'
import { type Claimed, claimDeliveries, planDeliveries, settleDelivered, settleFailed } from './outbox.ts'
import { GIVE_UP_MS, nextAttempt, retryAt } from './schedule.ts'
import { secretContext, signedHeaders } from './secrets.ts'
import type { Sender, Sent } from './sender.ts'

const lookMs = 500
const GONE = 410
// Many wake-ups in a row are one look.
const gatherMs = 20
const mostAtOnce = 32
const mostPerEndpoint = 4
// Longer than an attempt may take: what is claimed again was lost, not slow.
const leaseSlackMs = 5000
const lingerMs = 5000

const fixedHeaders = { 'content-type': 'application/json', 'user-agent': 'Wardline-Webhooks/1' }
const scope: Scope = { name: 'webhooks', organizationId: null, userId: null }

interface Parts {
  readonly pool: Pool
  readonly clock: Clock
  readonly log: Logger
  readonly newId: () => string
  readonly cipher: Cipher
  readonly publicUrl: () => string
  readonly effects: Effects
  readonly sender: Sender
  readonly timeoutMs: number
  readonly tracing?: Tracing | undefined
  /** Hears how each attempt ended: `delivered`, or its error. */
  readonly attempted?: ((outcome: string) => void) | undefined
}

/** Carries events to webhook endpoints. Servers and workers share the work through the database. */
export interface Courier {
  start(): void
  /** Something was published: no need to wait for the next look. */
  wake(): void
  /** Finishes what is under way; what is not done in five seconds is cut, and tried again by whoever is there. */
  stop(): Promise<void>
}

export function createCourier(parts: Parts): Courier {
  const { pool, clock, log, newId, cipher, effects, sender, timeoutMs } = parts
  const busy = new Map<string, number>()
  const underWay = new Set<Promise<void>>()
  let timer: NodeJS.Timeout | undefined
  let soon: NodeJS.Timeout | undefined
  let looking: Promise<void> | undefined
  let again = false
  let stopped = true
  let isCut = false

  const inScope = <T>(work: (db: Db) => Promise<T>): Promise<T> =>
    transaction(pool, scope, 'write', async (db) => ({ value: await work(db), commit: true }))

  function open(endpointId: string, sealed: string): string | undefined {
    try {
      return cipher.decrypt(sealed, secretContext(endpointId))
    } catch (error) {
      log.error({ err: error, endpoint_id: endpointId }, 'the secret of a webhook endpoint cannot be read')
      return undefined
    }
  }

  /** The secrets to sign with, the newest first. */
  function secretsOf(delivery: Claimed, now: Date): string[] {
    const { endpoint_id: id, secret, old_secret: old, old_secret_until: until } = delivery
    const isOldValid = old !== null && until !== null && Date.parse(until) > now.getTime()
    return [secret, ...(isOldValid ? [old] : [])]
      .map((sealed) => open(id, sealed))
      .filter((one) => one !== undefined)
  }

  /** Undefined when it was cut by us: nobody knows how it went, so it is tried again. */
  async function send(delivery: Claimed): Promise<Sent | undefined> {
    const { event_id: id, event_type: event, payload: data, url } = delivery
    const now = clock.now()
    const secrets = secretsOf(delivery, now)
    if (secrets.length === 0)
      return { responseCode: null, error: 'SECRET_UNREADABLE', latencyMs: 0, retryAfter: null }
    const body = JSON.stringify({ id, event, data })
    const sent = await sender.post(url, { ...fixedHeaders, ...signedHeaders(secrets, id, body, now) }, body)
    return isCut && sent.responseCode === null ? undefined : sent
  }

  async function attempt(delivery: Claimed): Promise<void> {
    const sent = await send(delivery)
    if (sent === undefined) return
    parts.attempted?.(sent.error?.toLowerCase() ?? 'delivered')
    const now = clock.now()
    if (sent.error === null) return inScope((db) => settleDelivered(db, delivery, sent, now))
    const { attempts, created_at } = delivery
    const next = nextAttempt(attempts, new Date(created_at), now, retryAt(sent.retryAfter, now), Math.random)
    const failingSince = await inScope((db) => settleFailed(db, delivery, sent, now, next))
    if (sent.responseCode === GONE) await disable(delivery, now, disableGone)
    else if (failingSince !== undefined && now.getTime() - failingSince.getTime() >= GIVE_UP_MS)
      await disable(delivery, now, disableIfFailing)
  }

  const disable = (delivery: Claimed, now: Date, how: typeof disableGone) => {
    const { organization_id: organizationId, endpoint_id: endpointId, url } = delivery
    return effects({ name: 'organization', organizationId, userId: null }, (db, tools) =>
      how(db, { ...tools, newId }, parts, { organizationId, endpointId, url }, now),
    )
  }

  function begin(delivery: Claimed): void {
    const { endpoint_id: endpoint } = delivery
    busy.set(endpoint, (busy.get(endpoint) ?? 0) + 1)
    const span = parts.tracing?.begin('webhook delivery', 'internal', {
      'wardline.event': delivery.event_type,
      'wardline.attempt': delivery.attempts + 1,
    })
    const run = spanned(span, () => attempt(delivery))
      // Nothing was written down: it is claimed again when its time is over.
      .catch((error: unknown) =>
        log.warn({ err: error, delivery_id: delivery.id }, 'a webhook delivery was interrupted'),
      )
      .finally(() => {
        const left = (busy.get(endpoint) ?? 1) - 1
        if (left === 0) busy.delete(endpoint)
        else busy.set(endpoint, left)
        underWay.delete(run)
        wake()
      })
    underWay.add(run)
  }

  /** Answers how many it took. */
  async function claim(): Promise<number> {
    const room = mostAtOnce - underWay.size
    if (room <= 0) return 0
    const now = clock.now()
    const until = new Date(now.getTime() + timeoutMs + leaseSlackMs)
    const claimed = await inScope((db) =>
      claimDeliveries(db, { now, until, room, roomPerEndpoint: mostPerEndpoint, busy }),
    )
    for (const delivery of claimed) begin(delivery)
    return claimed.length
  }

  async function round(): Promise<void> {
    let more = true
    while (more && !stopped) more = await inScope((db) => planDeliveries(db, newId, clock.now()))
    while (!stopped && (await claim()) > 0);
  }

  async function look(): Promise<void> {
    do {
      again = false
      await round()
    } while (again && !stopped)
  }

  function wake(): void {
    if (stopped) return
    soon ??= setTimeout(() => {
      soon = undefined
      if (looking) {
        again = true
        return
      }
      looking = look()
        .catch((error: unknown) =>
          log.warn({ err: error }, 'webhooks could not be looked after; they are again'),
        )
        .finally(() => {
          looking = undefined
        })
    }, gatherMs)
  }

  return {
    start() {
      stopped = false
      timer = setInterval(wake, lookMs)
      timer.unref()
    },
    wake,
    async stop() {
      stopped = true
      clearInterval(timer)
      clearTimeout(soon)
      await looking
      await within(lingerMs, Promise.all(underWay), undefined)
      isCut = true
      await sender.close()
      await Promise.all(underWay)
    },
  }
}
