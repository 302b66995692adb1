/**
 * Readers of streams, many in one process, on bare sockets: told over IPC to open, and answering when each got the
 * events that were numbered in their data. Instants are of the monotonic clock, which processes share.
 */
import { connect } from 'node:net'

interface Open {
  readonly port: number
  readonly count: number
  /** The request's head of each reader. */
  readonly heads: readonly string[]
}

const now = (): number => Number(process.hrtime.bigint()) / 1e6
/** By the event's number: when each reader got it. */
const arrivals = new Map<number, number[]>()
let open = 0

function listen(port: number, head: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' }, () => socket.write(head))
    let started = false
    socket.setEncoding('latin1')
    socket.on('error', reject)
    socket.on('close', () => reject(new Error('a stream was closed')))
    socket.on('data', (text: unknown) => {
      const chunk = String(text)
      if (!started && /\r\n\r\n/.test(chunk)) {
        if (!chunk.startsWith('HTTP/1.1 200')) return reject(new Error(chunk.slice(0, 200)))
        started = true
        open++
        resolve()
      }
      const at = now()
      for (const [, n] of chunk.matchAll(/"bench": ?(\d+)/g)) {
        const list = arrivals.get(Number(n))
        if (list) list.push(at)
        else arrivals.set(Number(n), [at])
      }
    })
  })
}

process.on('message', async (message: { open?: Open; arrivals?: number; stop?: true }) => {
  if (message.open) {
    const { port, heads } = message.open
    // A hundred at a time: the backlog of a listening socket is not endless.
    for (let from = 0; from < heads.length; from += 100)
      await Promise.all(heads.slice(from, from + 100).map((head) => listen(port, head)))
    process.send?.({ open })
  } else if (message.arrivals !== undefined) process.send?.({ at: arrivals.get(message.arrivals) ?? [] })
  else process.exit(0)
})
process.send?.({ ready: true })
