import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { createWorld, type TestUser, type World } from '../support/world.ts'

/*
 * Lists of care on a large tenant: what each call sends is explained as the application's login, inside the same scope.
 * An index gives each list its order, so nothing sorts the tenant: a Sort takes at most what one person or one page has.
 */

const VISITS = 20_000
const THREADS = 6000
const TASKS = 12_000
const CALLS = 20_000
/** More than a person or a page has, far less than the tenant. */
const SMALL = 1500

let world: World
let org: string
let staff: TestUser
let agent: TestUser
let self: TestUser
let provider: TestUser & { providerId: string }
let patientId: string
let lateCursor: string

beforeAll(async () => {
  world = await createWorld()
  org = await world.organization()
  staff = await world.user({ roles: { [org]: 'STAFF' } })
  provider = await world.provider(org)
  self = await world.user()
  patientId = (await world.patient([org], { userId: self.id })).id
  const providers = [provider.providerId]
  for (let n = 1; n < 20; n++) providers.push((await world.provider(org)).providerId)
  const patients = [patientId]
  for (let n = 1; n < 50; n++) patients.push((await world.patient([org])).id)
  await world.admin.query(
    `insert into appointments (id, organization_id, patient_id, provider_id, appointment_type, status, scheduled_at, duration_minutes, ends_at)
     select gen_random_uuid(), $1, ($3::uuid[])[1 + (n * 7) % 50], ($2::uuid[])[1 + n % 20], 'IN_PERSON',
       (array['SCHEDULED', 'CONFIRMED', 'COMPLETED'])[1 + n % 3], now() - interval '100 days' + (n / 20) * interval '1 hour', 30, now()
       from generate_series(1, $4::int) n`,
    [org, providers, patients, VISITS],
  )
  await world.admin.query(
    `with threads as (
       insert into message_threads (id, organization_id, patient_id, subject, created_at, updated_at)
       select gen_random_uuid(), $1, ($2::uuid[])[1 + n % 50], 'Subject ' || n, now(), now() - n * interval '1 minute'
         from generate_series(1, $5::int) n returning *)
     , participants as (
       insert into message_participants (id, organization_id, thread_id, user_id, joined_at)
       select gen_random_uuid(), $1, t.id, u, now() from threads t, unnest($3::uuid[]) u
         where u <> $4 or t.patient_id = $6 returning id)
     insert into messages (id, organization_id, thread_id, sender_id, body, created_at)
       select gen_random_uuid(), $1, id, $7, case when subject like '%77' then 'lisinopril' else 'hello' end, updated_at from threads`,
    [org, patients, [staff.id, self.id], self.id, THREADS, patientId, provider.id],
  )
  await world.admin.query(
    `insert into tasks (id, organization_id, assignee_id, description, due_at, status, completed_at)
     select gen_random_uuid(), $1, case when n % 40 = 0 then $2::uuid end, 'Task ' || n,
       case when n % 5 > 0 then now() + n * interval '1 minute' end,
       case when n % 2 = 0 then 'COMPLETED' else 'PENDING' end, case when n % 2 = 0 then now() end
       from generate_series(1, $3::int) n`,
    [org, staff.id, TASKS],
  )
  agent = await world.user({ roles: { [org]: 'CALL_CENTER_AGENT' } })
  await world.admin.query(
    `insert into calls (id, organization_id, patient_id, agent_id, call_type, status, entered_queue_at, started_at, ended_at, created_at)
     select gen_random_uuid(), $1, ($2::uuid[])[1 + n % 50], case when n % 40 = 0 then $3::uuid else $5 end, 'INBOUND',
       'COMPLETED', now() - n * interval '1 hour', now() - n * interval '1 hour', now(), now() - n * interval '1 hour'
       from generate_series(1, $4::int) n`,
    [org, patients, agent.id, CALLS, staff.id],
  )
  await world.admin.query(
    `insert into calls (id, organization_id, call_type, status, entered_queue_at)
     select gen_random_uuid(), $1, 'INBOUND', 'QUEUED', now() - n * interval '1 second' from generate_series(1, 200) n`,
    [org],
  )
  // Also puts the words into their index: they wait in a list of its own first.
  await world.admin.query('vacuum analyze')
  for await (const page of staff.client.appointments.list({ org_id: org, limit: 100 }).pages()) {
    if (page.next_cursor === null) break
    lateCursor = page.next_cursor
  }
}, 120_000)
afterAll(() => world.stop())

interface Sent {
  text: string
  values: unknown[]
}
interface Plan {
  'Node Type': string
  'Actual Rows': number
  'Actual Loops': number
  'Relation Name'?: string
  Plans?: Plan[]
}

/** The statements of a call's scoped transaction, with the statement that opened it. */
async function sentBy(
  call: () => PromiseLike<unknown>,
  user: TestUser,
): Promise<{ begin: string; sent: Sent[] }> {
  const open = new Map<unknown, { begin: string; sent: Sent[] }>()
  const query = pg.Client.prototype.query
  let found: { begin: string; sent: Sent[] } | undefined
  const spy = vi.spyOn(pg.Client.prototype, 'query').mockImplementation(function (
    this: unknown,
    ...parameters: unknown[]
  ) {
    const [first, second] = parameters
    const text = typeof first === 'string' ? first : String((first as { text?: unknown }).text)
    if (/^begin/.test(text) && text.includes(user.id) && !text.includes("'app.scope', 'none'")) {
      const transaction = { begin: text, sent: [] }
      open.set(this, transaction)
      found ??= transaction
    } else if (/^(commit|rollback)/.test(text)) open.delete(this)
    else open.get(this)?.sent.push({ text, values: Array.isArray(second) ? second : [] })
    return Reflect.apply(query, this, parameters)
  })
  try {
    await call()
  } finally {
    spy.mockRestore()
  }
  if (!found) throw new Error('the call opened no transaction of this person')
  return found
}

async function plansOf(call: () => PromiseLike<unknown>, user: TestUser): Promise<Plan[]> {
  const { begin, sent } = await sentBy(call, user)
  const application = new pg.Client(world.appUrl)
  await application.connect()
  try {
    const plans: Plan[] = []
    await application.query(begin)
    for (const { text, values } of sent) {
      const { rows } = await application.query(`explain (analyze, format json) ${text}`, values)
      plans.push(rows[0]['QUERY PLAN'][0].Plan)
    }
    await application.query('rollback')
    return plans
  } finally {
    await application.end()
  }
}

const nodes = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(nodes)]
const rowsOf = (plan: Plan): number => plan['Actual Rows'] * plan['Actual Loops']
const ordered = ['appointments', 'message_threads', 'tasks', 'calls']

const lists: Record<string, [() => TestUser, () => PromiseLike<unknown>]> = {
  'appointments, all': [() => staff, () => staff.client.appointments.list({ org_id: org })],
  'appointments from a day on': [
    () => staff,
    () => staff.client.appointments.list({ org_id: org, start_date: '2020-01-01', limit: 100 }),
  ],
  'appointments, a late page': [
    () => staff,
    () => staff.client.appointments.list({ org_id: org, cursor: lateCursor }),
  ],
  'appointments of a status': [
    () => staff,
    () => staff.client.appointments.list({ org_id: org, status: 'CONFIRMED' }),
  ],
  'appointments of a patient': [
    () => staff,
    () => staff.client.appointments.list({ org_id: org, patient_id: patientId }),
  ],
  'appointments of a provider': [
    () => staff,
    () => staff.client.appointments.list({ org_id: org, provider_id: provider.providerId }),
  ],
  'my appointments': [() => self, () => self.client.appointments.listMine()],
  'threads of whoever is in all': [() => staff, () => staff.client.messages.list({ org_id: org })],
  'threads of a patient': [() => self, () => self.client.messages.list({ org_id: org })],
  'threads that a search finds': [
    () => staff,
    () => staff.client.messages.list({ org_id: org, search: 'lisinopril' }),
  ],
  'tasks, all': [() => staff, () => staff.client.tasks.list({ org_id: org })],
  'tasks of a status': [() => staff, () => staff.client.tasks.list({ org_id: org, status: 'PENDING' })],
  'tasks of a member': [() => staff, () => staff.client.tasks.list({ org_id: org, assignee_id: staff.id })],
  'calls that wait': [() => agent, () => agent.client.calls.queue({ include_total: true })],
  'calls of an agent': [() => agent, () => agent.client.calls.recent({})],
  'calls of a patient': [() => agent, () => agent.client.calls.history({ patient_id: patientId })],
}

describe('on a large tenant', () => {
  test.each(Object.entries(lists))('no sort of the tenant: %s', async (name, [user, call]) => {
    const plans = await plansOf(call, user())
    expect(plans.length).toBeGreaterThan(0)
    for (const node of plans.flatMap(nodes)) {
      if (/Sort/.test(node['Node Type']))
        expect((node.Plans ?? []).map(rowsOf)[0], JSON.stringify(node)).toBeLessThan(SMALL)
      // What a search finds has no order of its own: the planner may look at the threads as it likes.
      if (node['Node Type'] === 'Seq Scan' && !name.includes('search'))
        expect(ordered, JSON.stringify(node)).not.toContain(node['Relation Name'])
    }
  })

  test('a search goes by the index of words, inside its function', async () => {
    await world.admin.query('begin; set local enable_seqscan = off; set local enable_indexscan = off')
    const { rows } = await world.admin.query(
      `explain (format json) select m.thread_id from messages m join message_participants p on p.thread_id = m.thread_id
         where m.organization_id = $1 and p.user_id = $2 and m.search_words @@ search_terms('lisinopril')`,
      [org, staff.id],
    )
    await world.admin.query('rollback')
    expect(JSON.stringify(rows)).toContain('messages_search')
  })
})
