import type { components } from '@wardline/sdk'
import type { OptionSpec } from '../../command.ts'
import type { Context } from '../../context.ts'
import { type Column, clean, localTime, type Style } from '../../output.ts'

export const STATUSES = ['SCHEDULED', 'CONFIRMED', 'COMPLETED', 'CANCELLED', 'NO_SHOW'] as const
export type Status = (typeof STATUSES)[number]

export const ORG: OptionSpec = { flags: '--org <id>', text: 'the organization, when you belong to several' }
export const IF_VERSION: OptionSpec = {
  flags: '--if-version <n>',
  text: 'only when it is still at this version',
  integer: [1, 2_147_483_647],
}

/** What the organization's list and one's own have in common. */
type Visit = Omit<components['schemas']['Appointment'], 'notes'>

const paintStatus = (text: string, status: string, style: Style): string => {
  if (status === 'CONFIRMED') return style.green(text)
  if (status === 'SCHEDULED') return style.yellow(text)
  return style.dim(text)
}

export const visitColumns = <Row extends Visit>(context: Context): Column<Row>[] => [
  { key: 'id', value: (one) => one.id },
  {
    key: 'time',
    value: (one) => (context.format === 'table' ? localTime(one.scheduled_at) : one.scheduled_at),
    paint: (text, _, style) => style.bold(text),
  },
  { key: 'minutes', value: (one) => one.duration_minutes },
  {
    key: 'status',
    value: (one) => one.status,
    paint: (text, one, style) => paintStatus(text, one.status, style),
  },
  { key: 'patient', value: (one) => one.patient_name, shrink: true },
  { key: 'provider', value: (one) => one.provider_name, shrink: true },
  { key: 'where', value: (one) => one.location ?? (one.telehealth_url === null ? '' : 'video') },
  { key: 'reason', value: (one) => one.reason, shrink: true },
]

/** One line about a visit that was changed; the record itself to a machine. */
export const tellVisit = (context: Context, visit: Visit, what: string): void => {
  if (context.format !== 'table') context.record(visit, [])
  else
    context.status(
      `${what}: ${localTime(visit.scheduled_at)}, ${clean(visit.patient_name)} with ${clean(visit.provider_name)}; ${visit.status}, version ${visit.version}.`,
    )
}
