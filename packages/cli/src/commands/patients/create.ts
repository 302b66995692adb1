import { command } from '../../command.ts'
import { day } from '../../days.ts'
import { UsageError } from '../../exit.ts'
import { ORG } from '../../organization.ts'
import { clean } from '../../output.ts'
import { SEXES } from './shared.ts'

interface Options {
  first_name: string
  last_name: string
  dob: string
  legal_sex: (typeof SEXES)[number] | undefined
  medical_record_number: string | undefined
  mobile: string | undefined
  email: string | undefined
  org: string | undefined
}

export const create = command<Options>({
  name: 'create <first-name> <last-name>',
  summary: 'A new patient, enrolled here',
  details:
    'Contacts given here are primaries and not safe for anything automated: say so with ward patients contacts update. For a patient whom another organization has, see ward patients enroll.',
  options: [
    { flags: '--dob <date>', text: 'date of birth, such as 1984-07-21' },
    { flags: '--sex <sex>', text: 'the legal sex', choices: SEXES },
    { flags: '--mrn <number>', text: 'the medical record number; made when left out' },
    { flags: '--mobile <number>', text: 'a mobile number' },
    { flags: '--email <address>', text: 'an e-mail address' },
    ORG,
  ],
  examples: [
    ['ward patients create Ngozi Okafor --dob 1984-07-21 --mobile "(212) 555-0123"', 'prints the id'],
    ['ward patients create Ngozi Okafor --dob 1984-07-21 --mrn HFP-2001 -o json', 'for a script'],
  ],
  parse: (typed) => {
    const dob = day(typed.text('dob'), '--dob')
    if (dob === undefined) throw new UsageError('--dob is required')
    return {
      first_name: typed.arg(0),
      last_name: typed.arg(1),
      dob,
      legal_sex: typed.choice('sex', SEXES),
      medical_record_number: typed.text('mrn'),
      mobile: typed.text('mobile'),
      email: typed.text('email'),
      org: typed.text('org'),
    }
  },
  async run(context, { org, mobile, email, ...patient }) {
    const org_id = await context.organization(org)
    const client = await context.client()
    const contact_methods = [
      ...(mobile === undefined ? [] : [{ type: 'MOBILE' as const, value: mobile, is_primary: true }]),
      ...(email === undefined ? [] : [{ type: 'EMAIL' as const, value: email, is_primary: true }]),
    ]
    const made = await client.patients.create(
      { org_id, ...patient, contact_methods },
      { signal: context.io.signal },
    )
    if (context.format !== 'table') return context.record(made, [])
    context.print(`${made.id}\n`)
    context.status(`${clean(made.first_name)} ${clean(made.last_name)} is ${made.medical_record_number}.`)
  },
})
