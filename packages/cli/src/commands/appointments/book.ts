import { command } from '../../command.ts'
import { UsageError } from '../../exit.ts'
import { requiredInstant } from '../../instants.ts'
import { ORG, tellVisit } from './shared.ts'

const TYPES = ['IN_PERSON', 'TELEHEALTH'] as const

interface Options {
  org: string | undefined
  patient: string
  provider: string
  at: string
  minutes: number | undefined
  type: (typeof TYPES)[number]
  reason: string | undefined
  location: string | undefined
  video: string | undefined
}

const required = (value: string | undefined, flag: string): string => {
  if (value === undefined) throw new UsageError(`${flag} is required`)
  return value
}

export const book = command<Options>({
  name: 'book',
  summary: 'Book a visit',
  details:
    'Exits with 5 when the provider is not free then: ward appointments availability shows when. Prints the id.',
  options: [
    ORG,
    { flags: '--patient <id>', text: 'who comes' },
    { flags: '--provider <id>', text: 'to whom' },
    { flags: '--at <time>', text: 'when, with its offset: 2026-03-09T09:30-04:00' },
    { flags: '--minutes <n>', text: 'how long (30)', integer: [15, 480] },
    { flags: '--type <type>', text: 'IN_PERSON unless you say otherwise', choices: TYPES },
    { flags: '--reason <text>', text: 'why the patient comes' },
    { flags: '--location <text>', text: 'where in the practice' },
    { flags: '--video <url>', text: 'where to join by video' },
  ],
  examples: [
    [
      'ward appointments book --patient 01934f6e-8d2a-7c41-9a57-0f6f2b7c1d10 --provider 01934f6e-8d2a-7c41-9a57-0f6f2b7c1d15 --at 2026-03-09T09:30-04:00',
      'half an hour',
    ],
  ],
  parse: (typed) => ({
    org: typed.text('org'),
    patient: required(typed.text('patient'), '--patient'),
    provider: required(typed.text('provider'), '--provider'),
    at: requiredInstant(typed.text('at'), '--at'),
    minutes: typed.number('minutes'),
    type: typed.choice('type', TYPES) ?? 'IN_PERSON',
    reason: typed.text('reason'),
    location: typed.text('location'),
    video: typed.text('video'),
  }),
  async run(context, { org, patient, provider, at, minutes, type, reason, location, video }) {
    const org_id = await context.organization(org)
    const client = await context.client()
    const visit = await client.appointments.create(
      {
        org_id,
        patient_id: patient,
        provider_id: provider,
        scheduled_at: at,
        duration_minutes: minutes,
        appointment_type: type,
        reason,
        location,
        telehealth_url: video,
      },
      { signal: context.io.signal },
    )
    tellVisit(context, visit, 'Booked')
    if (context.format === 'table') context.print(`${visit.id}\n`)
  },
})
