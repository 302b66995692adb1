import type { components } from '@wardline/sdk'
import { command } from '../../command.ts'
import type { Context } from '../../context.ts'
import { localTime } from '../../output.ts'

const ORG = { flags: '--org <id>', text: 'the organization, when you belong to several' }
const LIMIT = { flags: '-L, --limit <n>', text: 'at most so many (50)', integer: [1, 10_000] } as const

interface Query {
  org: string | undefined
  filter: 'unread' | 'archived' | undefined
  search: string | undefined
  patient: string | undefined
  limit: number
}

type Thread = components['schemas']['Thread']

async function listThreads(context: Context, { org, filter, search, patient, limit }: Query): Promise<void> {
  const org_id = await context.organization(org)
  const client = await context.client()
  const items = await context.collect(
    client.messages.list(
      { org_id, filter, search, patient_id: patient, limit: Math.min(limit, 100) },
      { signal: context.io.signal },
    ),
    limit,
  )
  context.list<Thread>(
    items,
    [
      { key: 'id', value: (one) => one.id },
      {
        key: 'updated',
        value: (one) => (context.format === 'table' ? localTime(one.updated_at) : one.updated_at),
      },
      {
        key: 'unread',
        value: (one) => one.unread_count,
        paint: (text, one, style) => (one.unread_count > 0 ? style.yellow(text) : style.dim(text)),
      },
      {
        key: 'subject',
        value: (one) => one.subject,
        shrink: true,
        paint: (text, one, style) => (one.unread_count > 0 ? style.bold(text) : text),
      },
      { key: 'from', value: (one) => one.last_message.sender_name },
      { key: 'last', value: (one) => one.last_message.preview, shrink: true },
    ],
    filter === 'unread' ? 'Nothing is unread.' : 'No thread matches.',
  )
}

export const list = command<Query>({
  name: 'list',
  summary: 'Your threads, the latest first',
  options: [
    ORG,
    { flags: '--unread', text: 'only threads with unread messages' },
    { flags: '--archived', text: 'only archived ones' },
    { flags: '--patient <id>', text: 'only those about this patient' },
    LIMIT,
  ],
  examples: [['ward messages list --unread', 'what is new']],
  parse: (typed) => ({
    org: typed.text('org'),
    filter: typed.flag('unread') ? 'unread' : typed.flag('archived') ? 'archived' : undefined,
    search: undefined,
    patient: typed.text('patient'),
    limit: typed.number('limit') ?? 50,
  }),
  run: listThreads,
})

export const search = command<Query>({
  name: 'search <words>',
  summary: 'Your threads in whose subject or messages these words are',
  details: 'Other forms of a word are found too; "in quotes" words stand together, or takes either.',
  options: [ORG, { flags: '--archived', text: 'among the archived ones' }, LIMIT],
  examples: [["ward messages search 'lisinopril refill'", 'both words in one message']],
  parse: (typed) => ({
    org: typed.text('org'),
    filter: typed.flag('archived') ? 'archived' : undefined,
    search: typed.arg(0),
    patient: undefined,
    limit: typed.number('limit') ?? 50,
  }),
  run: listThreads,
})
