import { command } from '../../command.ts'
import { ORG } from '../../organization.ts'
import { patientId } from '../patients/shared.ts'
import { callColumns, showCall } from './shared.ts'

const LIMIT = { flags: '-L, --limit <n>', text: 'at most so many (50)', integer: [1, 10_000] } as const

export const recent = command<{ org: string | undefined; limit: number }>({
  name: 'recent',
  summary: 'Your own calls, the newest first',
  options: [ORG, LIMIT],
  examples: [['ward calls recent -L 10', 'your last ten']],
  parse: (typed) => ({ org: typed.text('org'), limit: typed.number('limit') ?? 50 }),
  async run(context, { org, limit }) {
    const organization_id = await context.organization(org)
    const client = await context.client()
    const page = { organization_id, limit: Math.min(limit, 100) }
    const items = await context.collect(client.calls.recent(page, { signal: context.io.signal }), limit)
    context.list(items, callColumns(context), 'You have had no call yet.')
  },
})

export const history = command<{ org: string | undefined; patient: string; limit: number }>({
  name: 'history <patient>',
  summary: 'A patient’s calls, the newest first',
  options: [ORG, LIMIT],
  examples: [['ward calls history MRN-000123', 'audited as a read']],
  parse: (typed) => ({
    org: typed.text('org'),
    patient: typed.arg(0),
    limit: typed.number('limit') ?? 50,
  }),
  async run(context, { org, patient, limit }) {
    const organization_id = await context.organization(org)
    const client = await context.client()
    const patient_id = await patientId(context, client, organization_id, patient)
    const page = { organization_id, patient_id, limit: Math.min(limit, 100) }
    const items = await context.collect(client.calls.history(page, { signal: context.io.signal }), limit)
    context.list(items, callColumns(context), 'No call.')
  },
})

export const show = command<{ org: string | undefined; call_id: string; recording: boolean }>({
  name: 'show <call-id>',
  summary: 'One call, with its follow-ups',
  options: [ORG, { flags: '--recording', text: 'a link to its recording instead, good for 15 minutes' }],
  examples: [
    ['ward calls show 01934f6e-8d2a-7c41-9a57-0f6f2b7c1d90', 'audited as a read'],
    ['ward calls show 01934f6e-8d2a-7c41-9a57-0f6f2b7c1d90 --recording', 'audited as listening'],
  ],
  parse: (typed) => ({
    org: typed.text('org'),
    call_id: typed.arg(0),
    recording: typed.flag('recording'),
  }),
  async run(context, { org, call_id, recording }) {
    const organization_id = await context.organization(org)
    const client = await context.client()
    const { signal } = context.io
    const at = { organization_id, call_id }
    if (!recording) return showCall(context, await client.calls.get(at, { signal }))
    const link = await client.calls.getRecordingUrl(at, { signal })
    if (context.format === 'table') context.print(`${link.url}\n`)
    else context.record(link, [])
  },
})
