import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { styleText } from 'node:util'
import { EXIT, StartupError } from '../startup-error.ts'

type Style = Parameters<typeof styleText>[0]

/** Styled only on a terminal that wants it (NO_COLOR, TERM=dumb). */
export const paint = (style: Style, text: string): string =>
  process.stdout.isTTY && !process.env.NO_COLOR ? styleText(style, text, { validateStream: false }) : text

export const say = (line = ''): void => {
  process.stdout.write(`${line}\n`)
}

/** Rows under bold headings, in columns as wide as their widest cell. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = headings.map((heading, i) =>
    Math.max(heading.length, ...rows.map((row) => row[i]?.length ?? 0)),
  )
  const line = (cells: readonly string[]) =>
    `  ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ')}`.trimEnd()
  return [paint('bold', line(headings)), ...rows.map(line)].join('\n')
}

async function readStdin(): Promise<string> {
  let text = ''
  for await (const chunk of process.stdin) text += String(chunk)
  return text.replace(/\r?\n$/, '')
}

async function askHidden(question: string): Promise<string> {
  process.stderr.write(question)
  // readline would echo what is typed.
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const reader = createInterface({ input: process.stdin, output: nowhere, terminal: true })
  reader.once('SIGINT', () => {
    process.stderr.write('\n')
    process.exit(EXIT.interrupted)
  })
  try {
    return await reader.question('')
  } finally {
    reader.close()
    process.stderr.write('\n')
  }
}

/**
 * A new password, typed twice without echo, or one from the standard input.
 * @throws {StartupError} without a terminal, naming the flag to use.
 */
export async function readNewPassword(fromStdin: boolean): Promise<string> {
  if (fromStdin) return readStdin()
  if (!process.stdin.isTTY)
    throw new StartupError('There is no terminal to ask for the password: use --password-stdin.', EXIT.usage)
  const password = await askHidden('Password: ')
  if ((await askHidden('The same again: ')) !== password)
    throw new StartupError('The two passwords differ.', EXIT.usage)
  return password
}
