import { command } from '../../command.ts'
import { clean } from '../../output.ts'
import { ORGANIZATION, recordColumns } from './shared.ts'

interface Options {
  document_id: string
  org: string | undefined
  text: boolean
}

export const show = command<Options>({
  name: 'show <document-id>',
  summary: 'One document: what it is, whether it is clean',
  options: [ORGANIZATION, { flags: '--text', text: 'the text that was found in it, and nothing else' }],
  examples: [
    ['ward documents show 01934f6e-8d2a-7c41-9a57-0f6f2b7c1d80', 'audited as a read'],
    ['ward documents show 01934f6e-8d2a-7c41-9a57-0f6f2b7c1d80 --text | less', 'read it here'],
  ],
  parse: (typed) => ({ document_id: typed.arg(0), org: typed.text('org'), text: typed.flag('text') }),
  async run(context, { document_id, org, text }) {
    const org_id = await context.organization(org)
    const client = await context.client()
    const document = await client.documents.get({ org_id, document_id }, { signal: context.io.signal })
    if (!text) return context.record(document, recordColumns)
    if (document.extracted_text === null)
      context.status(`No text: ${document.processing_status.toLowerCase()}.`)
    else context.print(`${clean(document.extracted_text)}\n`)
  },
})
