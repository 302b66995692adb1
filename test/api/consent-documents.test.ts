import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { published } from '../support/outbox.ts'
import { codeOf } from '../support/problems.ts'
import { statementsOf } from '../support/statements.ts'
import { createWorld, type TestUser, type World } from '../support/world.ts'

let world: World
let boss: TestUser

beforeAll(async () => {
  world = await createWorld()
  boss = await world.user({ superAdmin: true })
})
afterAll(() => world.stop())

let version = 1
const draft = (changes: { effective_date?: string } = {}) => {
  version += 1
  const title = `Notice, version ${version}`
  return { type: 'HIPAA_NOTICE' as const, version: `${version}.0`, title, content: 'Synthetic.', ...changes }
}
/** Signs whatever is in force, so that the person can go on. */
const signAll = async ({ client }: TestUser) => {
  for (const { id } of (await client.consent.required()).items)
    await client.consent.record({ document_id: id })
}

describe('publishing a consent document', () => {
  test('re-opens the gate for everyone, the publisher included, and tells each of them', async () => {
    const [ada, ben] = [await world.user(), await world.user()]
    const exempt = await world.user()
    const gone = await world.user()
    await world.admin.query('update users set requires_consent = false where id = $1', [exempt.id])
    await world.admin.query('update users set deleted_at = now() where id = $1', [gone.id])
    await signAll(boss)
    expect(await codeOf(ada.client.organizations.list())).toBe('passed')

    const document = await boss.client.consent.publish(draft())
    for (const user of [ada, ben, boss])
      expect(await codeOf(user.client.organizations.list())).toBe('CONSENT_REQUIRED')
    expect(await codeOf(exempt.client.organizations.list())).toBe('passed')
    const { id, type } = document
    const data = { document_id: id, type, version: document.version }
    const told = await published(world, id)
    expect(told.every((event) => event.type === 'consent.required' && !event.support)).toBe(true)
    expect(told.map((event) => event.data)).toEqual(told.map(() => data))
    const people = told.map((event) => event.user)
    expect(people).toEqual(expect.arrayContaining([ada.id, ben.id, boss.id]))
    expect(people).not.toContain(exempt.id)
    expect(people).not.toContain(gone.id)
    expect(new Set(people).size).toBe(people.length)

    await signAll(ada)
    expect(await codeOf(ada.client.organizations.list())).toBe('passed')
    await signAll(boss)
    expect(await world.auditRows({ operation: 'publishConsentDocument' })).toMatchObject([
      { actor_user_id: boss.id, action_type: 'CREATE', resource_type: 'CONSENT_DOCUMENT', resource_id: id },
    ])
  })

  test('tells however many in one statement', async () => {
    await signAll(boss)
    for (let index = 0; index < 12; index++) await world.user()
    const body = draft()
    const statements = await statementsOf(() => boss.client.consent.publish(body), 'platform')
    expect(statements.filter((text) => text.startsWith('insert into "events"'))).toHaveLength(1)
    const { rows } = await world.admin.query(
      `select count(*)::int as told from events where type = 'consent.required' and payload ->> 'version' = $1`,
      [body.version],
    )
    expect(rows[0].told).toBeGreaterThan(12)
  })

  test('with a later date waits for it, and then tells once', async () => {
    const own = await createWorld()
    try {
      const admin = await own.user({ superAdmin: true })
      const user = await own.user()
      const effective_date = new Date(own.clock.now().getTime() + 3600_000).toISOString()
      const { id } = await admin.client.consent.publish(draft({ effective_date }))
      expect(await codeOf(user.client.organizations.list())).toBe('passed')
      expect(await published(own, id)).toEqual([])
      own.clock.advance({ minutes: 61 })
      expect(await codeOf(user.client.organizations.list())).toBe('CONSENT_REQUIRED')
      const told = async () => (await published(own, id)).map((event) => event.user).sort()
      await expect.poll(told, { timeout: 10_000 }).toEqual([admin.id, user.id].sort())
      own.clock.advance({ minutes: 2 })
      await new Promise((resolve) => setTimeout(resolve, 1500))
      expect(await told()).toHaveLength(2)
    } finally {
      await own.stop()
    }
  })

  test('refuses a version that exists, a date in the past, and everyone but super-admins', async () => {
    await signAll(boss)
    const { client } = boss
    const body = draft()
    await client.consent.publish(body)
    await signAll(boss)
    expect(await codeOf(client.consent.publish(body))).toBe('CONFLICT')
    const effective_date = new Date(world.clock.now().getTime() - 60_000).toISOString()
    await expect(client.consent.publish(draft({ effective_date }))).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
      errors: [{ pointer: '/effective_date' }],
    })
    const agent = await world.user({ supportAgent: true })
    const admin = await world.user({ roles: { [await world.organization()]: 'ADMIN' } })
    for (const user of [agent, admin])
      expect(await codeOf(user.client.consent.publish(draft()))).toBe('FORBIDDEN')
    const weak = await world.session(boss.id)
    expect(await codeOf(weak.client.consent.publish(draft()))).toBe('MFA_REQUIRED')
  })
})

test('the history lists what one signed, newest first, old versions too, and nobody else’s', async () => {
  await signAll(boss)
  const user = await world.user({ consents: false })
  const [first] = (await user.client.consent.required()).items
  await signAll(user)
  world.clock.advance({ minutes: 1 })
  await boss.client.consent.publish(draft())
  await signAll(user)
  const page = await user.client.consent.history({ limit: 1, include_total: true })
  expect(page).toMatchObject({
    total: 2,
    items: [{ type: 'HIPAA_NOTICE', title: `Notice, version ${version}` }],
  })
  const older = await page.next()
  expect(older?.items).toMatchObject([{ document_id: first?.id, version: first?.version }])
  expect(older?.next_cursor).toBeNull()
  const other = await world.user({ consents: false })
  expect((await other.client.consent.history()).items).toEqual([])
})
