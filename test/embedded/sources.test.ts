import { existsSync } from 'node:fs'
import { chmod, cp, readdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { findBinaries } from '../../packages/server/src/db/embedded/binaries.ts'
import {
  canBeOrdinary,
  canHide,
  isRoot,
  ordinaryUser,
  temporaryFolder,
  wardServer,
  whenUp,
} from './process.ts'

const TIMEOUT = 60_000

async function programs(source: 'system' | 'npm'): Promise<string | undefined> {
  for await (const { folder } of findBinaries(source, undefined, () => {})) return folder
  return undefined
}
const system = await programs('system')

/** Starts an ephemeral demo, asks it one thing and stops it. */
async function serveOnce(options: Parameters<typeof wardServer>[1]): Promise<string> {
  const server = wardServer(['start', '--ephemeral', '--port', '0'], options)
  const url = await whenUp(server)
  const health = await fetch(`${url}/health`)
  expect(health.status).toBe(200)
  server.child.kill('SIGINT')
  expect(await server.exit).toEqual({ code: 0, signal: null })
  return server.output()
}

for (const source of ['system', 'npm'] as const) {
  const says = source === 'system' ? "(the system's)" : '(from npm)'
  const env = { WARDLINE_POSTGRES: source }

  describe.skipIf(source === 'system' && system === undefined)(
    `the embedded database with the binaries of ${source}`,
    () => {
      test.runIf(isRoot)(
        'starts for root, who may not run PostgreSQL himself',
        async () => {
          expect(await serveOnce({ env })).toContain(says)
        },
        TIMEOUT,
      )

      test.skipIf(!canBeOrdinary)(
        'starts for an ordinary user',
        async () => {
          expect(await serveOnce({ env, user: ordinaryUser })).toContain(says)
        },
        TIMEOUT,
      )
    },
  )
}

const asNobody = 'setpriv --reuid=65534 --regid=65534 --clear-groups'

test.runIf(canHide).each([
  ['root', ''],
  ['an ordinary user', asNobody],
])(
  "without a PostgreSQL on the system it takes npm's by itself: %s",
  async (_who, become) => {
    const folders = ['/usr/lib/postgresql', '/usr/local/pgsql'].filter((folder) => existsSync(folder))
    const hide = folders.map((folder) => `mount -t tmpfs none ${folder} && `).join('')
    const output = await serveOnce({
      wrapper: ['unshare', '-m', 'sh', '-c', `${hide}exec ${become} "$@"`, 'sh'],
      env: { PATH: `${dirname(process.execPath)}:/usr/bin:/bin` },
    })
    expect(output).toContain('(from npm)')
  },
  TIMEOUT,
)

test.runIf(canHide && canBeOrdinary)(
  'library links that the install left out are mended in a copy',
  async () => {
    const native = dirname((await programs('npm')) ?? '')
    const folder = await temporaryFolder()
    const bare = join(folder, 'native')
    await cp(native, bare, { recursive: true, verbatimSymlinks: true })
    const lib = join(bare, 'lib')
    for (const entry of await readdir(lib, { withFileTypes: true }))
      if (entry.isSymbolicLink()) await rm(join(lib, entry.name))
    const cache = join(folder, 'cache')
    const output = await serveOnce({
      wrapper: ['unshare', '-m', 'sh', '-c', `mount --bind ${bare} ${native} && exec ${asNobody} "$@"`, 'sh'],
      env: { WARDLINE_POSTGRES: 'npm', XDG_CACHE_HOME: cache },
    })
    expect(output).toContain(`using a copy in ${cache}`)
  },
  TIMEOUT,
)

test.runIf(isRoot)(
  'as root, data in a folder that PostgreSQL may not enter goes elsewhere, and the person is told',
  async () => {
    const folder = await temporaryFolder(0o700)
    const server = wardServer(['start', '--port', '0', '--data', join(folder, 'data')])
    await whenUp(server)
    const moved = /the data goes to (\S+)\./.exec(server.output())?.[1]
    server.child.kill('SIGINT')
    expect((await server.exit).code).toBe(0)
    expect(moved).toMatch(/^\/var\/lib\/wardline\//)
    if (moved !== undefined) await rm(moved, { recursive: true })
  },
  TIMEOUT,
)

test.skipIf(!canBeOrdinary)('an unreadable data folder is told in one sentence', async () => {
  const folder = await temporaryFolder()
  await chmod(folder, isRoot ? 0o700 : 0o000)
  const server = wardServer(['start', '--port', '0', '--data', folder], { user: ordinaryUser })
  expect((await server.exit).code).toBe(1)
  await chmod(folder, 0o700)
  expect(server.output()).toBe(
    `The data folder ${folder} cannot be used: this user may not read and write it.\n`,
  )
})
