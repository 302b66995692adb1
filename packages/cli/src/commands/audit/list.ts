import { command } from '../../command.ts'
import { day } from '../../days.ts'
import { localTime } from '../../output.ts'

const OUTCOMES = ['SUCCESS', 'DENIED'] as const

interface Options {
  org: string | undefined
  actor: string | undefined
  resourceType: string | undefined
  resourceId: string | undefined
  action: string | undefined
  outcome: (typeof OUTCOMES)[number] | undefined
  from: string | undefined
  to: string | undefined
  limit: number
}

export const list = command<Options>({
  name: 'list',
  summary: 'What was done, newest first',
  details:
    'Refused calls too. Names are masked for auditors; the JSON has every field, changed values included.',
  options: [
    { flags: '--org <id>', text: 'the organization, when you belong to several' },
    { flags: '--actor <user-id>', text: 'only what this person did' },
    { flags: '--resource-type <type>', text: 'only this kind of record, e.g. PATIENT' },
    { flags: '--resource-id <id>', text: 'only this record' },
    { flags: '--action <action>', text: 'only this action, e.g. READ or BREAK_GLASS' },
    { flags: '--outcome <outcome>', text: 'only what succeeded, or was refused', choices: OUTCOMES },
    { flags: '--from <date>', text: 'from this day on' },
    { flags: '--to <date>', text: 'up to this day, and with it' },
    { flags: '-L, --limit <n>', text: 'at most so many (50)', integer: [1, 1_000_000] },
  ],
  examples: [
    ['ward audit list --action BREAK_GLASS', 'who looked as whom'],
    ['ward audit list --outcome DENIED --from 2026-03-01', 'what was refused since'],
    ['ward audit list --limit 100000 --output csv > audit.csv', 'for a spreadsheet'],
  ],
  parse: (typed) => ({
    org: typed.text('org'),
    actor: typed.text('actor'),
    resourceType: typed.text('resourceType')?.toUpperCase(),
    resourceId: typed.text('resourceId'),
    action: typed.text('action')?.toUpperCase(),
    outcome: typed.choice('outcome', OUTCOMES),
    from: day(typed.text('from'), '--from'),
    to: day(typed.text('to'), '--to'),
    limit: typed.number('limit') ?? 50,
  }),
  async run(context, options) {
    const client = await context.client()
    const rows = await context.collect(
      client.admin.listAuditLogs(
        {
          organization_id: options.org,
          actor: options.actor,
          resource_type: options.resourceType,
          resource_id: options.resourceId,
          action_type: options.action,
          outcome: options.outcome,
          start_date: options.from,
          end_date: options.to,
          limit: Math.min(options.limit, 1000),
        },
        { signal: context.io.signal },
      ),
      options.limit,
    )
    context.list(
      rows,
      [
        {
          key: 'occurred_at',
          value: (row) => (context.format === 'table' ? localTime(row.occurred_at) : row.occurred_at),
        },
        { key: 'actor', value: (row) => row.actor_name ?? row.actor_user_id ?? row.actor_type, shrink: true },
        {
          key: 'impersonated_by',
          value: (row) => row.impersonator_id,
          paint: (text, _, style) => style.magenta(text),
        },
        { key: 'action', value: (row) => row.action_type },
        { key: 'resource', value: (row) => row.resource_type },
        { key: 'resource_id', value: (row) => row.resource_id },
        {
          key: 'outcome',
          value: (row) => (row.problem_code === null ? row.outcome : `${row.outcome} ${row.problem_code}`),
          paint: (text, row, style) => (row.outcome === 'DENIED' ? style.red(text) : style.green(text)),
        },
        { key: 'reason', value: (row) => row.reason },
        { key: 'request_id', value: (row) => row.request_id },
      ],
      'No row matches.',
    )
  },
})
