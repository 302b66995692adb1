import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import pg from 'pg'
import { startEmbedded } from '../packages/server/src/db/embedded.ts'
import { migrate } from '../packages/server/src/db/migrate.ts'
import { generateKeyRing, keyRingJson } from '../packages/server/src/security/keys.ts'
import { freePort } from '../scripts/free-port.ts'
import type { Benchmark, Figure } from './measure.ts'
import { addOrganization, addPatients, signIn, tokensFor } from './site.ts'

const requests = 3000
const connections = 16
// The kernel's clock for process times.
const TICK_MS = 10

interface Stat {
  readonly parent: number
  readonly cpuMs: number
}

const statOf = (pid: number): Stat | undefined => {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
    return { parent: Number(fields[1]), cpuMs: (Number(fields[11]) + Number(fields[12])) * TICK_MS }
  } catch {
    return undefined
  }
}

/** CPU time of a process's children, by process. */
const childrenOf = (parent: number): Map<number, number> =>
  new Map(
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .flatMap((name) => {
        const stat = statOf(Number(name))
        return stat?.parent === parent ? [[Number(name), stat.cpuMs] as const] : []
      }),
  )

/** What a request costs: processor time of the server and of PostgreSQL, and log that a standby has to be sent. Linux only. */
export const cost: Benchmark = {
  name: 'cost',
  async run() {
    if (process.platform !== 'linux') return []
    const postgres = await startEmbedded({ dataDir: '', ephemeral: true })
    const owner = new pg.Client(postgres.ownerUrl)
    const keys = generateKeyRing()
    const port = await freePort()
    await migrate(postgres.ownerUrl)
    await owner.connect()
    await owner.query('select ensure_partitions(current_date)')
    const { org, user } = await addOrganization(owner, 'ADMIN')
    const signIns = await signIn(owner, [user])
    const patient = await addPatients(owner, org)
    await owner.query('analyze')
    const child = spawn(process.execPath, ['packages/server/src/main.ts', 'start'], {
      env: {
        PATH: process.env.PATH,
        DATABASE_URL: postgres.appUrl,
        WARDLINE_KEYS: keyRingJson(keys),
        PORT: String(port),
        LOG_LEVEL: 'info',
        RATE_LIMIT_GENERAL: '9999999/1m',
        // Upkeep would be counted, too.
        JOBS: 'off',
      },
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    try {
      const url = `http://127.0.0.1:${port}`
      for (let patience = 0; patience < 300; patience++) {
        if (
          await fetch(`${url}/health`).then(
            ({ ok }) => ok,
            () => false,
          )
        )
          break
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
      const [token] = await tokensFor(keys, signIns)
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
      const body = () => JSON.stringify({ assignee_id: user, description: 'Call back about the result' })
      const kinds: readonly (readonly [string, string, (() => string)?])[] = [
        ['a list of 50', `${url}/api/organizations/${org}/patients`],
        ['one patient', `${url}/api/organizations/${org}/patients/${patient}`],
        ['a task made', `${url}/api/organizations/${org}/tasks`, body],
      ]
      const call = async (count: number, target: string, make?: () => string): Promise<void> => {
        let left = count
        await Promise.all(
          Array.from({ length: connections }, async () => {
            while (left-- > 0) {
              const response = await fetch(
                target,
                make ? { method: 'POST', headers, body: make() } : { headers },
              )
              await response.arrayBuffer()
              if (!response.ok) throw new Error(`${target} answered ${response.status}`)
            }
          }),
        )
      }
      const { rows } = await owner.query('select pg_backend_pid() as pid')
      const postmaster = statOf(Number(rows[0]?.pid))?.parent ?? 0
      const position = async (): Promise<string> =>
        (await owner.query('select pg_current_wal_insert_lsn() as at')).rows[0]?.at
      const figures: Figure[] = []
      for (const [name, target, make] of kinds) {
        await call(1000, target, make)
        const [server, backends, from] = [statOf(child.pid ?? 0), childrenOf(postmaster), await position()]
        await call(requests, target, make)
        const log = await owner.query(
          'select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), $1)::float8 as bytes',
          [from],
        )
        const database = [...childrenOf(postmaster)].reduce(
          (sum, [pid, ms]) => sum + ms - (backends.get(pid) ?? 0),
          0,
        )
        figures.push(
          {
            name: `processor time of the server for ${name}`,
            value: ((statOf(child.pid ?? 0)?.cpuMs ?? 0) - (server?.cpuMs ?? 0)) / requests,
            unit: 'ms',
          },
          { name: '  and of PostgreSQL', value: database / requests, unit: 'ms' },
          {
            name: '  and written to the log',
            value: Number(log.rows[0]?.bytes) / requests / 1024,
            unit: 'KiB',
          },
        )
      }
      return figures
    } finally {
      child.kill('SIGTERM')
      await new Promise((resolve) => child.once('exit', resolve))
      await owner.end()
      await postgres.stop()
    }
  },
}
