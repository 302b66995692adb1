import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Clock } from './clock.ts'

/** A request as the tests look at it. */
export interface Seen {
  method: string
  path: string
  query: URLSearchParams
  headers: IncomingMessage['headers']
  body: unknown
}

export type Answer = (request: Seen, response: ServerResponse, index: number) => void | Promise<void>

export interface TestServer {
  baseUrl: string
  seen: Seen[]
  /** Sockets that are open now. */
  connections(): number
  [Symbol.asyncDispose](): Promise<void>
}

/** A real HTTP server on a free port; `answer` gets each request and its number. */
export const startServer = async (answer: Answer): Promise<TestServer> => {
  const seen: Seen[] = []
  const sockets = new Set<{ destroy(): void }>()
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const url = new URL(request.url ?? '/', 'http://test')
    const text = Buffer.concat(chunks).toString()
    const one: Seen = {
      method: request.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      headers: request.headers,
      body: text === '' ? undefined : JSON.parse(text),
    }
    await answer(one, response, seen.push(one) - 1)
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    baseUrl: `http://127.0.0.1:${port}`,
    seen,
    connections: () => sockets.size,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

export const json = (
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void => {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(JSON.stringify(body))
}

export const problem = (
  response: ServerResponse,
  status: number,
  code: string,
  extra: Record<string, unknown> = {},
  headers: Record<string, string> = {},
): void =>
  json(
    response,
    status,
    { type: 'about:blank', title: code, status, code, request_id: 'req-1', ...extra },
    { 'content-type': 'application/problem+json', ...headers },
  )

/**
 * Time that a test moves. Waits that `skips` accepts pass at once and are recorded; the others end with `advance`.
 */
export class TestClock implements Clock {
  readonly waits: number[] = []
  chance = 0.5
  skips: (ms: number) => boolean = (ms) => ms < 20_000
  #now = Date.parse('2026-03-02T12:00:00Z')
  #sleepers = new Set<{ at: number; wake(): void }>()

  now(): number {
    return this.#now
  }

  random(): number {
    return this.chance
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (this.skips(ms)) {
      signal?.throwIfAborted()
      this.waits.push(ms)
      this.#now += ms
      return Promise.resolve()
    }
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      const sleeper = { at: this.#now + ms, wake: resolve }
      this.#sleepers.add(sleeper)
      signal?.addEventListener('abort', () => {
        this.#sleepers.delete(sleeper)
        reject(signal.reason)
      })
    })
  }

  advance(ms: number): void {
    this.#now += ms
    for (const sleeper of this.#sleepers) {
      if (sleeper.at > this.#now) continue
      this.#sleepers.delete(sleeper)
      sleeper.wake()
    }
  }
}

/** An unsigned JWT of the given life. */
export const jwt = (name: string, clock: Clock, seconds: number): string => {
  const iat = Math.floor(clock.now() / 1000)
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part({ alg: 'none' })}.${part({ sub: name, iat, exp: iat + seconds })}.c2ln`
}

/** Waits until a condition holds; real time, for what a real socket does. */
export const until = async (condition: () => boolean, what = 'the condition'): Promise<void> => {
  for (let tries = 0; tries < 1000; tries++) {
    if (condition()) return
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  throw new Error(`${what} did not come true`)
}

/** An address where nothing listens. */
export const closedAddress = async (): Promise<string> => {
  await using server = await startServer(() => undefined)
  return server.baseUrl
}
