import type { components } from '@wardline/sdk'
import type { Context } from '../../context.ts'
import { type Column, clean, localTime, type Style } from '../../output.ts'

type Call = components['schemas']['Call']
export type CallDetail = components['schemas']['CallDetail']

/** `1:05`, `12:00`, `1:02:03`: as a telephone shows it. */
export const span = (seconds: number): string => {
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60]
  const two = (value: number) => String(value).padStart(2, '0')
  const rest = two(seconds % 60)
  return hours > 0 ? `${hours}:${two(minutes)}:${rest}` : `${minutes}:${rest}`
}

const spanOf = (seconds: number | null): string => (seconds === null ? '' : span(seconds))

/** Who it is, as far as that is known. */
export const whoOf = ({ patient, caller_id }: Pick<Call, 'patient' | 'caller_id'>): string =>
  [
    patient === null ? undefined : `${patient.first_name} ${patient.last_name}`,
    caller_id ?? 'number withheld',
  ]
    .filter((part) => part !== undefined)
    .join(', ')

const PAINTS: Partial<Record<Call['status'], 'green' | 'yellow' | 'red'>> = {
  IN_PROGRESS: 'green',
  INITIATING: 'yellow',
  QUEUED: 'yellow',
  MISSED: 'red',
}
const paintStatus = (text: string, status: Call['status'], style: Style): string =>
  style[PAINTS[status] ?? 'dim'](text)

export const callColumns = <Row extends Call>(context: Context): Column<Row>[] => {
  const time = (iso: string) => (context.format === 'table' ? localTime(iso) : iso)
  return [
    { key: 'id', value: (one) => one.id },
    { key: 'time', value: (one) => time(one.created_at), paint: (text, _, style) => style.bold(text) },
    { key: 'type', value: (one) => one.call_type },
    {
      key: 'status',
      value: (one) => one.status,
      paint: (text, one, style) => paintStatus(text, one.status, style),
    },
    { key: 'who', value: whoOf, shrink: true },
    { key: 'agent', value: (one) => one.agent?.display_name },
    { key: 'waited', value: (one) => spanOf(one.wait_time_seconds) },
    { key: 'lasted', value: (one) => spanOf(one.duration_seconds) },
    { key: 'outcome', value: (one) => one.outcome, shrink: true },
  ]
}

/** All about one call. */
export const showCall = (context: Context, call: CallDetail): void =>
  context.record(call, [
    ...callColumns<CallDetail>(context),
    { key: 'patient', value: (one) => one.patient?.id },
    {
      key: 'may_be',
      value: (one) =>
        one.candidates.map((may) => `${may.first_name} ${may.last_name} (${may.id})`).join(', '),
    },
    { key: 'reason', value: (one) => one.reason },
    { key: 'notes', value: (one) => one.notes },
    { key: 'recording', value: (one) => one.recording },
    {
      key: 'tasks',
      value: (one) => one.tasks.map((task) => `${task.status} ${task.description}`).join('; '),
    },
    { key: 'version', value: (one) => one.version },
  ])

/** A call that was changed: one line for a person, the record for a machine. */
export const tellCall = (context: Context, call: CallDetail, what: string): void => {
  if (context.format === 'table') {
    context.status(`${what}: ${clean(whoOf(call))}; ${call.status}.`)
    context.print(`${call.id}\n`)
  } else context.record(call, [])
}
