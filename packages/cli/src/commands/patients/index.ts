import type { Group } from '../../command.ts'
import { search } from './search.ts'
import { show } from './show.ts'

export const patients: Group = {
  name: 'patients',
  summary: 'Patients of an organization',
  commands: [search, show],
}
