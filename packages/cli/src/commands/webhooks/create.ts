import { command } from '../../command.ts'
import { ORG } from '../../organization.ts'
import { type EventType, webhookTypes } from './shared.ts'

interface Options {
  url: string
  description: string | undefined
  types: EventType[] | undefined
  org: string | undefined
}

export const create = command<Options>({
  name: 'create <url>',
  summary: 'Send an organization’s events to an address; its secret is printed this once',
  details:
    'Every event is posted there as JSON, signed by the Standard Webhooks scheme: verify it with verifyWebhook of @wardline/sdk or any Standard Webhooks library. It may come more than once; its id stays the same. The secret is all that goes to stdout. For ADMINs.',
  options: [
    { flags: '--types <types>', text: 'only these, with commas: member.joined,license.expiring; member.*' },
    { flags: '--description <text>', text: 'what it is for' },
    ORG,
  ],
  examples: [
    ['ward webhooks create https://hooks.example.com/wardline', 'all events'],
    ["ward webhooks create https://hooks.example.com/staff --types 'member.*' > secret", 'some of them'],
  ],
  parse: (typed) => ({
    url: typed.arg(0),
    description: typed.text('description'),
    types: webhookTypes(typed.text('types')),
    org: typed.text('org'),
  }),
  async run(context, { url, description, types, org }) {
    const org_id = await context.organization(org)
    const client = await context.client()
    const made = await client.webhooks.create(
      { org_id, url, description, event_types: types },
      { signal: context.io.signal },
    )
    if (context.format !== 'table') return context.record(made, [])
    context.print(`${made.secret}\n`)
    context.status(`This is ${made.id}. Keep the secret now: it is not shown again.`)
  },
})
