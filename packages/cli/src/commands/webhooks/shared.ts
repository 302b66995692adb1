import type { components } from '@wardline/sdk'
import { UsageError } from '../../exit.ts'
import { type Column, localTime } from '../../output.ts'

export type Endpoint = components['schemas']['WebhookEndpoint']
export type EventType = components['schemas']['WebhookEventType']

// A record: a type that the contract gains or loses fails to compile here.
const KNOWN: Record<EventType, true> = {
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
const isKnown = (type: string): type is EventType => Object.hasOwn(KNOWN, type)
export const EVENT_TYPES = Object.keys(KNOWN).filter(isKnown)

/** Reads --types; `member.*` becomes all of a kind. Undefined when it was not given. */
export const webhookTypes = (text: string | undefined): EventType[] | undefined => {
  if (text === undefined) return undefined
  if (text === 'all') return []
  const wanted = text.split(',').flatMap((name) => {
    const matches = EVENT_TYPES.filter((type) =>
      name.endsWith('.*') ? type.startsWith(name.slice(0, -1)) : type === name,
    )
    if (matches.length === 0)
      throw new UsageError(`--types does not know "${name}"; there are ${EVENT_TYPES.join(', ')}`)
    return matches
  })
  return [...new Set(wanted)]
}

export const when = (instant: string | null): string | null => (instant === null ? null : localTime(instant))

const statusOf = ({ enabled, disabled_reason, failing_since }: Endpoint): string => {
  if (disabled_reason === 'FAILING') return 'DISABLED (failing)'
  if (disabled_reason === 'GONE') return 'DISABLED (410 gone)'
  if (!enabled) return 'DISABLED'
  return failing_since === null ? 'OK' : 'FAILING'
}

export const columns: readonly Column<Endpoint>[] = [
  { key: 'id', value: (one) => one.id },
  { key: 'url', value: (one) => one.url, shrink: true },
  { key: 'description', value: (one) => one.description, shrink: true },
  { key: 'types', value: (one) => (one.event_types.length === 0 ? 'all' : one.event_types.join(' ')) },
  { key: 'status', value: statusOf },
  { key: 'failing_since', value: (one) => when(one.failing_since) },
  { key: 'lost', value: (one) => one.lost_count },
  { key: 'old_secret_until', value: (one) => when(one.old_secret_until) },
]
