import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { v7 as uuidv7 } from 'uuid'
import { generateKeyRing, keyRingJson } from '../packages/server/src/security/keys.ts'
import { type Benchmark, type Figure, median, percentile } from './measure.ts'
import { onDatabase, signIn, tokensFor } from './site.ts'

/** What must be accepted in a second on two cores: the load and PostgreSQL run on them too. */
const wanted = 5000
const people = 200
const connections = 64
const seconds = Number(process.env.BENCH_TELEMETRY_SECONDS ?? 5)
const rounds = 3
const bareGroup = 1000
/** Of the hours that the most frequent events are summed up from; the real table has one row for each such triple. */
const hours = 90 * 24
const names = 200
const shards = 4

const now = (): number => Number(process.hrtime.bigint()) / 1e6

/** An event as clients send it. */
const event = (n: number) => ({
  event_name: `bench.event_${n % 40}`,
  event_id: crypto.randomUUID(),
  occurred_at: new Date().toISOString(),
  properties: { view: 'week', ms: n % 1000, first: n % 2 === 0, source: 'toolbar' },
})

/** A kept-alive connection without a client library: the load must not cost more than what it measures. */
class Connection {
  readonly #socket: Socket
  #text = ''
  #answered: ((status: number) => void) | undefined

  constructor(port: number) {
    this.#socket = connect(port, '127.0.0.1').setNoDelay(true).setEncoding('latin1')
    this.#socket.on('data', (chunk: string) => {
      this.#text += chunk
      const head = this.#text.indexOf('\r\n\r\n')
      if (head < 0) return
      const length = Number(/\r\ncontent-length: (\d+)/i.exec(this.#text)?.[1] ?? 0)
      if (this.#text.length < head + 4 + length) return
      const status = Number(this.#text.slice(9, 12))
      this.#text = ''
      this.#answered?.(status)
    })
  }

  send(token: string, body: string): Promise<number> {
    const answer = new Promise<number>((resolve) => {
      this.#answered = resolve
    })
    this.#socket.write(
      `POST /api/telemetry HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    )
    return answer
  }

  end(): void {
    this.#socket.destroy()
  }
}

const bodyOf = (batch: number, n: number): string =>
  JSON.stringify(batch === 1 ? event(n) : { events: Array.from({ length: batch }, (_, at) => event(n + at)) })

/** Sends batches for a while, each connection as fast as it is answered; or so many a second in all. */
async function load(port: number, tokens: readonly string[], batch: number, perSecond?: number) {
  const delays: number[] = []
  let accepted = 0
  let sent = 0
  const end = now() + seconds * 1000
  const pool = Array.from({ length: connections }, () => new Connection(port))
  const began = now()
  await Promise.all(
    pool.map(async (connection, first) => {
      // Paced: each in its turn, and the wait for its turn is no part of the delay.
      const gap = perSecond === undefined ? 0 : (1000 * batch * connections) / perSecond
      for (let turn = began + (first / connections) * gap; now() < end; turn += gap) {
        if (gap > 0) await sleep(Math.max(0, turn - now()))
        const token = tokens[sent++ % tokens.length] ?? ''
        const body = bodyOf(batch, sent * batch)
        // Late by our own doing counts as late.
        const at = gap > 0 ? Math.min(turn, now()) : now()
        const status = await connection.send(token, body)
        if (status !== 202) throw new Error(`telemetry answered ${status}`)
        delays.push(now() - Math.max(at, began))
        accepted += batch
      }
    }),
  )
  const took = (now() - began) / 1000
  for (const connection of pool) connection.end()
  return { rate: accepted / took, accepted, delays }
}

/** Rows a second of multi-row inserts alone: one connection, no server, no gates, no counts. */
async function bare(owner: pg.Client): Promise<number> {
  const user = uuidv7()
  let stored = 0
  const end = now() + (seconds / rounds) * 1000
  const began = now()
  while (now() < end) {
    const rows = Array.from({ length: bareGroup }, (_, n) => {
      const { event_name, event_id, occurred_at, properties } = event(n)
      return { id: event_id, user_id: user, event_name, occurred_at, properties }
    })
    await owner.query(
      `insert into bare_events (id, user_id, event_name, properties, ip_address, user_agent, occurred_at, created_at)
       select id, user_id, event_name, properties, '127.0.0.1', 'bench', occurred_at, occurred_at
       from json_to_recordset($1::json) as r(id uuid, user_id uuid, event_name text, properties jsonb, occurred_at timestamptz)`,
      [JSON.stringify(rows)],
    )
    stored += bareGroup
  }
  return (stored / (now() - began)) * 1000
}

const rateOf = (rate: number): string => `${Math.round(rate).toLocaleString('en')} a second`

/**
 * Usage events through the whole path into their month, against bare multi-row inserts into the same kind of table in the
 * same run; then what the platform's most frequent events cost with a quarter of hours full of them.
 */
export const telemetry: Benchmark = {
  name: 'telemetry',
  run: () =>
    onDatabase(async ({ ownerUrl, appUrl }) => {
      const owner = new pg.Client(ownerUrl)
      let server: ChildProcess | undefined
      try {
        await owner.connect()
        await owner.query('select ensure_partitions(current_date)')
        await owner.query(
          `create table bare_events (like telemetry_events including all) partition by range (occurred_at);
         create table bare_events_all partition of bare_events default`,
        )
        const users = Array.from({ length: people }, () => uuidv7())
        await owner.query(
          `insert into users (id, email, display_name, requires_consent)
         select id, id || '@wardline.test', 'Bench', false from unnest($1::uuid[]) id`,
          [users],
        )
        await owner.query(
          `update users set is_super_admin = true, mfa_enabled = true, mfa_secret = 'x' where id = $1`,
          [users[0]],
        )
        const signIns = await signIn(owner, users)
        await owner.query('analyze')
        const keys = generateKeyRing()
        const tokens = await tokensFor(keys, signIns)
        const child = fork(join(import.meta.dirname, 'streams-server.ts'), [], {
          env: {
            ...process.env,
            DATABASE_URL: appUrl,
            WARDLINE_KEYS: keyRingJson(keys),
            LOG_LEVEL: 'warn',
          },
          execArgv: ['--expose-gc'],
        })
        server = child
        const [hello] = await once(child, 'message')
        const { url } = hello as { url: string }
        const port = Number(new URL(url).port)

        const figures: Figure[] = []
        await load(port, tokens, 20)
        let accepted = 0
        for (const [batch, bound] of [
          [1, undefined],
          [20, 1],
          [100, 1],
        ] as const) {
          const runs = []
          const ratios = []
          for (let round = 0; round < rounds; round++) {
            const alone = await bare(owner)
            const run = await load(port, tokens, batch)
            runs.push(run)
            ratios.push(run.rate / alone)
          }
          accepted += runs.reduce((sum, run) => sum + run.accepted, 0)
          const rate = median(runs.map((run) => run.rate))
          const delays = runs.flatMap((run) => run.delays)
          const what = batch === 1 ? 'one by one' : `in batches of ${batch}`
          figures.push(
            {
              name: `for ${wanted} events ${what}, ${connections} at once (${rateOf(rate)})`,
              value: wanted / rate,
              unit: 's',
              ...(bound === undefined ? {} : { bound }),
            },
            { name: '  p50', value: percentile(delays, 0.5), unit: 'ms' },
            { name: '  p99', value: percentile(delays, 0.99), unit: 'ms' },
            {
              name: '  events a second, against bare multi-row inserts',
              value: median(ratios),
              unit: 'times',
            },
          )
        }
        const steady = await load(port, tokens, 20, wanted)
        figures.push(
          {
            name: `the answer at a steady ${wanted} events a second in batches of 20 (${rateOf(steady.rate)}), p50`,
            value: percentile(steady.delays, 0.5),
            unit: 'ms',
          },
          { name: '  p99', value: percentile(steady.delays, 0.99), unit: 'ms', bound: 500 },
        )
        const { rows } = await owner.query<{ stored: number; counted: number }>(
          `select (select count(*) from telemetry_events)::int as stored, (select sum(events) from telemetry_hours)::int as counted`,
        )
        const { stored = 0, counted = 0 } = rows[0] ?? {}
        if (stored < accepted + steady.accepted || counted !== stored)
          throw new Error(`${accepted + steady.accepted} were accepted, ${stored} stored, ${counted} counted`)

        await owner.query(
          `insert into telemetry_hours (hour, event_name, shard, events)
         select date_trunc('hour', now(), 'UTC') - h * interval '1 hour', 'filled.event_' || n, s, 60
         from generate_series(1, $1::int) h, generate_series(1, $2::int) n, generate_series(0, $3::int - 1) s`,
          [hours, names, shards],
        )
        await owner.query('analyze')
        const total = hours * names * shards * 60
        for (const [period, bound] of [
          ['24h', 250],
          ['90d', 5000],
        ] as const) {
          const times: number[] = []
          for (let round = 0; round < 5; round++) {
            const began = now()
            const answer = await fetch(`${url}/api/super-admin/telemetry/top?period=${period}`, {
              headers: { authorization: `Bearer ${tokens[0]}` },
            })
            if (!answer.ok) throw new Error(`the top answered ${answer.status}`)
            await answer.arrayBuffer()
            times.push(now() - began)
          }
          figures.push({
            name: `the most frequent of ${period}, of ${(total / 1e6).toFixed(0)} million events in ${hours * names * shards} counts`,
            value: median(times),
            unit: 'ms',
            bound,
          })
        }
        const gone = once(child, 'exit')
        child.send('end')
        await gone
        return figures
      } finally {
        server?.kill('SIGKILL')
        await owner.end().catch(() => {})
      }
    }),
}
