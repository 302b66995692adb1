import type { Client } from '@wardline/sdk'
import { type AnyCommand, command } from '../../command.ts'
import { clean } from '../../output.ts'
import { MFA_CODE, withStepUp } from '../../prompts.ts'
import { askReason, parseReason, REASON } from '../../reason.ts'
import { detailColumns, type UserDetail, userId } from './shared.ts'

interface Options {
  user: string
  reason: string | undefined
  mfaCode: string | undefined
}

type Input = Parameters<Client['superAdmin']['unlockUser']>[0]
type Call = (client: Client, input: Input, options: { signal: AbortSignal }) => Promise<UserDetail>

/** A change of one account, for a reason. */
const change = (
  verb: string,
  summary: string,
  details: string,
  example: readonly [string, string],
  call: Call,
  done: string,
): AnyCommand =>
  command<Options>({
    name: `${verb} <user>`,
    summary,
    details: `By id or by e-mail address. ${details} Asks for the reason when it is missing.`,
    options: [REASON, MFA_CODE],
    examples: [example],
    parse: (typed) => ({
      user: typed.arg(0),
      reason: parseReason(typed),
      mfaCode: typed.text('mfaCode'),
    }),
    async run(context, options) {
      const client = await context.client()
      const reason = await askReason(context, options.reason)
      const user_id = await userId(context, client, options.user)
      const changed = await withStepUp(context, options.mfaCode, () =>
        call(client, { user_id, reason }, { signal: context.io.signal }),
      )
      if (context.format !== 'table') return context.record(changed, detailColumns(context))
      context.status(`${clean(changed.display_name)} (${clean(changed.email)}) ${done}.`)
    },
  })

export const unlock = change(
  'unlock',
  'Lift a lockout after failed sign-ins',
  'The failed sign-ins are forgotten too.',
  ['ward users unlock ada@example.com --reason "Called, identity checked"', 'in a script'],
  (client, input, options) => client.superAdmin.unlockUser(input, options),
  'can sign in again',
)

export const suspend = change(
  'suspend',
  'Suspend an account: its sessions end at once',
  'Needs a fresh MFA code.',
  ['ward users suspend ada@example.com', 'asks for the reason and a code'],
  (client, input, options) => client.superAdmin.suspendUser(input, options),
  'is suspended; the sessions have ended',
)

export const reactivate = change(
  'reactivate',
  'Let a suspended account in again',
  'Sessions that ended stay ended.',
  ['ward users reactivate ada@example.com --reason "Back from leave, TKT-2026-00042"', 'in a script'],
  (client, input, options) => client.superAdmin.reactivateUser(input, options),
  'can sign in again',
)

export const forceReset = change(
  'force-reset',
  'Make somebody choose a new password',
  'The sessions end at once and a link is mailed; the old password opens nothing any more.',
  ['ward users force-reset ada@example.com --reason "Password was seen in a leak"', 'in a script'],
  (client, input, options) => client.superAdmin.forcePasswordReset(input, options),
  'must choose a new password; a link is on its way',
)
