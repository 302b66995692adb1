import type { Group } from '../../command.ts'
import { invite } from './invite.ts'
import { list } from './list.ts'
import { members } from './members.ts'
import { show } from './show.ts'
import { reactivate, suspend } from './suspension.ts'
import { update } from './update.ts'

export const orgs: Group = {
  name: 'orgs',
  summary: 'Organizations',
  commands: [list, show, update, members, invite, suspend, reactivate],
}
