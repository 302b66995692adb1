import { command } from '../../command.ts'
import { localTime } from '../../output.ts'

const STATUSES = ['ACTIVE', 'ENDED'] as const

interface Options {
  org: string | undefined
  status: (typeof STATUSES)[number] | undefined
  patient: string | undefined
  limit: number
}

export const list = command<Options>({
  name: 'list',
  summary: 'Impersonations, now and before',
  options: [
    { flags: '--org <id>', text: 'the organization, when you belong to several' },
    { flags: '--status <status>', text: 'only those that run, or are over', choices: STATUSES },
    { flags: '--patient <id>', text: 'only of this patient' },
    { flags: '-L, --limit <n>', text: 'at most so many (50)', integer: [1, 10_000] },
  ],
  examples: [['ward impersonate list --status ACTIVE', 'who looks as whom now']],
  parse: (typed) => ({
    org: typed.text('org'),
    status: typed.choice('status', STATUSES),
    patient: typed.text('patient'),
    limit: typed.number('limit') ?? 50,
  }),
  async run(context, { org, status, patient, limit }) {
    const client = await context.client()
    const rows = await context.collect(
      client.admin.listImpersonations(
        { organization_id: org, status, patient_id: patient, limit: Math.min(limit, 100) },
        { signal: context.io.signal },
      ),
      limit,
    )
    const time = (iso: string | null) => (iso === null || context.format !== 'table' ? iso : localTime(iso))
    context.list(
      rows,
      [
        { key: 'id', value: (row) => row.id },
        {
          key: 'status',
          value: (row) => row.status,
          paint: (text, row, style) => (row.status === 'ACTIVE' ? style.magenta(text) : text),
        },
        { key: 'patient', value: (row) => row.patient.display_name },
        { key: 'by', value: (row) => row.impersonator.display_name },
        { key: 'started_at', value: (row) => time(row.started_at) },
        { key: 'expires_at', value: (row) => time(row.expires_at) },
        { key: 'ended_at', value: (row) => time(row.ended_at) },
        { key: 'reason', value: (row) => row.reason, shrink: true },
      ],
      'No impersonation matches.',
    )
  },
})
