import type { components } from '@wardline/sdk'
import { command } from '../../command.ts'
import { ORG } from '../../organization.ts'
import { type Column, localTime } from '../../output.ts'
import { PATIENT, whose } from './shared.ts'

type OrganizationBilling = components['schemas']['OrganizationBilling']
type PatientBilling = components['schemas']['PatientBilling']

const ofOrganization: readonly Column<OrganizationBilling>[] = [
  { key: 'organization', value: (one) => one.organization_id },
  { key: 'billing', value: (one) => (one.configured ? 'by Stripe' : 'not set up here') },
  {
    key: 'subscription',
    value: (one) => one.subscription_status,
    paint: (text, one, style) =>
      ['ACTIVE', 'TRIALING'].includes(one.subscription_status) ? style.green(text) : style.yellow(text),
  },
  {
    key: 'writing',
    value: (one) => one.write_access,
    paint: (text, one, style) => {
      if (one.write_access === 'OPEN') return text
      return one.write_access === 'GRACE' ? style.yellow(text) : style.red(text)
    },
  },
  { key: 'writes_until', value: (one) => (one.writes_until === null ? null : localTime(one.writes_until)) },
]

const ofPatient: readonly Column<PatientBilling>[] = [
  { key: 'patient', value: (one) => one.patient_id },
  { key: 'billing', value: (one) => (one.configured ? 'by Stripe' : 'not set up here') },
  { key: 'subscription', value: (one) => one.subscription_status ?? 'none' },
]

export const status = command<{ org: string | undefined; patient: string | undefined }>({
  name: 'status',
  summary: 'How a subscription stands, and until when there is grace',
  details:
    'Seven days after a payment failed or the subscription ended, nothing of patients can be written any more (CLOSED); everything can still be read. For ADMINs; with --patient also for STAFF, the patient, or a proxy who may see billing.',
  options: [PATIENT, ORG],
  examples: [
    ['ward billing status', 'the organization’s'],
    ['ward billing status --patient MRN-000123', 'a patient’s'],
  ],
  parse: (typed) => ({ org: typed.text('org'), patient: typed.text('patient') }),
  async run(context, { org, patient }) {
    const client = await context.client()
    const { org_id, patient_id } = await whose(context, client, org, patient)
    const options = { signal: context.io.signal }
    if (patient_id !== undefined)
      return context.record(await client.billing.patient({ org_id, patient_id }, options), ofPatient)
    const billing = await client.billing.organization({ org_id }, options)
    context.record(billing, ofOrganization)
    if (billing.write_access !== 'OPEN')
      context.warn('Not paid: ward billing portal --open, or when it has ended ward billing checkout --open')
  },
})
