import { setTimeout as sleep } from 'node:timers/promises'
import type { components } from '@wardline/sdk'
import { command } from '../../command.ts'
import type { Context } from '../../context.ts'
import { Interrupted } from '../../exit.ts'
import { clean, localTime, renderList, type Style } from '../../output.ts'

type Top = components['schemas']['TelemetryTop']

const PERIODS = ['1h', '24h', '7d', '30d', '90d'] as const
const EVERY_MS = 5000
const DEFAULT_WIDTH = 100
const SHORTEST = 10
const LONGEST = 60

interface Options {
  period: (typeof PERIODS)[number]
  prefix: string | undefined
  limit: number
  watch: boolean
  json: boolean
}

export const top = command<Options>({
  name: 'top',
  summary: 'The most frequent usage events, as bars',
  details:
    'For super-admins: of the whole platform, counted by the hour. --watch draws anew every 5 seconds, until Ctrl-C.',
  options: [
    { flags: '--period <period>', text: 'how far back (24h)', choices: PERIODS },
    { flags: '--prefix <text>', text: 'only events whose name begins so' },
    { flags: '-L, --limit <n>', text: 'at most so many names (20)', integer: [1, 100] },
    { flags: '--watch', text: 'keep it up to date' },
    { flags: '--json', text: 'the figures as JSON; with --watch one object a line' },
  ],
  examples: [
    ['ward telemetry top', 'the last 24 hours'],
    ['ward telemetry top --period 30d --prefix schedule. -L 5', 'what is done most with the schedule'],
    ['ward telemetry top --watch', 'live, beside a release'],
    ['ward telemetry top --period 7d -o csv', 'for a spreadsheet'],
  ],
  parse: (typed) => ({
    period: typed.choice('period', PERIODS) ?? '24h',
    prefix: typed.text('prefix'),
    limit: typed.number('limit') ?? 20,
    watch: typed.flag('watch'),
    json: typed.flag('json'),
  }),
  async run(context, { period, prefix, limit, watch, json }) {
    const { signal } = context.io
    const client = await context.client()
    const view = new TopView(context, { json, watch })
    try {
      do {
        view.show(await client.telemetry.top({ period, prefix, limit }, { signal }))
        if (watch) await sleep(EVERY_MS, undefined, { signal })
      } while (watch)
    } catch (error) {
      if (signal.aborted) throw new Interrupted('Interrupted')
      throw error
    }
  },
})

/** Prints each answer; on a terminal a later one takes the place of the one before. */
class TopView {
  readonly #context: Context
  readonly #options: { json: boolean; watch: boolean }
  /** Of the terminal, since what is to be replaced begins. */
  #lines = 0

  constructor(context: Context, options: { json: boolean; watch: boolean }) {
    this.#context = context
    this.#options = options
  }

  show(numbers: Top): void {
    const back = this.#lines > 0 ? `\u001b[${this.#lines}A\u001b[J` : ''
    const text = this.#render(numbers)
    this.#context.print(`${back}${text}`)
    const { io, format } = this.#context
    if (!this.#options.json && format === 'table' && io.stdout.isTTY === true)
      this.#lines = text.split('\n').length - 1
  }

  #render(numbers: Top): string {
    const { format, style, sheet } = this.#context
    const { json, watch } = this.#options
    if (format === 'csv') return renderList(numbers.events, columns, sheet)
    if (format === 'ndjson' || (watch && (json || format === 'json'))) return `${JSON.stringify(numbers)}\n`
    if (json || format === 'json') return `${JSON.stringify(numbers, null, 2)}\n`
    return renderTop(numbers, style, sheet.width ?? DEFAULT_WIDTH)
  }
}

const columns = [
  { key: 'event_name', value: (one: Top['events'][number]) => one.event_name },
  { key: 'count', value: (one: Top['events'][number]) => one.count },
]

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']

/** A bar of at most `cells` characters, to an eighth of one; what is more than nothing shows. */
export const fineBar = (value: number, most: number, cells: number): string => {
  const eighths = value <= 0 || most <= 0 ? 0 : Math.max(1, Math.round((value / most) * cells * 8))
  return '█'.repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] ?? '')
}

const share = (count: number, total: number): string => `${((100 * count) / total).toFixed(1)} %`

const grouped = (count: number): string => count.toLocaleString('en-US')

/** The events as lines to read: no line is longer than `width`, and each bar stands beside its number. */
export const renderTop = ({ from, total, names, events }: Top, style: Style, width: number): string => {
  const head = style.dim(
    `${grouped(total)} ${total === 1 ? 'event' : 'events'} of ${grouped(names)} ${names === 1 ? 'name' : 'names'} since ${localTime(from)}`,
  )
  const most = Math.max(...events.map(({ count }) => count), 0)
  const counts = events.map(({ count }) => grouped(count))
  const countWidth = Math.max(...counts.map((text) => text.length), 0)
  const tail = '100.0 %'.length
  const room = width - countWidth - tail - 6 - SHORTEST
  const nameWidth = Math.min(
    Math.max(...events.map(({ event_name }) => event_name.length), 0),
    Math.max(8, room),
  )
  const cells = Math.max(SHORTEST, Math.min(LONGEST, width - nameWidth - countWidth - tail - 6))
  const lines = events.map(({ event_name, count }, at) => {
    const name = clean(event_name)
    const fitted = name.length > nameWidth ? `${name.slice(0, nameWidth - 1)}…` : name.padEnd(nameWidth)
    const part = share(count, total).padStart(tail)
    return `${fitted}  ${(counts[at] ?? '').padStart(countWidth)}  ${style.dim(part)}  ${style.blue(fineBar(count, most, cells))}`
  })
  const shown = events.reduce((sum, { count }) => sum + count, 0)
  const rest =
    names > events.length
      ? [style.dim(`and ${grouped(total - shown)} of ${grouped(names - events.length)} more`)]
      : []
  return `${[head, ...lines, ...rest].join('\n')}\n`
}
