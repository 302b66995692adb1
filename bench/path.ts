import Fastify from 'fastify'
import pg from 'pg'
import { systemClock } from '../packages/server/src/clock.ts'
import { loadConfig } from '../packages/server/src/config.ts'
import { createLog } from '../packages/server/src/log.ts'
import { generateKeyRing } from '../packages/server/src/security/keys.ts'
import { createServer } from '../packages/server/src/server.ts'
import { type Benchmark, median } from './measure.ts'
import { addOrganization, addPatients, onDatabase, signIn, tokensFor } from './site.ts'

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
  run: () =>
    onDatabase(async ({ ownerUrl, appUrl }) => {
      const owner = new pg.Client(ownerUrl)
      await owner.connect()
      const { org, user } = await addOrganization(owner, 'STAFF')
      const signIns = await signIn(owner, [user])
      const patient = await addPatients(owner, org)
      await owner.query('analyze')
      await owner.end()

      const keys = generateKeyRing()
      const server = await createServer({
        config: loadConfig({ RATE_LIMIT_GENERAL: '9999999/1m' }, { port: '0' }),
        keys,
        databaseUrl: appUrl,
        log: createLog('silent'),
        clock: systemClock,
      })
      const url = await server.listen()
      const [token] = await tokensFor(keys, signIns)
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
    }),
}
