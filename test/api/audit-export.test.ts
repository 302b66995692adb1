import { createHash } from 'node:crypto'
import { get } from 'node:http'
import { ConnectionError } from '@wardline/sdk'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { codeOf } from '../support/problems.ts'
import { createWorld, type TestUser, type World } from '../support/world.ts'

let world: World
let org: string
let admin: TestUser

beforeAll(async () => {
  world = await createWorld()
  org = await world.organization()
  admin = await world.user({ roles: { [org]: 'ADMIN' }, name: 'Ngozi Okafor' })
})
afterAll(() => world.stop())

type ExportInput = NonNullable<Parameters<TestUser['client']['admin']['exportAuditLogs']>[0]>
type Accept = 'text/csv' | 'application/x-ndjson'

async function textOf(user: TestUser, accept?: Accept, input: ExportInput = {}): Promise<string> {
  let text = ''
  for await (const piece of await user.client.admin.exportAuditLogs(input, { accept })) text += piece
  return text
}

/** Rows of the trail that nobody made by calling. */
const rows = (count: number, organization = org) =>
  world.admin.query(
    `insert into audit_logs (id, actor_user_id, actor_type, organization_id, operation_id, resource_type, action_type,
       ip_address, user_agent, request_id, outcome, changes, occurred_at)
     select gen_random_uuid(), $2, 'USER', $3, 'updatePatient', 'PATIENT', 'UPDATE', '203.0.113.7', 'suite', 'r-' || n, 'SUCCESS',
       jsonb_build_object('last_name', jsonb_build_object('old', repeat('x', 200), 'new', 'Reed')), $4::timestamptz - n * interval '1 second'
     from generate_series(1, $1) n`,
    [count, admin.id, organization, world.clock.now()],
  )

const split = (text: string, end: string) => {
  const lines = text.split(end).slice(0, -1)
  const trailer = lines.pop() ?? ''
  return {
    lines,
    trailer,
    sha256: createHash('sha256')
      .update(lines.map((line) => line + end).join(''))
      .digest('hex'),
  }
}

describe('exportAuditLogs', () => {
  test('is all that the list lists, in its order, and the trailer says how much and of what bytes', async () => {
    await rows(2345)
    const filter = { action_type: 'UPDATE' }
    const ndjson = split(await textOf(admin, 'application/x-ndjson', filter), '\n')
    expect(JSON.parse(ndjson.trailer)).toEqual({ end: true, rows: 2345, sha256: ndjson.sha256 })
    const listed = []
    for await (const row of admin.client.admin.listAuditLogs({ ...filter, limit: 1000 })) listed.push(row)
    expect(ndjson.lines.map((line) => JSON.parse(line))).toEqual(listed)

    const csv = split(await textOf(admin, undefined, filter), '\r\n')
    expect(csv.lines).toHaveLength(2346)
    expect(csv.lines[0]).toMatch(/^id,occurred_at,actor_type,/)
    expect(csv.trailer).toMatch(new RegExp(`^END,2345,${csv.sha256},+$`))
  })

  test('Accept chooses between CSV and NDJSON; CSV for whoever takes anything', async () => {
    const type = async (accept?: Accept): Promise<string> => {
      const none = { start_date: '2020-01-01', end_date: '2020-01-02' }
      const answer = await admin.client.admin.exportAuditLogs(none, { accept })
      for await (const piece of answer) expect(piece).not.toBe('')
      return answer.contentType
    }
    expect(await type()).toBe('text/csv')
    expect(await type('text/csv')).toBe('text/csv')
    expect(await type('application/x-ndjson')).toBe('application/x-ndjson')
  })

  test('needs a fresh code, and a role that may', async () => {
    const late = await world.user({ roles: { [org]: 'ADMIN' }, mfaAge: 11 })
    expect(await codeOf(late.client.admin.exportAuditLogs())).toBe('STEP_UP_REQUIRED')
    const staff = await world.user({ roles: { [org]: 'STAFF' } })
    expect(await codeOf(staff.client.admin.exportAuditLogs({ organization_id: org }))).toBe('FORBIDDEN')
  })

  test('leaves its own row before the first byte, with the filter', async () => {
    await textOf(admin, undefined, { action_type: 'BREAK_GLASS' })
    const [row] = (await world.auditRows({ operation: 'exportAuditLogs', actor: admin.id })).slice(-1)
    expect(row).toMatchObject({
      action_type: 'EXPORT',
      resource_type: 'AUDIT_LOG',
      organization_id: org,
      outcome: 'SUCCESS',
      changes: { filter: { action_type: 'BREAK_GLASS' } },
    })
  })

  test('is masked for an AUDITOR, and shows no other organization', async () => {
    const elsewhere = await world.organization()
    await rows(3)
    await rows(3, elsewhere)
    const auditor = await world.user({ roles: { [org]: 'AUDITOR' } })
    const text = await textOf(auditor, 'application/x-ndjson')
    expect(text).toContain('N*** O***')
    expect(text).not.toContain('Okafor')
    expect(text).not.toContain('Reed')
    expect(text).not.toContain(elsewhere)
  })

  test('a field that a spreadsheet would run is text', async () => {
    await world.fetch(`/api/organizations/${org}/patients`, {
      token: admin.token,
      headers: { 'user-agent': '=HYPERLINK("http://x","y")' },
    })
    expect(await textOf(admin, 'text/csv', { action_type: 'LIST' })).toContain(
      `"'=HYPERLINK(""http://x"",""y"")"`,
    )
  })

  test('one that fails midway is seen to have failed: the connection breaks, and there is no trailer', async () => {
    await rows(20_000)
    let text = ''
    const read = async () => {
      for await (const piece of await admin.client.admin.exportAuditLogs(
        {},
        { accept: 'application/x-ndjson' },
      )) {
        if (text === '')
          await world.admin.query(
            `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and query like 'fetch forward%' and pid <> pg_backend_pid()`,
          )
        text += piece
      }
    }
    await expect(read()).rejects.toBeInstanceOf(ConnectionError)
    expect(text.length).toBeGreaterThan(0)
    expect(text).not.toContain('"end":true')
    // The server goes on.
    expect(await codeOf(admin.client.users.me())).toBe('passed')
  })

  test('a reader who leaves lets go of the transaction', async () => {
    await rows(20_000)
    // Not fetch: after an abort it keeps an unused connection, which the server's close would wait for.
    await new Promise<void>((resolve, reject) => {
      const request = get(
        `${world.url}/api/admin/audit-logs/export`,
        { agent: false, headers: { authorization: `Bearer ${admin.token}` } },
        (response) => {
          response.once('data', () => {
            request.destroy()
            resolve()
          })
        },
      ).on('error', reject)
    })
    const open = async () =>
      (
        await world.admin.query(
          `select from pg_stat_activity where datname = current_database() and state <> 'idle' and pid <> pg_backend_pid()`,
        )
      ).rowCount
    await expect.poll(open, { timeout: 5000 }).toBe(0)
  })
})
