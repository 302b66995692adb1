import { command } from '../../command.ts'
import { day } from '../../days.ts'
import { ORG } from './shared.ts'

interface Options {
  provider_id: string
  org: string | undefined
  from: string | undefined
  to: string | undefined
  minutes: number | undefined
}

export const availability = command<Options>({
  name: 'availability <provider-id>',
  summary: 'When a provider can be booked',
  details: 'On the organization’s wall clock, in its opening hours. From today on for 7 days; at most 31.',
  options: [
    ORG,
    { flags: '--from <date>', text: 'from this day on' },
    { flags: '--to <date>', text: 'up to this day, and with it' },
    { flags: '--minutes <n>', text: 'how long the visit takes (30)', integer: [15, 480] },
  ],
  examples: [
    ['ward appointments availability 01934f6e-8d2a-7c41-9a57-0f6f2b7c1d15', 'the days ahead'],
    [
      'ward appointments availability 01934f6e-8d2a-7c41-9a57-0f6f2b7c1d15 --minutes 60 -o csv',
      'whole hours',
    ],
  ],
  parse: (typed) => ({
    provider_id: typed.arg(0),
    org: typed.text('org'),
    from: day(typed.text('from'), '--from'),
    to: day(typed.text('to'), '--to'),
    minutes: typed.number('minutes'),
  }),
  async run(context, { provider_id, org, from, to, minutes }) {
    const org_id = await context.organization(org)
    const client = await context.client()
    const found = await client.appointments.availability(
      { org_id, provider_id, start_date: from, end_date: to, duration_minutes: minutes },
      { signal: context.io.signal },
    )
    if (!found.takes_appointments)
      context.status('Without an unexpired licence the provider takes no visits.')
    context.list(
      found.slots,
      [
        { key: 'day', value: (slot) => slot.local_start.slice(0, 10) },
        {
          key: 'time',
          value: (slot) => slot.local_start.slice(11, 16),
          paint: (text, _, style) => style.bold(text),
        },
        { key: 'at', value: (slot) => slot.local_start },
      ],
      `Nothing is free from ${found.start_date} to ${found.end_date}.`,
    )
  },
})
