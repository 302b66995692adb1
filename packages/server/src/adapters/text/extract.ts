import { spawn } from 'node:child_process'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

export interface ExtractionLimits {
  readonly milliseconds: number
  /** Of the whole process, whatever the memory is for. */
  readonly megabytes: number
}

const LIMITS: ExtractionLimits = { milliseconds: 60_000, megabytes: 512 }

/** What PostgreSQL keeps of one text. */
export const MAX_CHARACTERS = 1_000_000
const MAX_BYTES = 4 * MAX_CHARACTERS

const PROGRAM = join(import.meta.dirname, 'child.ts')
const PROJECT = join(import.meta.dirname, '../../../../..')

/**
 * The text of a file, read by a process of its own: it may not write, start anything, or see the server's environment,
 * and it is killed when it takes too long or too much memory. Whatever a file does to its reader, the server goes on.
 * @returns undefined when the text cannot be read: another try would end the same.
 * @throws when the file could not be fetched, or no process started.
 */
export async function extractText(
  content: Readable,
  type: string,
  { milliseconds, megabytes }: ExtractionLimits = LIMITS,
): Promise<string | undefined> {
  const child = spawn(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      '--permission',
      '--allow-worker',
      `--allow-fs-read=${PROJECT}`,
      `--max-old-space-size=${Math.floor(megabytes / 2)}`,
      PROGRAM,
      type,
      String(megabytes),
      String(MAX_CHARACTERS),
    ],
    { env: {}, stdio: ['pipe', 'pipe', 'ignore'], windowsHide: true },
  )
  const timer = setTimeout(() => child.kill('SIGKILL'), milliseconds)
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve(code))
  })
  try {
    const pieces: Buffer[] = []
    let bytes = 0
    child.stdout.on('data', (piece: Buffer) => {
      bytes += piece.length
      if (bytes > MAX_BYTES) child.kill('SIGKILL')
      else pieces.push(piece)
    })
    let lost: unknown
    content.once('error', (error) => {
      lost = error
    })
    // One that ends early hangs up on its input; how it ended says why.
    await pipeline(content, child.stdin).catch(() => undefined)
    const code = await ended
    if (lost !== undefined) throw lost
    return code === 0 ? Buffer.concat(pieces).toString('utf8') : undefined
  } finally {
    clearTimeout(timer)
    child.kill('SIGKILL')
    content.destroy()
  }
}
