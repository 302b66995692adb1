import { command } from '../../command.ts'
import { ORG } from '../../organization.ts'
import { columns } from './shared.ts'

export const list = command<{ org: string | undefined }>({
  name: 'list',
  summary: 'An organization’s webhook endpoints; never their secrets',
  details:
    'FAILING: the last delivery did not arrive. After 3 days without one that does it is disabled, and at once when it answers 410. LOST: deliveries that had not arrived after 30 days; they can no longer be sent.',
  options: [ORG],
  examples: [['ward webhooks list', 'the newest first']],
  parse: (typed) => ({ org: typed.text('org') }),
  async run(context, { org }) {
    const org_id = await context.organization(org)
    const client = await context.client()
    const items = await context.collect(
      client.webhooks.list({ org_id, limit: 100 }, { signal: context.io.signal }),
      100,
    )
    context.list(items, columns, 'No webhook endpoints.')
  },
})
