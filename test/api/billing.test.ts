import { isProblem } from '@wardline/sdk'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { operations } from '../../packages/server/src/generated/operations.ts'
import type { OperationDefinition, OrganizationRole } from '../../packages/server/src/http/operation.ts'
import { requestOf } from '../access/requests.ts'
import { type MailServer, startMailServer } from '../support/mail.ts'
import { notified, published } from '../support/outbox.ts'
import { codeOf } from '../support/problems.ts'
import {
  LocalStripe,
  type StripeStatus,
  stripeEvent,
  stripeSignature,
  type TestEvent,
  WEBHOOK_SECRET,
} from '../support/stripe.ts'
import { createWorld, type TestUser, type World } from '../support/world.ts'

const soon = { timeout: 15_000 }
const ORIGIN = 'https://app.clinic.example'

let stripe: LocalStripe
let mail: MailServer
let world: World
let secondUrl: string
let hastyUrl: string

beforeAll(async () => {
  stripe = await new LocalStripe().start()
  mail = await startMailServer()
  world = await createWorld({
    env: {
      ...stripe.env,
      ...mail.env,
      STRIPE_TIMEOUT_SECONDS: '8',
      STRIPE_WEBHOOK_SECRET: `whsec_old_one, ${WEBHOOK_SECRET}`,
      CORS_ORIGINS: ORIGIN,
    },
  })
  secondUrl = (await world.startServer()).url
  hastyUrl = (await world.startServer({ env: { STRIPE_TIMEOUT_SECONDS: '1', JOBS: 'off' } })).url
})
afterAll(async () => {
  await world.stop()
  await stripe.stop()
  await mail.close()
})
beforeEach(() => {
  stripe.asUsual()
  stripe.delayMs = 0
})

/** An organization with an ADMIN, and with a customer when somebody has begun a checkout. */
async function clinic(status = 'INCOMPLETE') {
  const org_id = await world.organization()
  await world.admin.query('update organizations set subscription_status = $2 where id = $1', [org_id, status])
  const admin = await world.user({ roles: { [org_id]: 'ADMIN' } })
  return { org_id, admin }
}

async function customerOf(id: string, table: 'organizations' | 'patients' = 'organizations') {
  const { rows } = await world.admin.query(`select stripe_customer_id as it from ${table} where id = $1`, [
    id,
  ])
  return rows[0].it as string
}

async function standingOf(org_id: string) {
  const { rows } = await world.admin.query(
    'select subscription_status as status, writes_until from organizations where id = $1',
    [org_id],
  )
  return rows[0] as { status: string; writes_until: Date | null }
}

/** A clinic that has a customer at Stripe. */
async function customer() {
  const made = await clinic()
  await made.admin.client.billing.checkoutOrganization({ org_id: made.org_id })
  return { ...made, customer: await customerOf(made.org_id) }
}

const post = (payload: string | Uint8Array<ArrayBuffer>, signature?: string, url = world.url) =>
  fetch(`${url}/api/webhooks/stripe`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json; charset=utf-8',
      ...(signature === undefined ? {} : { 'stripe-signature': signature }),
    },
    body: payload,
  })

const tell = (event: TestEvent, url = world.url) =>
  post(event.payload, stripeSignature(event.payload, world.clock.now()), url)

/** Stripe has the subscription stand so from now on, and says that something happened. */
async function becomes(who: { org_id: string; customer: string }, ...statuses: StripeStatus[]) {
  stripe.subscriptions(who.customer, ...statuses)
  const event = stripeEvent('customer.subscription.updated', {
    object: 'subscription',
    customer: who.customer,
  })
  expect((await tell(event)).status).toBe(200)
  return event
}

const checkoutAt = (url: string, org_id: string, { token }: TestUser) =>
  fetch(`${url}/api/organizations/${org_id}/billing/checkout`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: '{}',
  })

const problemOf = async (response: Response) =>
  `${response.status} ${((await response.json()) as { code?: string }).code}`

const receiptsOf = async (id: string) =>
  (await world.admin.query('select outcome from webhook_receipts where external_id = $1', [id])).rows.map(
    ({ outcome }) => outcome,
  )

describe('a checkout', () => {
  test('leads to a page of Stripe, which learns ids, prices and where to come back to, and nothing else', async () => {
    const org_id = await world.organization(world.secret('Harbour Street Clinic'))
    const admin = await world.user({ roles: { [org_id]: 'ADMIN' } })
    const login = await world.user()
    const patient = await world.patient([org_id], { userId: login.id })
    const before = stripe.calls.length
    const page = await admin.client.billing.checkoutOrganization({
      org_id,
      return_url: `${ORIGIN}/billing?tab=plan`,
    })
    expect(page.url).toMatch(/^https:\/\/checkout\.stripe\.com\//)
    const own = await login.client.billing.checkoutPatient({ org_id, patient_id: patient.id })
    expect(own.url).not.toBe(page.url)
    await admin.client.billing.portalOrganization({ org_id })
    await login.client.billing.portalPatient({ org_id, patient_id: patient.id })
    const calls = stripe.calls.slice(before)
    const forms = calls.map(({ path, form }) => [path, form])
    expect(forms).toEqual([
      ['/v1/customers', { 'metadata[organization_id]': org_id }],
      [
        '/v1/checkout/sessions',
        {
          mode: 'subscription',
          customer: await customerOf(org_id),
          client_reference_id: org_id,
          'line_items[0][price]': 'price_organization',
          'line_items[0][quantity]': '1',
          'metadata[organization_id]': org_id,
          'subscription_data[metadata][organization_id]': org_id,
          success_url: `${ORIGIN}/billing?tab=plan&billing=done`,
          cancel_url: `${ORIGIN}/billing?tab=plan&billing=canceled`,
        },
      ],
      ['/v1/customers', { 'metadata[patient_id]': patient.id }],
      ['/v1/checkout/sessions', expect.objectContaining({ client_reference_id: patient.id })],
      [
        '/v1/billing_portal/sessions',
        { customer: await customerOf(org_id), return_url: `${world.url}/billing` },
      ],
      ['/v1/billing_portal/sessions', expect.objectContaining({ return_url: `${world.url}/billing` })],
    ])
    const sent = JSON.stringify(calls)
    for (const word of [
      patient.firstName,
      patient.lastName,
      patient.mrn,
      patient.dob,
      login.email,
      'Harbour',
    ])
      expect(sent).not.toContain(word)
    const rows = await world.auditRows({ operation: 'createPatientCheckout' })
    expect(rows.at(-1)).toMatchObject({
      action_type: 'CREATE',
      resource_type: 'CHECKOUT',
      resource_id: patient.id,
    })
  })

  test('is for a proxy who may see billing, and for no other', async () => {
    const { org_id } = await clinic()
    const { id: patient_id } = await world.patient([org_id])
    const [allowed, denied] = [await world.user(), await world.user()]
    await world.proxy(allowed.id, patient_id, { billing: true })
    await world.proxy(denied.id, patient_id, { billing: false })
    await allowed.client.billing.checkoutPatient({ org_id, patient_id })
    expect(await codeOf(denied.client.billing.checkoutPatient({ org_id, patient_id }))).toBe(
      'PROXY_PERMISSION_DENIED',
    )
    expect(await codeOf(denied.client.billing.patient({ org_id, patient_id }))).toBe(
      'PROXY_PERMISSION_DENIED',
    )
    const staff = await world.user({ roles: { [org_id]: 'STAFF' } })
    expect(await staff.client.billing.patient({ org_id, patient_id })).toEqual({
      patient_id,
      configured: true,
      subscription_status: null,
      has_portal: true,
    })
    expect(await codeOf(staff.client.billing.organization({ org_id }))).toBe('FORBIDDEN')
  })

  test('with the same Idempotency-Key answers the same page, also after a failure in between', async () => {
    const { org_id, admin } = await clinic()
    const call = () =>
      admin.client.billing.checkoutOrganization({ org_id }, { idempotencyKey: 'one-checkout' })
    // Stripe has made both, and the answer is lost: we keep nothing.
    stripe.instead(({ path }) => (path === '/v1/checkout/sessions' ? 'hang up' : undefined))
    expect(await codeOf(call())).toBe('BILLING_UNAVAILABLE')
    expect(await customerOf(org_id)).toBeNull()
    stripe.asUsual()
    const before = stripe.customers().length
    const first = await call()
    expect(stripe.customers().length).toBe(before)
    const calls = stripe.calls.length
    expect(await call()).toEqual(first)
    expect(stripe.calls.length).toBe(calls)
    const [made, again] = stripe.calls.filter(({ path }) => path === '/v1/checkout/sessions').slice(-2)
    expect(made?.headers['idempotency-key']).toBe(again?.headers['idempotency-key'])
  })

  test('makes one customer, however many begin at once on several servers', async () => {
    const { org_id, admin } = await clinic()
    stripe.delayMs = 100
    const before = stripe.customers().length
    const body = JSON.stringify({})
    const headers = { authorization: `Bearer ${admin.token}`, 'content-type': 'application/json' }
    const statuses = await Promise.all(
      [world.url, secondUrl, world.url, secondUrl, world.url, secondUrl].map(async (url) => {
        const path = `${url}/api/organizations/${org_id}/billing/checkout`
        return (await fetch(path, { method: 'POST', headers, body })).status
      }),
    )
    expect(stripe.customers().length).toBe(before + 1)
    // Whoever found Stripe still at it may have to come again; nobody gets a second customer.
    expect(statuses.filter((status) => ![201, 409, 503].includes(status))).toEqual([])
    expect(statuses).toContain(201)
    expect(await customerOf(org_id)).toBe(stripe.customers().at(-1))
  })

  test('is refused while a subscription runs, and where there is none to change the portal is', async () => {
    const fresh = await clinic()
    const { org_id } = fresh
    expect(await codeOf(fresh.admin.client.billing.portalOrganization({ org_id }))).toBe('CONFLICT')
    const who = await customer()
    for (const status of ['active', 'trialing', 'past_due', 'unpaid', 'paused'] as const) {
      stripe.subscriptions(who.customer, 'canceled', status)
      // Stripe is asked: whoever has just paid is not sold a second one while its webhook is under way.
      expect(await codeOf(who.admin.client.billing.checkoutOrganization({ org_id: who.org_id }))).toBe(
        'CONFLICT',
      )
    }
    stripe.subscriptions(who.customer, 'canceled', 'incomplete_expired')
    await who.admin.client.billing.checkoutOrganization({ org_id: who.org_id })
  })

  test('begins anew for a customer whom somebody deleted at Stripe', async () => {
    const who = await customer()
    stripe.forget(who.customer)
    expect(await codeOf(who.admin.client.billing.portalOrganization({ org_id: who.org_id }))).toBe('CONFLICT')
    await who.admin.client.billing.checkoutOrganization({ org_id: who.org_id })
    expect(await customerOf(who.org_id)).not.toBe(who.customer)
  })

  test.each([
    'https://evil.example/billing',
    'https://app.clinic.example.evil.example/',
    'https://app.clinic.example@evil.example/',
    'https://user:word@app.clinic.example/',
    'http://app.clinic.example/',
    'https://app.clinic.example:8443/',
  ])('never leads back to %s', async (return_url) => {
    const who = await customer()
    const { billing } = who.admin.client
    for (const call of [billing.checkoutOrganization, billing.portalOrganization])
      await expect(call({ org_id: who.org_id, return_url })).rejects.toMatchObject({
        code: 'VALIDATION_ERROR',
        errors: [{ pointer: '/return_url' }],
      })
  })

  test('that Stripe does not answer says so, in bounded time, and changes nothing', async () => {
    const { org_id, admin } = await clinic()
    stripe.instead(() => 'say nothing')
    const begun = performance.now()
    const refused = await checkoutAt(hastyUrl, org_id, admin)
    expect(refused.headers.get('retry-after')).toBe('10')
    expect(await problemOf(refused)).toBe('503 BILLING_UNAVAILABLE')
    expect(performance.now() - begun).toBeLessThan(6000)
    stripe.instead(() => [500, { error: { type: 'api_error', message: 'synthetic' } }])
    expect(await codeOf(admin.client.billing.checkoutOrganization({ org_id }))).toBe('BILLING_UNAVAILABLE')
    // A key that Stripe does not take is the operator's affair; its words are not repeated.
    stripe.instead(() => [
      401,
      { error: { type: 'invalid_request_error', message: 'Invalid key sk_synthetic' } },
    ])
    await expect(admin.client.billing.checkoutOrganization({ org_id })).rejects.toMatchObject({
      code: 'BILLING_UNAVAILABLE',
      detail: 'Stripe refuses what this server asks; its operator has to look.',
    })
    expect(await customerOf(org_id)).toBeNull()
  })

  test('by many while Stripe hangs leaves the database to the others', async () => {
    const clinics = await Promise.all(Array.from({ length: 14 }, () => clinic()))
    const asked = stripe.calls.length
    stripe.instead(() => 'say nothing')
    const calls = clinics.map(async ({ org_id, admin }) =>
      problemOf(await checkoutAt(hastyUrl, org_id, admin)),
    )
    // More than the pool has connections; whoever is not let through is told so at once.
    await expect.poll(() => stripe.calls.length).toBe(asked + 4)
    let isOver = false
    const all = Promise.all(calls).finally(() => {
      isOver = true
    })
    const headers = { authorization: `Bearer ${clinics[0]?.admin.token}` }
    expect((await fetch(`${hastyUrl}/api/users/me`, { headers })).status).toBe(200)
    expect(isOver).toBe(false)
    expect(new Set(await all)).toEqual(new Set(['503 BILLING_UNAVAILABLE']))
  })
})

describe('the webhook of Stripe', () => {
  test('makes a subscription count: status, event, audit row, and nothing that was told twice', async () => {
    const who = await customer()
    const event = await becomes(who, 'active')
    await expect.poll(async () => (await standingOf(who.org_id)).status, soon).toBe('ACTIVE')
    expect(
      (await published(world, who.org_id)).filter(({ type }) => type === 'subscription.updated'),
    ).toEqual([
      {
        type: 'subscription.updated',
        user: null,
        organization: who.org_id,
        support: false,
        data: { organization_id: who.org_id, subscription_status: 'ACTIVE', writes_until: null },
      },
    ])
    const rows = (await world.auditRows({ operation: 'handleStripeWebhook' })).filter(
      ({ resource_id }) => resource_id === who.org_id,
    )
    expect(rows).toMatchObject([
      {
        actor_type: 'SYSTEM',
        organization_id: who.org_id,
        resource_type: 'ORGANIZATION',
        action_type: 'UPDATE_SUBSCRIPTION',
        changes: { subscription_status: { old: 'INCOMPLETE', new: 'ACTIVE' } },
      },
    ])
    const { items } = await who.admin.client.admin.listAuditLogs({ organization_id: who.org_id })
    expect(items.find(({ actor_type }) => actor_type === 'SYSTEM')).toMatchObject({ ip_address: null })
    const asked = stripe.count('GET', '/v1/subscriptions')
    for (let time = 0; time < 3; time++) expect((await tell(event)).status).toBe(200)
    await becomes(await customer(), 'active')
    await expect.poll(() => stripe.count('GET', '/v1/subscriptions'), soon).toBe(asked + 1)
    expect(await receiptsOf(event.id)).toEqual(['APPLIED'])
  })

  test('applies an event once, when two servers get it many times at once', async () => {
    const who = await customer()
    stripe.subscriptions(who.customer, 'active')
    const event = stripeEvent('invoice.paid', { object: 'invoice', customer: who.customer })
    const asked = stripe.count('GET', '/v1/subscriptions')
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, at) => tell(event, at % 2 === 0 ? world.url : secondUrl)),
    )
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    expect(await receiptsOf(event.id)).toEqual(['APPLIED'])
    await expect.poll(async () => (await standingOf(who.org_id)).status, soon).toBe('ACTIVE')
    const { rows } = await world.admin.query(
      `select count(*)::int as n from jobs.job where name = 'billing-sync' and data ->> 'customer_id' = $1`,
      [who.customer],
    )
    expect(rows[0].n).toBe(1)
    expect(stripe.count('GET', '/v1/subscriptions')).toBe(asked + 1)
  })

  test('goes by what stands at Stripe, in whatever order its events come', async () => {
    const who = await customer()
    stripe.subscriptions(who.customer, 'active')
    // What happened first is told last, and says that it was never paid, or is gone.
    for (const [type, status] of [
      ['customer.subscription.updated', 'active'],
      ['customer.subscription.deleted', 'canceled'],
      ['customer.subscription.updated', 'past_due'],
      ['customer.subscription.created', 'incomplete'],
    ] as const)
      await tell(stripeEvent(type, { object: 'subscription', customer: who.customer, status }))
    await expect.poll(async () => (await standingOf(who.org_id)).status, soon).toBe('ACTIVE')
    const done = async () =>
      (
        await world.admin.query(
          `select count(*)::int as n from jobs.job where name = 'billing-sync' and data ->> 'customer_id' = $1 and state = 'completed'`,
          [who.customer],
        )
      ).rows[0].n
    await expect.poll(done, soon).toBe(4)
    expect(await standingOf(who.org_id)).toEqual({ status: 'ACTIVE', writes_until: null })
    expect(await notified(world, who.admin.id)).toEqual([])
  })

  test('never lets an older answer of Stripe overwrite a newer one, whichever server asked', async () => {
    const who = await customer()
    let release = (): void => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    let isFirst = true
    stripe.instead(({ path }) => {
      if (path !== '/v1/subscriptions' || !isFirst) return undefined
      isFirst = false
      return held
    })
    const asked = stripe.count('GET', '/v1/subscriptions')
    await becomes(who, 'past_due')
    await expect.poll(() => stripe.count('GET', '/v1/subscriptions'), soon).toBe(asked + 1)
    // The first answer is under way; the other server learns better, and would be done before it arrives.
    await becomes(who, 'active')
    const inState = async (...states: string[]) =>
      (
        await world.admin.query(
          `select 1 from jobs.job where name = 'billing-sync' and data ->> 'customer_id' = $1 and state::text = any($2)`,
          [who.customer, states],
        )
      ).rowCount
    await expect.poll(() => inState('active', 'completed'), soon).toBe(2)
    await new Promise((resolve) => setTimeout(resolve, 300))
    release()
    await expect.poll(() => inState('completed'), soon).toBe(2)
    expect(await standingOf(who.org_id)).toEqual({ status: 'ACTIVE', writes_until: null })
  })

  test('is tried again while Stripe does not answer', async () => {
    const who = await customer()
    let times = 0
    stripe.instead(({ path }) => {
      if (path !== '/v1/subscriptions') return undefined
      times += 1
      // The library itself tries twice.
      return times <= 2 ? [503, { error: { type: 'api_error' } }] : undefined
    })
    await becomes(who, 'trialing')
    await expect.poll(async () => (await standingOf(who.org_id)).status, { timeout: 30_000 }).toBe('TRIALING')
  }, 40_000)

  test('answers and forgets what does not concern us, and whom we do not know', async () => {
    const who = await customer()
    const cases = [
      [stripeEvent('charge.refunded', { object: 'charge', customer: who.customer }), 'IGNORED'],
      [stripeEvent('something.of.tomorrow', {}), 'IGNORED'],
      [stripeEvent('customer.subscription.updated', { customer: null }), 'IGNORED'],
      [stripeEvent('customer.subscription.updated', { customer: 'cus_of_nobody' }), 'UNKNOWN_CUSTOMER'],
    ] as const
    for (const [event, outcome] of cases) {
      const response = await tell(event)
      expect(response.status).toBe(200)
      expect(await response.json()).toEqual({ received: true })
      expect(await receiptsOf(event.id)).toEqual([outcome])
    }
  })

  test('believes no body but the bytes that were signed', async () => {
    const who = await customer()
    const { id, payload } = stripeEvent('customer.subscription.deleted', { customer: who.customer })
    const now = world.clock.now()
    const signature = stripeSignature(payload, now)
    const forged: [string | Uint8Array<ArrayBuffer>, string | undefined][] = [
      [payload, undefined],
      [payload, ''],
      [payload, 'hello'],
      [payload, `t=${Math.floor(now.getTime() / 1000)},v1=${'0'.repeat(64)}`],
      [payload, signature.replace('v1=', 'v0=')],
      [payload, stripeSignature(payload, now, 'whsec_of_another')],
      [payload, stripeSignature(payload, now, '')],
      // Read and written again, as JSON middleware does.
      [JSON.stringify(JSON.parse(payload)), signature],
      [payload.replace(who.customer, 'cus_of_nobody'), signature],
      [`${payload} `, signature],
      [new TextEncoder().encode(`\ufeff${payload}`), signature],
      [new Uint8Array([0xff, 0xfe]), signature],
      ['', signature],
      ['{', stripeSignature(payload, now)],
    ]
    for (const [body, header] of forged)
      expect(`${await problemOf(await post(body, header))} ${String(body).length}`).toBe(
        `400 INVALID_SIGNATURE ${String(body).length}`,
      )
    expect(await receiptsOf(id)).toEqual([])
    expect((await post(payload, signature)).status).toBe(200)
    for (const signed of [
      '{',
      '[]',
      '{"id":"evt_1"}',
      '{"id":"","type":"x"}',
      `{"id":"${'x'.repeat(256)}","type":"x"}`,
    ])
      expect(await problemOf(await post(signed, stripeSignature(signed, now)))).toBe('422 VALIDATION_ERROR')
  })

  test('takes a signature for five minutes by the server’s clock, either way', async () => {
    const at = (seconds: number) => new Date(world.clock.now().getTime() + seconds * 1000)
    const send = async (seconds: number) => {
      const { payload } = stripeEvent('charge.refunded', {})
      return (await post(payload, stripeSignature(payload, at(seconds)))).status
    }
    expect([await send(-295), await send(-305), await send(295), await send(305)]).toEqual([
      200, 400, 200, 400,
    ])
  })

  test('takes signatures of both secrets while one takes the other’s place', async () => {
    const now = world.clock.now()
    const { payload } = stripeEvent('charge.refunded', {})
    expect((await post(payload, stripeSignature(payload, now, 'whsec_old_one'))).status).toBe(200)
    expect((await post(payload, stripeSignature(payload, now))).status).toBe(200)
    // Stripe signs with both for a day; the one that we do not know does not matter.
    const [t, other] = stripeSignature(payload, now, 'whsec_unknown').split(',')
    const [, ours] = stripeSignature(payload, now).split(',')
    expect((await post(payload, `${t},${other},${ours}`)).status).toBe(200)
  })

  test('has a rate of its own and a limit to its body, whatever its content type says', async () => {
    const { payload } = stripeEvent('charge.refunded', {})
    const response = await tell({ id: '', payload })
    expect(response.headers.get('ratelimit-policy')).toBe('"webhook";q=1000;w=60')
    const large = JSON.stringify({ filler: 'x'.repeat(1_100_000) })
    expect(await problemOf(await post(large, stripeSignature(large, world.clock.now())))).toBe(
      '413 PAYLOAD_TOO_LARGE',
    )
    const plain = await fetch(`${world.url}/api/webhooks/stripe`, {
      method: 'POST',
      headers: {
        'content-type': 'text/plain',
        'stripe-signature': stripeSignature(payload, world.clock.now()),
      },
      body: payload,
    })
    expect(plain.status).toBe(200)
  })

  test('tells a patient’s own subscription apart: status, audit row, a word to the patient, no gate', async () => {
    const { org_id } = await clinic()
    const login = await world.user()
    const { id: patient_id } = await world.patient([org_id], { userId: login.id })
    await login.client.billing.checkoutPatient({ org_id, patient_id })
    const held = await customerOf(patient_id, 'patients')
    stripe.subscriptions(held, 'past_due')
    await tell(stripeEvent('invoice.payment_failed', { object: 'invoice', customer: held }))
    await expect
      .poll(
        async () => (await login.client.billing.patient({ org_id, patient_id })).subscription_status,
        soon,
      )
      .toBe('PAST_DUE')
    expect(await notified(world, login.id)).toMatchObject([
      { type: 'billing', title: 'A payment failed', announced: 1 },
    ])
    const rows = await world.auditRows({ operation: 'handleStripeWebhook' })
    expect(rows.find(({ resource_id }) => resource_id === patient_id)).toMatchObject({
      actor_type: 'SYSTEM',
      resource_type: 'PATIENT',
      organization_id: null,
      changes: { subscription_status: { old: null, new: 'PAST_DUE' } },
    })
    expect((await standingOf(org_id)).writes_until).toBeNull()
  })

  test('keeps receipts for 60 days', async () => {
    const now = world.clock.now().getTime()
    const days = (n: number) => new Date(now - n * 86_400_000)
    for (const [id, at] of [
      ['evt_old', days(61)],
      ['evt_young', days(59)],
    ] as const)
      await world.admin.query(
        `insert into webhook_receipts (provider, external_id, event_type, outcome, received_at) values ('stripe', $1, 'x', 'IGNORED', $2)`,
        [id, at],
      )
    world.clock.advance({ minutes: 11 })
    await expect.poll(async () => (await receiptsOf('evt_old')).length, soon).toBe(0)
    expect(await receiptsOf('evt_young')).toEqual(['IGNORED'])
  })
})

describe('whoever is deleted', () => {
  test('pays no longer, not even on a page that was opened before', async () => {
    const who = await customer()
    stripe.subscriptions(who.customer, 'canceled', 'active', 'past_due')
    await who.admin.client.organizations.delete({ org_id: who.org_id })
    const ended = (customer: string) => stripe.standing(customer).every((status) => status === 'canceled')
    await expect.poll(() => ended(who.customer), soon).toBe(true)
    await becomes(who, 'active')
    await expect.poll(() => ended(who.customer), soon).toBe(true)

    const [here, there] = [await clinic(), await clinic()]
    const login = await world.user()
    const { id: patient_id } = await world.patient([here.org_id, there.org_id], { userId: login.id })
    await login.client.billing.checkoutPatient({ org_id: here.org_id, patient_id })
    const held = await customerOf(patient_id, 'patients')
    stripe.subscriptions(held, 'active')
    // Who is in care elsewhere stays.
    const asked = stripe.count('GET', '/v1/subscriptions')
    await here.admin.client.patients.delete({ org_id: here.org_id, patient_id })
    await expect.poll(() => stripe.count('GET', '/v1/subscriptions'), soon).toBe(asked + 1)
    expect(stripe.standing(held)).toEqual(['active'])
    await there.admin.client.patients.delete({ org_id: there.org_id, patient_id })
    await expect.poll(() => ended(held), soon).toBe(true)
  })
})

describe('a subscription that lapses', () => {
  const again = async (user: TestUser) => (await world.session(user.id, { mfa: true })).client
  const write = async (org_id: string, client: TestUser['client']) =>
    codeOf(
      client.patients.create({
        org_id,
        first_name: world.secret('Wilhelmina'),
        last_name: world.secret('Oyelaran'),
        dob: '1984-07-21',
        medical_record_number: world.secret(`MRN-${world.id()}`),
      }),
    )

  test('closes writing about patients after seven days, to the second, and opens it once it is paid', async () => {
    const who = await customer()
    const { org_id } = who
    const patient = await world.patient([org_id])
    await becomes(who, 'active')
    await expect.poll(async () => (await standingOf(org_id)).status, soon).toBe('ACTIVE')
    await becomes(who, 'past_due')
    await expect.poll(async () => (await standingOf(org_id)).status, soon).toBe('PAST_DUE')
    const until = (await standingOf(org_id)).writes_until as Date
    const days = (until.getTime() - world.clock.now().getTime()) / 86_400_000
    expect(days).toBeGreaterThan(6.99)
    expect(days).toBeLessThanOrEqual(7)
    // Another failed attempt does not move it, nor does giving up.
    await becomes(who, 'unpaid')
    await becomes(who, 'canceled')
    await expect.poll(async () => (await standingOf(org_id)).status, soon).toBe('CANCELED')
    expect((await standingOf(org_id)).writes_until).toEqual(until)

    world.clock.advance({ seconds: (until.getTime() - world.clock.now().getTime()) / 1000 - 2 })
    const client = await again(who.admin)
    expect(await client.billing.organization({ org_id })).toMatchObject({ write_access: 'GRACE' })
    expect(await write(org_id, client)).toBe('passed')
    world.clock.advance({ seconds: 2 })
    const refused = client.patients.update({
      org_id,
      patient_id: patient.id,
      first_name: 'Ada',
      if_match: '"1"',
    })
    const error = await Promise.resolve(refused).catch((thrown: unknown) => thrown)
    expect(isProblem(error, 'SUBSCRIPTION_REQUIRED')).toBe(true)
    expect(error).toMatchObject({
      status: 402,
      title: 'The subscription has lapsed',
      operation: 'updatePatient',
    })
    expect((await world.auditRows({ operation: 'updatePatient' })).at(-1)).toMatchObject({
      outcome: 'DENIED',
      problem_code: 'SUBSCRIPTION_REQUIRED',
      organization_id: org_id,
      resource_id: patient.id,
    })
    expect(await write(org_id, client)).toBe('SUBSCRIPTION_REQUIRED')
    expect(await client.billing.organization({ org_id })).toMatchObject({
      subscription_status: 'CANCELED',
      write_access: 'CLOSED',
      writes_until: until.toISOString(),
    })
    // Reads stay open, and so does the way back.
    await client.patients.get({ org_id, patient_id: patient.id })
    await client.patients.list({ org_id })
    await client.billing.checkoutOrganization({ org_id })
    await becomes(who, 'canceled', 'active')
    await expect.poll(async () => (await standingOf(org_id)).status, soon).toBe('ACTIVE')
    expect(await write(org_id, client)).toBe('passed')
    expect((await standingOf(org_id)).writes_until).toBeNull()
  }, 40_000)

  test.each([
    [
      'INCOMPLETE, which every new organization is, closes nothing',
      'INCOMPLETE',
      'incomplete_expired',
      'OPEN',
    ],
    ['TRIALING closes nothing', 'INCOMPLETE', 'trialing', 'OPEN'],
    ['a first payment that still has to come closes nothing', 'INCOMPLETE', 'incomplete', 'OPEN'],
    ['CANCELED closes after seven days', 'ACTIVE', 'canceled', 'GRACE'],
    ['a trial that ended without a card closes after seven days', 'TRIALING', 'paused', 'GRACE'],
    ['what Stripe has given up on closes after seven days', 'ACTIVE', 'unpaid', 'GRACE'],
  ] as const)('%s', async (_name, before, status, access) => {
    const who = await customer()
    await world.admin.query('update organizations set subscription_status = $2 where id = $1', [
      who.org_id,
      before,
    ])
    await becomes(who, status)
    const done = async () =>
      (
        await world.admin.query(
          `select 1 from jobs.job where name = 'billing-sync' and data ->> 'customer_id' = $1 and state = 'completed'`,
          [who.customer],
        )
      ).rowCount
    await expect.poll(done, soon).toBe(1)
    const client = await again(who.admin)
    expect(await client.billing.organization({ org_id: who.org_id })).toMatchObject({ write_access: access })
    world.clock.advance({ days: 8 })
    expect(await write(who.org_id, await again(who.admin))).toBe(
      access === 'OPEN' ? 'passed' : 'SUBSCRIPTION_REQUIRED',
    )
  })

  test('is none where nothing was ever paid: a customer deleted at Stripe ends nothing then', async () => {
    const who = await customer()
    stripe.forget(who.customer)
    await tell(stripeEvent('customer.deleted', { id: who.customer, object: 'customer' }))
    const done = async () =>
      (
        await world.admin.query(
          `select 1 from jobs.job where name = 'billing-sync' and data ->> 'customer_id' = $1 and state = 'completed'`,
          [who.customer],
        )
      ).rowCount
    await expect.poll(done, soon).toBe(1)
    expect(await standingOf(who.org_id)).toEqual({ status: 'INCOMPLETE', writes_until: null })
  })

  test('is not escaped by a new one that is never paid, nor by deleting the customer', async () => {
    const who = await customer()
    await becomes(who, 'canceled')
    await expect.poll(async () => (await standingOf(who.org_id)).status, soon).toBe('CANCELED')
    const { writes_until } = await standingOf(who.org_id)
    await becomes(who, 'canceled', 'incomplete')
    await becomes(who, 'incomplete')
    await expect.poll(async () => (await standingOf(who.org_id)).status, soon).toBe('INCOMPLETE')
    expect(await standingOf(who.org_id)).toEqual({ status: 'INCOMPLETE', writes_until })
    stripe.forget(who.customer)
    await tell(stripeEvent('customer.deleted', { id: who.customer, object: 'customer' }))
    await expect.poll(async () => (await standingOf(who.org_id)).status, soon).toBe('CANCELED')
    expect((await standingOf(who.org_id)).writes_until).toEqual(writes_until)
  })

  test('holds everyone in the organization, and nobody elsewhere', async () => {
    const [here, there] = [await world.organization(), await world.organization()]
    const past = new Date(world.clock.now().getTime() - 1000)
    await world.admin.query(
      `update organizations set subscription_status = 'PAST_DUE', writes_until = $2, lapse_told = 'ENDED' where id = $1`,
      [here, past],
    )
    const both = await world.user({ roles: { [here]: 'ADMIN', [there]: 'ADMIN' } })
    expect(await write(here, both.client)).toBe('SUBSCRIPTION_REQUIRED')
    expect(await write(there, both.client)).toBe('passed')
    const key = await both.client.apiKeys.create({
      org_id: here,
      name: 'k',
      role: 'STAFF',
      scopes: ['read', 'write'],
    })
    expect(await write(here, world.client(world.secret(key.secret)))).toBe('SUBSCRIPTION_REQUIRED')
    // A patient of both is held where the clinic has not paid.
    const login = await world.user()
    const { id: patient_id } = await world.patient([here, there], { userId: login.id })
    const contact = {
      patient_id,
      type: 'MOBILE',
      value: '+12125550123',
      is_safe_for_voicemail: true,
    } as const
    expect(await codeOf(login.client.contactMethods.create({ org_id: here, ...contact }))).toBe(
      'SUBSCRIPTION_REQUIRED',
    )
    expect(await codeOf(login.client.contactMethods.create({ org_id: there, ...contact }))).toBe('passed')
    // The first gate that refuses answers: MFA before the subscription.
    const bare = await world.user({ roles: { [here]: 'STAFF' }, mfa: false })
    expect(await write(here, bare.client)).toBe('MFA_REQUIRED')
    // Where nobody can pay, nobody has to.
    const free = await world.startServer({
      env: Object.fromEntries(Object.keys(stripe.env).map((name) => [name, ''])),
    })
    const response = await fetch(`${free.url}/api/organizations/${here}/patients/${patient_id}/billing`, {
      headers: { authorization: `Bearer ${both.token}` },
    })
    expect(await response.json()).toMatchObject({ configured: false })
    const made = await fetch(`${free.url}/api/organizations/${here}/patients`, {
      method: 'POST',
      headers: { authorization: `Bearer ${both.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        first_name: world.secret('Philippa'),
        last_name: world.secret('Santorini'),
        dob: '1990-01-01',
        medical_record_number: world.secret('MRN-free-1'),
      }),
    })
    expect(made.status).toBe(201)
    const status = await fetch(`${free.url}/api/organizations/${here}/billing`, {
      headers: { authorization: `Bearer ${both.token}` },
    })
    expect(await status.json()).toMatchObject({
      configured: false,
      subscription_status: 'ACTIVE',
      write_access: 'OPEN',
      writes_until: null,
    })
    for (const path of ['checkout', 'portal']) {
      const refused = await fetch(`${free.url}/api/organizations/${here}/billing/${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${both.token}`, 'content-type': 'application/json' },
        body: '{}',
      })
      expect(await problemOf(refused)).toBe('503 BILLING_NOT_CONFIGURED')
    }
    const { payload } = stripeEvent('charge.refunded', {})
    const unheard = await post(payload, stripeSignature(payload, world.clock.now()), free.url)
    expect(await problemOf(unheard)).toBe('503 BILLING_NOT_CONFIGURED')
    await free.close()
  })

  test('closes every write of health information that the contract has, and no read', async () => {
    const org_id = await world.organization()
    const people = new Map<string, TestUser>()
    for (const role of ['ADMIN', 'PROVIDER', 'STAFF', 'CALL_CENTER_AGENT'] satisfies OrganizationRole[])
      people.set(role, await world.user({ roles: { [org_id]: role } }))
    const { id: patient_id } = await world.patient([org_id])
    await world.admin.query(
      `update organizations set subscription_status = 'PAST_DUE', writes_until = $2, lapse_told = 'ENDED' where id = $1`,
      [org_id, world.clock.now()],
    )
    const all: readonly OperationDefinition[] = Object.values(operations)
    const inside = all.filter(({ gates }) => gates.phi && gates.tenancy === 'organization')
    // Reading marks read; taking access away is never held back; it opens a view to read by.
    const exempt = new Set(['getThread', 'revokeProxy', 'impersonatePatient'])
    const ids = { org_id, patient_id, organization_id: org_id }
    const faults: string[] = []
    let closed = 0
    for (const operation of inside) {
      const role = operation.gates.access.organization?.find((one) => people.has(one))
      const user = people.get(role ?? '')
      if (!user) {
        faults.push(`${operation.id}: nobody here may call it`)
        continue
      }
      const { url, init } = requestOf(operation, {
        ...Object.fromEntries(
          [...operation.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => [name, world.id()]),
        ),
        ...ids,
      })
      const headers = new Headers(init.headers)
      headers.set('authorization', `Bearer ${user.token}`)
      const response = await fetch(`${world.url}${url}`, { ...init, headers })
      await response.body?.cancel()
      const isClosed = response.status === 402
      if (isClosed) closed += 1
      if (isClosed !== (operation.gates.writes && !exempt.has(operation.id)))
        faults.push(`${operation.id}: ${response.status}`)
    }
    expect(faults).toEqual([])
    expect(closed).toBeGreaterThan(30)
  })
})

describe('the ADMINs of an organization that does not pay', () => {
  test('hear of it at once, two days before writing ends, when it has, and when it is paid; each once', async () => {
    const who = await customer()
    const { org_id, admin } = who
    const staff = await world.user({ roles: { [org_id]: 'STAFF' } })
    const told = async () => (await notified(world, admin.id)).map(({ title }) => title)
    const mails = () => mail.mails.filter(({ to }) => to.includes(admin.email)).length
    await world.admin.query(`update organizations set subscription_status = 'ACTIVE' where id = $1`, [org_id])
    await becomes(who, 'past_due')
    await expect.poll(told, soon).toEqual(['A payment failed'])
    world.clock.advance({ days: 4, hours: 23 })
    // A round of upkeep, on both servers, with nothing to tell.
    await new Promise((resolve) => setTimeout(resolve, 1500))
    expect(await told()).toHaveLength(1)
    world.clock.advance({ hours: 2 })
    await expect.poll(told, soon).toEqual(['A payment failed', 'Writing about patients ends soon'])
    const asked = stripe.count('GET', '/v1/subscriptions')
    world.clock.advance({ days: 2 })
    await expect
      .poll(told, soon)
      .toEqual(['A payment failed', 'Writing about patients ends soon', 'Writing about patients has ended'])
    // Perhaps it was paid and nobody told us: Stripe is asked.
    await expect.poll(() => stripe.count('GET', '/v1/subscriptions'), soon).toBeGreaterThan(asked)
    await becomes(who, 'active')
    await expect.poll(async () => (await told()).at(-1), soon).toBe('The subscription is paid')
    world.clock.advance({ hours: 1 })
    await expect.poll(mails, soon).toBe(4)
    expect(await told()).toHaveLength(4)
    expect(await notified(world, staff.id)).toEqual([])
  }, 90_000)
})
