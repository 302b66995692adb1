import { execFile } from 'node:child_process'
import { chown, mkdtemp, rm } from 'node:fs/promises'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { findAccount } from '../../packages/server/src/db/embedded/account.ts'
import { findBinaries } from '../../packages/server/src/db/embedded/binaries.ts'
import { type Postmaster, startPostmaster } from '../../packages/server/src/db/embedded/postmaster.ts'
import { startEmbedded } from '../../packages/server/src/db/embedded.ts'
import { migrate } from '../../packages/server/src/db/migrate.ts'
import { databaseUrl, execute } from '../../scripts/postgres.ts'

const run = promisify(execFile)

/** A primary and a standby that streams from it, both of this test alone. */
export interface Pair {
  readonly primary: { readonly adminUrl: string; readonly appUrl: string; readonly port: number }
  readonly standby: { readonly adminUrl: string; readonly appUrl: string; readonly port: number }
  /** Without any goodbye. */
  killStandby(): Promise<void>
  /** Starts it again, at its old address. */
  reviveStandby(): Promise<void>
  /** Whether the network swallows what is sent to the standby: connections are open, and nothing comes back. */
  swallow(on: boolean): void
  stop(): Promise<void>
}

/** An address that stays while what is behind it comes and goes. */
async function startGate(target: () => number) {
  const sockets = new Set<Socket>()
  let swallows = false
  const server = createServer((socket) => {
    const behind = connect(target(), '127.0.0.1')
    for (const [from, to] of [
      [socket, behind],
      [behind, socket],
    ] as const) {
      sockets.add(from)
      from.on('data', (chunk) => void (swallows || to.write(chunk)))
      from.on('error', () => to.destroy())
      from.on('close', () => {
        sockets.delete(from)
        to.destroy()
      })
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    swallow(on: boolean): void {
      swallows = on
    },
    stop(): void {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

const onPort = (url: string, port: number): string => {
  const parsed = new URL(url)
  parsed.port = String(port)
  return parsed.href
}

/** Why no standby can be made here; undefined when one can. */
export async function standbyMissing(): Promise<string | undefined> {
  for await (const { folder } of findBinaries(undefined, await findAccount(''), () => {}))
    if (await run(join(folder, 'pg_basebackup'), ['--version']).catch(() => undefined)) return undefined
  return 'pg_basebackup is not installed'
}

export async function startPair(): Promise<Pair> {
  const embedded = await startEmbedded({ dataDir: '', ephemeral: true })
  const account = await findAccount('')
  const primaryPort = Number(new URL(embedded.adminUrl).port)
  const adminUrl = databaseUrl(embedded.adminUrl, 'wardline')
  // Commits as a real primary does.
  await execute(embedded.adminUrl, 'alter database wardline set synchronous_commit = on')
  await migrate(embedded.ownerUrl)
  await execute(adminUrl, 'select ensure_partitions(current_date)')
  const folder = await mkdtemp('/tmp/wardline-standby-')
  if (account !== undefined) await chown(folder, account.uid, account.gid)
  const cluster = join(folder, 'postgres')
  const found = []
  for await (const binaries of findBinaries(undefined, account, () => {}))
    if (binaries.version === embedded.version) found.push(binaries)
  const [binaries] = found
  if (!binaries) throw new Error('the binaries of the primary are gone')
  const options = account === undefined ? {} : { uid: account.uid, gid: account.gid }
  await run(
    join(binaries.folder, 'pg_basebackup'),
    ['-D', cluster, '-R', '-X', 'stream', '-c', 'fast', '-d', embedded.adminUrl],
    { ...options, cwd: '/' },
  )
  const start = (): Promise<Postmaster> =>
    startPostmaster({ binaries, account, cluster, log: join(folder, 'log'), ephemeralFolder: undefined })
  let postmaster = await start()
  const gate = await startGate(() => postmaster.port)
  const { port, swallow } = gate
  return {
    primary: { adminUrl, appUrl: embedded.appUrl, port: primaryPort },
    standby: { adminUrl: onPort(adminUrl, port), appUrl: onPort(embedded.appUrl, port), port },
    async killStandby() {
      process.kill(postmaster.pid, 'SIGQUIT')
      await postmaster.exited
      await postmaster.stop()
    },
    async reviveStandby() {
      await rm(join(cluster, 'postmaster.pid'), { force: true })
      postmaster = await start()
    },
    swallow,
    async stop() {
      gate.stop()
      await postmaster.stop()
      await embedded.stop()
      await rm(folder, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}
