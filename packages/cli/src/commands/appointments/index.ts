import type { Group } from '../../command.ts'
import { availability } from './availability.ts'
import { book } from './book.ts'
import { cancel, complete, confirm, noShow, reschedule } from './change.ts'
import { list } from './list.ts'
import { show } from './show.ts'

export const appointments: Group = {
  name: 'appointments',
  summary: 'Visits: the practice’s, and your own',
  commands: [list, show, availability, book, reschedule, confirm, complete, noShow, cancel],
}
