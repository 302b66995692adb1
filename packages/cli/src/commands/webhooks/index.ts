import type { Group } from '../../command.ts'
import { create } from './create.ts'
import { deliveries, replay } from './deliveries.ts'
import { list } from './list.ts'
import { listen } from './listen.ts'
import { remove, rotate, update } from './update.ts'

export const webhooks: Group = {
  name: 'webhooks',
  summary: 'An organization’s events, sent to your server',
  commands: [list, create, update, remove, rotate, deliveries, replay, listen],
}
