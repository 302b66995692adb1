import type { Pool } from 'pg'
import type { Clock } from '../clock.ts'
import type { components } from '../generated/contract.ts'
import type { Dependencies } from './dependencies.ts'
import type { Figures } from './figures.ts'
import { type PoolFigures, problemsOf } from './problems.ts'
import type { Instance } from './reporter.ts'

type SystemHealth = components['schemas']['SystemHealth']

interface Sources {
  readonly clock: Clock
  readonly instance: () => Instance
  readonly dependencies: Dependencies
  readonly figures: () => Promise<Figures>
  readonly pools: () => readonly PoolFigures[]
  readonly tailLagSeconds: () => number | null
}

/** How a pool is. @param limit how many connections it may have */
export const poolFigures = (name: string, limit: number, pool: Pool): PoolFigures => ({
  name,
  limit,
  open: pool.totalCount,
  idle: pool.idleCount,
  waiting: pool.waitingCount,
})

/** How the whole system is, as this server sees it. Never rejects. */
export async function readSystemHealth(sources: Sources): Promise<SystemHealth> {
  const now = sources.clock.now()
  const { id, version, startedAt } = sources.instance()
  const [findings, figures] = await Promise.all([sources.dependencies.look(), sources.figures()])
  const { jobs, events, seals, webhooks, servers, versions } = figures
  const pools = sources.pools()
  const tailLagSeconds = sources.tailLagSeconds()
  const problems = problemsOf({ ...figures, now, findings, pools, tailLagSeconds })
  const isFailing = findings.some(({ essential, status }) => essential && status !== 'ok')
  return {
    status: isFailing ? 'failing' : problems.length > 0 ? 'degraded' : 'ok',
    problems,
    checked_at: now.toISOString(),
    server_id: id,
    version,
    node_version: process.versions.node,
    database_version: versions?.database_version ?? null,
    schema_version: versions?.schema_version ?? null,
    started_at: startedAt.toISOString(),
    uptime_seconds: Math.max(0, (now.getTime() - startedAt.getTime()) / 1000),
    dependencies: findings.map(({ name, essential, status, latencyMs, limitMs, error }) => ({
      name,
      essential,
      status,
      latency_ms: latencyMs,
      limit_ms: limitMs,
      error,
    })),
    pools: [...pools],
    jobs: jobs?.map(({ failed_lately: _, ...queue }) => queue) ?? null,
    events: events ? { ...events, tail_lag_seconds: tailLagSeconds } : null,
    seals: seals ?? null,
    webhooks: webhooks ?? null,
    streams: (servers ?? []).reduce((sum, { streams, state }) => sum + (state === 'LOST' ? 0 : streams), 0),
    servers,
  }
}
