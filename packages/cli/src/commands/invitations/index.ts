import type { Group } from '../../command.ts'
import { cancel } from './cancel.ts'
import { list } from './list.ts'
import { resend } from './resend.ts'

export const invitations: Group = {
  name: 'invitations',
  summary: 'Invitations into an organization',
  commands: [list, resend, cancel],
}
