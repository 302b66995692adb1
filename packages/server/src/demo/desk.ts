import type { ClientBase } from 'pg'
import { insertRows, type Row } from './insert.ts'
import type { Cast } from './people.ts'
import type { Random } from './random.ts'
import { HOUR } from './time.ts'
import { TICKETS } from './words.ts'

// rules.md, Support: hours until the first response is due.
const RESPONSE_HOURS = { URGENT: 1, HIGH: 4, NORMAL: 24, LOW: 72 } as const
const URGENCIES = ['LOW', 'NORMAL', 'NORMAL', 'NORMAL', 'HIGH', 'HIGH', 'URGENT'] as const
const STATUSES = [
  'OPEN',
  'OPEN',
  'IN_PROGRESS',
  'IN_PROGRESS',
  'WAITING_ON_USER',
  'RESOLVED',
  'CLOSED',
  'CLOSED',
] as const
const COUNT = 40

type Status = (typeof STATUSES)[number]

/** How long ago a ticket of this status was made: the closed ones are old, the open ones are of today. */
function ageInHours(random: Random, status: Status): number {
  if (status === 'CLOSED') return random.between(9 * 24, 30 * 24)
  if (status === 'RESOLVED') return random.between(24, 6 * 24)
  return status === 'OPEN' ? random.between(0, 20) : random.between(8, 72)
}

/** Tickets in every state, numbered by their age, and the counters that go on from there. */
export async function insertTickets(
  client: ClientBase,
  cast: Cast,
  random: Random,
  now: Date,
): Promise<void> {
  const agent = cast.bySignIn('support')
  const members = new Map(cast.members.map(({ user, organization }) => [user.id, organization.id]))
  const askers = [
    cast.bySignIn('patient'),
    cast.bySignIn('staff'),
    cast.bySignIn('provider'),
    cast.bySignIn('admin'),
    cast.bySignIn('admin-west'),
    ...cast.patients.flatMap(({ user }) => user ?? []),
  ]
  const made = Array.from({ length: COUNT }, (_, index) => {
    const status = STATUSES[index % STATUSES.length] ?? 'OPEN'
    const at = now.getTime() - ageInHours(random, status) * HOUR - random.between(1, 3000) * 1000
    return { status, at, asker: askers[index % askers.length] ?? agent }
  }).sort((a, b) => a.at - b.at)

  const tickets: Row[] = []
  const messages: Row[] = []
  const counters = new Map<number, number>()
  for (const { status, at, asker } of made) {
    const year = new Date(at).getUTCFullYear()
    const number = (counters.get(year) ?? 0) + 1
    counters.set(year, number)
    const { category, subject, body, answer, note } = random.pick(TICKETS)
    const urgency = random.pick(URGENCIES)
    const id = random.uuid()
    const due = at + RESPONSE_HOURS[urgency] * HOUR
    const taken = status !== 'OPEN'
    // Most first answers come in time, one in eight late; none is of the future.
    const share = random.chance(12) ? 1.3 : random.between(10, 90) / 100
    const answered = Math.min(at + RESPONSE_HOURS[urgency] * HOUR * share, (at + now.getTime()) / 2)
    const later = (part: number): Date => new Date(answered + (now.getTime() - answered) * part)
    const ended = status === 'RESOLVED' || status === 'CLOSED'
    const resolved = ended ? later(status === 'CLOSED' ? 0.1 : 0.5) : null
    const message = (sender: string, text: string, created: Date, internal = false): void => {
      messages.push({
        id: random.uuid(),
        ticket_id: id,
        sender_id: sender,
        body: text,
        is_internal_note: internal,
        created_at: created,
      })
    }
    if (taken) {
      message(agent.id, answer, new Date(answered))
      if (random.chance(60)) message(agent.id, note, later(0.02), true)
      if (status === 'IN_PROGRESS') message(asker.id, 'I tried that, but nothing has changed.', later(0.3))
      if (ended) message(asker.id, 'That solved it, thank you!', later(0.05))
    }
    tickets.push({
      id,
      user_id: asker.id,
      organization_id: members.get(asker.id) ?? null,
      ticket_number: `TKT-${year}-${String(number).padStart(5, '0')}`,
      category,
      subject,
      body,
      status,
      urgency,
      assignee_id: taken ? agent.id : null,
      context: {
        app_version: '4.2.0',
        platform: random.pick(['iOS', 'Android', 'Windows', 'macOS']),
        page: '/home',
      },
      first_response_due_at: new Date(due),
      first_responded_at: taken ? new Date(answered) : null,
      resolved_at: resolved,
      version: taken ? 3 : 1,
      created_at: new Date(at),
      updated_at: resolved ?? (taken ? later(0.3) : new Date(at)),
    })
  }
  await insertRows(client, 'support_tickets', tickets)
  await insertRows(client, 'support_messages', messages)
  await insertRows(
    client,
    'support_ticket_counters',
    [...counters].map(([year, last_number]) => ({ year, last_number })),
  )
}
