import type { Client, TextBody } from '@wardline/sdk'
import { command } from '../../command.ts'
import type { Context } from '../../context.ts'
import { day } from '../../days.ts'
import { UsageError } from '../../exit.ts'
import { ORG, STATUSES, type Status, visitColumns } from './shared.ts'

interface Options {
  org: string | undefined
  mine: boolean
  ics: boolean
  date: string | undefined
  from: string | undefined
  to: string | undefined
  status: Status | undefined
  patient: string | undefined
  provider: string | undefined
  limit: number
}

/** The machine's calendar day. */
const today = (): string => new Date().toLocaleDateString('sv-SE')

export const list = command<Options>({
  name: 'list',
  summary: 'Visits, by time',
  details:
    'Days are the organization’s. From today on, unless you say --date, --from or --to. With --mine: your own, and those of patients you act for.',
  options: [
    ORG,
    { flags: '--mine', text: 'your own visits, in every organization' },
    { flags: '--ics', text: 'with --mine: as a calendar file' },
    { flags: '--date <date>', text: 'this day only' },
    { flags: '--from <date>', text: 'from this day on' },
    { flags: '--to <date>', text: 'up to this day, and with it' },
    { flags: '--status <status>', text: 'only these', choices: STATUSES },
    { flags: '--patient <id>', text: 'only this patient’s' },
    { flags: '--provider <id>', text: 'only this provider’s' },
    { flags: '-L, --limit <n>', text: 'at most so many (50)', integer: [1, 10_000] },
  ],
  examples: [
    ['ward appointments list --date 2026-03-09', 'the day'],
    ['ward appointments list --status SCHEDULED', 'still to be confirmed'],
    ['ward appointments list --mine --ics > visits.ics', 'for a calendar'],
  ],
  parse: (typed) => {
    const options = {
      org: typed.text('org'),
      mine: typed.flag('mine'),
      ics: typed.flag('ics'),
      date: day(typed.text('date'), '--date'),
      from: day(typed.text('from'), '--from'),
      to: day(typed.text('to'), '--to'),
      status: typed.choice('status', STATUSES),
      patient: typed.text('patient'),
      provider: typed.text('provider'),
      limit: typed.number('limit') ?? 50,
    }
    if (options.date !== undefined && (options.from !== undefined || options.to !== undefined))
      throw new UsageError('--date does not go with --from or --to')
    if (options.ics && !options.mine) throw new UsageError('--ics goes with --mine; or see appointments show')
    if (options.mine && (options.org !== undefined || options.provider !== undefined))
      throw new UsageError('--mine is of every organization and provider')
    return options
  },
  async run(context, options) {
    const client = await context.client()
    const { signal } = context.io
    const { date, to, status, patient: patient_id } = options
    const from = options.from ?? (date === undefined && to === undefined ? today() : undefined)
    const limit = Math.min(options.limit, 100)
    if (options.mine) return listMine(context, client, options, { from: date ?? from, to: date ?? to })
    const org_id = await context.organization(options.org)
    const query = { date, start_date: from, end_date: to, status, patient_id, provider_id: options.provider }
    const items = await context.collect(
      client.appointments.list({ org_id, ...query, limit }, { signal }),
      options.limit,
    )
    context.list(items, visitColumns(context), 'No visit matches.')
  },
})

async function listMine(
  context: Context,
  client: Client,
  { status, patient: patient_id, ics, limit }: Options,
  { from: start_date, to: end_date }: { from: string | undefined; to: string | undefined },
): Promise<void> {
  const { signal } = context.io
  const query = { start_date, end_date, status, patient_id, limit: Math.min(limit, 100) }
  if (ics) return printText(context, await client.appointments.listMineAsCalendar(query, { signal }))
  const items = await context.collect(client.appointments.listMine(query, { signal }), limit)
  context.list(
    items,
    [...visitColumns<(typeof items)[number]>(context), { key: 'at', value: (one) => one.organization_name }],
    'No visit matches.',
  )
}

export async function printText(context: Context, text: TextBody): Promise<void> {
  for await (const piece of text) context.print(piece)
}
