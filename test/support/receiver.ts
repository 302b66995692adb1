import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface ReceivedHook {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface Receiver {
  readonly url: string
  /** What arrived, in order, refused ones too. */
  readonly hooks: ReceivedHook[]
  /** How it answers from now on; 204 at first. */
  answer(how: (response: ServerResponse, hook: ReceivedHook) => void): void
  /** The most requests that were open at once. */
  readonly peak: number
  close(): Promise<void>
}

/** A real HTTP receiver on loopback. */
export async function startReceiver(): Promise<Receiver> {
  const hooks: ReceivedHook[] = []
  let open = 0
  let peak = 0
  let respond = (response: ServerResponse, _hook: ReceivedHook): void => {
    response.writeHead(204).end()
  }
  const server = createServer((request, response) => {
    open += 1
    peak = Math.max(peak, open)
    response.on('close', () => {
      open -= 1
    })
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const hook = {
        path: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(chunks).toString(),
      }
      hooks.push(hook)
      respond(response, hook)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/hook`,
    hooks,
    answer(how) {
      respond = how
    },
    get peak() {
      return peak
    },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}
