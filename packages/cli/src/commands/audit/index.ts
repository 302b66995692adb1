import type { Group } from '../../command.ts'
import { exportLogs } from './export.ts'
import { list } from './list.ts'
import { seal } from './seal.ts'
import { verify } from './verify.ts'

export const audit: Group = {
  name: 'audit',
  summary: 'The audit trail',
  commands: [list, exportLogs, verify, seal],
}
