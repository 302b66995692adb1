import type { Group } from '../../command.ts'
import { send } from './send.ts'
import { top } from './top.ts'

export const telemetry: Group = {
  name: 'telemetry',
  summary: 'What people do with the product; never health information',
  commands: [top, send],
}
