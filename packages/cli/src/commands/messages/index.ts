import type { Group } from '../../command.ts'
import { list, search } from './list.ts'
import { reply, send } from './send.ts'
import { archive, show } from './show.ts'

export const messages: Group = {
  name: 'messages',
  summary: 'Secure messages',
  commands: [list, search, show, send, reply, archive],
}
