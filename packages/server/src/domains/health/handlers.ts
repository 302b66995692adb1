import manifest from '../../../package.json' with { type: 'json' }
import type { HealthHandlers } from '../../generated/handlers.ts'
import { problem } from '../../http/problem.ts'
import type { Services } from '../../services.ts'

const { version } = manifest

export const healthHandlers = ({ health }: Services): HealthHandlers => ({
  async getHealth() {
    return { status: 'ok', version }
  },

  async getDeepHealth({ log }) {
    const begun = performance.now()
    try {
      await health.database()
    } catch (error) {
      log.error({ err: error }, 'the database does not answer')
      return problem('UNAVAILABLE', 'The database does not answer.')
    }
    const latency = Math.round((performance.now() - begun) * 10) / 10
    return { status: 'ok', version, checks: [{ name: 'database', status: 'ok', latency_ms: latency }] }
  },
})
