import { command } from '../../command.ts'
import { columns } from './columns.ts'

export const status = command<{ export_id: string }>({
  name: 'status <export-id>',
  summary: 'How far an export of your data is',
  examples: [
    ['ward export status 01934f6e-8d2a-7c41-9a57-0f6f2b7c1d90', 'PENDING, RUNNING, READY, FAILED, EXPIRED'],
  ],
  parse: (typed) => ({ export_id: typed.arg(0) }),
  async run(context, { export_id }) {
    const client = await context.client()
    const found = await client.users.getExport({ export_id }, { signal: context.io.signal })
    context.record(found, columns)
  },
})
