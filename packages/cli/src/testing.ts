import { mkdtempSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Writable } from 'node:stream'
import type { Io } from './context.ts'
import { main } from './main.ts'

export interface Ran {
  code: number
  stdout: string
  stderr: string
}

/** A configuration folder of a test's own. */
export const temporaryFolder = (): string => mkdtempSync(join(tmpdir(), 'ward-test-'))

/** Runs a command line in this process, without a terminal. */
export const ward = async (
  argv: readonly string[],
  { env = {}, stdin = '' }: { env?: Record<string, string>; stdin?: string } = {},
): Promise<Ran> => {
  const out = new Sink()
  const err = new Sink()
  const input = new PassThrough()
  input.end(stdin)
  const io = {
    env: { XDG_CONFIG_HOME: temporaryFolder(), ...env },
    stdin: input,
    stdout: out,
    stderr: err,
    signal: new AbortController().signal,
  }
  // The streams are no terminals; nothing that a terminal has is used then.
  const code = await main(argv, io as unknown as Io)
  return { code, stdout: out.text, stderr: err.text }
}

class Sink extends Writable {
  text = ''
  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.text += chunk.toString()
    done()
  }
}

/** A server that answers as the test says, for what a real one would not. */
export const answering = async (
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<{ url: string; [Symbol.asyncDispose](): Promise<void> }> => {
  const server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
