import type { Group } from '../../command.ts'
import { accept } from './accept.ts'
import { complete, note, task } from './change.ts'
import { dial } from './dial.ts'
import { history, recent, show } from './list.ts'
import { queue } from './queue.ts'
import { watch } from './watch.ts'

export const calls: Group = {
  name: 'calls',
  summary: 'The telephone: who waits, who was called, what came of it',
  commands: [queue, accept, complete, note, task, dial, watch, recent, show, history],
}
