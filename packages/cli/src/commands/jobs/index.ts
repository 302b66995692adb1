import type { Group } from '../../command.ts'
import { list } from './list.ts'
import { retry } from './retry.ts'

export const jobs: Group = {
  name: 'jobs',
  summary: 'The work behind the requests',
  commands: [list, retry],
}
