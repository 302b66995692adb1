import type { StreamEvent, StreamStatus } from '@wardline/sdk'
import { command } from '../../command.ts'
import type { Context } from '../../context.ts'
import { Interrupted, UsageError } from '../../exit.ts'
import { clean, type Style } from '../../output.ts'

interface Options {
  types: string | undefined
  org: string | undefined
  patient: string | undefined
  json: boolean
  since: Since
  exec: string | undefined
}

/** Where to begin: after an event, at an instant, where the last tail stopped, or now. */
export type Since = { after: string } | { from: string } | 'last' | undefined

export const tail = command<Options>({
  name: 'tail',
  summary: 'Watch what happens, as it happens',
  details:
    'Events go to stdout, the state of the connection to stderr. A lost connection is taken up again by itself, and every event that was missed follows. Ends with 130 at Ctrl-C, and with 4 and the reason when access is lost.',
  options: [
    {
      flags: '--types <types>',
      text: 'only these, with commas: ticket.created,ticket.message; ticket.* for all of a kind',
    },
    { flags: '--org <id>', text: 'an organization’s stream instead of your own' },
    { flags: '--patient <id>', text: 'only what names this patient' },
    { flags: '--json', text: 'one JSON object a line' },
    {
      flags: '--since <where>',
      text: 'begin at 10m, 2h or 3d ago, at an instant, right after an event’s id, or at "last": where your last tail of this stream stopped',
    },
    {
      flags: '--exec <command>',
      text: 'run this for every event instead of printing it, one after the other, with the event as JSON on its stdin',
    },
  ],
  examples: [
    ['ward events tail', 'your own events; the desk’s too, for an agent'],
    ["ward events tail --types 'ticket.*'", 'only tickets'],
    ['ward events tail --since 2h', 'what happened in the last two hours, and goes on'],
    ['ward events tail --since last --json >> events.ndjson', 'collect without gaps, run after run'],
    ["ward events tail --types ticket.created --exec 'notify-send Ticket'", 'a command for every event'],
    ['ward events tail --org 01934f6e-8d2a-7c41-9a57-0f6f2b7c1d01', 'an organization’s'],
  ],
  parse: (typed) => {
    const format = typed.text('output')
    const [json, exec] = [typed.flag('json') || format === 'json' || format === 'ndjson', typed.text('exec')]
    if (json && exec !== undefined) throw new UsageError('--json prints events, --exec does not; choose one')
    return {
      types: eventTypes(typed.text('types')),
      org: typed.text('org'),
      patient: typed.text('patient'),
      json,
      since: sinceWhen(typed.text('since'), Date.now()),
      exec,
    }
  },
  async run(context, { types, org, patient, json, since, exec }) {
    const client = await context.client()
    const key = `${context.url} ${org ?? 'own'}`
    const stored = context.profile?.tails?.[key]
    if (since === 'last' && stored === undefined)
      context.warn('No tail of this stream was kept; beginning now.')
    const after =
      since === 'last' ? stored : since !== undefined && 'after' in since ? since.after : undefined
    const from = typeof since === 'object' && 'from' in since ? since.from : undefined
    const options = {
      signal: context.io.signal,
      lastEventId: after,
      onStatus: (status: StreamStatus) => showStatus(context, status),
    }
    const filters = { types, patient_id: patient, since: from }
    const stream =
      org === undefined
        ? client.events.stream(filters, options)
        : client.events.streamOrganization({ org_id: org, ...filters }, options)
    try {
      for await (const event of stream) {
        if (exec !== undefined) await runFor(context, exec, event)
        else
          context.print(json ? `${JSON.stringify(event)}\n` : `${line(event, when(event), context.style)}\n`)
      }
    } catch (error) {
      if (context.io.signal.aborted) throw new Interrupted('Interrupted')
      throw error
    } finally {
      await remember(context, key, stream.lastEventId)
    }
  },
})

const SPANS = { s: 1, m: 60, h: 3600, d: 86_400 } as const

/** Reads --since; a span is counted back from `now` (epoch milliseconds). */
export const sinceWhen = (text: string | undefined, now: number): Since => {
  if (text === undefined || text === 'last') return text
  if (/^\d{1,20}\.\d{1,20}$/.test(text)) return { after: text }
  const [, count, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? []
  if (count !== undefined && (unit === 's' || unit === 'm' || unit === 'h' || unit === 'd'))
    return { from: new Date(now - Number(count) * SPANS[unit] * 1000).toISOString() }
  // A year by itself would be taken for an instant, and a day for one in Greenwich.
  const instant = /^\d{4}-\d{2}-\d{2}T/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(instant))
    throw new UsageError(
      `--since takes a span like 10m, an instant like 2026-03-02T14:30:00Z, an event id like 731.42, or last, not "${text}"`,
    )
  return { from: new Date(instant).toISOString() }
}

/** Runs the command with the event on its stdin, and waits. A command that fails is told and ends nothing. */
const runFor = async (context: Context, command: string, event: StreamEvent): Promise<void> => {
  const { spawn } = await import('node:child_process')
  const env = { ...context.io.env, WARD_EVENT_ID: event.id, WARD_EVENT_TYPE: event.event }
  const child = spawn(command, { shell: true, stdio: ['pipe', 'inherit', 'inherit'], env })
  const ended = new Promise<string | undefined>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('exit', (code, signal) => resolve(code === 0 ? undefined : `exit ${code ?? signal}`))
  })
  // It need not read what it is told.
  child.stdin.on('error', () => {})
  child.stdin.end(`${JSON.stringify(event)}\n`)
  const failure = await ended
  if (failure !== undefined && !context.io.signal.aborted)
    context.warn(
      context.style.yellow(`! the command failed for ${clean(event.event)} ${event.id}: ${failure}`),
    )
}

/** Keeps the place for `--since last`; only for a profile, since a token of the environment has none. */
const remember = async (context: Context, key: string, id: string | undefined): Promise<void> => {
  if (id === undefined || context.token !== undefined) return
  await context.credentials.update(context.profileName, (profile) =>
    profile === undefined ? undefined : { ...profile, tails: { ...profile.tails, [key]: id } },
  )
}

// A record: a type that the contract gains or loses fails to compile here.
const KNOWN: Record<Exclude<StreamEvent['event'], 'stream.reset'>, true> = {
  'ticket.created': true,
  'ticket.message': true,
  'ticket.desk_message': true,
  'ticket.updated': true,
  'ticket.overdue': true,
  'ticket.presence': true,
  'ticket.reply': true,
  'ticket.resolved': true,
  'call.incoming': true,
  'call.dequeued': true,
  'call.completed': true,
  'message.new': true,
  'appointment.created': true,
  'appointment.updated': true,
  'appointment.reminder': true,
  'document.scan_complete': true,
  'document.processed': true,
  'consent.required': true,
  'session.revoked': true,
  'notification.new': true,
  'member.joined': true,
  'member.removed': true,
  'license.expiring': true,
  'subscription.updated': true,
  'impersonation.started': true,
  'impersonation.ended': true,
}
export const TYPES = Object.keys(KNOWN)

/** Checked here, so that a typing error is told at once; `ticket.*` becomes all that this version knows. */
export const eventTypes = (text: string | undefined): string | undefined => {
  if (text === undefined) return undefined
  const wanted = text.split(',').flatMap((name) => {
    const matches = TYPES.filter((type) =>
      name.endsWith('.*') ? type.startsWith(name.slice(0, -1)) : type === name,
    )
    if (matches.length === 0)
      throw new UsageError(`--types does not know "${name}"; there are ${TYPES.join(', ')}`)
    return matches
  })
  return [...new Set(wanted)].join(',')
}

/** The state of the connection, on stderr. */
export const showStatus = (context: Context, status: StreamStatus): void => {
  const { style } = context
  if (status.state === 'open') {
    const from = status.resumedFrom === undefined ? '' : `, going on from ${status.resumedFrom}`
    context.status(style.green(`● connected${from}`))
  } else if (status.state === 'reconnecting') {
    const seconds = (status.delayMs / 1000).toFixed(1)
    context.warn(style.yellow(`○ disconnected: ${clean(status.reason)}; trying again in ${seconds} s`))
  } else if (status.state === 'caught-up') {
    const events = status.count === 1 ? 'event' : 'events'
    context.status(style.dim(`● caught up, ${status.count} missed ${events}`))
  } else if (status.state === 'reset') {
    context.warn(style.yellow(`! events were missed that the server no longer has (${clean(status.reason)})`))
  }
}

/** When it happened, as it says itself; an event that was missed is told late. */
const when = ({ data }: StreamEvent): Date =>
  'occurred_at' in data && !Number.isNaN(Date.parse(data.occurred_at))
    ? new Date(data.occurred_at)
    : new Date()

/** One event on one line. */
export const line = (event: StreamEvent, at: Date, style: Style): string => {
  const [kind = ''] = event.event.split('.')
  const paint =
    { ticket: style.blue, impersonation: style.magenta, session: style.red, stream: style.yellow }[kind] ??
    style.green
  const time = style.dim(at.toTimeString().slice(0, 8))
  const { ticket_number, occurred_at: _, ...rest }: Record<string, unknown> = event.data
  const facts = Object.entries(rest)
    .filter(([, value]) => value !== null)
    .map(([key, value]) => {
      const text = typeof value === 'object' ? JSON.stringify(value) : String(value)
      return `${style.dim(`${key}=`)}${clean(text)}`
    })
  if (ticket_number !== undefined) facts.unshift(style.bold(clean(String(ticket_number))))
  return `${time} ${paint(clean(event.event).padEnd(21))} ${facts.join(' ')} ${style.dim(event.id)}`
}
