import type { Client } from '@wardline/sdk'
import { command } from '../../command.ts'
import type { Context } from '../../context.ts'
import { UsageError } from '../../exit.ts'
import { clean, due, localTime } from '../../output.ts'
import { askText, MFA_CODE, withStepUp } from '../../prompts.ts'
import { askReason, parseReason, REASON } from '../../reason.ts'

interface Options {
  patient_id: string
  reason: string | undefined
  minutes: number | undefined
  org: string | undefined
  yes: boolean
  mfaCode: string | undefined
  showToken: boolean
}

export const start = command<Options>({
  name: 'start <patient-id>',
  summary: 'Begin to act as a patient, for at most an hour',
  details:
    'The reason goes into the audit trail before the token is made, and the patient is told afterwards. Asks for what is missing; without a terminal --reason and --yes are required. The token is kept for ward impersonate exec.',
  options: [
    REASON,
    { flags: '--minutes <n>', text: 'for how long (60)', integer: [1, 60] },
    { flags: '--org <id>', text: 'the organization, when you belong to several' },
    { flags: '--yes', text: 'do not ask for a typed confirmation' },
    MFA_CODE,
    { flags: '--show-token', text: 'print the token too, with --output json' },
  ],
  examples: [
    ['ward impersonate start 01934f6e-8d2a-7c41-9a57-0f6f2b7c1d10', 'asks for the reason and a confirmation'],
    [
      'ward impersonate start 01934f6e-8d2a-7c41-9a57-0f6f2b7c1d10 --reason "Empty appointment list, TKT-2026-00042" --yes',
      'in a script',
    ],
  ],
  parse: (typed) => ({
    patient_id: typed.arg(0),
    reason: parseReason(typed),
    minutes: typed.number('minutes'),
    org: typed.text('org'),
    yes: typed.flag('yes'),
    mfaCode: typed.text('mfaCode'),
    showToken: typed.flag('showToken'),
  }),
  async run(context, options) {
    if (!context.interactive) {
      if (options.reason === undefined)
        throw new UsageError('--reason is required when there is no terminal to ask on')
      if (!options.yes) throw new UsageError('--yes is required when there is no terminal to confirm on')
    }
    const client = await context.client()
    const reason = await askReason(context, options.reason)
    if (!options.yes) await confirm(context, client, options)
    const { patient_id, org, minutes } = options
    const grant = await withStepUp(context, options.mfaCode, () =>
      client.admin.impersonate(
        { patient_id, organization_id: org, reason, duration_minutes: minutes },
        { signal: context.io.signal },
      ),
    )
    const { impersonation_id, access_token, expires_at, patient, organization_id } = grant
    if (context.token === undefined) {
      await context.credentials.update(context.profileName, (profile) =>
        profile === undefined
          ? undefined
          : {
              ...profile,
              impersonation: {
                id: impersonation_id,
                access_token,
                expires_at,
                patient_id: patient.id,
                patient_name: patient.display_name,
                organization_id,
              },
            },
      )
    }
    const { access_token: _, ...shown } = grant
    if (context.format !== 'table') return context.record(options.showToken ? grant : shown, [])
    context.print(`${impersonation_id}\n`)
    context.status(
      `Acting as ${clean(patient.display_name)} until ${localTime(expires_at)} (${due(expires_at, Date.now())}).`,
    )
    context.status('Run as the patient: ward impersonate exec -- ward whoami')
    context.status('Be done:            ward impersonate end')
  },
})

/** Somebody who types a name has looked at it. Without the right to read it, the id has to do. */
const confirm = async (context: Context, client: Client, { patient_id, org }: Options): Promise<void> => {
  const name = await lastName(context, client, patient_id, org)
  const expected = name ?? patient_id
  context.warn(
    name === undefined
      ? `You are about to act as the patient ${patient_id}.`
      : `You are about to act as a patient. The last name must match to go on.`,
  )
  await askText(context, {
    message: name === undefined ? 'Type the patient’s id:' : `Type the patient’s last name (${clean(name)}):`,
    flag: '--yes',
    check: (answer) =>
      answer.toLowerCase() === expected.toLowerCase() ? undefined : 'That does not match. Ctrl-C gives up.',
  })
}

const lastName = async (context: Context, client: Client, patient_id: string, org: string | undefined) => {
  try {
    const org_id = await context.organization(org)
    return (await client.patients.get({ org_id, patient_id }, { signal: context.io.signal })).last_name
  } catch (error) {
    // The impersonation itself will say what is wrong with the patient or the role.
    if (error instanceof UsageError || (error instanceof Error && error.name === 'ProblemError'))
      return undefined
    throw error
  }
}
