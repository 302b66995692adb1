import type { Group } from '../../command.ts'
import { checkout } from './checkout.ts'
import { portal } from './portal.ts'
import { status } from './status.ts'

export const billing: Group = {
  name: 'billing',
  summary: 'Subscriptions of organizations and patients',
  commands: [status, checkout, portal],
}
