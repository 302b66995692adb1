import { command } from '../../command.ts'
import { ORG } from '../../organization.ts'
import { when } from './shared.ts'

const STATUSES = ['PENDING', 'DELIVERED', 'FAILED'] as const

interface Options {
  endpoint_id: string
  status: (typeof STATUSES)[number] | undefined
  org: string | undefined
  limit: number
}

export const deliveries = command<Options>({
  name: 'deliveries <endpoint-id>',
  summary: 'What was sent to a webhook endpoint, and how it went',
  details: 'Of the last 30 days. What your server answers is not kept, only its status.',
  options: [
    { flags: '--status <status>', text: 'only these', choices: STATUSES },
    ORG,
    { flags: '-L, --limit <n>', text: 'at most so many (50)', integer: [1, 10_000] },
  ],
  examples: [
    ['ward webhooks deliveries 01934f6e-8d2a-7c41-9a57-0f6f2b7c1da0', 'the newest first'],
    [
      'ward webhooks deliveries 01934f6e-8d2a-7c41-9a57-0f6f2b7c1da0 --status FAILED -o ndjson',
      'what to replay',
    ],
  ],
  parse: (typed) => ({
    endpoint_id: typed.arg(0),
    status: typed.choice('status', STATUSES),
    org: typed.text('org'),
    limit: typed.number('limit') ?? 50,
  }),
  async run(context, { endpoint_id, status, org, limit }) {
    const org_id = await context.organization(org)
    const client = await context.client()
    const items = await context.collect(
      client.webhooks.listDeliveries(
        { org_id, endpoint_id, status, limit: Math.min(limit, 100) },
        { signal: context.io.signal },
      ),
      limit,
    )
    context.list(
      items,
      [
        { key: 'id', value: (one) => one.id },
        { key: 'event', value: (one) => one.event_type },
        { key: 'event_id', value: (one) => one.event_id },
        { key: 'status', value: (one) => one.status },
        { key: 'attempts', value: (one) => one.attempts },
        { key: 'answer', value: (one) => one.response_code ?? one.error },
        { key: 'ms', value: (one) => one.latency_ms },
        { key: 'last', value: (one) => when(one.last_attempt_at) },
        { key: 'next', value: (one) => when(one.next_attempt_at) },
      ],
      'No deliveries.',
    )
  },
})

interface Replay {
  endpoint_id: string
  delivery_ids: readonly string[]
  org: string | undefined
}

export const replay = command<Replay>({
  name: 'replay <endpoint-id> <delivery-id...>',
  summary: 'Send deliveries again, with the same ids',
  options: [ORG],
  examples: [
    [
      'ward webhooks replay 01934f6e-8d2a-7c41-9a57-0f6f2b7c1da0 01934f6e-8d2a-7c41-9a57-0f6f2b7c1da1',
      'ids: ward webhooks deliveries',
    ],
  ],
  parse: (typed) => ({
    endpoint_id: typed.arg(0),
    delivery_ids: typed.args(1),
    org: typed.text('org'),
  }),
  async run(context, { endpoint_id, delivery_ids, org }) {
    const org_id = await context.organization(org)
    const client = await context.client()
    for (const delivery_id of delivery_ids) {
      const made = await client.webhooks.replay(
        { org_id, endpoint_id, delivery_id },
        { signal: context.io.signal },
      )
      context.status(`${delivery_id} is sent again as ${made.id}.`)
    }
  },
})
