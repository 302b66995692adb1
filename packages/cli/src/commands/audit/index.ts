import type { Group } from '../../command.ts'
import { list } from './list.ts'

export const audit: Group = { name: 'audit', summary: 'The audit trail', commands: [list] }
