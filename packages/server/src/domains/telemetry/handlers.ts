import type { TelemetryHandlers } from '../../generated/handlers.ts'
import type { Services } from '../../services.ts'
import { insertEvents } from './queries.ts'

export const telemetryHandlers = ({ clock, newId }: Services): TelemetryHandlers => ({
  async recordTelemetry({ db, actor }, { body }) {
    const events = 'events' in body ? body.events : [body]
    const now = clock.now()
    await insertEvents(
      db,
      events.map(({ event_name, properties }) => ({
        id: newId(),
        user_id: actor.userId,
        event_name,
        properties: JSON.stringify(properties ?? {}),
        ip_address: actor.origin.ip,
        user_agent: actor.origin.userAgent,
        occurred_at: now,
      })),
    )
    return { accepted: events.length }
  },
})
