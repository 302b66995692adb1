import { command } from '../../command.ts'

const STATUSES = ['ACTIVE', 'DISCHARGED'] as const

interface Options {
  text: string | undefined
  org: string | undefined
  status: (typeof STATUSES)[number] | undefined
  limit: number
}

export const search = command<Options>({
  name: 'search [text]',
  summary: 'Find patients by part of a name or by MRN',
  details: 'Every search is audited. Without a text, all patients by name.',
  options: [
    { flags: '--org <id>', text: 'the organization, when you belong to several' },
    { flags: '--status <status>', text: 'ACTIVE unless you say otherwise', choices: STATUSES },
    { flags: '-L, --limit <n>', text: 'at most so many (50)', integer: [1, 10_000] },
  ],
  examples: [
    ['ward patients search okafor', 'by name'],
    ['ward patients search MRN-000123 --output json', 'by number, for a script'],
  ],
  parse: (typed) => ({
    text: typed.optionalArg(0),
    org: typed.text('org'),
    status: typed.choice('status', STATUSES),
    limit: typed.number('limit') ?? 50,
  }),
  async run(context, { text, org, status, limit }) {
    const org_id = await context.organization(org)
    const client = await context.client()
    const items = await context.collect(
      client.patients.list(
        { org_id, search: text, status, limit: Math.min(limit, 100) },
        { signal: context.io.signal },
      ),
      limit,
    )
    context.list(
      items,
      [
        { key: 'id', value: (one) => one.id },
        { key: 'name', value: (one) => `${one.last_name}, ${one.first_name}`, shrink: true },
        { key: 'dob', value: (one) => one.dob },
        { key: 'mrn', value: (one) => one.medical_record_number },
        { key: 'status', value: (one) => one.status },
      ],
      'No patient matches.',
    )
  },
})
