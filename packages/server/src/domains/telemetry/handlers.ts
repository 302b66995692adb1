import type { components } from '../../generated/contract.ts'
import type { TelemetryHandlers } from '../../generated/handlers.ts'
import type { Person } from '../../http/actor.ts'
import { problem } from '../../http/problem.ts'
import type { Services } from '../../services.ts'
import { namedEventId } from './ids.ts'
import * as policy from './policy.ts'
import { findTop, type TelemetryRow } from './queries.ts'

type Event = components['schemas']['TelemetryEvent']

const HOUR_MS = 3_600_000
const HOURS = { '1h': 1, '24h': 24, '7d': 7 * 24, '30d': 30 * 24, '90d': 90 * 24 } as const

export const telemetryHandlers = ({ clock, newId, telemetry }: Services): TelemetryHandlers => {
  const rowOf = (
    { event_name, event_id, occurred_at, properties = {} }: Event,
    { userId, origin }: Person,
    now: Date,
  ): TelemetryRow => {
    const occurredAt = occurred_at === undefined ? now : new Date(occurred_at)
    return {
      id: event_id === undefined ? newId() : namedEventId(userId, event_id, occurredAt),
      user_id: userId,
      event_name,
      properties: JSON.stringify(properties),
      ip_address: origin.ip,
      user_agent: origin.userAgent,
      occurred_at: occurredAt,
      created_at: now,
    }
  }

  return {
    async recordTelemetry({ actor }, { body }) {
      const isBatch = 'events' in body
      const events = isBatch ? body.events : [body]
      const now = clock.now()
      const refusal = policy.refuseEvents(events, (index) => (isBatch ? `/events/${index}` : ''), now)
      if (refusal) return refusal
      const rows = events.map((event) => rowOf(event, actor, now))
      if (await telemetry.store(actor.userId, rows)) return { accepted: events.length }
      return problem('UNAVAILABLE', 'Too many events at once; none of these was kept.', { retry_after: 1 })
    },

    async getTopTelemetry({ db }, { query: { period, prefix, limit } }) {
      const now = clock.now()
      const from = new Date((Math.floor(now.getTime() / HOUR_MS) - HOURS[period]) * HOUR_MS)
      const top = await findTop(db, { from, to: now, prefix: prefix ?? '', limit })
      return { from: from.toISOString(), to: now.toISOString(), ...top }
    },
  }
}
