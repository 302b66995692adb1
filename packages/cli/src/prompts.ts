import type { Context } from './context.ts'
import { Interrupted, UsageError } from './exit.ts'

/** Asked on stderr, so that stdout stays clean. */
const streams = ({ io }: Context) => ({ input: io.stdin, output: io.stderr, signal: io.signal })

/** @throws UsageError without a terminal, naming the flag that would have answered */
const needTerminal = (context: Context, flag: string): void => {
  if (!context.interactive) throw new UsageError(`${flag} is required when there is no terminal to ask on`)
}

export interface Question {
  message: string
  /** The flag that answers it, for those without a terminal. */
  flag: string
  /** What is wrong with an answer, if anything. */
  check?: (answer: string) => string | undefined
  /** What stands there already, to be gone on with. */
  initial?: string | undefined
}

export const askText = async (
  context: Context,
  { message, flag, check, initial }: Question,
): Promise<string> => {
  needTerminal(context, flag)
  const { input } = await import('./inquirer.ts')
  const validate = (answer: string) =>
    check?.(answer.trim()) ?? (answer.trim() === '' ? 'Type something, or press Ctrl-C.' : true)
  const prefill = initial === undefined ? {} : ({ default: initial, prefill: 'editable' } as const)
  return (await input({ message, validate, ...prefill }, streams(context))).trim()
}

export const askSecret = async (context: Context, { message, flag }: Question): Promise<string> => {
  needTerminal(context, flag)
  const { password } = await import('./inquirer.ts')
  return await password({ message, mask: '*' }, streams(context))
}

export const askCode = (context: Context): Promise<string> =>
  askText(context, {
    message: 'Code from the authenticator app:',
    flag: '--mfa-code',
    check: (answer) =>
      /^(\d{6}|[A-Za-z0-9]{5}-?[A-Za-z0-9]{5})$/.test(answer) ? undefined : 'Six digits, or a backup code.',
  })

export const choose = async <Choice extends string>(
  context: Context,
  message: string,
  choices: readonly Choice[],
): Promise<Choice> => {
  const { select } = await import('./inquirer.ts')
  return await select<Choice>({ message, choices: choices.map((value) => ({ value })) }, streams(context))
}

/** One key press, lower case. What was typed beyond it stays for the next reader. */
export const readKey = async ({ io: { stdin, signal } }: Context): Promise<string> => {
  const wasRaw = stdin.isRaw
  stdin.setRawMode(true)
  stdin.resume()
  try {
    const chunk = await new Promise<string>((resolve, reject) => {
      const done = () => {
        stdin.off('data', onData)
        stdin.off('end', onEnd)
        signal.removeEventListener('abort', onEnd)
      }
      const onData = (data: Buffer) => {
        done()
        resolve(data.toString())
      }
      const onEnd = () => {
        done()
        reject(new Interrupted('Interrupted'))
      }
      stdin.once('data', onData)
      stdin.once('end', onEnd)
      signal.addEventListener('abort', onEnd, { once: true })
    })
    if (chunk.startsWith('\u0003')) throw new Interrupted('Interrupted')
    // An arrow or function key is one key of several bytes.
    if (chunk.startsWith('\u001b')) return 'escape'
    const key = chunk.charAt(0)
    if (chunk.length > 1) stdin.unshift(Buffer.from(chunk.slice(1)))
    return key.toLowerCase()
  } finally {
    stdin.setRawMode(wasRaw)
    stdin.pause()
  }
}

/** Everything on stdin, for `--…-stdin` and `-`. */
export const readAll = async ({ io: { stdin } }: Context): Promise<string> => {
  const chunks: Buffer[] = []
  for await (const chunk of stdin) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks).toString()
}

/** The option whose code `withStepUp` takes. */
export const MFA_CODE = {
  flags: '--mfa-code <code>',
  text: 'a fresh code, when the server wants one',
} as const

/**
 * Runs what may need a fresh MFA code; when the server says so, confirms with one and runs it again.
 *
 * @param code from --mfa-code; asked for when missing
 */
export const withStepUp = async <T>(
  context: Context,
  code: string | undefined,
  work: () => Promise<T>,
): Promise<T> => {
  const { isProblem } = await import('./sdk.ts')
  try {
    return await work()
  } catch (error) {
    if (!isProblem(error, 'STEP_UP_REQUIRED')) throw error
    context.status('This needs a fresh code.')
    const client = await context.client()
    await client.auth.stepUp({ code: code ?? (await askCode(context)) }, { signal: context.io.signal })
    return await work()
  }
}
