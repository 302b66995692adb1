import type { components } from '@wardline/sdk'
import { command } from '../../command.ts'
import { day } from '../../days.ts'
import { UsageError } from '../../exit.ts'
import { ORG } from '../../organization.ts'
import { type Column, localTime } from '../../output.ts'
import { aboutPatient, patientId } from './shared.ts'

const fields: readonly Column<components['schemas']['Enrollment']>[] = [
  { key: 'patient_id', value: (one) => one.patient_id },
  { key: 'mrn', value: (one) => one.medical_record_number },
  { key: 'status', value: (one) => one.status },
  { key: 'enrolled_at', value: (one) => localTime(one.enrolled_at) },
  {
    key: 'discharged_at',
    value: (one) => (one.discharged_at === null ? null : localTime(one.discharged_at)),
  },
]

interface Options {
  patient: string
  last_name: string | undefined
  dob: string | undefined
  medical_record_number: string | undefined
  org: string | undefined
}

export const enroll = command<Options>({
  name: 'enroll <patient>',
  summary: 'Take a discharged patient back, or one whom another organization has',
  details:
    'Of a discharged patient the id or record number is enough. Somebody who is new here is named by id, last name and date of birth together, as the patient tells them.',
  options: [
    { flags: '--last-name <name>', text: 'of a patient who is new here' },
    { flags: '--dob <date>', text: 'of a patient who is new here' },
    { flags: '--mrn <number>', text: 'the medical record number; kept or made when left out' },
    ORG,
  ],
  examples: [
    ['ward patients enroll MRN-000123', 'back after a discharge'],
    [
      'ward patients enroll 01934f6e-8d2a-7c41-9a57-0f6f2b7c1d10 --last-name Okafor --dob 1984-07-21',
      'from another organization',
    ],
  ],
  parse: (typed) => {
    const options = {
      patient: typed.arg(0),
      last_name: typed.text('lastName'),
      dob: day(typed.text('dob'), '--dob'),
      medical_record_number: typed.text('mrn'),
      org: typed.text('org'),
    }
    if ((options.last_name === undefined) !== (options.dob === undefined))
      throw new UsageError('--last-name and --dob go together')
    return options
  },
  async run(context, { patient, org, ...body }) {
    const org_id = await context.organization(org)
    const client = await context.client()
    const patient_id = await patientId(context, client, org_id, patient)
    const enrolled = await client.enrollment.enroll(
      { org_id, patient_id, ...body },
      { signal: context.io.signal },
    )
    context.record(enrolled, fields)
  },
})

export const discharge = aboutPatient({
  name: 'discharge <patient>',
  summary: 'End care here: no new appointments, calls or messages',
  details: 'The patient stays readable. What is booked stays until somebody cancels it.',
  examples: [['ward patients discharge MRN-000123', 'undone by ward patients enroll']],
  parse: () => undefined,
  async run(context, client, at) {
    const discharged = await client.enrollment.update(
      { ...at, status: 'DISCHARGED' },
      { signal: context.io.signal },
    )
    context.record(discharged, fields)
  },
})
