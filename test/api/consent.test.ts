import { afterAll, beforeAll, expect, test } from 'vitest'
import { codeOf } from '../support/problems.ts'
import { createWorld, type World } from '../support/world.ts'

let world: World
let notice: string
let terms: string

beforeAll(async () => {
  world = await createWorld()
  notice = await world.consentDocument('HIPAA_NOTICE')
  terms = await world.consentDocument('TERMS_OF_SERVICE')
})
afterAll(() => world.stop())

const newcomer = () => world.user({ consents: false })
const consents = async (userId: string) =>
  (await world.admin.query('select * from consents where user_id = $1', [userId])).rows

test('what is still to sign is listed, and its text can be read before it is signed', async () => {
  const { client } = await newcomer()
  expect((await client.consent.required()).items).toEqual([
    { id: notice, type: 'HIPAA_NOTICE', version: '1.0', title: 'HIPAA_NOTICE 1.0' },
    { id: terms, type: 'TERMS_OF_SERVICE', version: '1.0', title: 'TERMS_OF_SERVICE 1.0' },
  ])
  expect(await client.consent.document({ document_id: terms })).toMatchObject({
    id: terms,
    content: 'Synthetic text.',
  })
  expect(await codeOf(client.consent.document({ document_id: world.id() }))).toBe('NOT_FOUND')
})

test('every document in force must be signed before anything else opens', async () => {
  const { client } = await newcomer()
  const call = client.organizations.list()
  await expect(call).rejects.toMatchObject({
    code: 'CONSENT_REQUIRED',
    pendingDocuments: [{ id: notice }, { id: terms }],
  })
  await client.consent.record({ document_id: notice })
  await expect(client.organizations.list()).rejects.toMatchObject({ pendingDocuments: [{ id: terms }] })
  await client.consent.record({ document_id: terms })
  expect((await client.consent.required()).items).toEqual([])
  expect(await codeOf(client.organizations.list())).toBe('passed')
})

test('signing keeps when and from where, and leaves a row', async () => {
  const { client, id } = await newcomer()
  const signed = await client.consent.record({ document_id: notice })
  expect(signed).toMatchObject({ document_id: notice, type: 'HIPAA_NOTICE', version: '1.0' })
  expect(Math.abs(Date.parse(signed.agreed_at) - world.clock.now().getTime())).toBeLessThan(5000)
  expect(await consents(id)).toMatchObject([
    { id: signed.id, ip_address: expect.stringMatching(/127\.0\.0\.1|::1/) },
  ])
  expect(await world.auditRows({ operation: 'recordConsent', actor: id })).toMatchObject([
    { action_type: 'SIGN_CONSENT', resource_id: signed.id, outcome: 'SUCCESS' },
  ])
})

test('signing again is answered, not duplicated; nor is signing twice at once', async () => {
  const { client, id } = await newcomer()
  const first = await client.consent.record({ document_id: notice })
  world.clock.advance({ minutes: 1 })
  expect(await client.consent.record({ document_id: notice })).toEqual(first)
  const at = () => client.consent.record({ document_id: terms })
  const all = await Promise.all([at(), at(), at(), at()])
  expect(new Set(all.map((consent) => consent.id)).size).toBe(1)
  expect(await consents(id)).toHaveLength(2)
})

test('only a version in force can be signed; a new one re-opens the gate', async () => {
  const own = await createWorld()
  try {
    const old = await own.consentDocument('HIPAA_NOTICE', '1.0')
    const future = await own.consentDocument('TERMS_OF_SERVICE', '2.0')
    await own.admin.query('update consent_documents set effective_date = $2 where id = $1', [
      future,
      new Date(own.clock.now().getTime() + 3600_000),
    ])
    const { client } = await own.user({ consents: false })
    const early = await own.user({ consents: false })
    await client.consent.record({ document_id: old })
    expect(await codeOf(client.organizations.list())).toBe('passed')
    expect(await codeOf(client.consent.record({ document_id: future }))).toBe('CONFLICT')
    expect(await codeOf(client.consent.record({ document_id: own.id() }))).toBe('NOT_FOUND')
    own.clock.advance({ minutes: 1 })
    const next = await own.consentDocument('HIPAA_NOTICE', '2.0')
    expect(await codeOf(client.organizations.list())).toBe('CONSENT_REQUIRED')
    expect(await codeOf(early.client.consent.record({ document_id: old }))).toBe('CONFLICT')
    expect((await client.consent.required()).items.map(({ id }) => id)).toEqual([next])
    await client.consent.record({ document_id: next })
    expect(await codeOf(client.organizations.list())).toBe('passed')
    own.clock.advance({ minutes: 60 })
    expect((await client.consent.required()).items.map(({ id }) => id)).toEqual([future])
  } finally {
    await own.stop()
  }
})
