import type { StreamEvent, StreamStatus } from '@wardline/sdk'
import { command } from '../../command.ts'
import type { Context } from '../../context.ts'
import { Interrupted, UsageError } from '../../exit.ts'
import { clean, type Style } from '../../output.ts'

interface Options {
  types: string | undefined
  org: string | undefined
  json: boolean
  since: string | undefined
}

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
    { flags: '--json', text: 'one JSON object a line' },
    {
      flags: '--since <event-id>',
      text: 'begin right after this event; "last" is where your last tail of this stream stopped',
    },
  ],
  examples: [
    ['ward events tail', 'your own events; the desk’s too, for an agent'],
    ["ward events tail --types 'ticket.*'", 'only tickets'],
    ['ward events tail --since last --json >> events.ndjson', 'collect without gaps, run after run'],
    ['ward events tail --org 01934f6e-8d2a-7c41-9a57-0f6f2b7c1d01', 'an organization’s'],
  ],
  parse: (typed) => {
    const since = typed.text('since')
    if (since !== undefined && since !== 'last' && !/^\d{1,20}\.\d{1,20}$/.test(since)) {
      throw new UsageError(`--since takes an event id like 731.42, or last, not "${since}"`)
    }
    const format = typed.text('output')
    return {
      types: eventTypes(typed.text('types')),
      org: typed.text('org'),
      json: typed.flag('json') || format === 'json' || format === 'ndjson',
      since,
    }
  },
  async run(context, { types, org, json, since }) {
    const client = await context.client()
    const key = `${context.url} ${org ?? 'own'}`
    const stored = context.profile?.tails?.[key]
    if (since === 'last' && stored === undefined)
      context.warn('No tail of this stream was kept; beginning now.')
    const options = {
      signal: context.io.signal,
      lastEventId: since === 'last' ? stored : since,
      onStatus: (status: StreamStatus) => showStatus(context, status),
    }
    const stream =
      org === undefined
        ? client.events.stream({ types }, options)
        : client.events.streamOrganization({ org_id: org, types }, options)
    try {
      for await (const event of stream) {
        context.print(json ? `${JSON.stringify(event)}\n` : `${line(event, new Date(), context.style)}\n`)
      }
    } catch (error) {
      if (context.io.signal.aborted) throw new Interrupted('Interrupted')
      throw error
    } finally {
      await remember(context, key, stream.lastEventId)
    }
  },
})

/** Keeps the place for `--since last`; only for a profile, since a token of the environment has none. */
const remember = async (context: Context, key: string, id: string | undefined): Promise<void> => {
  if (id === undefined || context.token !== undefined) return
  await context.credentials.update(context.profileName, (profile) =>
    profile === undefined ? undefined : { ...profile, tails: { ...profile.tails, [key]: id } },
  )
}

export const TYPES = [
  'ticket.created',
  'ticket.message',
  'ticket.updated',
  'ticket.reply',
  'ticket.resolved',
  'message.new',
  'appointment.created',
  'consent.required',
  'session.revoked',
  'notification.new',
  'license.expiring',
  'impersonation.started',
  'impersonation.ended',
] as const satisfies readonly StreamEvent['event'][]

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

const showStatus = (context: Context, status: StreamStatus): void => {
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

/** One event on one line. */
export const line = (event: StreamEvent, at: Date, style: Style): string => {
  const [kind = ''] = event.event.split('.')
  const paint =
    { ticket: style.blue, impersonation: style.magenta, session: style.red, stream: style.yellow }[kind] ??
    style.green
  const time = style.dim(at.toTimeString().slice(0, 8))
  const { ticket_number, ...rest }: Record<string, unknown> = event.data
  const facts = Object.entries(rest)
    .filter(([, value]) => value !== null)
    .map(([key, value]) => {
      const text = typeof value === 'object' ? JSON.stringify(value) : String(value)
      return `${style.dim(`${key}=`)}${clean(text)}`
    })
  if (ticket_number !== undefined) facts.unshift(style.bold(clean(String(ticket_number))))
  return `${time} ${paint(clean(event.event).padEnd(21))} ${facts.join(' ')} ${style.dim(event.id)}`
}
