import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from '@wardline/sdk'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { freePort } from '../../scripts/free-port.ts'
import { openStream } from '../support/streams.ts'
import { createWorld, type TestUser, type World } from '../support/world.ts'

const nginx = ['/usr/sbin/nginx', 'nginx'].find((path) => spawnSync(path, ['-v']).status === 0)

/** The configuration of the handbook, with this test's ports. */
function configuration(folder: string, listen: number, servers: readonly number[]): string {
  const handbook = readFileSync(join(import.meta.dirname, '../../docs/operations.md'), 'utf8')
  const [, block = ''] = /```nginx\n([\s\S]*?)```/.exec(handbook) ?? []
  const own = block
    .replace('127.0.0.1:8080', `127.0.0.1:${listen}`)
    .replace('127.0.0.1:8001', `127.0.0.1:${servers[0]}`)
    .replace('127.0.0.1:8002', `127.0.0.1:${servers[1]}`)
    // Two keep-alives of a test's server.
    .replace('proxy_read_timeout 65s', 'proxy_read_timeout 4s')
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  )
  // Compression is on for everything else, as it is on many a machine.
  return `${process.getuid?.() === 0 ? 'user root;' : ''} daemon off; pid ${folder}/nginx.pid; worker_processes 1;
    error_log ${folder}/error.log; events {} http { ${temporary.join(' ')} access_log off;
    gzip on; gzip_proxied any; gzip_min_length 1; gzip_types *; ${own} }`
}

// Not on every machine; the one that runs the checks installs it.
describe.skipIf(nginx === undefined)('behind nginx, as the handbook configures it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'wardline-nginx-'))
  let world: World
  let agent: TestUser
  let owner: TestUser
  let url = ''
  let stopNginx: () => Promise<unknown>
  const replicas: Awaited<ReturnType<World['startServer']>>[] = []

  beforeAll(async () => {
    world = await createWorld({ env: { HEARTBEAT_SECONDS: '2', TRUST_PROXY: '1' } })
    agent = await world.user({ supportAgent: true })
    owner = await world.user()
    replicas.push(await world.startServer(), await world.startServer())
    const listen = await freePort()
    const ports = replicas.map((replica) => Number(new URL(replica.url).port))
    writeFileSync(join(folder, 'nginx.conf'), configuration(folder, listen, ports))
    const child = spawn(nginx ?? '', ['-p', folder, '-c', join(folder, 'nginx.conf')], { stdio: 'pipe' })
    let told = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      told += text
    })
    const ended = new Promise((resolve) => child.once('exit', resolve))
    stopNginx = () => {
      child.kill('SIGQUIT')
      const late = setTimeout(() => child.kill('SIGKILL'), 3000)
      return ended.finally(() => clearTimeout(late))
    }
    url = `http://127.0.0.1:${listen}`
    await vi.waitFor(
      async () => {
        const { status } = await fetch(`${url}/health`).catch(() => ({ status: told }))
        expect(status).toBe(200)
      },
      { timeout: 10_000 },
    )
  })
  afterAll(async () => {
    await world?.stop()
    await stopNginx?.()
    rmSync(folder, { recursive: true, force: true })
  })

  const ask = (subject: string) =>
    owner.client.tickets.create({ subject, body: 'It says no.', category: 'OTHER' })

  test('an event arrives at once: nothing is buffered, nothing is compressed', async () => {
    const stream = await openStream(url, agent.token)
    expect(stream.response.headers.get('content-encoding')).toBeNull()
    const compressed = await fetch(`${url}/openapi.json`)
    expect(compressed.headers.get('content-encoding')).toBe('gzip')
    const before = stream.events.length
    await ask('Through the proxy')
    await expect.poll(() => stream.events.length, { timeout: 3000 }).toBe(before + 1)
    stream.close()
  })

  test('a stream on which nothing happens outlives the proxy’s patience', async () => {
    const stream = await openStream(url, owner.token)
    let gone = false
    void stream.ended.then(() => {
      gone = true
    })
    await expect.poll(() => stream.comments, { timeout: 15_000 }).toBeGreaterThan(4)
    expect(gone).toBe(false)
    stream.close()
  }, 20_000)

  test('a rolling restart loses no event of a client, and repeats none', async () => {
    const received: string[] = []
    const opened: string[] = []
    const stream = createClient({ baseUrl: url, auth: agent.token }).events.stream(
      { types: 'ticket.created' },
      {
        onStatus: ({ state }) => {
          if (state === 'open') opened.push(state)
        },
      },
    )
    const reading = (async () => {
      for await (const event of stream)
        if (event.event === 'ticket.created') received.push(event.data.ticket_id)
    })()
    await expect.poll(() => opened.length).toBe(1)
    const created: string[] = []
    for (const replica of replicas) {
      created.push((await ask('Before')).id)
      const port = new URL(replica.url).port
      await replica.close()
      created.push((await ask('Meanwhile')).id)
      const again = await world.startServer({ port })
      expect(new URL(again.url).port).toBe(port)
      // nginx tries one that failed again only after 10 seconds.
      created.push((await ask('After')).id)
    }
    await expect.poll(() => received.length, { timeout: 25_000 }).toBe(created.length)
    expect(received).toEqual(created)
    expect(opened.length).toBeGreaterThan(1)
    stream.close()
    await reading
  }, 60_000)
})
