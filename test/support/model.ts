import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Asked {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: { readonly model: string; readonly messages: readonly { role: string; content: string }[] }
  /** The caller hung up before it was answered. */
  hungUp: boolean
}

/** A language model on loopback, behind POST /v1/chat/completions. */
export interface LocalModel {
  readonly env: Record<string, string>
  readonly asked: Asked[]
  /** How it answers from now on. */
  answer(how: (response: ServerResponse, asked: Asked) => void): void
  close(): Promise<void>
}

/** An answer as OpenAI writes it. */
export const completion = (content: unknown, finish_reason = 'stop'): string =>
  JSON.stringify({
    id: 'chatcmpl-1',
    object: 'chat.completion',
    choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason }],
  })

export const MODEL_KEY = 'model-key-of-this-test'

export async function startModel(): Promise<LocalModel> {
  const asked: Asked[] = []
  let respond = (response: ServerResponse, _asked: Asked): void => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(completion('A summary.'))
  }
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(chunks).toString())
      const one: Asked = { path: request.url ?? '', headers: request.headers, body, hungUp: false }
      asked.push(one)
      response.on('close', () => {
        one.hungUp = !response.writableFinished
      })
      respond(response, one)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    env: {
      AI_BASE_URL: `http://127.0.0.1:${port}/v1/`,
      AI_MODEL: 'local-model',
      AI_API_KEY: MODEL_KEY,
      AI_TIMEOUT_SECONDS: '2',
    },
    asked,
    answer(how) {
      respond = how
    },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}
