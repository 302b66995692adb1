import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { finished, postmasterOf, temporaryFolder, until, wardServer, whenUp } from './process.ts'

const TIMEOUT = 60_000

const start = (data: string) => wardServer(['start', '--port', '0', '--data', data])

/** Ends the guard that would stop the database when its server is killed. */
function killGuard(data: string): void {
  const { stdout } = spawnSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' })
  const line = stdout
    .split('\n')
    .find((text) => text.includes('wardline-guard') && text.includes(`${data}/postgres`))
  const pid = Number(line?.trim().split(' ')[0])
  expect(pid).toBeGreaterThan(0)
  process.kill(pid, 'SIGKILL')
}

test(
  'a data folder outlives Ctrl-C, kill -9 and a stale pid file, and belongs to one server at a time',
  async () => {
    const data = join(await temporaryFolder(0o755), 'data')

    // A first start, and a second server that must not touch it.
    const first = start(data)
    await whenUp(first)
    expect(first.output()).toContain('Filled in the demo data.')
    const second = await finished(start(data))
    expect(second).toEqual({
      code: 1,
      output: `Another Wardline server (process ${first.child.pid}) is using the data folder ${data}.\n`,
    })

    // Ctrl-C stops the database too.
    first.child.kill('SIGINT')
    expect(await first.exit).toEqual({ code: 0, signal: null })
    expect(postmasterOf(data)).toBeUndefined()

    // A pid file of a machine that lost power: its number has since gone to another process, ours.
    writeFileSync(
      join(data, 'postgres/postmaster.pid'),
      `${process.pid}\n${data}/postgres\n1\n1\n\n127.0.0.1\n0\nready\n`,
    )
    const third = start(data)
    await whenUp(third)
    expect(third.output()).toContain('kept from before')

    // A killed server takes its database along.
    third.child.kill('SIGKILL')
    await third.exit
    await until(() => postmasterOf(data) === undefined, 'the guard stopped the database')

    // Killed so that not even the guard could act: the next start finds the orphan.
    const fourth = start(data)
    await whenUp(fourth)
    const orphan = postmasterOf(data)
    killGuard(data)
    fourth.child.kill('SIGKILL')
    await fourth.exit
    expect(postmasterOf(data)).toBe(orphan)
    const fifth = start(data)
    await whenUp(fifth)
    expect(postmasterOf(data)).not.toBe(orphan)
    expect(fifth.output()).toContain('kept from before')
  },
  2 * TIMEOUT,
)

test(
  'a first start that was killed half-way is begun afresh',
  async () => {
    const data = join(await temporaryFolder(0o755), 'data')
    const first = start(data)
    await until(
      () => readdirSync(join(data, '..')).length > 0 && readdirSync(data).includes('postgres'),
      'initdb runs',
    )
    first.child.kill('SIGKILL')
    await first.exit
    const second = start(data)
    await whenUp(second)
    expect(second.output()).toContain('Filled in the demo data.')
  },
  TIMEOUT,
)

test('a foreign folder is refused and nothing in it is touched', async () => {
  const folder = await temporaryFolder()
  mkdirSync(join(folder, 'holiday'))
  writeFileSync(join(folder, 'letter.txt'), 'dear')
  const run = await finished(start(folder))
  expect(run).toEqual({
    code: 1,
    output: `The folder ${folder} is not empty and not Wardline's; nothing in it was touched. Choose another with --data.\n`,
  })
  expect(readdirSync(folder).sort()).toEqual(['holiday', 'letter.txt'])
})

test('a file instead of a folder is told in one sentence', async () => {
  const file = join(await temporaryFolder(), 'file')
  writeFileSync(file, '')
  expect(await finished(start(file))).toEqual({
    code: 1,
    output: `The data folder ${file} cannot be used: it is not a folder.\n`,
  })
})

test('a busy port is told in one sentence before any database is started', async () => {
  const data = join(await temporaryFolder(), 'data')
  const listener = createServer()
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void listener.close())
  const address = listener.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  expect(await finished(wardServer(['start', '--port', String(port), '--data', data]))).toEqual({
    code: 1,
    output: `Port ${port} of 127.0.0.1 is in use by another program: choose another with --port, or 0 for any free one.\n`,
  })
  expect(postmasterOf(data)).toBeUndefined()
})

test.each([
  [['start', '--port', '99999'], {}, /^--port must be a whole number/],
  [['start', '--data', '/tmp', '--ephemeral'], {}, /^--data and --ephemeral exclude each other/],
  [['start', 'now'], {}, /too many arguments/],
  [['start'], { WARDLINE_KEY_FILE: 'keys.json' }, /^WARDLINE_KEY_FILE is not a setting/],
  [['start'], { DATABASE_URL: 'mysql://localhost/x' }, /^DATABASE_URL must be a URL/],
  [['start'], { DATABASE_URL: 'postgres://localhost/x' }, /needs its keys/],
])('wrong use: %j %j', async (args, env, sentence) => {
  const run = await finished(wardServer(args, { env }))
  expect(run.code).toBe(2)
  expect(run.output).toMatch(sentence)
  expect(run.output).not.toMatch(/^ +at /m)
})
