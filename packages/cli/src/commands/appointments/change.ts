import { type AnyCommand, command } from '../../command.ts'
import { requiredInstant } from '../../instants.ts'
import { askText } from '../../prompts.ts'
import { IF_VERSION, ORG, type Status, tellVisit } from './shared.ts'

interface Options {
  appointment_id: string
  org: string | undefined
  version: number | undefined
}

const EXAMPLE = '01934f6e-8d2a-7c41-9a57-0f6f2b7c1d20'

/** Moves a visit on to a status that needs nothing else. */
const step = (verb: string, status: Status, summary: string, done: string): AnyCommand =>
  command<Options>({
    name: `${verb} <appointment-id>`,
    summary,
    details: 'Exits with 5 when its status does not lead there.',
    options: [ORG, IF_VERSION],
    examples: [[`ward appointments ${verb} ${EXAMPLE}`, status]],
    parse: (typed) => ({
      appointment_id: typed.arg(0),
      org: typed.text('org'),
      version: typed.number('ifVersion'),
    }),
    async run(context, { appointment_id, org, version }) {
      const org_id = await context.organization(org)
      const client = await context.client()
      const visit = await client.appointments.update(
        { org_id, appointment_id, status, if_match: version },
        { signal: context.io.signal },
      )
      tellVisit(context, visit, done)
    },
  })

export const confirm = step('confirm', 'CONFIRMED', 'The patient will come', 'Confirmed')
export const complete = step('complete', 'COMPLETED', 'The visit is over', 'Completed')
export const noShow = step('no-show', 'NO_SHOW', 'The patient did not come', 'Closed')

export const cancel = command<Options & { reason: string | undefined }>({
  name: 'cancel <appointment-id>',
  summary: 'Cancel a visit; everybody concerned is told',
  details: 'Patients and proxies: before it starts.',
  options: [ORG, { flags: '--reason <text>', text: 'why; asked for when missing' }, IF_VERSION],
  examples: [[`ward appointments cancel ${EXAMPLE} --reason 'Feels better'`, 'the slot is free again']],
  parse: (typed) => ({
    appointment_id: typed.arg(0),
    org: typed.text('org'),
    version: typed.number('ifVersion'),
    reason: typed.text('reason'),
  }),
  async run(context, { appointment_id, org, version, reason }) {
    const org_id = await context.organization(org)
    const client = await context.client()
    const cancellation_reason = reason ?? (await askText(context, { message: 'Why?', flag: '--reason' }))
    const visit = await client.appointments.cancel(
      { org_id, appointment_id, cancellation_reason, if_match: version },
      { signal: context.io.signal },
    )
    tellVisit(context, visit, 'Cancelled')
  },
})

interface Reschedule extends Options {
  at: string
  minutes: number | undefined
  reason: string | undefined
}

export const reschedule = command<Reschedule>({
  name: 'reschedule <appointment-id>',
  summary: 'Move a visit to another time; everybody concerned is told',
  details:
    'It goes back to SCHEDULED and keeps the time that it had. Exits with 5 when the provider is not free then.',
  options: [
    ORG,
    { flags: '--at <time>', text: 'the new time, with its offset: 2026-03-10T09:30-04:00' },
    { flags: '--minutes <n>', text: 'how long, when that changes too', integer: [15, 480] },
    { flags: '--reason <text>', text: 'why' },
    IF_VERSION,
  ],
  examples: [
    [
      `ward appointments reschedule ${EXAMPLE} --at 2026-03-10T09:30-04:00 --reason 'Out of town'`,
      'a day later',
    ],
  ],
  parse: (typed) => ({
    appointment_id: typed.arg(0),
    org: typed.text('org'),
    version: typed.number('ifVersion'),
    at: requiredInstant(typed.text('at'), '--at'),
    minutes: typed.number('minutes'),
    reason: typed.text('reason'),
  }),
  async run(context, { appointment_id, org, version, at, minutes, reason }) {
    const org_id = await context.organization(org)
    const client = await context.client()
    const visit = await client.appointments.reschedule(
      { org_id, appointment_id, scheduled_at: at, duration_minutes: minutes, reason, if_match: version },
      { signal: context.io.signal },
    )
    tellVisit(context, visit, 'Moved')
  },
})
