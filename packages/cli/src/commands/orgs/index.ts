import type { Group } from '../../command.ts'
import { list } from './list.ts'

export const orgs: Group = { name: 'orgs', summary: 'Organizations', commands: [list] }
