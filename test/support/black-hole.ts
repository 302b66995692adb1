import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface Listener {
  readonly port: number
  /** How many have connected so far. */
  readonly connections: number
  close(): void
}

async function listener(serve: (socket: Socket) => void): Promise<Listener> {
  const sockets = new Set<Socket>()
  let connections = 0
  const server = createServer((socket) => {
    connections += 1
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
    serve(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    port,
    get connections() {
      return connections
    },
    close() {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

/** Takes every connection and never says a word. */
export const startBlackHole = (): Promise<Listener> => listener(() => {})

/** Passes everything on, until it is frozen: then nothing goes either way, and nothing is closed. */
export async function startFreezer(
  host: string,
  port: number,
): Promise<Listener & { freeze(on: boolean): void }> {
  const pairs = new Set<readonly [Socket, Socket]>()
  let frozen = false
  const own = await listener((socket) => {
    const there = connect(port, host)
    there.on('error', () => socket.destroy())
    there.on('close', () => socket.destroy())
    const pair = [socket, there] as const
    pairs.add(pair)
    socket.on('close', () => {
      pairs.delete(pair)
      there.destroy()
    })
    socket.pipe(there)
    there.pipe(socket)
    if (frozen) for (const one of pair) one.pause()
  })
  return {
    port: own.port,
    get connections() {
      return own.connections
    },
    close: () => own.close(),
    freeze(on) {
      frozen = on
      for (const pair of pairs) for (const one of pair) on ? one.pause() : one.resume()
    },
  }
}
