import { day } from '../../days.ts'
import { UsageError } from '../../exit.ts'
import { aboutPatient, patientFields, SEXES } from './shared.ts'

const YES_NO = ['yes', 'no'] as const

export const update = aboutPatient({
  name: 'update <patient>',
  summary: 'Change demographics, the record number, consent to messages',
  details: 'With --if-version nothing is overwritten that somebody changed meanwhile (exit 5).',
  options: [
    { flags: '--first-name <name>', text: 'the first name' },
    { flags: '--last-name <name>', text: 'the last name' },
    { flags: '--dob <date>', text: 'date of birth' },
    { flags: '--sex <sex>', text: 'the legal sex', choices: SEXES },
    { flags: '--mrn <number>', text: 'the medical record number' },
    { flags: '--messages <yes|no>', text: 'whether reminders and calls are welcome', choices: YES_NO },
    { flags: '--if-version <n>', text: 'only if this version stands', integer: [1, 2_147_483_647] },
  ],
  examples: [
    ['ward patients update MRN-000123 --last-name Okafor-Reed', 'after the wedding'],
    ['ward patients update MRN-000123 --messages no', 'the patient asked for it'],
  ],
  parse: (typed) => {
    const messages = typed.choice('messages', YES_NO)
    const changes = {
      first_name: typed.text('firstName'),
      last_name: typed.text('lastName'),
      dob: day(typed.text('dob'), '--dob'),
      legal_sex: typed.choice('sex', SEXES),
      medical_record_number: typed.text('mrn'),
      transactional_consent: messages === undefined ? undefined : messages === 'yes',
    }
    if (Object.values(changes).every((one) => one === undefined))
      throw new UsageError('Say what to change, for example --last-name')
    return { changes, version: typed.number('ifVersion') }
  },
  async run(context, client, at, { changes, version }) {
    const if_match = version === undefined ? undefined : `"${version}"`
    const changed = await client.patients.update(
      { ...at, ...changes, if_match },
      { signal: context.io.signal },
    )
    context.record(changed, patientFields)
  },
})
