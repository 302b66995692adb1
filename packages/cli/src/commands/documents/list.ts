import { command } from '../../command.ts'
import { listColumns, ORGANIZATION } from './shared.ts'

interface Options {
  patient_id: string
  org: string | undefined
  limit: number
}

export const list = command<Options>({
  name: 'list <patient-id>',
  summary: 'A patient’s documents, the newest first',
  options: [ORGANIZATION, { flags: '-L, --limit <n>', text: 'at most so many (50)', integer: [1, 10_000] }],
  examples: [['ward documents list 01934f6e-8d2a-7c41-9a57-0f6f2b7c1d10', 'ids: ward patients search']],
  parse: (typed) => ({
    patient_id: typed.arg(0),
    org: typed.text('org'),
    limit: typed.number('limit') ?? 50,
  }),
  async run(context, { patient_id, org, limit }) {
    const org_id = await context.organization(org)
    const client = await context.client()
    const pages = client.documents.list(
      { org_id, patient_id, limit: Math.min(limit, 100) },
      { signal: context.io.signal },
    )
    context.list(await context.collect(pages, limit), listColumns, 'No documents.')
  },
})
