import { type ChildProcess, fork, spawn, spawnSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { v7 as uuidv7 } from 'uuid'
import { generateKeyRing, keyRingJson } from '../packages/server/src/security/keys.ts'
import { freePort } from '../scripts/free-port.ts'
import { type Benchmark, type Figure, inFolder, median, percentile } from './measure.ts'
import { onDatabase, signIn, tokensFor } from './site.ts'

const streams = Number(process.env.BENCH_STREAMS ?? 10_000)
const published = Number(process.env.BENCH_PUBLISHED ?? 500)
const perSecond = 50
const broadcasts = Number(process.env.BENCH_BROADCASTS ?? 7)
const nchanModule = '/usr/lib/nginx/modules/ngx_nchan_module.so'

const now = (): number => Number(process.hrtime.bigint()) / 1e6

/** Asks a child one thing over IPC. */
function ask<T>(child: ChildProcess, message: object | string): Promise<T> {
  return new Promise((resolve, reject) => {
    const onExit = () => reject(new Error('a process of the benchmark ended'))
    child.once('exit', onExit)
    child.once('message', (answer) => {
      child.off('exit', onExit)
      resolve(answer as T)
    })
    child.send(message)
  })
}

async function start<T>(
  file: string,
  env: Record<string, string> = {},
): Promise<{ child: ChildProcess; hello: T }> {
  const child = fork(join(import.meta.dirname, file), [], {
    env: { ...process.env, ...env },
    execArgv: ['--expose-gc'],
  })
  const hello = await new Promise<T>((resolve, reject) => {
    child.once('message', (answer) => resolve(answer as T))
    child.once('exit', () => reject(new Error(`${file} ended at once`)))
  })
  return { child, hello }
}

/** When each reader got an event: once all have, or after a while. */
async function arrivals(clients: ChildProcess, event: number, expected: number): Promise<number[]> {
  for (let patience = 0; patience < 400; patience++) {
    await sleep(25)
    const { at } = await ask<{ at: number[] }>(clients, { arrivals: event })
    if (at.length >= expected) return at
  }
  throw new Error(
    `an event reached ${(await ask<{ at: number[] }>(clients, { arrivals: event })).at.length} of its ${expected} readers`,
  )
}

/** nginx with nchan and as many readers, to compare with; null where Debian's libnginx-mod-nchan is not installed. */
async function startNchan(folder: string) {
  if (!existsSync(nchanModule) || spawnSync('/usr/sbin/nginx', ['-v']).status !== 0) return null
  const port = await freePort()
  const file = join(folder, 'nginx.conf')
  writeFileSync(
    file,
    `load_module ${nchanModule}; ${process.getuid?.() === 0 ? 'user root;' : ''} daemon off; pid ${folder}/pid;
     worker_processes 1; worker_rlimit_nofile ${Math.min(streams + 2000, 20_000)}; error_log ${folder}/error.log crit;
     events { worker_connections ${2 * streams + 1000}; }
     http { access_log off; nchan_shared_memory_size 512M; client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy;
       fastcgi_temp_path ${folder}/fastcgi; uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
       server { listen 127.0.0.1:${port};
         location = /pub { nchan_publisher; nchan_channel_id all; }
         location = /sub { nchan_subscriber eventsource; nchan_channel_id all; } } }`,
  )
  const nginx = spawn('/usr/sbin/nginx', ['-p', folder, '-c', file], { stdio: 'ignore' })
  const url = `http://127.0.0.1:${port}`
  for (let tries = 0; tries < 100; tries++) {
    if (
      await fetch(`${url}/pub`).then(
        () => true,
        () => false,
      )
    )
      break
    await sleep(50)
  }
  return { port, url, nginx }
}

/**
 * Many open streams: what one costs in memory, how fast an event reaches its reader, and an event for all of them
 * against nginx's nchan module in the same run.
 */
export const eventStreams: Benchmark = {
  name: 'streams',
  run: () =>
    inFolder((folder) =>
      onDatabase(async ({ ownerUrl, appUrl }) => {
        const children: ChildProcess[] = []
        const owner = new pg.Client(ownerUrl)
        try {
          await owner.connect()
          const people = Array.from({ length: streams }, () => uuidv7())
          // Support agents: the desk's audience is everybody's here.
          await owner.query(
            `insert into users (id, email, display_name, is_support_agent, mfa_enabled, mfa_secret, requires_consent)
           select id, id || '@wardline.test', 'Bench', true, true, 'x', false from unnest($1::uuid[]) id`,
            [people],
          )
          const signIns = await signIn(owner, people)
          await owner.query('analyze')

          const keys = generateKeyRing()
          const heads = (await tokensFor(keys, signIns)).map(
            (token) => `GET /api/events HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer ${token}\r\n\r\n`,
          )
          const server = await start<{ url: string }>('streams-server.ts', {
            DATABASE_URL: appUrl,
            WARDLINE_KEYS: keyRingJson(keys),
            LOG_LEVEL: 'warn',
          })
          const clients = await start('streams-clients.ts')
          children.push(server.child, clients.child)
          const port = Number(new URL(server.hello.url).port)
          // Some are opened, so that what is made once is not counted as theirs.
          const warm = 50
          await ask(clients.child, { open: { port, heads: heads.slice(0, warm) } })
          const memory = async () => (await ask<{ kib: number }>(server.child, 'memory')).kib
          const before = await memory()

          const half = Math.floor(streams / 2)
          await ask(clients.child, { open: { port, heads: heads.slice(warm, half) } })
          let event = 0
          const insert = `insert into events (user_id, to_support, type, payload, created_at)
          values ($1, $2, 'notification.new', jsonb_build_object('bench', $3::int, 'notification_id', $4::text, 'type', 'message'), now())`
          const publish = async (user: string | null): Promise<{ event: number; at: number }> => {
            event++
            await owner.query(insert, [user, user === null, event, uuidv7()])
            const at = now()
            await owner.query(`select pg_notify('wardline_events', '')`)
            return { event, at }
          }
          const delays: number[] = []
          const sent: { event: number; at: number }[] = []
          const began = now()
          for (let n = 0; n < published; n++) {
            sent.push(await publish(people[Math.floor(Math.random() * half)] ?? ''))
            await sleep(Math.max(0, began + ((n + 1) * 1000) / perSecond - now()))
          }
          for (const { event: number, at } of sent)
            for (const arrived of await arrivals(clients.child, number, 1)) delays.push(arrived - at)

          await ask(clients.child, { open: { port, heads: heads.slice(half) } })
          await sleep(2000)
          const perStream = ((await memory()) - before) / (streams - warm)

          const nchan = await startNchan(folder)
          const others = nchan ? await start('streams-clients.ts') : null
          if (nchan && others) {
            children.push(nchan.nginx, others.child)
            const head = `GET /sub HTTP/1.1\r\nHost: bench\r\nAccept: text/event-stream\r\n\r\n`
            await ask(others.child, { open: { port: nchan.port, heads: Array(streams).fill(head) } })
          }
          const ours: { half: number; last: number }[] = []
          const theirs: { half: number; last: number }[] = []
          const spread = (at: number, arrived: readonly number[]) => ({
            half: percentile(arrived, 0.5) - at,
            last: percentile(arrived, 0.99) - at,
          })
          for (let round = 0; round < broadcasts; round++) {
            const { event: number, at } = await publish(null)
            ours.push(spread(at, await arrivals(clients.child, number, streams)))
            if (!nchan || !others) continue
            const body = JSON.stringify({ bench: number, notification_id: uuidv7(), type: 'message' })
            const from = now()
            await fetch(`${nchan.url}/pub`, { method: 'POST', body })
            theirs.push(spread(from, await arrivals(others.child, number, streams)))
          }
          const figures: Figure[] = [
            {
              name: `resident memory of each of ${streams} streams`,
              value: perStream,
              unit: 'KiB',
              bound: 10,
            },
            {
              name: `outbox to client at ${half} streams and ${perSecond} events a second, p50`,
              value: percentile(delays, 0.5),
              unit: 'ms',
            },
            { name: 'the same, p99', value: percentile(delays, 0.99), unit: 'ms', bound: 25 },
            { name: `broadcast to ${streams}, p50`, value: median(ours.map((one) => one.half)), unit: 'ms' },
            { name: 'the same, p99', value: median(ours.map((one) => one.last)), unit: 'ms' },
          ]
          if (theirs.length === 0)
            console.log('  nchan is not installed (libnginx-mod-nchan): nothing to compare with')
          else
            figures.push(
              { name: 'nchan’s broadcast, p50', value: median(theirs.map((one) => one.half)), unit: 'ms' },
              { name: 'nchan’s broadcast, p99', value: median(theirs.map((one) => one.last)), unit: 'ms' },
              {
                name: 'broadcast against nchan, p50, round by round',
                value: median(ours.map((one, n) => one.half / (theirs[n]?.half ?? Number.NaN))),
                unit: 'times',
                bound: 1,
              },
              {
                name: 'broadcast against nchan, p99, round by round',
                value: median(ours.map((one, n) => one.last / (theirs[n]?.last ?? Number.NaN))),
                unit: 'times',
                bound: 1,
              },
            )
          return figures
        } finally {
          for (const child of children) child.kill('SIGKILL')
          await owner.end().catch(() => {})
          await sleep(300)
        }
      }),
    ),
}
