import type { Group } from '../../command.ts'
import { health } from './health.ts'
import { metrics } from './metrics.ts'

export const system: Group = {
  name: 'system',
  summary: 'How the platform is doing',
  commands: [health, metrics],
}
