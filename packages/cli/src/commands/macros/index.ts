import type { Group } from '../../command.ts'
import { create, edit, remove } from './change.ts'
import { list } from './list.ts'
import { preview } from './preview.ts'

export const macros: Group = {
  name: 'macros',
  summary: 'The desk’s canned answers',
  commands: [list, create, edit, remove, preview],
}
