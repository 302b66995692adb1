/** Exit codes of `ward-server`; the same numbers as `ward` uses. */
export const EXIT = { done: 0, failed: 1, usage: 2, unreachable: 7, interrupted: 130 } as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** Why the server cannot start, as a sentence for the person at the terminal; shown without a stack. */
export class StartupError extends Error {
  override readonly name = 'StartupError'
  readonly exitCode: ExitCode

  constructor(message: string, exitCode: ExitCode = EXIT.failed, options?: ErrorOptions) {
    super(message, options)
    this.exitCode = exitCode
  }
}
