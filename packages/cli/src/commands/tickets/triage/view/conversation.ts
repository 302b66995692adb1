import { ago, clean, type Style } from '../../../../output.ts'
import { type DeskTicketDetail, paintUrgency } from '../../shared.ts'
import type { State } from '../state.ts'
import { clocks } from './clock.ts'
import { fit, oneLine, wrap, wrapPainted } from './measure.ts'

/** The open ticket: its head stays, the conversation under it ends at the latest message unless scrolled. */
export const conversationLines = (
  state: State,
  { width, height, beside }: { width: number; height: number; beside: boolean },
  style: Style,
): string[] => {
  const { ticket, openId } = state
  if (ticket === undefined) {
    return [
      style.dim(openId === undefined ? 'No ticket is open. v changes the view, / searches.' : 'Loading…'),
    ]
  }
  const head = headLines(state, ticket, { width, small: height < 14, beside }, style)
  const rule = style.dim('─'.repeat(width))
  const body = messageLines(state, ticket, width, style)
  const room = Math.max(0, height - head.length - 1)
  const most = Math.max(0, body.length - room)
  const up = Math.min(state.scroll, most)
  const from = most - up
  const shown = body.slice(from, from + room)
  const above =
    from > 0
      ? style.dim(
          fit(`─── ↑ ${from} more ${from === 1 ? 'line' : 'lines'} (PgUp) `, width).replace(/ +$/, (gap) =>
            '─'.repeat(gap.length),
          ),
        )
      : rule
  if (up > 0 && shown.length > 0) shown[shown.length - 1] = style.dim(`↓ ${up} more (PgDn)`)
  return [...head, above, ...shown]
}

const headLines = (
  state: State,
  ticket: DeskTicketDetail,
  { width, small, beside }: { width: number; small: boolean; beside: boolean },
  style: Style,
): string[] => {
  const { now } = state
  const assignee =
    ticket.assignee === null
      ? style.yellow('unassigned')
      : `with ${style.blue(ticket.assignee.id === state.me.id ? 'you' : oneLine(ticket.assignee.display_name))}`
  const facts = [
    ticket.status,
    paintUrgency(ticket.urgency, ticket.urgency, style),
    ticket.category,
    assignee,
  ]
  if (ticket.tags.length > 0) facts.push(ticket.tags.map((tag) => `#${oneLine(tag)}`).join(' '))
  const lines = [
    `${style.bold(ticket.ticket_number)}  ${style.bold(oneLine(ticket.subject))}`,
    facts.join(' · '),
  ]
  if (!small) lines.push(...clocks(ticket, now, width, style))
  if (!beside) lines.push(style.dim(requesterLine(ticket, now)))
  if (ticket.merged_into !== null)
    lines.push(style.magenta(`merged into ${ticket.merged_into.ticket_number}`))
  for (const one of ticket.merged_tickets.slice(0, 2))
    lines.push(style.magenta(`${one.ticket_number} was merged into this: ${oneLine(one.subject)}`))
  lines.push(...presenceLines(state, style))
  return lines.map((line) => fit(line, width))
}

/** Two people must not answer one ticket unawares: told with words, not by colour alone. */
const presenceLines = ({ others }: State, style: Style): string[] => {
  if (others.length === 0) return []
  const texts = others.map(
    ({ agent, state }) =>
      `${oneLine(agent.display_name)} ${state === 'REPLYING' ? 'is writing' : 'has this open'}`,
  )
  return [style.inverse(style.yellow(` ! ${texts.join(', ')} `))]
}

const requesterLine = ({ requester }: DeskTicketDetail, now: number): string => {
  const seen = requester.last_seen_at === null ? '' : `, seen ${ago(requester.last_seen_at, now)}`
  const role = requester.organizations.map((one) => `${one.role} of ${oneLine(one.name)}`)[0]
  const rest = [role, requester.device].filter((one) => one != null).map(oneLine)
  return [`from ${oneLine(requester.display_name)} <${oneLine(requester.email)}>${seen}`, ...rest].join(' · ')
}

interface Said {
  id: string
  at: string
  lines: string[]
}

const messageLines = (state: State, ticket: DeskTicketDetail, width: number, style: Style): string[] => {
  const { now, fresh } = state
  const asked = (id: string, who: string, at: string, body: string, from: string): Said => ({
    id,
    at,
    lines: [
      `${style.bold('REQUESTER')} ${oneLine(who)} ${style.dim(`${ago(at, now)}${from}`)}`,
      ...wrap(body, width - 2).map((line) => `  ${line}`),
    ],
  })
  const said: Said[] = [
    asked(ticket.id, ticket.requester.display_name, ticket.created_at, ticket.body, ''),
    ...ticket.merged_tickets.map((one) =>
      asked(one.id, one.requester.display_name, one.created_at, one.body, `, in ${one.ticket_number}`),
    ),
  ]
  for (const message of ticket.messages) {
    const from = ticket.merged_tickets.find(({ id }) => id === message.ticket_id)
    const marker = fresh.has(message.id) ? ` ${style.inverse(' NEW ')}` : ''
    const when = style.dim(
      `${ago(message.created_at, now)}${from === undefined ? '' : `, in ${from.ticket_number}`}`,
    )
    const head = `${oneLine(message.sender_name ?? 'the system')} ${when}${marker}`
    const label = message.is_internal_note
      ? style.inverse(style.yellow(' INTERNAL NOTE '))
      : message.is_from_support
        ? style.bold(style.green('PUBLIC REPLY'))
        : style.bold('REQUESTER')
    const margin = message.is_internal_note ? `${style.yellow('┃')} ` : '  '
    const lines = wrap(message.body, width - 2).map(
      (line) => `${margin}${message.is_internal_note ? style.yellow(line) : line}`,
    )
    said.push({ id: message.id, at: message.created_at, lines: [`${label} ${head}`, ...lines] })
  }
  const order = said.toSorted((one, other) => one.at.localeCompare(other.at))
  return order.flatMap(({ lines }) => [...lines, '']).slice(0, -1)
}

/** Who asks, from where, with what: what an agent wants to know before answering. */
export const requesterLines = (state: State, width: number, style: Style): string[] => {
  const { ticket, now } = state
  if (ticket === undefined) return []
  const { requester } = ticket
  const lines = [style.bold(oneLine(requester.display_name)), oneLine(requester.email), '']
  const fact = (name: string, value: string | null | undefined) => {
    if (value != null && value !== '')
      lines.push(...wrapPainted(`${style.dim(name)} ${oneLine(value)}`, width))
  }
  fact('there it is', localClock(requester.timezone, now))
  fact('language', requester.locale)
  fact('device', requester.device)
  fact('seen', requester.last_seen_at === null ? 'never' : ago(requester.last_seen_at, now))
  fact('signed in', requester.last_login_at === null ? 'never' : ago(requester.last_login_at, now))
  fact('tickets', `${requester.open_tickets} open, ${requester.recent_tickets} in 30 days`)
  if (requester.organizations.length > 0) lines.push('', style.bold('Works for'))
  for (const { name, role } of requester.organizations.slice(0, 8))
    lines.push(...wrapPainted(`${oneLine(name)} ${style.dim(role)}`, width))
  const context = Object.entries(ticket.context)
  if (context.length > 0) lines.push('', style.bold('When asking'))
  for (const [key, value] of context)
    fact(clean(key).replaceAll('_', ' '), value == null ? null : String(value))
  return lines
}

const localClock = (timeZone: string, now: number): string => {
  try {
    const time = new Date(now).toLocaleTimeString('en-GB', { timeZone, hour: '2-digit', minute: '2-digit' })
    return `${time} (${timeZone})`
  } catch {
    return timeZone
  }
}
