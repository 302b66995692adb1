/** A text that is read as it comes. It throws where the answer breaks off; it can be read once. */
export interface TextBody extends AsyncIterable<string> {
  /** Without parameters, for example `text/csv`. */
  readonly contentType: string
  readonly requestId: string | undefined
}

export const textBody = (response: Response, broken: (error: unknown) => unknown): TextBody => ({
  contentType: (response.headers.get('content-type') ?? '').split(';')[0] ?? '',
  requestId: response.headers.get('x-request-id') ?? undefined,
  async *[Symbol.asyncIterator]() {
    const reader = response.body?.getReader()
    if (reader === undefined) return
    const decoder = new TextDecoder()
    let done = false
    try {
      while (!done) {
        const piece = await reader.read().catch((error: unknown) => {
          throw broken(error)
        })
        done = piece.done
        const text = decoder.decode(piece.value, { stream: !done })
        if (text !== '') yield text
      }
    } finally {
      // Whoever stops reading early lets go of the connection.
      if (!done) await reader.cancel().catch(() => undefined)
    }
  },
})
