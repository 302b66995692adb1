import type { Group } from '../../command.ts'
import { careTeam } from './care-team.ts'
import { contacts } from './contacts.ts'
import { create } from './create.ts'
import { remove } from './delete.ts'
import { discharge, enroll } from './enrollment.ts'
import { invite } from './invite.ts'
import { proxies } from './proxies.ts'
import { search } from './search.ts'
import { show } from './show.ts'
import { update } from './update.ts'

export const patients: Group = {
  name: 'patients',
  summary: 'Patients of an organization',
  commands: [search, show, create, update, remove, enroll, discharge, invite],
  groups: [contacts, proxies, careTeam],
}
