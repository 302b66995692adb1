import type { Group } from '../../command.ts'
import { cancel, create, done } from './change.ts'
import { list } from './list.ts'

export const tasks: Group = {
  name: 'tasks',
  summary: 'What is to do in the practice',
  commands: [list, create, done, cancel],
}
