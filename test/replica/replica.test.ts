import { createServer } from 'node:net'
import { createClient } from '@wardline/sdk'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { operations } from '../../packages/server/src/generated/operations.ts'
import type { OperationDefinition } from '../../packages/server/src/http/operation.ts'
import { StartupError } from '../../packages/server/src/startup-error.ts'
import { execute } from '../../scripts/postgres.ts'
import { requestOf } from '../access/requests.ts'
import { checkedFetch } from '../support/contract.ts'
import { codeOf } from '../support/problems.ts'
import { type Pair, standbyMissing, startPair } from '../support/standby.ts'
import { createWorld, type TestUser, type World } from '../support/world.ts'

/*
 * A real primary and a real standby that streams from it. The servers run in this process, so where a list is read is seen
 * by the port of the connection that opens its transaction.
 */

const missing = await standbyMissing()
if (missing !== undefined) console.warn(`The tests of read replicas are skipped: ${missing}.`)

let pair: Pair
let world: World
let second: { url: string }
let org_id: string
let admin: TestUser
/** May call every list: administrator, patient and of the platform. */
let everyone: TestUser
let ids: Record<string, string>

/** Runs `work` and answers the ports on which it read in a scope. */
async function portsOf(work: () => PromiseLike<unknown>): Promise<Set<number>> {
  const ports = new Set<number>()
  const query = pg.Client.prototype.query
  const spy = vi.spyOn(pg.Client.prototype, 'query').mockImplementation(function (
    this: pg.Client,
    ...parameters: unknown[]
  ) {
    const [first] = parameters
    if (
      typeof first === 'string' &&
      /^begin read only.*'app.scope', '(organization|person|platform)'/.test(first)
    )
      ports.add(this.port)
    return Reflect.apply(query, this, parameters)
  })
  try {
    await work()
  } finally {
    spy.mockRestore()
  }
  return ports
}

const list = () => admin.client.patients.list({ org_id })

const untilServedBy = (port: number) =>
  vi.waitFor(async () => expect([...(await portsOf(list))]).toEqual([port]), {
    timeout: 10_000,
    interval: 50,
  })

describe.skipIf(missing !== undefined)('with a replica', () => {
  beforeAll(async () => {
    pair = await startPair()
    world = await createWorld({
      postgres: pair.primary,
      env: { DATABASE_REPLICA_URL: pair.standby.appUrl },
    })
    second = await world.startServer()
    org_id = await world.organization()
    admin = await world.user({ roles: { [org_id]: 'ADMIN' } })
    everyone = await world.user({ roles: { [org_id]: 'ADMIN' }, superAdmin: true, supportAgent: true })
    const { id: patient_id } = await world.patient([org_id], { userId: everyone.id })
    const { providerId: provider_id } = await world.provider(org_id)
    const ticket = await everyone.client.tickets.create({ category: 'OTHER', subject: 'A', body: 'B' })
    const endpoint = await everyone.client.webhooks.create({ org_id, url: 'https://hooks.clinic.example' })
    ids = {
      org_id,
      organization_id: org_id,
      patient_id,
      provider_id,
      ticket_id: ticket.id,
      endpoint_id: endpoint.id,
    }
  }, 60_000)
  afterAll(async () => {
    await world?.stop()
    await pair?.stop()
  }, 30_000)

  const paged = Object.values<OperationDefinition>(operations).filter((operation) => operation.paged)

  test.each(paged.map((operation) => [operation.id, operation] as const))(
    'it answers %s, and the primary keeps the trail',
    async (id, operation) => {
      await untilServedBy(pair.standby.port)
      const { url, init } = requestOf(operation, ids)
      const token =
        id === 'listRecentCalls'
          ? (await world.user({ roles: { [org_id]: 'CALL_CENTER_AGENT' } })).token
          : everyone.token
      // Again where a busy machine let the standby lag: then the primary answers, rightly.
      await vi.waitFor(
        async () => {
          const before = await world.auditRows({ operation: id })
          let status = 0
          const ports = await portsOf(async () => {
            status = (await world.fetch(url.replace(/^https?:\/\/[^/]+/, ''), { ...init, token })).status
          })
          const after = await world.auditRows({ operation: id })
          expect(after.length - before.length).toBe(operation.gates.audit === false ? 0 : 1)
          expect([status, ...ports]).toEqual([200, pair.standby.port])
        },
        { timeout: 10_000, interval: 200 },
      )
    },
  )

  test('whoever wrote reads the write, at once and on another server, whether the replica keeps up or not', async () => {
    const elsewhere = createClient({
      baseUrl: second.url,
      fetch: checkedFetch,
      maxRetries: 0,
      auth: admin.token,
    })
    const round = async (): Promise<void> => {
      const { id } = await world.patient([org_id])
      const created = await admin.client.tasks.create({
        org_id,
        assignee_id: admin.id,
        description: `Task of ${id}`,
      })
      for (const client of [admin.client, elsewhere]) {
        const { items } = await client.tasks.list({ org_id, limit: 100 })
        expect(items.map((task) => task.id)).toContain(created.id)
      }
    }
    await untilServedBy(pair.standby.port)
    const ports = await portsOf(async () => {
      for (let n = 0; n < 20; n++) await round()
    })
    expect(ports).toContain(pair.standby.port)

    await execute(pair.standby.adminUrl, 'select pg_wal_replay_pause()')
    try {
      for (let n = 0; n < 5; n++) await round()
      expect([...(await portsOf(round))]).toEqual([pair.primary.port])
    } finally {
      await execute(pair.standby.adminUrl, 'select pg_wal_replay_resume()')
    }
    await untilServedBy(pair.standby.port)
  })

  test('who loses access loses it at once, although the replica does not know yet', async () => {
    const leaver = await world.user({ roles: { [org_id]: 'STAFF' } })
    await leaver.client.patients.list({ org_id })
    await execute(pair.standby.adminUrl, 'select pg_wal_replay_pause()')
    try {
      await world.admin.query('update organization_memberships set deleted_at = now() where user_id = $1', [
        leaver.id,
      ])
      expect(await codeOf(leaver.client.patients.list({ org_id }))).toBe('NOT_FOUND')
    } finally {
      await execute(pair.standby.adminUrl, 'select pg_wal_replay_resume()')
    }
    await untilServedBy(pair.standby.port)
  })

  test('another organization’s patients are as invisible there', async () => {
    await untilServedBy(pair.standby.port)
    const other = await world.organization()
    const { id } = await world.patient([other])
    const stranger = await world.user({ roles: { [other]: 'ADMIN' } })
    const [{ items: theirs }, { items: ours }] = await Promise.all([
      stranger.client.patients.list({ org_id: other }),
      list(),
    ])
    expect(theirs.map((patient) => patient.id)).toEqual([id])
    expect(ours.map((patient) => patient.id)).not.toContain(id)
    // Without the where clause too: the policies hold on the standby.
    const there = new pg.Client(pair.standby.appUrl)
    await there.connect()
    await there.query(
      `begin; select set_config('app.scope', 'organization', true), set_config('app.organization_id', '${other}', true)`,
    )
    const { rows } = await there.query('select distinct organization_id from organization_patients')
    await there.end()
    expect(rows).toEqual([{ organization_id: other }])
  })

  test('its death costs no list, and it is used again when it is back', async () => {
    await untilServedBy(pair.standby.port)
    let stop = false
    let answered = 0
    const calls = Array.from({ length: 4 }, async () => {
      while (!stop) {
        await list()
        answered += 1
      }
    })
    await pair.killStandby()
    const atDeath = answered
    await vi.waitFor(() => expect(answered).toBeGreaterThan(atDeath + 20), { timeout: 10_000 })
    await pair.reviveStandby()
    stop = true
    await Promise.all(calls)
    await untilServedBy(pair.standby.port)
  }, 30_000)

  test('a network that swallows everything costs a list a second at most, and the next ones nothing', async () => {
    await untilServedBy(pair.standby.port)
    pair.swallow(true)
    try {
      const began = performance.now()
      await list()
      expect(performance.now() - began).toBeLessThan(3000)
      expect([...(await portsOf(list))]).toEqual([pair.primary.port])
    } finally {
      pair.swallow(false)
    }
    await untilServedBy(pair.standby.port)
  }, 30_000)

  test('a role that row-level security does not bind is refused at the start', async () => {
    const env = { DATABASE_REPLICA_URL: pair.standby.adminUrl }
    const error = await world.startServer({ env }).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(StartupError)
    expect(String(error)).toContain('of DATABASE_REPLICA_URL bypasses row-level security')
  })

  test('one that is away, or no standby, stops no start and answers nothing', async () => {
    const listener = createServer()
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
    const address = listener.address()
    const free = typeof address === 'object' && address !== null ? address.port : 0
    await new Promise((resolve) => listener.close(resolve))
    const away = pair.standby.appUrl.replace(String(pair.standby.port), String(free))
    for (const DATABASE_REPLICA_URL of [away, pair.primary.appUrl]) {
      const { url, close } = await world.startServer({ env: { DATABASE_REPLICA_URL } })
      const client = createClient({ baseUrl: url, fetch: checkedFetch, maxRetries: 0, auth: admin.token })
      const ports = await portsOf(() => client.patients.list({ org_id }))
      expect([...ports]).toEqual([pair.primary.port])
      await close()
    }
  })
})
