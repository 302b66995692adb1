import { Readable } from 'node:stream'
import { create as contentDisposition } from 'content-disposition'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { UPLOAD_TYPE } from '../adapters/blobs/blobs.ts'
import type { BytesAnswer } from './handler.ts'
import type { OperationDefinition } from './operation.ts'
import { problem } from './problem.ts'

const stallMs = 60_000

/** The contract's media type of an answer that may be of any. */
export const ANY_TYPE = '*/*'

/** Whether an operation takes or answers a file instead of JSON. Such a one runs outside any transaction. */
export const movesBytes = ({ bodyType, contentType }: OperationDefinition): boolean =>
  bodyType === UPLOAD_TYPE || contentType === ANY_TYPE

/**
 * Runs a handler that reads the body as it comes. A caller who stops sending for a minute is hung up on; after a
 * refusal the rest is not waited for.
 */
export async function receiveBytes<T>(
  request: FastifyRequest,
  reply: FastifyReply,
  work: (body: Readable) => Promise<T>,
): Promise<T> {
  const { raw } = request
  raw.socket.setTimeout(stallMs)
  try {
    return await work(request.body instanceof Readable ? request.body : Readable.from([]))
  } catch (error) {
    reply.header('connection', 'close')
    if (raw.destroyed && !raw.complete) throw problem('VALIDATION_ERROR', 'The body broke off.')
    throw error
  }
}

/** Sends a file to be saved, never to be shown: it is somebody else's content on our origin. */
export function sendBytes(reply: FastifyReply, { body, size, contentType, filename }: BytesAnswer) {
  return reply
    .headers({
      'content-length': size,
      'content-type': contentType,
      'content-disposition': contentDisposition(filename),
      'content-security-policy': "default-src 'none'; sandbox",
    })
    .send(body)
}
