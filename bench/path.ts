import { randomBytes } from 'node:crypto'
import Fastify from 'fastify'
import pg from 'pg'
import { v7 as uuidv7 } from 'uuid'
import { systemClock } from '../packages/server/src/clock.ts'
import { loadConfig } from '../packages/server/src/config.ts'
import { migrate } from '../packages/server/src/db/migrate.ts'
import { createLog } from '../packages/server/src/log.ts'
import { generateKeyRing } from '../packages/server/src/security/keys.ts'
import { createTokens } from '../packages/server/src/security/tokens.ts'
import { createServer } from '../packages/server/src/server.ts'
import { databaseUrl, execute, testPostgres } from '../scripts/postgres.ts'
import { type Benchmark, median } from './measure.ts'

const connections = 32
const rounds = 5
const requestsPerRound = 1500

/** Requests a second with some connections open, `requestsPerRound` in all. */
async function throughput(url: string, headers: Record<string, string>): Promise<number> {
  let left = requestsPerRound
  const began = performance.now()
  await Promise.all(
    Array.from({ length: connections }, async () => {
      while (left-- > 0) {
        const response = await fetch(url, { headers })
        await response.arrayBuffer()
        if (!response.ok) throw new Error(`${url} answered ${response.status}`)
      }
    }),
  )
  return (requestsPerRound / (performance.now() - began)) * 1000
}

const listSql = `select patient_id as id, first_name, last_name, dob::text, medical_record_number, status, enrolled_at
  from organization_patients where organization_id = $1 and status = 'ACTIVE' and deleted_at is null
  order by last_name, first_name, patient_id limit 50`

/** The whole path of a request against bare Fastify and pg with the same SQL, in turn, on the same machine. */
export const path: Benchmark = {
  name: 'path',
  async run() {
    const postgres = await testPostgres()
    const suffix = randomBytes(4).toString('hex')
    const database = `wardline_bench_${suffix}`
    const login = `wardline_bench_${suffix}`
    const ownerUrl = databaseUrl(postgres.adminUrl, database)
    try {
      await execute(postgres.adminUrl, `create database ${database}`)
      await migrate(ownerUrl)
      await execute(ownerUrl, `create role ${login} login password 'bench' in role wardline_app`)
      const appUrl = new URL(ownerUrl)
      appUrl.username = login
      appUrl.password = 'bench'

      const [org, user, session] = [uuidv7(), uuidv7(), uuidv7()]
      const owner = new pg.Client(ownerUrl)
      await owner.connect()
      await owner.query(`insert into organizations (id, name) values ($1, 'Bench')`, [org])
      await owner.query(
        `insert into users (id, email, display_name, mfa_enabled, mfa_secret) values ($1, 'bench@wardline.test', 'Bench', true, 'x')`,
        [user],
      )
      await owner.query(
        `insert into organization_memberships (id, organization_id, user_id, role) values ($1, $2, $3, 'STAFF')`,
        [uuidv7(), org, user],
      )
      await owner.query(
        `insert into user_sessions (id, user_id, idle_seconds, last_active_at, mfa_verified_at, expires_at)
         values ($1, $2, 36000, now(), now(), now() + interval '1 hour')`,
        [session, user],
      )
      await owner.query(
        `with p as (insert into patients (id, first_name, last_name, dob)
           select gen_random_uuid(), 'First' || n, 'Last' || n, '1980-01-01' from generate_series(1, 2000) n returning id)
         insert into organization_patients (organization_id, patient_id, medical_record_number, enrolled_at, first_name, last_name, dob, search_text)
           select $1, id, 'MRN-' || row_number() over (), now(), '', '', now(), '' from p`,
        [org],
      )
      const { rows } = await owner.query('select patient_id from organization_patients limit 1')
      const patient: string = rows[0].patient_id
      await owner.query('analyze')
      await owner.end()

      const keys = generateKeyRing()
      const server = await createServer({
        config: loadConfig({ RATE_LIMIT_GENERAL: '9999999/1m' }, { port: '0' }),
        keys,
        databaseUrl: appUrl.href,
        log: createLog('silent'),
        clock: systemClock,
      })
      const url = await server.listen()
      const tokens = createTokens(keys, { issuer: 'wardline', audience: 'wardline', accessSeconds: 3600 })
      const token = await tokens.issueAccess(
        { userId: user, sessionId: session, tokenId: uuidv7() },
        new Date(),
      )
      const headers = { authorization: `Bearer ${token}` }

      const pool = new pg.Pool({ connectionString: ownerUrl, max: 10 })
      const bare = Fastify()
      bare.get('/list', async () => ({ items: (await pool.query(listSql, [org])).rows, next_cursor: null }))
      bare.get(
        '/get',
        async () => (await pool.query('select * from patients where id = $1', [patient])).rows[0],
      )
      const bareUrl = await bare.listen({ port: 0, host: '127.0.0.1' })

      const pairs = [
        ['list of 50', `${url}/api/organizations/${org}/patients`, `${bareUrl}/list`],
        ['get one', `${url}/api/organizations/${org}/patients/${patient}`, `${bareUrl}/get`],
      ] as const
      const figures = []
      for (const [name, ours, theirs] of pairs) {
        await throughput(ours, headers)
        await throughput(theirs, {})
        const ratios = []
        for (let round = 0; round < rounds; round++)
          ratios.push((await throughput(ours, headers)) / (await throughput(theirs, {})))
        figures.push({
          name: `throughput of ${name} against bare Fastify and pg`,
          value: median(ratios),
          unit: 'times' as const,
        })
      }
      await bare.close()
      await pool.end()
      await server.close()
      return figures
    } finally {
      await execute(postgres.adminUrl, `drop database if exists ${database} with (force)`)
      await execute(postgres.adminUrl, `drop role if exists ${login}`)
      await postgres.stop()
    }
  },
}
