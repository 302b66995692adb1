import { command } from '../../command.ts'
import type { Context } from '../../context.ts'
import {
  BODY_OPTIONS,
  type BodySource,
  OWN,
  parseBody,
  readBody,
  STATUSES,
  type Status,
  ticketId,
} from './shared.ts'

interface ReplyOptions extends BodySource {
  ticket: string
  status: Status | undefined
  own: boolean
}

export const reply = command<ReplyOptions>({
  name: 'reply <ticket>',
  summary: 'Answer the requester: a PUBLIC reply',
  details: 'The requester reads it. For what only the desk may read there is ward tickets note.',
  options: [
    ...BODY_OPTIONS,
    { flags: '--status <status>', text: 'set the status along with it', choices: STATUSES },
    OWN,
  ],
  examples: [
    [
      'ward tickets reply TKT-2026-00042 --body "Which browser do you use?" --status WAITING_ON_USER',
      'ask back',
    ],
    ['ward tickets reply TKT-2026-00042 --body-file answer.txt', 'a longer one'],
    ['ward tickets reply TKT-2026-00042 --own --body "Still white."', 'on a ticket of your own'],
  ],
  parse: (typed) => ({
    ticket: typed.arg(0),
    status: typed.choice('status', STATUSES),
    own: typed.flag('own'),
    ...parseBody(typed),
  }),
  async run(context, options) {
    if (!options.own) return await deskMessage(context, options, false)
    const client = await context.client()
    const ticket_id = await ticketId(context, client, options.ticket, true)
    const body = await readBody(context, options, 'Your message:')
    const added = await client.tickets.addMessage({ ticket_id, body }, { signal: context.io.signal })
    if (context.format !== 'table') return context.record(added, [])
    context.status(`Sent to the desk.`)
  },
})

export const note = command<ReplyOptions>({
  name: 'note <ticket>',
  summary: 'Leave an INTERNAL note: only the desk reads it',
  options: BODY_OPTIONS,
  examples: [
    ['ward tickets note TKT-2026-00042 --body "Seen before with this app version."', 'for colleagues'],
  ],
  parse: (typed) => ({ ticket: typed.arg(0), status: undefined, own: false, ...parseBody(typed) }),
  run: (context, options) => deskMessage(context, options, true),
})

const deskMessage = async (
  context: Context,
  options: ReplyOptions,
  is_internal_note: boolean,
): Promise<void> => {
  const client = await context.client()
  const ticket_id = await ticketId(context, client, options.ticket)
  const question = is_internal_note
    ? 'INTERNAL note, the requester never sees it:'
    : 'PUBLIC reply, to the requester:'
  const body = await readBody(context, options, question)
  const sent = await client.supportDesk.reply(
    { ticket_id, body, is_internal_note, status: options.status },
    { signal: context.io.signal },
  )
  if (context.format !== 'table') return context.record(sent, [])
  const what = is_internal_note ? 'Internal note left' : 'Public reply sent'
  context.status(`${what}; the ticket is ${sent.ticket_status}, version ${sent.ticket_version}.`)
}
