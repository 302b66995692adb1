import { command } from '../../command.ts'
import { ORGANIZATION } from './shared.ts'

export const remove = command<{ document_id: string; org: string | undefined }>({
  name: 'delete <document-id>',
  summary: 'Delete a document; its file is kept, as records must be',
  details: 'For ADMINs. It shows no longer and cannot be downloaded.',
  options: [ORGANIZATION],
  examples: [['ward documents delete 01934f6e-8d2a-7c41-9a57-0f6f2b7c1d80', 'ids: ward documents list']],
  parse: (typed) => ({ document_id: typed.arg(0), org: typed.text('org') }),
  async run(context, { document_id, org }) {
    const org_id = await context.organization(org)
    const client = await context.client()
    await client.documents.delete({ org_id, document_id }, { signal: context.io.signal })
    context.status('It is deleted.')
  },
})
