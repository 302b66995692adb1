import manifest from '../../../package.json' with { type: 'json' }
import type { HealthHandlers } from '../../generated/handlers.ts'
import { problem } from '../../http/problem.ts'
import type { Finding } from '../../observe/dependencies.ts'
import type { Services } from '../../services.ts'

const { version } = manifest

const ofOne = ({ name, status, limitMs }: Finding): string =>
  status === 'timeout' ? `${name} (nothing within ${limitMs} ms)` : name

export const healthHandlers = ({ readiness }: Services): HealthHandlers => ({
  async getHealth() {
    return { status: 'ok', version }
  },

  async getDeepHealth() {
    if (readiness.stopping()) return problem('UNAVAILABLE', 'The server is stopping.')
    const findings = await readiness.look()
    const missing = findings.filter(({ essential, status }) => essential && status !== 'ok')
    if (missing.length > 0)
      return problem('UNAVAILABLE', `Does not answer: ${missing.map(ofOne).join(', ')}.`)
    return {
      status: findings.every(({ status }) => status === 'ok') ? 'ok' : 'degraded',
      version,
      checks: findings.map(({ name, status, essential, latencyMs }) => ({
        name,
        status,
        essential,
        latency_ms: latencyMs,
      })),
    }
  },
})
