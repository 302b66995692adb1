import type { Finding } from './dependencies.ts'
import type { Figures } from './figures.ts'

/** A pool of connections, as it is. */
export interface PoolFigures {
  readonly name: string
  readonly limit: number
  readonly open: number
  readonly idle: number
  readonly waiting: number
}

interface Seen extends Figures {
  readonly now: Date
  readonly findings: readonly Finding[]
  readonly pools: readonly PoolFigures[]
  readonly tailLagSeconds: number | null
}

// From when on somebody should look. Sealing and upkeep happen every minute, jobs and webhooks every second or two.
const LATE_JOB_SECONDS = 300
const LATE_SEAL_SECONDS = 900
const LATE_WEBHOOK_SECONDS = 300
const HELD_SECONDS = 60
const TAIL_SECONDS = 15
// Who was lost longer ago was replaced, or is missed by then.
const LOST_MS = 15 * 60_000

const span = (seconds: number): string =>
  seconds < 120
    ? `${Math.round(seconds)} s`
    : seconds < 7200
      ? `${Math.round(seconds / 60)} min`
      : `${Math.round(seconds / 3600)} h`

const ofDependency = ({ name, status, limitMs, error }: Finding): string =>
  status === 'timeout'
    ? `${name} did not answer within ${limitMs} ms.`
    : `${name} does not answer (${error ?? 'unknown'}).`

function ofJobs(jobs: Seen['jobs'], servers: Seen['servers']): string[] {
  const problems: string[] = []
  if (servers !== null && !servers.some(({ runs_jobs, state }) => runs_jobs && state === 'RUNNING'))
    problems.push('Nobody runs jobs: there is no server that does, and no worker.')
  for (const { queue, oldest_due_seconds: late } of jobs ?? [])
    if (late !== null && late > LATE_JOB_SECONDS)
      problems.push(`Jobs of the kind ${queue} have waited for ${span(late)}.`)
  const failed = (jobs ?? []).filter(({ failed_lately }) => failed_lately > 0)
  const count = failed.reduce((sum, { failed_lately }) => sum + failed_lately, 0)
  const kinds = failed.map(({ queue, failed_lately }) => `${queue} ${failed_lately}`).join(', ')
  if (count > 0)
    problems.push(`${count} ${count === 1 ? 'job' : 'jobs'} failed for good in the last 24 hours (${kinds}).`)
  return problems
}

/** What is wrong, in words, the worst first. */
export function problemsOf(seen: Seen): string[] {
  const { now, findings, pools, jobs, events, seals, webhooks, servers, tailLagSeconds } = seen
  const away = findings.filter(({ status }) => status !== 'ok')
  const problems = [
    ...away.filter(({ essential }) => essential),
    ...away.filter(({ essential }) => !essential),
  ].map(ofDependency)
  for (const [name, figure] of Object.entries({ jobs, events, seals, webhooks, servers }))
    if (figure === null) problems.push(`The figures of ${name} cannot be read.`)
  for (const { name, limit, waiting } of pools)
    if (waiting > limit) problems.push(`${waiting} wait for one of the ${limit} connections for ${name}.`)
  for (const { host, pid, kind, state, seen_at } of servers ?? []) {
    const ago = now.getTime() - Date.parse(seen_at)
    if (state === 'LOST' && ago < LOST_MS)
      problems.push(`The ${kind.toLowerCase()} ${host} (process ${pid}) was lost ${span(ago / 1000)} ago.`)
  }
  problems.push(...ofJobs(jobs, servers))
  if (events && events.horizon_lag_seconds > HELD_SECONDS)
    problems.push(
      `A transaction has run for ${span(events.horizon_lag_seconds)} and holds back ${events.backlog} events.`,
    )
  if (tailLagSeconds !== null && tailLagSeconds > TAIL_SECONDS)
    problems.push(`This server has not read the outbox for ${span(tailLagSeconds)}.`)
  if (seals && seals.lag_seconds > LATE_SEAL_SECONDS)
    problems.push(`The audit trail has rows that nothing has sealed for ${span(seals.lag_seconds)}.`)
  if (webhooks && webhooks.overdue_seconds > LATE_WEBHOOK_SECONDS)
    problems.push(`Webhook deliveries have waited for ${span(webhooks.overdue_seconds)}.`)
  return problems.slice(0, 100)
}
