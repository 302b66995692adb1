import type { Group } from '../../command.ts'
import { list } from './list.ts'
import { read } from './read.ts'

export const notifications: Group = {
  name: 'notifications',
  summary: 'What you were told',
  commands: [list, read],
}
