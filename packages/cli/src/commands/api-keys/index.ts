import type { Group } from '../../command.ts'
import { create } from './create.ts'
import { list } from './list.ts'
import { revoke } from './revoke.ts'

export const apiKeys: Group = {
  name: 'api-keys',
  summary: 'Keys for integrators',
  commands: [list, create, revoke],
}
