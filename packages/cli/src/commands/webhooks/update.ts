import { command } from '../../command.ts'
import { UsageError } from '../../exit.ts'
import { ORG } from '../../organization.ts'
import { columns, type EventType, webhookTypes, when } from './shared.ts'

interface Options {
  endpoint_id: string
  url: string | undefined
  description: string | undefined
  types: EventType[] | undefined
  enabled: boolean | undefined
  org: string | undefined
}

export const update = command<Options>({
  name: 'update <endpoint-id>',
  summary: 'Change, disable or enable a webhook endpoint',
  details:
    'What is left out stays. While it is disabled nothing new is recorded for it; what waited goes out once it is enabled again.',
  options: [
    { flags: '--new-url <url>', text: 'send elsewhere' },
    { flags: '--types <types>', text: 'which events; "all" for all' },
    { flags: '--description <text>', text: 'what it is for' },
    { flags: '--disable', text: 'send nothing more' },
    { flags: '--enable', text: 'send again' },
    ORG,
  ],
  examples: [
    ['ward webhooks update 01934f6e-8d2a-7c41-9a57-0f6f2b7c1da0 --types all', 'ids: ward webhooks list'],
    ['ward webhooks update 01934f6e-8d2a-7c41-9a57-0f6f2b7c1da0 --enable', 'after it was mended'],
  ],
  parse: (typed) => {
    const [enable, disable] = [typed.flag('enable'), typed.flag('disable')]
    if (enable && disable) throw new UsageError('--enable and --disable exclude each other')
    const options = {
      endpoint_id: typed.arg(0),
      url: typed.text('newUrl'),
      description: typed.text('description'),
      types: webhookTypes(typed.text('types')),
      enabled: enable ? true : disable ? false : undefined,
      org: typed.text('org'),
    }
    const { url, description, types, enabled } = options
    if ([url, description, types, enabled].every((one) => one === undefined))
      throw new UsageError('Say what to change: --new-url, --types, --description, --enable or --disable')
    return options
  },
  async run(context, { endpoint_id, url, description, types, enabled, org }) {
    const org_id = await context.organization(org)
    const client = await context.client()
    const endpoint = await client.webhooks.update(
      { org_id, endpoint_id, url, description, event_types: types, enabled },
      { signal: context.io.signal },
    )
    context.record(endpoint, columns)
  },
})

interface One {
  endpoint_id: string
  org: string | undefined
}

export const remove = command<One>({
  name: 'delete <endpoint-id>',
  summary: 'Delete a webhook endpoint, and its log',
  options: [ORG],
  examples: [['ward webhooks delete 01934f6e-8d2a-7c41-9a57-0f6f2b7c1da0', 'ids: ward webhooks list']],
  parse: (typed) => ({ endpoint_id: typed.arg(0), org: typed.text('org') }),
  async run(context, { endpoint_id, org }) {
    const org_id = await context.organization(org)
    const client = await context.client()
    await client.webhooks.delete({ org_id, endpoint_id }, { signal: context.io.signal })
    context.status('It is deleted.')
  },
})

export const rotate = command<One>({
  name: 'rotate <endpoint-id>',
  summary: 'Make a new secret; it is printed this once',
  details:
    'For 24 hours everything is signed with both, so nothing is lost while you change over. Rotating again meanwhile ends the older one at once. The secret is all that goes to stdout.',
  options: [ORG],
  examples: [['ward webhooks rotate 01934f6e-8d2a-7c41-9a57-0f6f2b7c1da0 > secret', 'straight into a file']],
  parse: (typed) => ({ endpoint_id: typed.arg(0), org: typed.text('org') }),
  async run(context, { endpoint_id, org }) {
    const org_id = await context.organization(org)
    const client = await context.client()
    const rotated = await client.webhooks.rotateSecret({ org_id, endpoint_id }, { signal: context.io.signal })
    if (context.format !== 'table') return context.record(rotated, [])
    context.print(`${rotated.secret}\n`)
    context.status(`The old secret signs along until ${when(rotated.old_secret_until)}.`)
  },
})
