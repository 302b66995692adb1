import type { Client } from '@wardline/sdk'
import { command } from '../../command.ts'
import { UsageError } from '../../exit.ts'
import { ORG } from '../../organization.ts'
import { clean } from '../../output.ts'
import { patientId } from '../patients/shared.ts'
import { tellCall } from './shared.ts'

const PREFERRED = ['MOBILE', 'HOME', 'WORK'] as const

interface Options {
  org: string | undefined
  patient: string
  contact: string | undefined
  reason: string | undefined
}

export const dial = command<Options>({
  name: 'dial <patient>',
  summary: 'Call a patient',
  details:
    'At the first safe number: mobile, home, work, the primary first; or at --contact. Refused for a number that is not safe, without consent, for a discharged patient, and for the fourth time in a day. Afterwards: ward calls complete.',
  options: [
    ORG,
    { flags: '--contact <id>', text: 'this number; see ward patients contacts list' },
    { flags: '--reason <text>', text: 'what it is about' },
  ],
  examples: [
    ['ward calls dial MRN-000123 --reason "Laboratory results"', 'at the number that is safe'],
    ['ward calls complete 01934f6e-8d2a-7c41-9a57-0f6f2b7c1d90 --voicemail', 'you left a message'],
  ],
  parse: (typed) => ({
    org: typed.text('org'),
    patient: typed.arg(0),
    contact: typed.text('contact'),
    reason: typed.text('reason'),
  }),
  async run(context, { org, patient, contact, reason }) {
    const organization_id = await context.organization(org)
    const client = await context.client()
    const { signal } = context.io
    const patient_id = await patientId(context, client, organization_id, patient)
    const contact_id = contact ?? (await firstSafe(client, organization_id, patient_id, signal))
    if (contact_id === undefined)
      throw new UsageError(
        `${clean(patient)} has no number that is safe to call; see ward patients contacts list`,
      )
    const call = await client.calls.startOutbound(
      { organization_id, patient_id, contact_id, reason },
      { signal },
    )
    tellCall(context, call, 'Calling')
  },
})

async function firstSafe(
  client: Client,
  org_id: string,
  patient_id: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { items } = await client.contactMethods.list({ org_id, patient_id, limit: 100 }, { signal })
  // Marked safe here and unsafe under another type is not safe.
  const unsafe = new Set(items.filter((one) => !one.is_safe_for_voicemail).map(({ value }) => value))
  return PREFERRED.flatMap((type) => items.filter((one) => one.type === type && !unsafe.has(one.value)))[0]
    ?.id
}
