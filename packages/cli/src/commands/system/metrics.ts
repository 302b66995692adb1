import type { components } from '@wardline/sdk'
import { bar, fitted, sparkline } from '../../charts.ts'
import { command } from '../../command.ts'
import { type Column, clean, localTime, renderList, type Style } from '../../output.ts'
import { counted, EVERY, JSON_FLAG, ms, show, span, WATCH, type Watching } from './shared.ts'

type Metrics = components['schemas']['SystemMetrics']
type Point = components['schemas']['SystemPoint']

const PERIODS = ['15m', '1h', '24h', '7d'] as const

interface Options extends Watching {
  period: (typeof PERIODS)[number]
}

export const metrics = command<Options>({
  name: 'metrics',
  summary: 'Requests, errors and times of a period, over all servers',
  details: 'For super-admins. Up to the last full minute; probes of /health do not count.',
  options: [
    { flags: '--period <period>', text: 'how far back (1h)', choices: PERIODS },
    WATCH,
    EVERY,
    JSON_FLAG,
  ],
  examples: [
    ['ward system metrics', 'the last hour, with sparklines and bars'],
    ['ward system metrics --period 15m --watch', 'what happens now'],
    ['ward system metrics --period 7d -o csv > week.csv', 'the points of a week, for a spreadsheet'],
    ['ward system metrics --json | jq .error_rate', 'for a script'],
  ],
  parse: (typed) => ({
    period: typed.choice('period', PERIODS) ?? '1h',
    watch: typed.flag('watch'),
    everySeconds: typed.number('every') ?? 5,
    json: typed.flag('json'),
  }),
  async run(context, { period, ...options }) {
    const client = await context.client()
    const { signal } = context.io
    const width = context.sheet.width ?? 120
    const page = (seen: Metrics) =>
      context.format === 'csv'
        ? renderList(seen.series, columns, context.sheet)
        : renderMetrics(seen, context.style, width)
    await show(context, options, () => client.system.metrics({ period }, { signal }), page)
  },
})

const columns: readonly Column<Point>[] = [
  { key: 'at', value: (one) => one.at },
  { key: 'requests', value: (one) => one.requests },
  { key: 'refused', value: (one) => one.refused },
  { key: 'errors', value: (one) => one.errors },
  { key: 'p50_ms', value: (one) => one.p50_ms },
  { key: 'p99_ms', value: (one) => one.p99_ms },
]

const NAMES = { '15m': '15 MINUTES', '1h': 'HOUR', '24h': '24 HOURS', '7d': '7 DAYS' } as const

const LABEL = 10
const TAIL = 26

const percent = (part: number, whole: number): string => {
  if (whole === 0) return '-'
  const share = (part / whole) * 100
  return share === 0
    ? '0 %'
    : share < 0.01
      ? '< 0.01 %'
      : `${share < 10 ? share.toFixed(2) : share.toFixed(1)} %`
}

/** Everything as a page to read. Each line ends with its number: nothing is told by its shape alone. */
export const renderMetrics = (seen: Metrics, style: Style, width: number): string => {
  const { series, latency_ms: latency, operations, requests, refused, errors } = seen
  const seconds = (Date.parse(seen.to) - Date.parse(seen.from)) / 1000
  const room = Math.max(10, width - LABEL - TAIL)
  const line = (
    label: string,
    values: readonly (number | null)[],
    tail: string,
    paint = (text: string) => text,
  ): string => `${label.padEnd(LABEL)}${paint(sparkline(fitted(values, room)))}  ${tail}`
  const rate = requests / seconds
  const times = Object.entries(latency)
  const longest = Math.max(...times.map(([name, value]) => (name === 'max' ? 0 : (value ?? 0))))
  const speeds = times.map(([name, value]) => {
    // The longest of all would make the others invisible.
    const shape = name === 'max' ? '' : bar(value ?? 0, longest)
    return `${name.padEnd(LABEL)}${ms(value).padStart(9)}  ${style.blue(shape)}`.trimEnd()
  })
  const widest = Math.max(...operations.map(({ operation }) => operation.length), 0)
  const busiest = Math.max(...operations.map(({ requests: count, mean_ms }) => count * (mean_ms ?? 0)), 0)
  const rows = operations.map((one) => {
    const spent = one.requests * (one.mean_ms ?? 0)
    const failed = one.errors > 0 ? style.red(` ${counted(one.errors, 'error')}`) : ''
    const text = `${String(one.requests).padStart(8)}  ${ms(one.mean_ms).padStart(8)} mean  ${ms(one.max_ms).padStart(8)} longest`
    return `${clean(one.operation).padEnd(widest)} ${text}  ${style.blue(bar(spent, busiest))}${failed}`.trimEnd()
  })
  const points = (of: (one: Point) => number | null) => series.map(of)
  const failedPaint = errors > 0 ? style.red : style.dim
  return `${[
    style.bold(
      `THE LAST ${NAMES[seen.period]}, ${localTime(seen.from)} to ${localTime(seen.to)}, by ${span(seen.step_seconds)}`,
    ),
    line(
      'requests',
      points((one) => one.requests),
      `${requests}  ${rate < 10 ? rate.toFixed(2) : Math.round(rate)}/s`,
      style.blue,
    ),
    line(
      'refused',
      points((one) => one.refused),
      `${refused}  ${percent(refused, requests)}`,
      style.yellow,
    ),
    line(
      'errors',
      points((one) => one.errors),
      failedPaint(`${errors}  ${percent(errors, requests)}`),
      failedPaint,
    ),
    line(
      'p50',
      points((one) => one.p50_ms),
      ms(latency.p50),
      style.blue,
    ),
    line(
      'p99',
      points((one) => one.p99_ms),
      ms(latency.p99),
      style.blue,
    ),
    '',
    style.bold('TIME TO ANSWER'),
    ...speeds,
    '',
    style.bold('ACTIVE'),
    `${counted(seen.active.users, 'person').replace('persons', 'people')}, ${counted(seen.active.sessions, 'session')}`,
    ...(rows.length === 0
      ? []
      : ['', style.bold('OPERATIONS, those with errors first, then by the time spent'), ...rows]),
  ].join('\n')}\n`
}
