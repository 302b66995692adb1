import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { operations } from '../../packages/server/src/generated/operations.ts'
import type { OperationDefinition, OrganizationRole } from '../../packages/server/src/http/operation.ts'
import { requestOf } from '../access/requests.ts'
import { type LocalModel, startModel } from '../support/model.ts'
import { LocalStripe } from '../support/stripe.ts'
import type { TestUser, World } from '../support/world.ts'
import { queryModules, stripOrganization, watchQueryModules } from './stripped.ts'

/*
 * The queries say `where organization_id = …`, and row-level security says it again. This holds up the second wall
 * alone: the predicate is cut out of every statement just before it is sent, whatever built it, and every operation of
 * the contract is called by people of one organization, with the other's ids in its path, query and body. No answer may
 * carry an id of the other organization, and no row of it may change.
 *
 * Nothing is listed by hand: the operations come from the contract, the query modules from the folder, the tenant
 * tables and ids from the database. A module with such a predicate that no call here exercised fails the test; so
 * does the control, when with row-level security off nothing leaks: then the cut itself no longer works.
 */

type Ids = Record<string, string>

const all: readonly OperationDefinition[] = Object.values(operations)
const order = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']
// What is deeper goes first: an organization that is deleted hides all that was in it.
const byMethod = all.toSorted(
  (a, b) =>
    order.indexOf(a.method) - order.indexOf(b.method) || b.path.split('/').length - a.path.split('/').length,
)
const roles: OrganizationRole[] = ['ADMIN', 'PROVIDER', 'STAFF', 'CALL_CENTER_AGENT', 'AUDITOR']

let world: World
let stripe: LocalStripe
let model: LocalModel
let here: string
let there: string
let tables: { name: string; identified: boolean }[]
let foreign: string[]

beforeAll(async () => {
  watchQueryModules()
  const { createWorld } = await import('../support/world.ts')
  // What is not set up asks nothing of the database.
  stripe = await new LocalStripe().start()
  model = await startModel()
  world = await createWorld({ env: { ...stripe.env, ...model.env } })
  here = await world.organization()
  there = await world.organization()
  const { rows } = await world.admin.query<{ name: string; identified: boolean }>(`
    select c.relname as name, exists (select from pg_attribute i where i.attrelid = c.oid and i.attname = 'id') as identified
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'organization_id'
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
      and c.relrowsecurity order by 1`)
  tables = rows
  for (const organization of [here, there]) await fill(organization)
  foreign = [there, ...(await idsIn(there))]
}, 120_000)
afterAll(async () => {
  await world.stop()
  await stripe.stop()
  await model.close()
})

/** Ids of all that an organization has: rows of its tables, its patients, its members. */
async function idsIn(organization: string): Promise<string[]> {
  const parts = tables
    .filter(({ identified }) => identified)
    .map(({ name }) => `select id::text from ${name} where organization_id = $1`)
  const { rows } = await world.admin.query<{ id: string }>(
    `${parts.join(' union ')} union select patient_id::text from organization_patients where organization_id = $1
     union select user_id::text from organization_memberships where organization_id = $1`,
    [organization],
  )
  return rows.map(({ id }) => id).filter((id) => id.includes('-'))
}

/** What a path or body may name, found by its name: `thread_id` is of a table whose name has "thread". */
async function namesIn(organization: string): Promise<Ids> {
  const names: Ids = { org_id: organization, organization_id: organization }
  const wanted = new Set(
    all.flatMap(({ path }) => [...path.matchAll(/\{(\w+)_id\}/g)].map(([, stem]) => stem ?? '')),
  )
  for (const stem of wanted) {
    const named = (suits: (name: string) => boolean) =>
      tables.find(({ name, identified }) => identified && suits(name))
    const many = stem.replace(/y$/, 'ies')
    const table = named((name) => name === `${stem}s`) ?? named((name) => name.includes(many))
    if (!table || stem === 'org') continue
    const { rows } = await world.admin.query<{ id: string }>(
      `select id from ${table.name} where organization_id = $1 limit 1`,
      [organization],
    )
    if (rows[0]) names[`${stem}_id`] = rows[0].id
  }
  const { rows } = await world.admin.query<Ids>(
    `select m.user_id as participant_id, m.user_id,
       (select e.patient_id from organization_patients e join patients p on p.id = e.patient_id
         where e.organization_id = $1 order by p.user_id limit 1) as patient_id,
       (select p.id from providers p join organization_memberships x on x.user_id = p.user_id
         where x.organization_id = $1 limit 1) as provider_id
     from organization_memberships m where m.organization_id = $1 and m.role = 'ADMIN' limit 1`,
    [organization],
  )
  // A queue entry is its call.
  if (names.call_id !== undefined) names.queue_id = names.call_id
  const soon = new Date(world.clock.now().getTime() + 7 * 86_400_000).toISOString()
  return { ...names, ...rows[0], scheduled_at: soon }
}

const send = async (operation: OperationDefinition, ids: Ids, token: string) => {
  const { url, init } = requestOf(operation, { email: `${world.id()}@patient.test`, ...ids }, true)
  const headers = new Headers(init.headers)
  headers.set('authorization', `Bearer ${token}`)
  // A stream stays open: what it would show is the business of its own tests.
  const response = await fetch(`${world.url}${url}`, {
    ...init,
    headers,
    signal: AbortSignal.timeout(10_000),
  })
  if (operation.gates.stream && response.ok) {
    await response.body?.cancel()
    return { status: response.status, sent: url, text: '' }
  }
  return { status: response.status, sent: `${url}${String(init.body ?? '')}`, text: await response.text() }
}

/** Everything that an administrator and a patient of an organization can make, made there by calling it. */
async function fill(organization: string): Promise<void> {
  await world.provider(organization)
  const login = await world.user()
  const { id: patient_id } = await world.patient([organization], { userId: login.id })
  for (const operation of all.filter(({ method }) => method === 'POST')) {
    const { token } = await world.user({ roles: { [organization]: 'ADMIN' } })
    await send(operation, { ...(await namesIn(organization)), patient_id }, token)
  }
  // Nobody sent a file: without one a document shows nowhere, and could not leak.
  await world.admin.query(
    `update documents set uploaded_at = now(), sha256 = repeat('a', 64) where organization_id = $1`,
    [organization],
  )
  // Nothing was published there yet: without a delivery none could leak.
  await world.admin.query(
    `insert into webhook_deliveries (id, organization_id, endpoint_id, event_id, event_type, payload, status)
     select gen_random_uuid(), organization_id, id, '731.42', 'member.joined', '{}', 'DELIVERED'
     from webhook_endpoints where organization_id = $1`,
    [organization],
  )
}

/** A patient of both, looked at by an administrator from here: what is kept there must not show. */
async function impersonatedHere(): Promise<Pick<TestUser, 'id' | 'token'>> {
  const { id } = await world.user()
  const { id: patient_id } = await world.patient([here], { userId: id })
  const [ticket, notice] = [world.id(), world.id()]
  await world.admin.query(
    `insert into support_tickets (id, user_id, organization_id, ticket_number, category, subject, body, first_response_due_at, resolution_due_at, created_at)
     values ($1, $2, $3, 'TKT-1999-' || lpad((random() * 1e9)::bigint::text, 10, '0'), 'OTHER', 'There', 'There', now(), now(), now())`,
    [ticket, id, there],
  )
  await world.admin.query(
    `insert into notifications (id, user_id, organization_id, type, title, body, created_at)
     values ($1, $2, $3, 'message', 'There', '', now())`,
    [notice, id, there],
  )
  foreign.push(ticket, notice)
  const admin = await world.user({ roles: { [here]: 'ADMIN' } })
  const { access_token } = await admin.client.admin.impersonate({
    organization_id: here,
    patient_id,
    reason: 'A call of the isolation proof',
  })
  return { id, token: world.secret(access_token) }
}

interface ForeignRow {
  table: string
  row: string
  user: string | null
}

async function rowsThere(): Promise<Map<string, ForeignRow>> {
  // Refusals leave rows in the trail of the organization that was named, as they must.
  const parts = tables
    .map(({ name }) => name)
    .filter((name) => name !== 'audit_logs')
    .map(
      (name) =>
        `select '${name}' as table, to_jsonb(t)::text as row, to_jsonb(t) ->> 'user_id' as user from ${name} t where organization_id = $1`,
    )
  const { rows } = await world.admin.query<ForeignRow>(parts.join(' union all '), [there])
  return new Map(rows.map((row) => [`${row.table} ${row.row}`, row]))
}

const leaksOf = ({ sent, text }: { sent: string; text: string }): string[] =>
  foreign.filter((id) => text.includes(id) && !sent.includes(id))

describe('the isolation proof', () => {
  test('the control: without row-level security the same cut leaks', async () => {
    const { token } = await world.user({ roles: { [here]: 'STAFF' } })
    const walls = ['organization_patients', 'patients']
    for (const table of walls) await world.admin.query(`alter table ${table} disable row level security`)
    const cut = stripOrganization()
    try {
      const answer = await send(operations.listPatients, await namesIn(here), token)
      expect(leaksOf(answer).length).toBeGreaterThan(0)
    } finally {
      cut.restore()
      for (const table of walls) await world.admin.query(`alter table ${table} enable row level security`)
    }
  })

  test('without the organization in a single query, nothing crosses between organizations', {
    timeout: 300_000,
  }, async () => {
    const [mine, theirs] = [await namesIn(here), await namesIn(there)]
    const before = await rowsThere()
    const faults: string[] = []
    let calls = 0
    const people = new Set<string>()
    const cut = stripOrganization()
    try {
      for (const operation of byMethod) {
        const callers: (readonly [string, Pick<TestUser, 'id' | 'token'>])[] = [
          ['the patient', await selfHere()],
        ]
        for (const role of roles) callers.push([role, await world.user({ roles: { [here]: role } })])
        callers.push(['the patient, impersonated', await impersonatedHere()])
        for (const [, { id }] of callers) people.add(id)
        // Names of their records under the caller's own organization, and of the other organization outright.
        const attacks: Ids[] = [mine, { ...theirs, org_id: here, organization_id: here }, theirs]
        await Promise.all(
          callers.flatMap(([who, { token }]) =>
            attacks.map(async (ids, index) => {
              const answer = await send(operation, ids, token)
              calls += 1
              const where = `${operation.id} as ${who}, attack ${index}`
              if (answer.status >= 500) faults.push(`${where}: ${answer.text}`)
              const trail = operation.gates.audit && operation.gates.audit.resource === 'AUDIT_LOG'
              // The own trail repeats what its people tried.
              for (const id of leaksOf(answer))
                if (!trail || !Object.values(theirs).includes(id)) faults.push(`${where} shows ${id}`)
            }),
          ),
        )
        // Its own ADMIN may just have deleted it: the operations that follow need it.
        await world.admin.query('update organizations set deleted_at = null where id = $1', [here])
      }
      await remindHere()
      // Whoever works for the platform may see all: here only to exercise what is theirs.
      const desk = await world.user({ superAdmin: true, supportAgent: true })
      for (const operation of byMethod.filter(({ gates }) => gates.access.platform && !gates.writes))
        await send(operation, mine, desk.token)
    } finally {
      cut.restore()
    }
    expect(faults).toEqual([])
    const after = await rowsThere()
    expect([...before.keys()].filter((row) => !after.has(row))).toEqual([])
    // A person's own record may name any organization (a ticket): it is theirs, and shows nothing.
    const added = [...after].filter(([key, { user }]) => !before.has(key) && !people.has(user ?? ''))
    expect(added.map(([row]) => row)).toEqual([])
    const idle = queryModules.filter(({ domain, predicated }) => predicated && !cut.stripped.has(domain))
    expect(
      idle.map(({ domain }) => domain),
      'modules whose predicate no call here exercised',
    ).toEqual([])
    const statements = [...cut.stripped.values()].reduce((sum, { size }) => sum + size, 0)
    console.info(
      `isolation: ${calls} calls, ${statements} statements of ${cut.stripped.size} modules without their organization, ${foreign.length} foreign ids`,
    )
  })

  test('every tenant table shows a person of one organization no row of another, and none without a scope', async () => {
    const { default: pg } = await vi.importActual<{ default: typeof import('pg') }>('pg')
    const application = new pg.Client(world.appUrl)
    await application.connect()
    try {
      const { id } = await world.user({ roles: { [here]: 'ADMIN' } })
      for (const [scope, organization] of [
        ['organization', here],
        ['none', ''],
      ] as const) {
        await application.query('begin')
        await application.query(
          `select set_config('app.scope', $1, true), set_config('app.organization_id', $2, true), set_config('app.user_id', $3, true)`,
          [scope, organization, scope === 'none' ? '' : id],
        )
        for (const { name } of tables) {
          await application.query('savepoint look')
          const count = await application
            .query<{ n: number }>(`select count(*)::int as n from ${name} where organization_id = $1`, [
              there,
            ])
            .then(({ rows }) => rows[0]?.n)
            .catch(async (error: Error) => {
              await application.query('rollback to savepoint look')
              return error.message
            })
          // A table that the application may not read at all shows nothing either.
          expect(count === 0 || /permission denied/.test(String(count)), `${name}: ${count}`).toBe(true)
        }
        await application.query('rollback')
      }
    } finally {
      await application.end()
    }
  })

  test('the application cannot switch the wall off', async () => {
    const { default: pg } = await vi.importActual<{ default: typeof import('pg') }>('pg')
    const application = new pg.Client(world.appUrl)
    await application.connect()
    try {
      for (const { name } of tables)
        for (const change of ['disable row level security', 'no force row level security'])
          await expect(application.query(`alter table ${name} ${change}`)).rejects.toThrow(/owner/)
      await expect(application.query('set role postgres')).rejects.toThrow(/permission denied|does not exist/)
      await application.query('set row_security = off')
      await expect(application.query('select * from organization_patients')).rejects.toThrow(
        /row-level security/,
      )
    } finally {
      await application.end()
    }
  })
})

/** Jobs query by organization too: makes reminders of this one due, and waits until they were sent or skipped. */
async function remindHere(): Promise<void> {
  // Written the other way round, because the cut takes it out of what this test says as well.
  await world.admin.query(
    `with visit as (
       update appointments set status = 'SCHEDULED', scheduled_at = now() + interval '30 days'
         where id = (select id from appointments where $1 = organization_id limit 1) returning *)
     insert into appointment_reminders (id, organization_id, appointment_id, channel, lead_minutes, due_at)
       select gen_random_uuid(), organization_id, id, channel, 60000, scheduled_at - interval '60000 minutes'
         from visit, (values ('IN_APP'), ('EMAIL')) c (channel)`,
    [here],
  )
  world.clock.advance({ minutes: 1 })
  await expect
    .poll(async () => {
      const { rows } = await world.admin.query(
        `select from appointment_reminders where $1 = organization_id and lead_minutes = 60000
           and coalesce(sent_at, skipped_at) is null`,
        [here],
      )
      return rows.length
    })
    .toBe(0)
}

/** A patient of this organization, with a sign-in. */
async function selfHere() {
  const user = await world.user()
  await world.patient([here], { userId: user.id })
  return user
}
