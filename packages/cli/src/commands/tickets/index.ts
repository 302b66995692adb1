import type { Group } from '../../command.ts'
import { assign } from './assign.ts'
import { claim } from './claim.ts'
import { create } from './create.ts'
import { list } from './list.ts'
import { note, reply } from './reply.ts'
import { show } from './show.ts'
import { stats } from './stats.ts'
import { status } from './status.ts'
import { triage } from './triage/index.ts'

export const tickets: Group = {
  name: 'tickets',
  summary: 'The support desk, and your own tickets',
  commands: [list, show, triage, claim, reply, note, assign, status, stats, create],
}
