import type { ClientBase } from 'pg'
import { insertRows, type Row } from './insert.ts'
import type { Cast } from './people.ts'
import type { Random } from './random.ts'
import { DAY, HOUR } from './time.ts'
import { MACROS, TICKETS } from './words.ts'

// rules.md, Support: hours until the first response is due.
const RESPONSE_HOURS = { URGENT: 1, HIGH: 4, NORMAL: 24, LOW: 72 } as const
const RESOLUTION_HOURS = { URGENT: 8, HIGH: 24, NORMAL: 72, LOW: 168 } as const
const TAGS: Readonly<Record<string, readonly string[]>> = {
  TECHNICAL: ['app'],
  ACCOUNT: ['sign-in'],
  BILLING: ['invoice'],
  CLINICAL: ['documents'],
}
const VERSIONS = { OPEN: 1, IN_PROGRESS: 3, WAITING_ON_USER: 3, RESOLVED: 4, CLOSED: 5 } as const
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

interface Ticket extends Row {
  readonly id: string
  readonly user_id: string
  readonly status: Status
  readonly version: number
  readonly ticket_number: string
  readonly created_at: Date
  readonly first_responded_at: Date | null
  readonly resolved_at: Date | null
}

interface Message extends Row {
  readonly id: string
  readonly ticket_id: string
  readonly sender_id: string
  readonly is_internal_note: boolean
  readonly created_at: Date
}

/** What was put onto the desk. */
interface Desk {
  readonly tickets: readonly Ticket[]
  readonly messages: readonly Message[]
}

/** Tickets in every state, numbered by their age, and the counters that go on from there. */
export async function insertTickets(
  client: ClientBase,
  cast: Cast,
  random: Random,
  now: Date,
): Promise<Desk> {
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

  const tickets: Ticket[] = []
  const messages: Message[] = []
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
      tags: TAGS[category] ?? [],
      first_response_due_at: new Date(due),
      resolution_due_at: new Date(at + RESOLUTION_HOURS[urgency] * HOUR),
      clock_paused_at: status === 'WAITING_ON_USER' ? new Date(answered) : resolved,
      first_responded_at: taken ? new Date(answered) : null,
      resolved_at: resolved,
      version: VERSIONS[status],
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
  return { tickets, messages }
}

/** What a ticket's state says happened to it: taken, answered, talked about, solved, closed. */
function timelineOf(ticket: Ticket, messages: readonly Message[], agent: string, now: Date): Row[] {
  const { id, user_id, status, created_at, first_responded_at: answered, resolved_at } = ticket
  const rows: Row[] = []
  const add = (
    type: string,
    at: Date,
    actor: string | null,
    more: { version?: number; changes?: readonly object[]; message?: string } = {},
  ): void => {
    rows.push({
      ticket_id: id,
      type,
      actor_id: actor,
      version: more.version ?? null,
      changes: more.changes ?? [],
      message_id: more.message ?? null,
      other_ticket_id: null,
      created_at: at,
    })
  }
  add('CREATED', created_at, user_id, { version: 1 })
  if (answered === null) return rows
  const taken = new Date((created_at.getTime() + answered.getTime()) / 2)
  add('CHANGED', taken, agent, { version: 2, changes: [{ field: 'assignee', from: null, to: agent }] })
  for (const [index, message] of messages.entries()) {
    const type = message.is_internal_note ? 'NOTE' : message.sender_id === agent ? 'REPLY' : 'MESSAGE'
    const to = status === 'WAITING_ON_USER' ? status : 'IN_PROGRESS'
    const first = index === 0 ? { version: 3, changes: [{ field: 'status', from: 'OPEN', to }] } : {}
    add(type, message.created_at, message.sender_id, { ...first, message: message.id })
  }
  if (resolved_at === null) return rows
  const resolution = [{ field: 'status', from: 'IN_PROGRESS', to: 'RESOLVED' }]
  add('CHANGED', resolved_at, agent, { version: 4, changes: resolution })
  if (status !== 'CLOSED') return rows
  const byItself = resolved_at.getTime() + 7 * DAY
  const closing = [{ field: 'status', from: 'RESOLVED', to: 'CLOSED' }]
  if (byItself < now.getTime()) add('CHANGED', new Date(byItself), null, { version: 5, changes: closing })
  else {
    const between = new Date((resolved_at.getTime() + now.getTime()) / 2)
    add('CHANGED', between, agent, { version: 5, changes: closing })
  }
  return rows
}

/** The desk's canned answers, the timelines of its tickets, and one that was asked twice. */
export async function insertDeskWork(
  client: ClientBase,
  cast: Cast,
  { tickets, messages }: Desk,
  random: Random,
  now: Date,
): Promise<void> {
  const agent = cast.bySignIn('support').id
  const rows = tickets.flatMap((ticket) =>
    timelineOf(
      ticket,
      messages.filter(({ ticket_id }) => ticket_id === ticket.id),
      agent,
      now,
    ),
  )
  const twice = tickets.flatMap((source) => {
    const target = tickets.find(
      ({ id, user_id, status }) =>
        id !== source.id && user_id === source.user_id && (status === 'OPEN' || status === 'IN_PROGRESS'),
    )
    return source.status === 'OPEN' && target ? [{ source, target }] : []
  })
  for (const { source, target } of twice.slice(0, 1)) {
    const later = Math.max(source.created_at.getTime(), target.first_responded_at?.getTime() ?? 0)
    const at = new Date((later + now.getTime()) / 2)
    await client.query(
      `update support_tickets set status = 'CLOSED', merged_into_id = $2, merged_at = $3, clock_paused_at = $3, version = 2,
         before_merge = '{"status": "OPEN", "resolved_at": null, "clock_paused_at": null}' where id = $1`,
      [source.id, target.id, at],
    )
    await client.query('update support_tickets set version = version + 1 where id = $1', [target.id])
    const merged = { actor_id: agent, message_id: null, created_at: at }
    rows.push(
      {
        ...merged,
        ticket_id: source.id,
        type: 'MERGED',
        version: 2,
        changes: [
          { field: 'status', from: 'OPEN', to: 'CLOSED' },
          { field: 'merge', from: null, to: target.ticket_number },
        ],
        other_ticket_id: target.id,
      },
      {
        ...merged,
        ticket_id: target.id,
        type: 'MERGED_IN',
        version: target.version + 1,
        changes: [{ field: 'merge', from: null, to: source.ticket_number }],
        other_ticket_id: source.id,
      },
    )
  }
  await insertRows(
    client,
    'support_ticket_events',
    rows.map((row) => ({ ...row, id: random.uuid() })),
  )
  await insertRows(
    client,
    'support_macros',
    MACROS.map((macro) => ({
      ...macro,
      id: random.uuid(),
      remove_tags: [],
      created_by: agent,
      version: 1,
      created_at: now,
      updated_at: now,
    })),
  )
}
