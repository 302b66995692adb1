import type { ClientBase } from 'pg'
import { insertRows } from './insert.ts'
import type { Cast } from './people.ts'
import type { Random } from './random.ts'
import { DAY } from './time.ts'

const DAYS = 7
const EVENTS = 1200
/** The first happen most. */
const NAMES = [
  'schedule.opened',
  'patient.searched',
  'message.sent',
  'schedule.week_changed',
  'document.previewed',
  'ticket.created',
  'report.printed',
  'help.opened',
]

/** A week of usage, for `ward telemetry top`. */
export async function insertTelemetry(
  client: ClientBase,
  cast: Cast,
  random: Random,
  now: Date,
): Promise<void> {
  const rows = Array.from({ length: EVENTS }, () => {
    const at = new Date(now.getTime() - random.between(1, DAYS * DAY))
    return {
      id: random.uuid(),
      user_id: random.pick(cast.users).id,
      event_name: NAMES[Math.min(random.between(0, 8), random.between(0, 8), NAMES.length - 1)],
      properties: { ms: random.between(20, 400) },
      ip_address: '203.0.113.7',
      user_agent: 'Mozilla/5.0',
      occurred_at: at,
      created_at: at,
    }
  })
  await insertRows(client, 'telemetry_events', rows)
}
