import type { Pool } from 'pg'
import type { Logger } from 'pino'
import type { Clock } from '../clock.ts'

const intervalMs = 10 * 60 * 1000
const purgeBatch = 5000

/**
 * Makes partitions ahead and deletes what has expired, at the start and every ten minutes. Replicas may all do
 * it: each step is idempotent and short.
 */
export function createUpkeep(pool: Pool, clock: Clock, log: Logger) {
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> = Promise.resolve()
  const once = async (): Promise<void> => {
    const now = clock.now()
    await pool.query('select ensure_partitions($1)', [now.toISOString().slice(0, 10)])
    for (;;) {
      const { rows } = await pool.query<{ gone: number }>('select purge_expired($1, $2) as gone', [
        now,
        purgeBatch,
      ])
      if ((rows[0]?.gone ?? 0) < purgeBatch) return
    }
  }
  const quietly = (): Promise<void> =>
    once().catch((error: unknown) => log.error({ err: error }, 'upkeep failed; it is tried again'))
  return {
    /** The first round is awaited: without partitions nothing can be audited well. */
    async start(): Promise<void> {
      await once()
      timer = setInterval(() => {
        running = quietly()
      }, intervalMs)
      timer.unref()
    },
    async stop(): Promise<void> {
      clearInterval(timer)
      await running
    },
  }
}
