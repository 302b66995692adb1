import type { Group } from '../../command.ts'
import { members as list } from '../orgs/members.ts'
import { remove } from './remove.ts'
import { role } from './role.ts'

export const members: Group = {
  name: 'members',
  summary: 'Who works in an organization, and as what',
  commands: [
    { ...list, name: 'list', examples: [['ward members list', 'in the order of joining']] },
    role,
    remove,
  ],
}
