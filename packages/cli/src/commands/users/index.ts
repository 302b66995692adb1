import type { Group } from '../../command.ts'
import { forceReset, reactivate, suspend, unlock } from './change.ts'
import { list } from './list.ts'
import { show } from './show.ts'

export const users: Group = {
  name: 'users',
  summary: 'Every account of the platform (super-admins)',
  commands: [list, show, unlock, suspend, reactivate, forceReset],
}
