import type { Group } from '../../command.ts'
import { remove } from './delete.ts'
import { download } from './download.ts'
import { list } from './list.ts'
import { show } from './show.ts'
import { upload } from './upload.ts'

export const documents: Group = {
  name: 'documents',
  summary: 'Files of a patient',
  commands: [list, show, upload, download, remove],
}
