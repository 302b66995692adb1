import type { OptionSpec, Typed } from './command.ts'
import type { Context } from './context.ts'
import { UsageError } from './exit.ts'
import { askText } from './prompts.ts'

/** The option of a command that the audit trail wants a reason for. */
export const REASON: OptionSpec = {
  flags: '--reason <text>',
  text: 'why, at least 10 characters; it goes into the audit trail',
}

const tooShort = (reason: string): string | undefined =>
  reason.trim().length < 10 ? 'At least 10 characters; it goes into the audit trail.' : undefined

/** @throws UsageError for one that is too short */
export const parseReason = (typed: Typed): string | undefined => {
  const reason = typed.text('reason')
  const wrong = reason === undefined ? undefined : tooShort(reason)
  if (wrong !== undefined) throw new UsageError(`--reason: ${wrong}`)
  return reason
}

/**
 * The reason that was given, or asked for.
 *
 * @throws UsageError when there is none and no terminal to ask on
 */
export const askReason = async (context: Context, given: string | undefined): Promise<string> =>
  given ??
  (await askText(context, { message: 'Reason, for the audit trail:', flag: '--reason', check: tooShort }))
