import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * The EICAR test file, by which every scanner is tested. Assembled here: as a constant, scanners would take this
 * repository for infected.
 */
export function eicar(): Buffer {
  const words = ['EICAR', 'STANDARD', 'ANTIVIRUS', 'TEST', 'FILE!'].join('-')
  return Buffer.from(['X5O!P%@AP[4\\PZX54(P^)7CC)7}', words, 'H+H*'].join('$'))
}

export interface Clamd {
  readonly url: string
  /** Whether this is ClamAV's own, or what speaks its protocol here. */
  readonly real: boolean
  close(): Promise<void>
}

/** How the one here may behave, for tests of what can go wrong. */
export type Manner = 'scans' | 'hangs up' | 'says nothing' | 'finds it too large' | 'talks nonsense'

/**
 * Speaks clamd's protocol (clamd(8)): zPING, zINSTREAM with its framed chunks, answers that end with NUL. Finds EICAR
 * and nothing else.
 */
export async function startFakeClamd(manner: () => Manner = () => 'scans'): Promise<Clamd> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
    serve(socket, manner()).catch(() => socket.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `tcp://127.0.0.1:${port}`,
    real: false,
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

async function serve(socket: Socket, manner: Manner): Promise<void> {
  if (manner === 'hangs up') return void socket.destroy()
  if (manner === 'says nothing') return
  let buffer = Buffer.alloc(0)
  let command: string | undefined
  const content: Buffer[] = []
  for await (const chunk of socket) {
    buffer = Buffer.concat([buffer, chunk])
    if (command === undefined) {
      const end = buffer.indexOf(0)
      if (end < 0) continue
      command = buffer.toString('latin1', 0, end)
      buffer = buffer.subarray(end + 1)
      if (command === 'zPING') return void socket.end('PONG\0')
      if (command !== 'zINSTREAM') return void socket.end('UNKNOWN COMMAND\0')
      if (manner === 'talks nonsense') return void socket.end('stream: maybe\0')
      if (manner === 'finds it too large') return void socket.end('INSTREAM size limit exceeded. ERROR\0')
    }
    while (buffer.length >= 4) {
      const length = buffer.readUInt32BE(0)
      if (length === 0) {
        const found = Buffer.concat(content).includes(eicar())
        return void socket.end(found ? 'stream: Eicar-Test-Signature FOUND\0' : 'stream: OK\0')
      }
      if (buffer.length < 4 + length) break
      content.push(Buffer.from(buffer.subarray(4, 4 + length)))
      buffer = buffer.subarray(4 + length)
    }
  }
}

const onPath = (): boolean => spawnSync('clamd', ['--version']).status === 0

/** ClamAV's own clamd, when it is on the path, with a database of one signature: that of the EICAR test file. */
async function startRealClamd(): Promise<Clamd> {
  const folder = await mkdtemp(join(tmpdir(), 'wardline-clamd-'))
  const reserved = createServer().listen(0, '127.0.0.1')
  await once(reserved, 'listening')
  const { port } = reserved.address() as AddressInfo
  reserved.close()
  await mkdir(join(folder, 'db'))
  await writeFile(
    join(folder, 'db', 'test.hdb'),
    '44d88612fea8a8f36de82e1278abb02f:68:Eicar-Test-Signature\n',
  )
  const settings = [
    'Foreground yes',
    `DatabaseDirectory ${join(folder, 'db')}`,
    'TCPAddr 127.0.0.1',
    `TCPSocket ${port}`,
    'StreamMaxLength 60M',
  ]
  await writeFile(join(folder, 'clamd.conf'), `${settings.join('\n')}\n`)
  const child = spawn('clamd', ['--config-file', join(folder, 'clamd.conf')], { stdio: 'ignore' })
  return {
    url: `tcp://127.0.0.1:${port}`,
    real: true,
    async close() {
      if (child.exitCode === null) {
        child.kill('SIGTERM')
        await once(child, 'exit')
      }
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** The real clamd when there is one: where TEST_CLAMD_URL says, or on the path; undefined when there is none. */
export async function findRealClamd(): Promise<Clamd | undefined> {
  const { TEST_CLAMD_URL: url } = process.env
  if (url) return { url, real: true, close: async () => {} }
  return onPath() ? startRealClamd() : undefined
}
