import { clean } from './output.ts'

/** The exit codes, decided once. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  notAllowed: 4,
  conflict: 5,
  rateLimited: 6,
  unreachable: 7,
  interrupted: 130,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** The command was typed wrong, or needs something that only a terminal could be asked for. */
export class UsageError extends Error {
  override name = 'UsageError'
}

/** Nobody is signed in. */
export class SignedOutError extends Error {
  override name = 'SignedOutError'
}

/** Ctrl-C. */
export class Interrupted extends Error {
  override name = 'Interrupted'
}

const byCode: Readonly<Record<string, ExitCode>> = {
  VALIDATION_ERROR: EXIT.usage,
  ORGANIZATION_REQUIRED: EXIT.usage,
  INVALID_CURSOR: EXIT.usage,
  INVALID_MFA_CODE: EXIT.notAllowed,
  IDEMPOTENCY_KEY_REUSED: EXIT.conflict,
}

const byStatus: Readonly<Record<number, ExitCode>> = {
  401: EXIT.notAllowed,
  402: EXIT.notAllowed,
  403: EXIT.notAllowed,
  404: EXIT.notFound,
  409: EXIT.conflict,
  412: EXIT.conflict,
  429: EXIT.rateLimited,
  502: EXIT.unreachable,
  503: EXIT.unreachable,
  504: EXIT.unreachable,
}

const byName: Readonly<Record<string, ExitCode>> = {
  UsageError: EXIT.usage,
  SignedOutError: EXIT.notAllowed,
  SessionEndedError: EXIT.notAllowed,
  MfaCodeRequiredError: EXIT.notAllowed,
  StreamClosedError: EXIT.notAllowed,
  ConnectionError: EXIT.unreachable,
  TimeoutError: EXIT.unreachable,
  Interrupted: EXIT.interrupted,
  // What the prompts throw at Ctrl-C, and when their signal is aborted.
  ExitPromptError: EXIT.interrupted,
  AbortPromptError: EXIT.interrupted,
}

/** By the error's shape, so that no error class has to be loaded to tell. */
export const exitCode = (error: unknown): ExitCode => {
  if (!(error instanceof Error)) return EXIT.failed
  const named = byName[error.name]
  if (named !== undefined) return named
  if ('code' in error && typeof error.code === 'string') {
    const coded = byCode[error.code]
    if (coded !== undefined) return coded
  }
  if ('status' in error && typeof error.status === 'number') return byStatus[error.status] ?? EXIT.failed
  return EXIT.failed
}

const hints: Readonly<Record<string, string>> = {
  UNAUTHORIZED: 'Sign in with: ward login',
  SessionEndedError: 'Sign in with: ward login',
  MFA_REQUIRED: 'This role needs multi-factor authentication; set it up, then sign in again with: ward login',
  STEP_UP_REQUIRED: 'Confirm with a fresh code of the authenticator app: --mfa-code',
  CONSENT_REQUIRED: 'Sign the documents in the app, or see them with: ward api GET /api/consent/required',
  ORGANIZATION_REQUIRED: 'Say which one with --org; ward orgs list shows yours',
  PRECONDITION_FAILED: 'Somebody changed it meanwhile. Look at it again, then repeat.',
  SUBSCRIPTION_REQUIRED: 'Everything can still be read. An ADMIN can renew it: ward billing portal --open',
  IMPERSONATION_FORBIDDEN: 'You are impersonating a patient; unset WARD_TOKEN to act as yourself',
}

/** What a person reads on stderr: the problem, its parts, and what to do next. */
export const describe = (error: unknown, debug = false): string => {
  if (!(error instanceof Error)) return String(error)
  // Names and subjects of others may stand in a problem's text.
  const lines = [clean(error.message)]
  const assignee = assigneeOf(error)
  if (assignee !== undefined) lines.push(`${clean(assignee)} has it.`)
  if ('errors' in error && Array.isArray(error.errors)) {
    for (const part of error.errors) lines.push(`  ${String(part.pointer)} ${String(part.message)}`)
  }
  if ('changes' in error && Array.isArray(error.changes)) {
    for (const one of error.changes)
      lines.push(
        clean(
          `  ${one.changed_by ?? 'the system'} changed ${one.field}: ${one.from ?? 'nothing'} → ${one.to ?? 'nothing'}`,
        ),
      )
  }
  if ('pendingDocuments' in error && Array.isArray(error.pendingDocuments)) {
    for (const part of error.pendingDocuments)
      lines.push(`  ${String(part.title)} (version ${String(part.version)})`)
  }
  if ('retryAfter' in error && typeof error.retryAfter === 'number')
    lines.push(`Try again in ${error.retryAfter} s.`)
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  const hint = hints[code] ?? hints[error.name]
  if (hint !== undefined) lines.push(hint)
  if (error.name === 'ConnectionError')
    lines.push('Is the server running? The address comes from --url, WARD_URL or the profile.')
  if (debug) lines.push(error.stack ?? '')
  return lines.join('\n')
}

/** Who has the ticket that could not be claimed. */
const assigneeOf = (error: Error): string | undefined => {
  if (!('problem' in error) || typeof error.problem !== 'object' || error.problem === null) return undefined
  return 'assignee' in error.problem && typeof error.problem.assignee === 'string'
    ? error.problem.assignee
    : undefined
}
