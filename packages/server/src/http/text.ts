import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import type { Scope } from '../db/scope.ts'
import type { TextAnswer } from './handler.ts'

// Its transaction holds a connection, so nobody may stop reading for long.
const stallMs = 60_000

/** The first media type that Accept takes, by its order; the contract's first where it takes anything. */
export function chosenType(accept: unknown, types: readonly string[]): string {
  const wanted = String(accept ?? '')
    .split(',')
    .map((part) => part.split(';')[0]?.trim().toLowerCase())
  return wanted.map((one) => types.find((type) => type === one)).find(Boolean) ?? types[0] ?? 'text/plain'
}

/**
 * Sends a text while it is made, no faster than it is read. What fails after the first piece destroys the connection: the
 * reader sees a broken answer, never one that ends well.
 * @throws what fails before
 */
export async function sendText(
  request: FastifyRequest,
  reply: FastifyReply,
  log: Logger,
  scope: Scope,
  answer: TextAnswer<string>,
): Promise<unknown> {
  const type = chosenType(request.headers.accept, Object.keys(answer))
  const written = answer[type]
  if (!written) throw new Error(`the handler does not answer ${type}`)
  const pieces = written(scope)[Symbol.asyncIterator]()
  const first = await pieces.next()
  async function* rest(): AsyncGenerator<string> {
    try {
      for (let piece = first; !piece.done; piece = await pieces.next()) {
        const stalled = setTimeout(() => body.destroy(new Error('nobody reads on')), stallMs)
        try {
          yield piece.value
        } finally {
          clearTimeout(stalled)
        }
      }
    } finally {
      await pieces.return?.()
    }
  }
  const body: Readable = Readable.from(rest(), { highWaterMark: 1 })
  body.once('error', (error: unknown) =>
    log.error({ err: error, request_id: request.id }, 'an answer broke off'),
  )
  return reply.type(`${type}; charset=utf-8`).send(body)
}
