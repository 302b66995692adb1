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
    const away: string[] = []
    const checks = await Promise.all(
      health.map(async ({ name, ask }) => {
        const begun = performance.now()
        await ask().catch((error: unknown) => {
          log.error({ err: error, part: name }, 'a part does not answer')
          away.push(name)
        })
        const latency = Math.round((performance.now() - begun) * 10) / 10
        return { name, status: 'ok' as const, latency_ms: latency }
      }),
    )
    if (away.length > 0) return problem('UNAVAILABLE', `Does not answer: ${away.toSorted().join(', ')}.`)
    return { status: 'ok', version, checks }
  },
})
