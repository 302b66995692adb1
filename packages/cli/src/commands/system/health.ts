import type { components } from '@wardline/sdk'
import { BAR, bar } from '../../charts.ts'
import { command } from '../../command.ts'
import { EXIT } from '../../exit.ts'
import { ago, type Column, clean, renderList, type Style, style as styleOf } from '../../output.ts'
import { counted, EVERY, JSON_FLAG, ms, show, span, WATCH, type Watching } from './shared.ts'

type Health = components['schemas']['SystemHealth']
type Server = components['schemas']['SystemServer']
type Queue = components['schemas']['SystemQueue']

export const health = command<Watching>({
  name: 'health',
  summary: 'How everything is: dependencies, servers, jobs, events, seals, webhooks',
  details:
    'For super-admins. Ends with 1 when anything is wrong, and says what; with 7 when no server answers, or none can.',
  options: [WATCH, EVERY, JSON_FLAG],
  examples: [
    ['ward system health', 'the whole picture'],
    ['ward system health --watch', 'the same, live'],
    ['ward system health --json | jq -r ".problems[]"', 'what is wrong, one a line'],
    ['ward system health -q > /dev/null || page-somebody', 'in a script'],
  ],
  parse: (typed) => ({
    watch: typed.flag('watch'),
    everySeconds: typed.number('every') ?? 5,
    json: typed.flag('json'),
  }),
  async run(context, options) {
    const client = await context.client()
    const { signal } = context.io
    const page = (seen: Health) =>
      context.format === 'csv'
        ? renderList(seen.dependencies, dependencyColumns, context.sheet)
        : renderHealth(seen, context.sheet.color)
    const seen = await show(context, options, () => client.system.health({}, { signal }), page)
    if (seen.status !== 'ok') context.exitCode = EXIT.failed
  },
})

const dependencyColumns: readonly Column<Health['dependencies'][number]>[] = [
  { key: 'name', value: (one) => one.name },
  { key: 'essential', value: (one) => one.essential },
  { key: 'status', value: (one) => one.status },
  { key: 'latency_ms', value: (one) => one.latency_ms },
  { key: 'error', value: (one) => one.error },
]

const memory = (bytes: number): string => `${Math.round(bytes / 1_048_576)} MB`

const paintState = (state: Server['state'], text: string, style: Style): string =>
  state === 'RUNNING' ? style.green(text) : state === 'STOPPING' ? style.yellow(text) : style.red(text)

const serverColumns = (now: number): readonly Column<Server>[] => [
  {
    key: 'state',
    value: (one) => one.state,
    paint: (text, one, style) => paintState(one.state, text, style),
  },
  { key: 'kind', value: (one) => one.kind.toLowerCase() },
  { key: 'host', value: (one) => one.host },
  { key: 'pid', value: (one) => one.pid },
  { key: 'version', value: (one) => one.version },
  { key: 'jobs', value: (one) => (one.runs_jobs ? 'yes' : 'no') },
  { key: 'up', value: (one) => span(Math.max(0, (now - Date.parse(one.started_at)) / 1000)) },
  { key: 'seen', value: (one) => `${span(Math.max(0, (now - Date.parse(one.seen_at)) / 1000))} ago` },
  { key: 'streams', value: (one) => one.streams },
  { key: 'requests', value: (one) => one.requests_under_way },
  { key: 'loop_p99', value: (one) => ms(one.event_loop_p99_ms) },
  { key: 'memory', value: (one) => memory(one.memory_bytes) },
]

const queueColumns: readonly Column<Queue>[] = [
  { key: 'queue', value: (one) => one.queue },
  { key: 'waiting', value: (one) => one.waiting },
  { key: 'retrying', value: (one) => one.retrying },
  { key: 'running', value: (one) => one.running },
  { key: 'failed', value: (one) => one.failed },
  {
    key: 'oldest_due',
    value: (one) => (one.oldest_due_seconds === null ? '-' : span(one.oldest_due_seconds)),
  },
]

const badge = (status: Health['status'], style: Style): string =>
  ({ ok: style.green('● ok'), degraded: style.yellow('● degraded'), failing: style.red('● failing') })[status]

const dependencies = (seen: Health, style: Style): string[] => {
  const widest = Math.max(...seen.dependencies.map(({ name }) => name.length), 0)
  const slowest = Math.max(...seen.dependencies.map(({ latency_ms }) => latency_ms), 1)
  return seen.dependencies.map(({ name, essential, status, latency_ms, error }) => {
    const paint = status === 'ok' ? style.green : essential ? style.red : style.yellow
    const time = ms(latency_ms).padStart(9)
    const tail = [essential ? 'essential' : '', error ?? ''].filter((part) => part !== '').join(', ')
    const line = `${clean(name).padEnd(widest)}  ${paint(status.padEnd(7))} ${time}  ${paint(bar(latency_ms, slowest).padEnd(BAR))} ${style.dim(clean(tail))}`
    return line.trimEnd()
  })
}

const figures = (seen: Health, now: number, style: Style): string[] => {
  const { events, seals, webhooks } = seen
  const unknown = style.red('not known')
  const eventsLine =
    events &&
    `${events.backlog === 0 ? 'none' : counted(events.backlog, 'event')} held back, the oldest transaction ${span(events.horizon_lag_seconds)} old${events.tail_lag_seconds === null ? '' : `, read ${span(events.tail_lag_seconds)} ago`}`
  const sealsLine =
    seals &&
    `the last ${seals.sealed_at === null ? 'is still to come' : ago(seals.sealed_at, now)}, the oldest unsealed row ${span(seals.lag_seconds)} old`
  const webhooksLine =
    webhooks &&
    `${webhooks.pending} pending, the oldest due for ${span(webhooks.overdue_seconds)}, ${webhooks.unrecorded} not looked at; endpoints: ${webhooks.failing_endpoints} failing, ${webhooks.disabled_endpoints} disabled`
  return [
    `events    ${eventsLine ?? unknown}`,
    `seals     ${sealsLine ?? unknown}`,
    `webhooks  ${webhooksLine ?? unknown}`,
    `streams   ${seen.streams} open`,
  ]
}

/** Everything as a page to read. What is wrong comes first. */
export const renderHealth = (seen: Health, color: boolean): string => {
  const style = styleOf(color)
  const now = Date.parse(seen.checked_at)
  const versions = `ward ${seen.version} on Node ${seen.node_version}, PostgreSQL ${seen.database_version ?? 'away'}, schema ${seen.schema_version ?? 'not known'}, up ${span(seen.uptime_seconds)}`
  const pools = seen.pools.map(({ name, limit, open, idle, waiting }) => {
    const used = open - idle
    const text = `${used} of ${limit} busy, ${waiting} waiting`
    return `${clean(name).padEnd(10)}${style.blue(bar(used, limit).padEnd(BAR))} ${waiting > 0 ? style.yellow(text) : text}`
  })
  const tableOf = <Row>(rows: readonly Row[] | null, columns: readonly Column<Row>[]): string[] =>
    rows === null
      ? [style.red('not known')]
      : renderList(rows, columns, { format: 'table', color, width: undefined }).trimEnd().split('\n')
  return `${[
    `${badge(seen.status, style)}  ${style.dim(clean(versions))}`,
    ...(seen.problems.length === 0
      ? []
      : ['', style.bold('PROBLEMS'), ...seen.problems.map((one) => style.red(`• ${clean(one)}`))]),
    '',
    style.bold('DEPENDENCIES'),
    ...dependencies(seen, style),
    '',
    style.bold('SERVERS'),
    ...tableOf(seen.servers, serverColumns(now)),
    '',
    style.bold('JOBS'),
    ...tableOf(seen.jobs, queueColumns),
    '',
    style.bold('BEHIND'),
    ...figures(seen, now, style),
    '',
    style.bold('CONNECTIONS'),
    ...pools,
  ].join('\n')}\n`
}
