import type { BlobsHandlers } from '../../generated/handlers.ts'
import { notFound, problem } from '../../http/problem.ts'
import type { Services } from '../../services.ts'

const badLink = () => problem('FORBIDDEN', 'The link is not valid, or its time is over.')

/** The links that the server makes to its own files. The link is the credential. */
export const blobsHandlers = ({ blobs, blobLinks, clock }: Services): BlobsHandlers => ({
  async uploadBlob(_context, { query, body }) {
    const link = blobLinks.openUpload(query.link, clock.now())
    if (link === undefined) return badLink()
    const stored = await blobs.put(link.key, body, { min: link.size, max: link.size })
    const expected = `The file must have the ${link.size} bytes that were announced.`
    if (stored === 'too large') return problem('PAYLOAD_TOO_LARGE', expected)
    if (stored === 'too small')
      return problem('VALIDATION_ERROR', expected, { errors: [{ pointer: '/', message: 'is too short' }] })
    return undefined
  },

  async downloadBlob(_context, { query }) {
    const link = blobLinks.openDownload(query.link, clock.now())
    if (link === undefined) return badLink()
    const content = await blobs.get(link.key)
    if (content === undefined) return notFound('file')
    return { ...content, filename: link.filename, contentType: link.contentType }
  },
})
