import { command } from '../../command.ts'
import { UsageError } from '../../exit.ts'
import { localTime } from '../../output.ts'
import {
  CATEGORIES,
  type Category,
  deskColumns,
  OWN,
  STATUSES,
  type Status,
  URGENCIES,
  type Urgency,
} from './shared.ts'

const VIEWS = ['mine', 'unassigned', 'breaching', 'all'] as const

interface Options {
  status: string | undefined
  urgency: Urgency | undefined
  category: Category | undefined
  assignee: string | undefined
  org: string | undefined
  tags: string | undefined
  search: string | undefined
  view: (typeof VIEWS)[number] | undefined
  own: boolean
  limit: number
}

export const list = command<Options>({
  name: 'list',
  summary: 'The queue, by what is due next',
  details: 'Shows what is neither resolved nor closed, unless --status says otherwise.',
  options: [
    { flags: '--view <view>', text: 'a ready-made part of the queue', choices: VIEWS },
    { flags: '--status <statuses>', text: `one or more, with commas: ${STATUSES.join(', ')}` },
    { flags: '--urgency <urgency>', text: 'only this urgency', choices: URGENCIES },
    { flags: '--category <category>', text: 'only this category', choices: CATEGORIES },
    { flags: '--assignee <who>', text: 'me, none, or the id of an agent' },
    { flags: '--org <id>', text: 'only tickets about this organization' },
    { flags: '--tags <tags>', text: 'with commas between; a ticket must have them all' },
    { flags: '--search <text>', text: 'words of the ticket, its messages and notes, or a number' },
    OWN,
    { flags: '-L, --limit <n>', text: 'at most so many (50)', integer: [1, 10_000] },
  ],
  examples: [
    ['ward tickets list', 'what waits'],
    ['ward tickets list --view mine', 'what waits for you'],
    ['ward tickets list --view breaching --tags billing', 'what is late, of one kind'],
    ['ward tickets list --status RESOLVED,CLOSED --output csv', 'what is done, for a spreadsheet'],
    ['ward tickets list --own', 'what you asked for yourself'],
  ],
  parse: (typed) => ({
    status: statuses(typed.text('status')),
    urgency: typed.choice('urgency', URGENCIES),
    category: typed.choice('category', CATEGORIES),
    assignee: typed.text('assignee'),
    org: typed.text('org'),
    tags: typed.text('tags')?.toLowerCase(),
    search: typed.text('search'),
    view: typed.choice('view', VIEWS),
    own: typed.flag('own'),
    limit: typed.number('limit') ?? 50,
  }),
  async run(context, options) {
    const client = await context.client()
    const { signal } = context.io
    const limit = Math.min(options.limit, 100)
    if (options.own) {
      const status = STATUSES.find((one): one is Status => one === options.status)
      if (options.status !== undefined && status === undefined)
        throw new UsageError('--own takes one --status')
      const items = await context.collect(client.tickets.list({ status, limit }, { signal }), options.limit)
      return context.list(
        items,
        [
          { key: 'number', value: (ticket) => ticket.ticket_number },
          { key: 'status', value: (ticket) => ticket.status },
          { key: 'urgency', value: (ticket) => ticket.urgency },
          { key: 'subject', value: (ticket) => ticket.subject, shrink: true },
          {
            key: 'created_at',
            value: ({ created_at }) => (context.format === 'table' ? localTime(created_at) : created_at),
          },
        ],
        'You have opened no ticket.',
      )
    }
    const items = await context.collect(
      client.supportDesk.list(
        {
          status: options.status,
          urgency: options.urgency,
          category: options.category,
          assignee: options.assignee,
          organization_id: options.org,
          tags: options.tags,
          search: options.search,
          view: options.view,
          limit,
        },
        { signal },
      ),
      options.limit,
    )
    context.list(items, deskColumns(context), 'Nothing waits.')
  },
})

const statuses = (text: string | undefined): string | undefined => {
  if (text === undefined) return undefined
  const parts = text.toUpperCase().split(',')
  const unknown = parts.find((part) => !STATUSES.some((status) => status === part))
  if (unknown !== undefined) throw new UsageError(`--status knows ${STATUSES.join(', ')}, not "${unknown}"`)
  return parts.join(',')
}
