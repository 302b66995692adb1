import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Handlers } from '../../packages/server/src/generated/handlers.ts'
import { operations } from '../../packages/server/src/generated/operations.ts'
import type {
  OperationDefinition,
  OrganizationRole,
  ProxyPermission,
} from '../../packages/server/src/http/operation.ts'
import { Problem, problem } from '../../packages/server/src/http/problem.ts'
import { allHandlers } from '../../packages/server/src/server.ts'
import { LocalStripe } from '../support/stripe.ts'
import { createWorld, type TestUser, type World } from '../support/world.ts'
import { expectedOf, type Facts, isInOrganization, REACHED } from './expected.ts'
import { namesOrganization, requestOf } from './requests.ts'

/*
 * Every operation of the contract, called as every kind of caller, against what its extensions say. The server is
 * the real one with its real handlers, but each handler's answer is replaced by a problem that tells what it was:
 * the transaction is rolled back, so no call changes what the next one meets, and cells run side by side.
 */

interface Caller extends Facts {
  name: string
  token: string | undefined
  userId: string | undefined
  ids: { org_id: string; patient_id: string }
}

/** Records that a path may name: their id, and whose they are, for operations of owners and participants. */
interface Known {
  id: string
  people: readonly string[]
}

const roles = [
  'ADMIN',
  'PROVIDER',
  'STAFF',
  'CALL_CENTER_AGENT',
  'AUDITOR',
] as const satisfies readonly OrganizationRole[]
const all: readonly OperationDefinition[] = Object.values(operations)

let dry = false
const observed = (services: Parameters<typeof allHandlers>[0]): Handlers => {
  const handlers = Object.entries(allHandlers(services)).map(([id, handler]) => [
    id,
    async (context: never, input: never) => {
      const call = handler as (context: never, input: never) => Promise<unknown>
      if (!dry) return call(context, input)
      const value = await call(context, input)
      // 409 leaves no row of a refusal, and rolls back.
      return problem('CONFLICT', `${REACHED} ${value instanceof Problem ? value.code : 'OK'}`)
    },
  ])
  return Object.fromEntries(handlers) as Handlers
}

let world: World
let stripe: LocalStripe
const callers: Caller[] = []
const records: Record<string, Known> = {}

const usable = {
  credential: 'person',
  role: null,
  organizationSuspended: false,
  organizationLapsed: false,
  holdsRole: false,
  platform: [],
  patient: null,
  otherPatient: null,
  patientElsewhere: false,
  permissions: [],
  account: 'usable',
  signed: true,
  mfa: false,
  freshCode: false,
  keyIsHere: true,
  keyWrites: true,
} as const satisfies Facts

beforeAll(async () => {
  // Without billing nothing lapses.
  stripe = await new LocalStripe().start()
  world = await createWorld({ handlers: observed, env: stripe.env })
  await world.consentDocument()
  const home = await world.organization()
  const away = await world.organization()
  const closed = await world.organization()
  const unpaid = await world.organization()
  const patient = await world.patient([home])
  const ids = { org_id: home, patient_id: patient.id }

  const add = (
    name: string,
    user: Pick<TestUser, 'id' | 'token'> | { id?: string; token?: string },
    facts: Partial<Facts> = {},
    own: Partial<Caller['ids']> = {},
  ): void => {
    callers.push({ ...usable, ...facts, name, token: user.token, userId: user.id, ids: { ...ids, ...own } })
  }
  const member = { holdsRole: true, mfa: true, freshCode: true }
  const impersonate = async (): Promise<{ token: string; id: string; patient_id: string }> => {
    const self = await world.user()
    const { id: patient_id } = await world.patient([home], { userId: self.id })
    const admin = await world.user({ roles: { [home]: 'ADMIN' } })
    const { access_token } = await admin.client.admin.impersonate({
      organization_id: home,
      patient_id,
      reason: 'A cell of the access matrix',
    })
    return { token: world.secret(access_token), id: self.id, patient_id }
  }

  // Time passes over these two; whoever comes after is new.
  const old = await world.user({ roles: { [home]: 'ADMIN' } })
  const over = await impersonate()
  world.clock.advance({ hours: 13 })
  add('no token', {}, { credential: 'none' })
  add('a token that is none', { token: 'hello' }, { credential: 'none' })
  add('an expired token', old, { ...member, role: 'ADMIN', credential: 'expired' })
  add(
    'an impersonation that is over',
    over,
    { credential: 'impersonation-over' },
    { patient_id: over.patient_id },
  )

  const revoked = await world.user({ roles: { [home]: 'ADMIN' } })
  await world.admin.query('update user_sessions set revoked_at = now() where id = $1', [revoked.sessionId])
  add('a revoked session', revoked, { ...member, role: 'ADMIN', credential: 'revoked' })
  const deleted = await world.user({ roles: { [home]: 'ADMIN' } })
  await world.admin.query('update users set deleted_at = now() where id = $1', [deleted.id])
  add('a deleted account', deleted, { ...member, role: 'ADMIN', credential: 'revoked' })

  add('nobody in particular', await world.user())
  for (const role of roles) {
    add(`${role} here`, await world.user({ roles: { [home]: role } }), { ...member, role })
    add(`${role} of another organization`, await world.user({ roles: { [away]: role } }), member)
    add(
      `${role} of a suspended organization`,
      await world.user({ roles: { [closed]: role } }),
      { ...member, role, organizationSuspended: true },
      { org_id: closed },
    )
    add(
      `${role} of an organization past its grace`,
      await world.user({ roles: { [unpaid]: role } }),
      { ...member, role, organizationLapsed: true },
      { org_id: unpaid },
    )
    add(`${role} without MFA`, await world.user({ roles: { [home]: role }, mfa: false }), {
      ...member,
      role,
      mfa: false,
      freshCode: false,
    })
    add(`${role} with unsigned consent`, await world.user({ roles: { [home]: role }, consents: false }), {
      ...member,
      role,
      signed: false,
    })
  }
  await world.admin.query('update organizations set suspended_at = now() where id = $1', [closed])
  const former = await world.user({ roles: { [home]: 'ADMIN' } })
  await world.admin.query('update organization_memberships set deleted_at = now() where user_id = $1', [
    former.id,
  ])
  add('a removed ADMIN', former, { mfa: true, freshCode: true })
  add('ADMIN whose code is 11 minutes old', await world.user({ roles: { [home]: 'ADMIN' }, mfaAge: 11 }), {
    ...member,
    role: 'ADMIN',
    freshCode: false,
  })
  const uncoded = await world.user({ roles: { [home]: 'ADMIN' } })
  add(
    'ADMIN whose session saw no code',
    { ...uncoded, ...(await world.session(uncoded.id)) },
    {
      ...member,
      role: 'ADMIN',
      mfa: false,
      freshCode: false,
    },
  )
  for (const [account, column] of [
    ['suspended', 'suspended_at'],
    ['locked', 'locked_until'],
  ] as const) {
    for (const options of [{ roles: { [home]: 'ADMIN' as const } }, { superAdmin: true }, {}]) {
      const user = await world.user(options)
      const at = new Date(world.clock.now().getTime() + 3600_000)
      await world.admin.query(`update users set ${column} = $2 where id = $1`, [user.id, at])
      add(`${account} ${Object.keys(options)[0] ?? 'user'}`, user, { ...member, account })
    }
  }

  const self = async (name: string, facts: Partial<Facts>, where: string, own: boolean, consents = true) => {
    const user = await world.user({ consents })
    const { id } = await world.patient([where], { userId: user.id })
    add(name, user, facts, own ? { patient_id: id } : {})
    return { user, id }
  }
  const who = await self('the patient', { patient: 'self' }, home, true)
  await self('the patient, with unsigned consent', { patient: 'self', signed: false }, home, true, false)
  await self('a patient of another organization', { patientElsewhere: true }, away, true)
  const permissions = {
    clinical: 'can_view_clinical_notes',
    billing: 'can_view_billing',
    scheduling: 'can_schedule_appointments',
  } as const satisfies Record<string, ProxyPermission>
  const none = { clinical: false, billing: false, scheduling: false }
  const proxy = async (
    name: string,
    may: Partial<typeof none>,
    facts: Partial<Facts> = {},
    expired = false,
  ) => {
    const user = await world.user()
    const at = new Date(world.clock.now().getTime() - 60_000)
    await world.proxy(user.id, patient.id, { ...none, ...may, ...(expired ? { expiresAt: at } : {}) })
    const held = Object.entries(permissions).filter(([key]) => may[key as keyof typeof may])
    add(name, user, { patient: 'proxy', permissions: held.map(([, permission]) => permission), ...facts })
  }
  const every = { clinical: true, billing: true, scheduling: true }
  await proxy('a proxy without a permission', {})
  await proxy('a proxy with every permission', every)
  for (const [key, permission] of Object.entries(permissions)) {
    await proxy(`a proxy with ${permission} only`, { [key]: true })
    await proxy(`a proxy with all but ${permission}`, { ...every, [key]: false })
  }
  await proxy('a proxy whose access has ended', every, { patient: 'expired-proxy' }, true)
  await self('another patient', { otherPatient: 'self' }, home, false)
  const otherProxy = await world.user()
  await world.proxy(otherProxy.id, (await world.patient([home])).id, every)
  add('a proxy of another patient', otherProxy, {
    otherPatient: 'proxy',
    permissions: Object.values(permissions),
  })
  const impersonated = await impersonate()
  add(
    'an impersonated session',
    impersonated,
    { credential: 'impersonated', patient: 'self' },
    { patient_id: impersonated.patient_id },
  )

  for (const [name, platform, options] of [
    ['a support agent', 'SUPPORT_AGENT', { supportAgent: true }],
    ['a super-admin', 'SUPER_ADMIN', { superAdmin: true }],
  ] as const) {
    add(name, await world.user(options), { ...member, platform: [platform] })
    add(`${name} without MFA`, await world.user({ ...options, mfa: false }), {
      holdsRole: true,
      platform: [platform],
    })
    add(`${name} with unsigned consent`, await world.user({ ...options, consents: false }), {
      ...member,
      platform: [platform],
      signed: false,
    })
    add(`${name} whose code is 11 minutes old`, await world.user({ ...options, mfaAge: 11 }), {
      ...member,
      freshCode: false,
      platform: [platform],
    })
  }

  const suspendedPatient = await world.user()
  const { id: suspendedId } = await world.patient([closed], { userId: suspendedPatient.id })
  add(
    'a patient of a suspended organization',
    suspendedPatient,
    { patient: 'self', organizationSuspended: true },
    { org_id: closed, patient_id: suspendedId },
  )

  const unpaidPatient = await world.user()
  const { id: unpaidId } = await world.patient([unpaid], { userId: unpaidPatient.id })
  const lapsed = { organizationLapsed: true } as const
  const there = { org_id: unpaid, patient_id: unpaidId }
  add('a patient of an organization past its grace', unpaidPatient, { patient: 'self', ...lapsed }, there)
  const unpaidProxy = await world.user()
  await world.proxy(unpaidProxy.id, unpaidId, every)
  const held = Object.values(permissions)
  add(
    'a proxy in an organization past its grace',
    unpaidProxy,
    { patient: 'proxy', permissions: held, ...lapsed },
    there,
  )
  const elsewhere = await world.user({ roles: { [home]: 'STAFF', [unpaid]: 'STAFF' } })
  add('STAFF here, and of an organization past its grace', elsewhere, { ...member, role: 'STAFF' })

  const keyOf = async (role: OrganizationRole, org_id: string, scopes: ('read' | 'write')[]) => {
    const maker = await world.user({ roles: { [org_id]: 'ADMIN' } })
    const made = await maker.client.apiKeys.create({ org_id, name: 'Matrix', role, scopes })
    return { ...made, maker, token: world.secret(made.secret) }
  }
  const both: ('read' | 'write')[] = ['read', 'write']
  for (const role of roles) {
    const facts = { credential: 'api-key', role, holdsRole: true } as const
    add(`an API key of ${role}`, { token: (await keyOf(role, home, both)).token }, facts)
    add(
      `an API key of ${role} that only reads`,
      { token: (await keyOf(role, home, ['read'])).token },
      {
        ...facts,
        keyWrites: false,
      },
    )
    const foreign = { ...facts, keyIsHere: false }
    add(
      `an API key of ${role} of another organization`,
      { token: (await keyOf(role, away, both)).token },
      foreign,
    )
  }
  add(
    'an API key of an organization past its grace',
    { token: (await keyOf('STAFF', unpaid, both)).token },
    { credential: 'api-key', role: 'STAFF', holdsRole: true, ...lapsed },
    { org_id: unpaid },
  )
  // To the second: it ends now.
  await world.admin.query('update organizations set writes_until = $2 where id = $1', [
    unpaid,
    world.clock.now(),
  ])
  const gone = await keyOf('ADMIN', home, both)
  await gone.maker.client.apiKeys.revoke({ org_id: home, api_key_id: gone.id })
  add('a revoked API key', { token: gone.token }, { credential: 'revoked' })

  const staff = callers.find(({ name }) => name === 'STAFF here')
  const thread = await who.user.client.messages.create({
    org_id: home,
    patient_id: who.id,
    subject: 'Refill',
    body: 'Could you renew it?',
    participant_ids: [staff?.userId ?? ''],
  })
  const { providerId } = await world.provider(home)
  const visit = await who.user.client.appointments.create({
    org_id: home,
    provider_id: providerId,
    patient_id: who.id,
    scheduled_at: new Date(world.clock.now().getTime() + 86_400_000).toISOString(),
    appointment_type: 'IN_PERSON',
  })
  records.appointment_id = { id: visit.id, people: [who.user.id] }
  records.provider_id = { id: providerId, people: [] }
  records.thread_id = { id: thread.id, people: [who.user.id, staff?.userId ?? ''] }
  const { document_id } = await who.user.client.documents.createUpload({
    org_id: home,
    patient_id: who.id,
    filename: 'note.txt',
    content_type: 'text/plain',
    size_bytes: 1,
  })
  records.document_id = { id: document_id, people: [who.user.id] }
  const dispatcher = await world.user({ roles: { [home]: 'CALL_CENTER_AGENT' } })
  const waiting = await dispatcher.client.calls.enqueueInbound({})
  records.queue_id = { id: waiting.id, people: [] }
  records.call_id = { id: waiting.id, people: [] }
  const ticket = await who.user.client.tickets.create({ category: 'TECHNICAL', subject: 'A', body: 'B' })
  records.ticket_id = { id: ticket.id, people: [who.user.id] }
  const asked = await who.user.client.users.requestExport({})
  records.export_id = { id: asked.id, people: [who.user.id] }
  const agent = await world.user({ supportAgent: true })
  const macro = await agent.client.macros.create({ title: 'Close', status: 'CLOSED' })
  records.macro_id = { id: macro.id, people: [] }
  const administrator = await world.user({ roles: { [home]: 'ADMIN' } })
  const endpoint = await administrator.client.webhooks.create({
    org_id: home,
    url: 'https://hooks.clinic.example',
  })
  world.secret(endpoint.secret)
  records.endpoint_id = { id: endpoint.id, people: [] }
  records.delivery_id = { id: world.id(), people: [] }
  await world.admin.query(
    `insert into webhook_deliveries (id, organization_id, endpoint_id, event_id, event_type, payload, status)
     values ($1, $2, $3, '731.42', 'member.joined', '{}', 'DELIVERED')`,
    [records.delivery_id.id, home, endpoint.id],
  )
  dry = true
})
afterAll(async () => {
  await world.stop()
  await stripe.stop()
})

/** The gates' answer, or `reached` with what the handler would have answered. */
async function call(operation: OperationDefinition, caller: Caller): Promise<string> {
  const known = Object.fromEntries(Object.entries(records).map(([name, { id }]) => [name, id]))
  const ids = { ...known, ...caller.ids, organization_id: caller.ids.org_id }
  const { url, init } = requestOf(operation, ids)
  const headers = new Headers(init.headers)
  if (caller.token !== undefined) headers.set('authorization', `Bearer ${caller.token}`)
  const response = await fetch(`${world.url}${url}`, { ...init, headers })
  const { code, detail } = (await response.json()) as { code: string; detail?: string }
  if (detail?.startsWith(`${REACHED} `)) return detail
  // After the gates: what was sent is wrong, or the handler failed by itself. Both are faults of their own.
  return ['VALIDATION_ERROR', 'INTERNAL_ERROR'].includes(code) ? `${REACHED} after all: ${code}` : code
}

/** Whether the handler shows its record to whose it is, and to nobody else. */
function recordFault(operation: OperationDefinition, caller: Caller, actual: string): string | undefined {
  const { access } = operation.gates
  if (!access.owner && !access.participant) return
  const names = [...operation.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '')
  const own = names.filter((name) => name !== 'org_id' && name !== 'patient_id')
  if (own.length === 0) return
  const record = records[own.at(-1) ?? '']
  if (!record) return `the matrix knows no record for {${own.at(-1)}}: make one in beforeAll`
  const hidden = /NOT_FOUND|FORBIDDEN/.test(actual)
  const entitled = record.people.includes(caller.userId ?? '')
  if (entitled && hidden) return 'its own record is hidden from it'
  if (!entitled && !hidden) return `a record that is not its own answers ${actual}`
  return
}

async function everywhere<T>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items.values()
  await Promise.all(
    Array.from({ length: width }, async () => {
      for (const item of queue) await work(item)
    }),
  )
}

describe('the access matrix', () => {
  test('every operation answers every kind of caller what the contract says', {
    timeout: 300_000,
  }, async () => {
    const cells = all.flatMap((operation) => callers.map((caller) => ({ operation, caller })))
    const faults: string[] = []
    let checked = 0
    let reached = 0
    await everywhere(cells, 24, async ({ operation, caller }) => {
      const actual = await call(operation, caller)
      const expected = expectedOf(operation, caller, namesOrganization(operation))
      checked += 1
      const where = `${operation.id} as ${caller.name}`
      if (actual.startsWith(REACHED)) reached += 1
      if (actual.split(' ')[0] !== expected) faults.push(`${where}: ${actual}, not ${expected}`)
      else if (expected === REACHED) {
        const fault = recordFault(operation, caller, actual)
        if (fault) faults.push(`${where}: ${fault}`)
        else if (actual.includes('after all')) faults.push(`${where}: ${actual}`)
      }
    })
    expect(faults).toEqual([])
    console.info(
      `access matrix: ${checked} cells (${all.length} operations × ${callers.length} callers), ${reached} let in`,
    )
    expect(checked).toBe(all.length * callers.length)
    // Every operation is open to somebody, and inside an organization closed to somebody.
    expect(reached).toBeGreaterThan(all.length)
    expect(all.filter(isInOrganization).length).toBeGreaterThan(0)
  })
})
