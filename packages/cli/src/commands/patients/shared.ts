import type { Client, components } from '@wardline/sdk'
import { type AnyCommand, command, type OptionSpec, type Typed } from '../../command.ts'
import type { Context } from '../../context.ts'
import { ORG } from '../../organization.ts'
import type { Column } from '../../output.ts'
import { isId, nothingNamed } from '../../uuid.ts'

export type PatientDetail = components['schemas']['PatientDetail']

export const SEXES = ['FEMALE', 'MALE', 'NON_BINARY', 'UNKNOWN'] as const

/** The id of a patient who was named by id or by record number, in care here or discharged. */
export const patientId = async (
  context: Context,
  client: Client,
  org_id: string,
  named: string,
): Promise<string> => {
  if (isId(named)) return named
  const wanted = named.toLowerCase()
  const { signal } = context.io
  for (const status of ['ACTIVE', 'DISCHARGED'] as const) {
    const { items } = await client.patients.list({ org_id, search: named, status, limit: 100 }, { signal })
    const found = items.find((one) => one.medical_record_number.toLowerCase() === wanted)
    if (found !== undefined) return found.id
  }
  throw nothingNamed(`There is no patient with the record number ${named} here`)
}

export const patientFields: readonly Column<PatientDetail>[] = [
  { key: 'id', value: (one) => one.id },
  {
    key: 'name',
    value: (one) => `${one.first_name} ${one.last_name}`,
    paint: (text, _, style) => style.bold(text),
  },
  { key: 'dob', value: (one) => one.dob },
  { key: 'mrn', value: (one) => one.medical_record_number },
  {
    key: 'status',
    value: (one) => one.status,
    paint: (text, one, style) => (one.status === 'ACTIVE' ? text : style.yellow(text)),
  },
  { key: 'has_login', value: (one) => one.has_login },
  { key: 'transactional_consent', value: (one) => one.transactional_consent },
  {
    key: 'contacts',
    value: (one) =>
      one.contact_methods
        .map(({ type, value, is_safe_for_voicemail: safe }) => `${type} ${value}${safe ? '' : ' (not safe)'}`)
        .join(', '),
  },
  {
    key: 'care_team',
    value: (one) =>
      one.care_team
        .map((member) => `${member.display_name}${member.is_primary_provider ? ' (primary)' : ''}`)
        .join(', '),
  },
  { key: 'version', value: (one) => one.version },
]

/** Where a command about one patient acts. */
interface At {
  org_id: string
  patient_id: string
}

interface About<Options> {
  name: string
  summary: string
  details?: string
  options?: readonly OptionSpec[]
  examples: readonly (readonly [line: string, what: string])[]
  parse(typed: Typed): Options
  run(context: Context, client: Client, at: At, options: Options): Promise<void>
}

/** A command whose first argument is a patient, by id or record number. */
export const aboutPatient = <Options>(spec: About<Options>): AnyCommand =>
  command<{ patient: string; org: string | undefined; own: Options }>({
    name: spec.name,
    summary: spec.summary,
    details: ['The patient by id or by record number.', spec.details].filter(Boolean).join(' '),
    options: [...(spec.options ?? []), ORG],
    examples: spec.examples,
    parse: (typed) => ({ patient: typed.arg(0), org: typed.text('org'), own: spec.parse(typed) }),
    async run(context, { patient, org, own }) {
      const org_id = await context.organization(org)
      const client = await context.client()
      const patient_id = await patientId(context, client, org_id, patient)
      await spec.run(context, client, { org_id, patient_id }, own)
    },
  })
