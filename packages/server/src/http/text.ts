import { PassThrough, Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import type { TextAnswer } from './handler.ts'

// Its transaction holds a connection of the pool, so nobody may stop reading for long.
const stallMs = 60_000

/** The first media type that Accept takes, by its order; the contract's first where it takes anything. */
export function chosenType(accept: unknown, types: readonly string[]): string {
  const wanted = String(accept ?? '')
    .split(',')
    .map((part) => part.split(';')[0]?.trim().toLowerCase())
  return wanted.map((one) => types.find((type) => type === one)).find(Boolean) ?? types[0] ?? 'text/plain'
}

/**
 * Sends a text while it is made, no faster than it is read. `work` opens the transaction and calls `send` in it; what it
 * throws before is answered as usual. What fails later destroys the connection: the reader sees a broken answer, never
 * one that ends well.
 */
export function sendText(
  request: FastifyRequest,
  reply: FastifyReply,
  log: Logger,
  work: (send: (answer: TextAnswer<string>) => Promise<void>) => Promise<void>,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    let begun = false
    const send = async (answer: TextAnswer<string>): Promise<void> => {
      const type = chosenType(request.headers.accept, Object.keys(answer))
      const pieces = answer[type]
      if (!pieces) throw new Error(`the handler does not answer ${type}`)
      const body = new PassThrough()
      const stalled = setTimeout(() => body.destroy(new Error('nobody reads on')), stallMs)
      async function* watched() {
        for await (const piece of pieces?.() ?? []) {
          stalled.refresh()
          yield piece
        }
      }
      begun = true
      resolve(reply.type(`${type}; charset=utf-8`).send(body))
      try {
        await pipeline(Readable.from(watched()), body)
      } finally {
        clearTimeout(stalled)
      }
    }
    work(send).catch((error: unknown) => {
      if (begun) log.error({ err: error, request_id: request.id }, 'an answer broke off')
      else reject(error)
    })
  })
}
