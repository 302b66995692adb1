import type { Group } from '../../command.ts'
import { end } from './end.ts'
import { exec } from './exec.ts'
import { list } from './list.ts'
import { start } from './start.ts'

export const impersonate: Group = {
  name: 'impersonate',
  summary: 'See what a patient sees (break glass, audited)',
  commands: [start, list, exec, end],
}
