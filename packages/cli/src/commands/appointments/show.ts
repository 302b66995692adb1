import { command } from '../../command.ts'
import { localTime } from '../../output.ts'
import { printText } from './list.ts'
import { ORG, visitColumns } from './shared.ts'

export const show = command<{ appointment_id: string; org: string | undefined; ics: boolean }>({
  name: 'show <appointment-id>',
  summary: 'One visit, with the times that it had before',
  options: [ORG, { flags: '--ics', text: 'as a calendar file' }],
  examples: [
    ['ward appointments show 01934f6e-8d2a-7c41-9a57-0f6f2b7c1d20', 'audited as a read'],
    ['ward appointments show 01934f6e-8d2a-7c41-9a57-0f6f2b7c1d20 --ics > visit.ics', 'for a calendar'],
  ],
  parse: (typed) => ({ appointment_id: typed.arg(0), org: typed.text('org'), ics: typed.flag('ics') }),
  async run(context, { appointment_id, org, ics }) {
    const org_id = await context.organization(org)
    const client = await context.client()
    const { signal } = context.io
    const where = { org_id, appointment_id }
    if (ics) return printText(context, await client.appointments.getAsCalendar(where, { signal }))
    const visit = await client.appointments.get(where, { signal })
    context.record(visit, [
      ...visitColumns<typeof visit>(context),
      { key: 'notes', value: (one) => one.notes },
      { key: 'cancelled_because', value: (one) => one.cancellation_reason },
      {
        key: 'was_at',
        value: (one) =>
          one.reschedules
            .map((past) => localTime(past.scheduled_at) + (past.reason === null ? '' : ` (${past.reason})`))
            .join(', '),
      },
      { key: 'version', value: (one) => one.version },
    ])
  },
})
