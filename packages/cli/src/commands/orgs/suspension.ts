import type { Client, components } from '@wardline/sdk'
import { type AnyCommand, command } from '../../command.ts'
import { clean } from '../../output.ts'
import { MFA_CODE, withStepUp } from '../../prompts.ts'
import { askReason, parseReason, REASON } from '../../reason.ts'
import { accountColumns } from './list.ts'

interface Options {
  org_id: string
  reason: string | undefined
  mfaCode: string | undefined
}

type Input = Parameters<Client['superAdmin']['suspendOrganization']>[0]
type Call = (
  client: Client,
  input: Input,
  options: { signal: AbortSignal },
) => Promise<components['schemas']['OrganizationAccount']>

const change = (
  verb: string,
  summary: string,
  details: string,
  example: readonly [string, string],
  call: Call,
  done: string,
): AnyCommand =>
  command<Options>({
    name: `${verb} <org-id>`,
    summary,
    details: `${details} Asks for the reason when it is missing.`,
    options: [REASON, MFA_CODE],
    examples: [example],
    parse: (typed) => ({
      org_id: typed.arg(0),
      reason: parseReason(typed),
      mfaCode: typed.text('mfaCode'),
    }),
    async run(context, { org_id, reason: given, mfaCode }) {
      const client = await context.client()
      const reason = await askReason(context, given)
      const changed = await withStepUp(context, mfaCode, () =>
        call(client, { org_id, reason }, { signal: context.io.signal }),
      )
      if (context.format !== 'table') return context.record(changed, accountColumns)
      context.status(`${clean(changed.name)} ${done}.`)
    },
  })

export const suspend = change(
  'suspend',
  'Close an organization to everyone in it (super-admins)',
  'Members, patients and proxies are refused at once; nothing is deleted. Needs a fresh MFA code.',
  ['ward orgs suspend 01934f6e-8d2a-7c41-9a57-0f6f2b7c1d30', 'asks for the reason and a code'],
  (client, input, options) => client.superAdmin.suspendOrganization(input, options),
  'is suspended',
)

export const reactivate = change(
  'reactivate',
  'Open a suspended organization again (super-admins)',
  'Everything is as it was.',
  ['ward orgs reactivate 01934f6e-8d2a-7c41-9a57-0f6f2b7c1d30 --reason "Invoice is paid"', 'in a script'],
  (client, input, options) => client.superAdmin.reactivateOrganization(input, options),
  'is open again',
)
