import type { components } from '../../generated/contract.ts'
import { type Problem, problem } from '../../http/problem.ts'

type WriteAccess = components['schemas']['WriteAccess']

/** Whether health information can be written. */
export function writeAccess(writesUntil: string | null, now: Date): WriteAccess {
  if (writesUntil === null) return 'OPEN'
  return Date.parse(writesUntil) <= now.getTime() ? 'CLOSED' : 'GRACE'
}

interface Places {
  /** What the caller asks for. */
  readonly wanted: string | undefined
  /** Where it goes when the caller asks for nothing. */
  readonly usual: string
  /** Origins that are the house's own. */
  readonly trusted: readonly string[]
}

/** Where the provider's page leads back to: never to somebody else's, or our pages would vouch for theirs. */
export function returnUrl({ wanted, usual, trusted }: Places): string | Problem<'VALIDATION_ERROR'> {
  if (wanted === undefined) return usual
  const url = URL.canParse(wanted) ? new URL(wanted) : undefined
  const isOurs = url !== undefined && [...trusted, new URL(usual).origin].includes(url.origin)
  if (isOurs && url.username === '' && url.password === '') return url.href
  return problem('VALIDATION_ERROR', undefined, {
    errors: [
      { pointer: '/return_url', message: "must be of the server's own address or an origin that it trusts" },
    ],
  })
}
