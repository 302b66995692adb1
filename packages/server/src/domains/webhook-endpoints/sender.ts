import { lookup } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { Agent, request } from 'undici'
import type { components } from '../../generated/contract.ts'
import { isPublicAddress, refuseUrl } from './addresses.ts'

export type DeliveryError = NonNullable<components['schemas']['WebhookDelivery']['error']>

/** How an attempt went. Of the answer there is only its status. */
export interface Sent {
  readonly responseCode: number | null
  readonly error: DeliveryError | null
  readonly latencyMs: number
}

export interface Sender {
  /** Posts JSON; never rejects. Any answer but 2xx is an error, redirects too: they are not followed. */
  post(url: string, headers: Readonly<Record<string, string>>, body: string): Promise<Sent>
  /** Cuts what is under way. */
  close(): Promise<void>
}

interface SenderOptions {
  readonly allowPrivate: boolean
  /** For the whole attempt. */
  readonly timeoutMs: number
  /** Replaces the system's resolver, for tests of names that change their answer. */
  readonly resolve?: typeof lookup
}

// Enough to let a connection be used again; whoever says more is hung up on.
const MOST_ANSWER_BYTES = 16_384

class AddressNotAllowedError extends Error {}

/**
 * The resolver of the connections: what it has looked at is what they connect to. A name that leads to any
 * address that is not public leads nowhere, and nobody resolves it a second time in between.
 */
const pinned =
  (resolve: typeof lookup, allowPrivate: boolean): LookupFunction =>
  (hostname, options, done) =>
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return done(error, '')
      const [first] = addresses
      if (!first || !(allowPrivate || addresses.every(({ address }) => isPublicAddress(address))))
        return done(new AddressNotAllowedError(), '')
      return options.all ? done(null, addresses) : done(null, first.address, first.family)
    })

const codeOf = (error: Error): string => ('code' in error ? String(error.code) : '')

function errorOf(error: unknown): DeliveryError {
  if (!(error instanceof Error)) return 'CONNECTION_FAILED'
  if (error instanceof AddressNotAllowedError) return 'ADDRESS_NOT_ALLOWED'
  const code = codeOf(error)
  if (error.name === 'TimeoutError' || /TIMEDOUT|_TIMEOUT$/.test(code)) return 'TIMEOUT'
  if (/^(ENOTFOUND|EAI_|ENODATA)/.test(code)) return 'NAME_NOT_RESOLVED'
  if (/^(ERR_TLS|ERR_SSL|EPROTO|CERT_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO)/.test(code)) return 'TLS_FAILED'
  return 'CONNECTION_FAILED'
}

export function createSender({ allowPrivate, timeoutMs, resolve = lookup }: SenderOptions): Sender {
  const agent = new Agent({
    connect: { lookup: pinned(resolve, allowPrivate), timeout: timeoutMs },
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
  })

  /** @throws whatever keeps an answer from coming */
  async function statusOf(url: string, headers: Readonly<Record<string, string>>, body: string) {
    const signal = AbortSignal.timeout(timeoutMs)
    const answer = await request(url, { dispatcher: agent, method: 'POST', headers, body, signal })
    // It has answered; how it goes on no longer matters, and is not waited for beyond the same limit.
    await answer.body.dump({ limit: MOST_ANSWER_BYTES, signal }).catch(() => undefined)
    return answer.statusCode
  }

  return {
    async post(url, headers, body) {
      if (refuseUrl(url, allowPrivate) !== undefined)
        return { responseCode: null, error: 'ADDRESS_NOT_ALLOWED', latencyMs: 0 }
      const begun = performance.now()
      const result = await statusOf(url, headers, body).then(
        (responseCode) => ({
          responseCode,
          error: responseCode >= 200 && responseCode < 300 ? null : ('HTTP_STATUS' as const),
        }),
        (error: unknown) => ({ responseCode: null, error: errorOf(error) }),
      )
      return { ...result, latencyMs: Math.round(performance.now() - begun) }
    },
    close: () => agent.destroy(),
  }
}
