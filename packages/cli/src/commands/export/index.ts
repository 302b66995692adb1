import type { Group } from '../../command.ts'
import { download } from './download.ts'
import { request } from './request.ts'
import { status } from './status.ts'

export const dataExport: Group = {
  name: 'export',
  summary: 'Everything that is kept of you',
  commands: [request, status, download],
}
