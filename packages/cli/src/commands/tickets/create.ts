import { command } from '../../command.ts'
import { askText } from '../../prompts.ts'
import {
  BODY_OPTIONS,
  type BodySource,
  CATEGORIES,
  type Category,
  parseBody,
  readBody,
  URGENCIES,
  type Urgency,
} from './shared.ts'

interface Options extends BodySource {
  subject: string | undefined
  category: Category
  urgency: Urgency | undefined
  org: string | undefined
}

export const create = command<Options>({
  name: 'create',
  summary: 'Ask for help',
  details: 'Opens a ticket of your own. It is created once, however often the network fails on the way.',
  options: [
    { flags: '--subject <text>', text: 'the question in one line' },
    ...BODY_OPTIONS,
    { flags: '--category <category>', text: 'what kind of help (OTHER)', choices: CATEGORIES },
    { flags: '--urgency <urgency>', text: 'how soon (NORMAL)', choices: URGENCIES },
    { flags: '--org <id>', text: 'the organization that it concerns' },
  ],
  examples: [
    [
      'ward tickets create --subject "Empty schedule" --body "Since noon." --category TECHNICAL',
      'prints the number',
    ],
  ],
  parse: (typed) => ({
    subject: typed.text('subject'),
    category: typed.choice('category', CATEGORIES) ?? 'OTHER',
    urgency: typed.choice('urgency', URGENCIES),
    org: typed.text('org'),
    ...parseBody(typed),
  }),
  async run(context, options) {
    const subject = options.subject ?? (await askText(context, { message: 'Subject:', flag: '--subject' }))
    const body = await readBody(context, options, 'What happened?')
    const client = await context.client()
    const { category, urgency, org } = options
    const made = await client.tickets.create(
      { subject, body, category, urgency, organization_id: org, context: { platform: process.platform } },
      { signal: context.io.signal },
    )
    if (context.format !== 'table') return context.record(made, [])
    context.print(`${made.ticket_number}\n`)
    context.status(`Opened; a first response is due ${made.first_response_due_at}.`)
  },
})
