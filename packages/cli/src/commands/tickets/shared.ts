import type { Client, components } from '@wardline/sdk'
import type { OptionSpec, Typed } from '../../command.ts'
import type { Context } from '../../context.ts'
import { UsageError } from '../../exit.ts'
import { ago, type Column, clean, due, type Style } from '../../output.ts'
import { askText, readAll } from '../../prompts.ts'

export type DeskTicket = components['schemas']['DeskTicket']
export type DeskTicketDetail = components['schemas']['DeskTicketDetail']

export const STATUSES = ['OPEN', 'IN_PROGRESS', 'WAITING_ON_USER', 'RESOLVED', 'CLOSED'] as const
export type Status = (typeof STATUSES)[number]
export const URGENCIES = ['LOW', 'NORMAL', 'HIGH', 'URGENT'] as const
export type Urgency = (typeof URGENCIES)[number]
export const CATEGORIES = ['TECHNICAL', 'BILLING', 'CLINICAL', 'ACCOUNT', 'OTHER'] as const
export type Category = (typeof CATEGORIES)[number]

/** Where a status may go next, as the contract says. The server has the last word. */
export const NEXT_STATUSES: Readonly<Record<Status, readonly Status[]>> = {
  OPEN: ['IN_PROGRESS'],
  IN_PROGRESS: ['WAITING_ON_USER', 'RESOLVED'],
  WAITING_ON_USER: ['IN_PROGRESS'],
  RESOLVED: ['CLOSED'],
  CLOSED: [],
}

export const IF_VERSION: OptionSpec = {
  flags: '--if-version <n>',
  text: 'only when the ticket is still at this version',
  integer: [1, 2_147_483_647],
}

export const OWN: OptionSpec = { flags: '--own', text: 'tickets that you opened yourself, not the desk’s' }

/** A ticket's id from what people quote: the number or the id. */
export const ticketId = async (
  context: Context,
  client: Client,
  typed: string,
  own = false,
): Promise<string> => {
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(typed)) return typed
  const number = typed.toUpperCase()
  if (!/^TKT-\d{4}-\d{5,}$/.test(number)) {
    throw new UsageError(`"${typed}" is neither a ticket number (TKT-2026-00042) nor an id`)
  }
  const { signal } = context.io
  const every = STATUSES.join(',')
  const list = own
    ? client.tickets.list({ limit: 100 }, { signal })
    : client.supportDesk.list({ search: number, status: every, limit: 100 }, { signal })
  for await (const ticket of list) if (ticket.ticket_number === number) return ticket.id
  throw Object.assign(new Error(`There is no ticket ${number}`), { status: 404 })
}

export const paintUrgency = (urgency: string, text: string, style: Style): string =>
  urgency === 'URGENT' ? style.bold(style.red(text)) : urgency === 'HIGH' ? style.yellow(text) : text

export const deskColumns = (context: Context, now = Date.now()): Column<DeskTicket>[] => [
  { key: 'number', value: (ticket) => ticket.ticket_number, paint: (text, _, style) => style.bold(text) },
  {
    key: 'due',
    value: (ticket) => {
      const next =
        ticket.first_responded_at === null ? ticket.first_response_due_at : ticket.resolution_due_at
      if (context.format !== 'table') return next
      if (ticket.clock_paused_at !== null) return ticket.status === 'WAITING_ON_USER' ? 'paused' : 'stopped'
      return `${ticket.first_responded_at === null ? '' : 'solve '}${due(next, now)}`
    },
    paint: (text, ticket, style) => (ticket.overdue ? style.red(text) : text),
  },
  {
    key: 'urgency',
    value: (ticket) => ticket.urgency,
    paint: (text, ticket, style) => paintUrgency(ticket.urgency, text, style),
  },
  { key: 'status', value: (ticket) => ticket.status },
  { key: 'category', value: (ticket) => ticket.category },
  { key: 'subject', value: (ticket) => ticket.subject, shrink: true },
  { key: 'requester', value: (ticket) => ticket.requester.display_name },
  {
    key: 'assignee',
    value: (ticket) => ticket.assignee?.display_name ?? '',
    paint: (text, _, style) => style.blue(text),
  },
]

/** The whole ticket as a page to read. A note cannot be taken for a reply: label, colour and margin differ. */
export const renderTicket = (ticket: DeskTicketDetail, style: Style, now = Date.now()): string => {
  const lines = [
    `${style.bold(ticket.ticket_number)}  ${clean(ticket.subject)}`,
    [
      ticket.status,
      paintUrgency(ticket.urgency, ticket.urgency, style),
      ticket.category,
      ticket.first_responded_at === null
        ? `first response ${ticket.overdue ? style.red(due(ticket.first_response_due_at, now)) : due(ticket.first_response_due_at, now)}`
        : `answered, resolution ${resolution(ticket, style, now)}`,
      ticket.assignee === null
        ? style.yellow('unassigned')
        : `with ${style.blue(clean(ticket.assignee.display_name))}`,
      style.dim(`version ${ticket.version}`),
    ].join(' · '),
    style.dim(`from ${requester(ticket)}, ${ago(ticket.created_at, now)}`),
    style.dim(habits(ticket, now)),
  ]
  if (ticket.tags.length > 0) lines.push(style.blue(ticket.tags.map((tag) => `#${tag}`).join(' ')))
  for (const { agent, state } of ticket.presence)
    lines.push(style.yellow(`${clean(agent.display_name)} is ${state.toLowerCase()} now`))
  if (ticket.merged_into !== null) lines.push(`merged into ${style.bold(ticket.merged_into.ticket_number)}`)
  for (const one of ticket.merged_tickets)
    lines.push(
      `with ${style.bold(one.ticket_number)} of ${clean(one.requester.display_name)}: ${clean(one.subject)}`,
      ...clean(one.body)
        .split('\n')
        .map((line) => `  ${line}`),
    )
  const context = Object.entries(ticket.context).map(([key, value]) => `${key} ${clean(String(value))}`)
  if (context.length > 0) lines.push(style.dim(context.join(' · ')))
  lines.push('', clean(ticket.body), '')
  for (const message of ticket.messages) {
    const who = clean(message.sender_name ?? 'the system')
    const when = style.dim(ago(message.created_at, now))
    if (message.is_internal_note) {
      lines.push(`${style.inverse(style.yellow(' INTERNAL NOTE '))} ${who} ${when}`)
      lines.push(
        ...clean(message.body)
          .split('\n')
          .map((line) => `${style.yellow('┃')} ${style.yellow(line)}`),
        '',
      )
    } else {
      const label = message.is_from_support ? style.green('PUBLIC REPLY') : style.bold('REQUESTER')
      lines.push(
        `${label} ${who} ${when}`,
        ...clean(message.body)
          .split('\n')
          .map((line) => `  ${line}`),
        '',
      )
    }
  }
  return `${lines.join('\n')}\n`
}

const resolution = (ticket: DeskTicketDetail, style: Style, now: number): string => {
  const late = ticket.resolution_clock === 'BREACHED'
  if (ticket.resolution_clock === 'RUNNING' || (late && ticket.resolved_at === null)) {
    const text = due(ticket.resolution_due_at, now)
    return late ? style.red(text) : text
  }
  return ticket.resolution_clock.toLowerCase()
}

/** Whom one has to do with: where, with what, how often. */
const habits = ({ requester: one }: DeskTicketDetail, now: number): string =>
  [
    one.timezone,
    one.locale,
    one.device,
    one.last_login_at === null ? null : `signed in ${ago(one.last_login_at, now)}`,
    `${one.open_tickets} open, ${one.recent_tickets} in 30 days`,
  ]
    .filter((part) => part !== null)
    .map((part) => clean(part))
    .join(' · ')

const requester = ({ requester: { display_name, email, organizations } }: DeskTicketDetail): string => {
  const roles = organizations.map((one) => `${one.role} of ${clean(one.name)}`).join(', ')
  return `${clean(display_name)} <${clean(email)}>${roles === '' ? '' : ` (${roles})`}`
}

export const BODY_OPTIONS: readonly OptionSpec[] = [
  { flags: '--body <text>', text: 'the text' },
  { flags: '--body-file <file>', text: 'read the text from a file; - is stdin' },
]

export interface BodySource {
  body: string | undefined
  bodyFile: string | undefined
}

export const parseBody = (typed: Typed): BodySource => {
  const source = { body: typed.text('body'), bodyFile: typed.text('bodyFile') }
  if (source.body !== undefined && source.bodyFile !== undefined)
    throw new UsageError('--body and --body-file exclude each other')
  return source
}

/** The text from wherever it was given; asked for on a terminal. */
export const readBody = async (
  context: Context,
  { body, bodyFile }: BodySource,
  message: string,
): Promise<string> => {
  let text = body
  if (bodyFile === '-') text = await readAll(context)
  else if (bodyFile !== undefined) {
    const { readFile } = await import('node:fs/promises')
    text = await readFile(bodyFile, 'utf8').catch(() => {
      throw new UsageError(`--body-file: ${bodyFile} cannot be read`)
    })
  }
  text = (text ?? (await askText(context, { message, flag: '--body' }))).trim()
  if (text === '') throw new UsageError('The text is empty')
  return text
}
