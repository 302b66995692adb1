import type { components } from '@wardline/sdk'
import { BAR, bar, sparkline } from '../../charts.ts'
import { command } from '../../command.ts'
import { clean, type Style } from '../../output.ts'
import { paintUrgency, URGENCIES } from './shared.ts'

type Stats = components['schemas']['SupportStats']

export const stats = command<{ days: number }>({
  name: 'stats',
  summary: 'How the queue stands',
  details: 'What is open, how fast answers and solutions come, day by day, and who has how much to do.',
  options: [{ flags: '--days <n>', text: 'how far back (30)', integer: [1, 90] }],
  examples: [
    ['ward tickets stats', 'bars and sparklines'],
    ['ward tickets stats --days 7 -o json', 'the figures of a week, for machines'],
  ],
  parse: (typed) => ({ days: typed.number('days') ?? 30 }),
  async run(context, { days }) {
    const client = await context.client()
    const numbers = await client.supportDesk.stats({ days }, { signal: context.io.signal })
    if (context.format === 'table') return context.print(renderStats(numbers, context.style))
    if (context.format === 'csv') return context.list(numbers.days, dayColumns, 'No days.')
    context.record(numbers, [])
  },
})

const dayColumns = [
  { key: 'day', value: (one: Stats['days'][number]) => one.day },
  { key: 'created', value: (one: Stats['days'][number]) => one.created },
  { key: 'resolved', value: (one: Stats['days'][number]) => one.resolved },
  { key: 'first_response_p50', value: (one: Stats['days'][number]) => one.first_response_p50 },
]

const span = (seconds: number | null): string => {
  if (seconds === null) return '-'
  if (seconds < 6000) return `${Math.round(seconds / 60)} min`
  return seconds < 172_800 ? `${(seconds / 3600).toFixed(1)} h` : `${(seconds / 86_400).toFixed(1)} d`
}

/** Everything as a page to read. Each bar stands beside its number: nothing is told by its length alone. */
export const renderStats = (numbers: Stats, style: Style): string => {
  const most = Math.max(...Object.values(numbers.open_by_urgency))
  const urgencies = URGENCIES.toReversed().map((urgency) => {
    const count = numbers.open_by_urgency[urgency]
    return `${urgency.padEnd(8)} ${String(count).padStart(5)}  ${paintUrgency(urgency, bar(count, most), style)}`
  })
  const late = numbers.overdue > 0 ? style.red(String(numbers.overdue)) : '0'
  const percentiles = ({ p50, p90, p99 }: Stats['resolution_seconds']) =>
    `p50 ${span(p50)}  p90 ${span(p90)}  p99 ${span(p99)}`
  const first = numbers.days[0]?.day ?? ''
  const last = numbers.days.at(-1)?.day ?? ''
  const sum = (key: 'created' | 'resolved') => numbers.days.reduce((total, day) => total + day[key], 0)
  const load = Math.max(...numbers.agents.map(({ open }) => open), 0)
  const widest = Math.max(...numbers.agents.map(({ agent }) => clean(agent.display_name).length), 0)
  const agents = numbers.agents.map(({ agent, open, waiting, overdue, resolved }) => {
    const name = clean(agent.display_name).padEnd(widest)
    const tail = `${overdue > 0 ? style.red(`${overdue} overdue`) : '0 overdue'}, ${waiting} waiting, ${resolved} resolved`
    return `${name} ${String(open).padStart(5)}  ${style.blue(bar(open, load).padEnd(BAR))} ${style.dim(tail)}`
  })
  return `${[
    style.bold('OPEN'),
    ...urgencies,
    `unassigned ${numbers.unassigned} · overdue ${late} · waiting on the requester ${numbers.waiting}`,
    '',
    style.bold(`SPEED, ${numbers.days.length} days`),
    `first response  ${percentiles(numbers.first_response_seconds)}`,
    `resolution      ${percentiles(numbers.resolution_seconds)}`,
    '',
    style.bold(`DAY BY DAY, ${first} to ${last}`),
    `created         ${sparkline(numbers.days.map(({ created }) => created))}  ${sum('created')}`,
    `resolved        ${sparkline(numbers.days.map(({ resolved }) => resolved))}  ${sum('resolved')}`,
    `first response  ${sparkline(numbers.days.map(({ first_response_p50 }) => first_response_p50))}`,
    ...(agents.length === 0 ? [] : ['', style.bold('AGENTS'), ...agents]),
  ].join('\n')}\n`
}
