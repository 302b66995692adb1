import type { Group } from '../../command.ts'
import { assign } from './assign.ts'
import { claim } from './claim.ts'
import { create } from './create.ts'
import { list } from './list.ts'
import { macro } from './macro.ts'
import { merge, unmerge } from './merge.ts'
import { note, reply } from './reply.ts'
import { search } from './search.ts'
import { show } from './show.ts'
import { stats } from './stats.ts'
import { status } from './status.ts'
import { tag } from './tag.ts'
import { timeline } from './timeline.ts'
import { triage } from './triage/index.ts'
import { urgency } from './urgency.ts'
import { watch } from './watch.ts'

export const tickets: Group = {
  name: 'tickets',
  summary: 'The support desk, and your own tickets',
  commands: [
    list,
    show,
    triage,
    watch,
    claim,
    reply,
    note,
    assign,
    status,
    urgency,
    tag,
    macro,
    merge,
    unmerge,
    timeline,
    search,
    stats,
    create,
  ],
}
