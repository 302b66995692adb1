import type { LookupAddress } from 'node:dns'
import { lookup, Resolver } from 'node:dns/promises'
import type { LookupFunction } from 'node:net'
import { Agent, request } from 'undici'
import type { components } from '../../generated/contract.ts'
import { isPublicAddress, refuseUrl } from './addresses.ts'

export type DeliveryError = NonNullable<components['schemas']['WebhookDelivery']['error']>

/** How an attempt went. Of the answer there is only its status, and when to come back. */
export interface Sent {
  readonly responseCode: number | null
  readonly error: DeliveryError | null
  readonly latencyMs: number
  /** The header of a receiver that is too busy now. */
  readonly retryAfter: string | null
}

export interface Sender {
  /** Posts JSON; never rejects. Any answer but 2xx is an error, redirects too: they are not followed. */
  post(url: string, headers: Readonly<Record<string, string>>, body: string): Promise<Sent>
  /** Cuts what is under way. */
  close(): Promise<void>
}

/** All addresses of a name. */
export type Resolve = (name: string) => Promise<readonly LookupAddress[]>

interface SenderOptions {
  readonly allowPrivate: boolean
  /** For the whole attempt. */
  readonly timeoutMs: number
  /** Replaces the real one, for tests of names that change their answer. */
  readonly resolve?: Resolve
}

// Enough to let a connection be used again; whoever says more is hung up on.
const MOST_ANSWER_BYTES = 16_384

class AddressNotAllowedError extends Error {}

/**
 * Asks the name servers itself. The system's way would take a thread of the few that passwords are hashed on for as long as
 * somebody's name server keeps silent.
 */
function publicResolver(): Resolve {
  const resolver = new Resolver({ timeout: 2000, tries: 2 })
  return async (name) => {
    const [four, six] = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)])
    const addresses = [
      ...(four.status === 'fulfilled' ? four.value.map((address) => ({ address, family: 4 })) : []),
      ...(six.status === 'fulfilled' ? six.value.map((address) => ({ address, family: 6 })) : []),
    ]
    return addresses.length === 0 && four.status === 'rejected' ? Promise.reject(four.reason) : addresses
  }
}

/** With localhost and the hosts file, which belong to development. */
const systemResolver: Resolve = (name) => lookup(name, { all: true })

/**
 * The resolver of the connections: what it has looked at is what they connect to. A name that leads to any
 * address that is not public leads nowhere, and nobody resolves it a second time in between.
 */
const pinned =
  (resolve: Resolve, allowPrivate: boolean): LookupFunction =>
  (name, options, done) => {
    resolve(name).then(
      (addresses) => {
        const [first] = addresses
        if (!first || !(allowPrivate || addresses.every(({ address }) => isPublicAddress(address))))
          return done(new AddressNotAllowedError(), '')
        return options.all ? done(null, [...addresses]) : done(null, first.address, first.family)
      },
      (error: Error) => done(error, ''),
    )
  }

/** The statuses with which Retry-After means that the same request will be welcome later. */
const isBusy = (status: number): boolean => status === 429 || status === 503

const codeOf = (error: Error): string => ('code' in error ? String(error.code) : '')

function errorOf(error: unknown): DeliveryError {
  if (!(error instanceof Error)) return 'CONNECTION_FAILED'
  if (error instanceof AddressNotAllowedError) return 'ADDRESS_NOT_ALLOWED'
  const code = codeOf(error)
  if (error.name === 'TimeoutError' || /TIMEDOUT|TIMEOUT$/.test(code)) return 'TIMEOUT'
  if (/^(ENOTFOUND|EAI_|ENODATA|ESERVFAIL|EREFUSED|EBADRESP)/.test(code)) return 'NAME_NOT_RESOLVED'
  if (/^(ERR_TLS|ERR_SSL|EPROTO|CERT_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO)/.test(code)) return 'TLS_FAILED'
  return 'CONNECTION_FAILED'
}

export function createSender({
  allowPrivate,
  timeoutMs,
  resolve = allowPrivate ? systemResolver : publicResolver(),
}: SenderOptions): Sender {
  const agent = new Agent({
    connect: { lookup: pinned(resolve, allowPrivate), timeout: timeoutMs },
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
  })

  /** @throws whatever keeps an answer from coming */
  async function answerOf(url: string, headers: Readonly<Record<string, string>>, body: string) {
    const signal = AbortSignal.timeout(timeoutMs)
    const answer = await request(url, { dispatcher: agent, method: 'POST', headers, body, signal })
    // It has answered; how it goes on no longer matters, and is not waited for beyond the same limit.
    await answer.body.dump({ limit: MOST_ANSWER_BYTES, signal }).catch(() => undefined)
    const retryAfter = answer.headers['retry-after']
    return { status: answer.statusCode, retryAfter: typeof retryAfter === 'string' ? retryAfter : null }
  }

  return {
    async post(url, headers, body) {
      if (refuseUrl(url, allowPrivate) !== undefined)
        return { responseCode: null, error: 'ADDRESS_NOT_ALLOWED', latencyMs: 0, retryAfter: null }
      const begun = performance.now()
      const result = await answerOf(url, headers, body).then(
        ({ status, retryAfter }) => ({
          responseCode: status,
          error: status >= 200 && status < 300 ? null : ('HTTP_STATUS' as const),
          retryAfter: isBusy(status) ? retryAfter : null,
        }),
        (error: unknown) => ({ responseCode: null, error: errorOf(error), retryAfter: null }),
      )
      return { ...result, latencyMs: Math.round(performance.now() - begun) }
    },
    close: () => agent.destroy(),
  }
}
