import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Scanner, Verdict } from './scanner.ts'

export interface ClamdSettings {
  readonly host: string
  readonly port: number
}

/** How long clamd may be silent, while it is sent to and while it thinks. */
const PATIENCE_MS = 60_000
const REPLY_LIMIT = 4096

/** One command on one connection; answers the reply, without its end mark. */
async function ask(
  { host, port }: ClamdSettings,
  patienceMs: number,
  send: (socket: Socket) => Promise<void>,
): Promise<string> {
  const socket = connect({ host, port, noDelay: true })
  socket.setTimeout(patienceMs, () => socket.destroy(new Error('clamd does not answer.')))
  const reply = (async () => {
    let text = ''
    for await (const chunk of socket) {
      text += String(chunk)
      if (text.length > REPLY_LIMIT) throw new Error('clamd answers too much.')
      const end = text.indexOf('\0')
      if (end >= 0) return text.slice(0, end)
    }
    throw new Error('clamd hung up without an answer.')
  })()
  try {
    // clamd may answer before it has all: too large, or busy. Then what is left to send is nobody's.
    const sent = (async () => {
      await once(socket, 'connect')
      await send(socket)
    })()
    sent.catch(() => undefined)
    return await Promise.race([reply, sent.then(() => reply)])
  } finally {
    reply.catch(() => undefined)
    socket.destroy()
  }
}

/** A chunk of INSTREAM: its length in four bytes, then itself. */
function frame(chunk: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(4 + chunk.byteLength)
  framed.writeUInt32BE(chunk.byteLength)
  framed.set(chunk, 4)
  return framed
}

const NO_MORE = Buffer.alloc(4)

function verdictOf(reply: string): Verdict {
  if (reply === 'stream: OK') return { infected: false }
  const [, signature] = /^stream: (.{1,200}) FOUND$/.exec(reply) ?? []
  if (signature !== undefined) return { infected: true, signature }
  // Its errors name its own limits and files, nothing of ours.
  throw new Error(`clamd came to no verdict (${reply.slice(0, 200)}).`)
}

/**
 * clamd over TCP, by its INSTREAM command (clamd(8)): the file goes through memory only, in the pieces in which it
 * comes. clamd's StreamMaxLength must be 50 MB or more: it refuses larger files without a verdict.
 */
export function createClamd(settings: ClamdSettings, patienceMs = PATIENCE_MS): Scanner {
  return {
    async scan(content) {
      try {
        const reply = await ask(settings, patienceMs, async (socket) => {
          socket.write('zINSTREAM\0')
          // An empty chunk would say that all is sent.
          for await (const chunk of content as AsyncIterable<Uint8Array>)
            if (chunk.byteLength > 0 && !socket.write(frame(chunk))) await once(socket, 'drain')
          socket.write(NO_MORE)
        })
        return verdictOf(reply)
      } finally {
        content.destroy()
      }
    },

    async ping() {
      const reply = await ask(settings, Math.min(patienceMs, 5000), async (socket) => {
        socket.write('zPING\0')
      })
      if (reply !== 'PONG') throw new Error('clamd answers something else than PONG.')
    },
  }
}
