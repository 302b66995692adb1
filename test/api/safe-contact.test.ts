import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createPool } from '../../packages/server/src/db/pool.ts'
import { transaction } from '../../packages/server/src/db/scope.ts'
import {
  type ContactType,
  findSafeContact,
  findSafeContacts,
} from '../../packages/server/src/domains/contact-methods/queries.ts'
import { createWorld, type World } from '../support/world.ts'

let world: World
let pool: ReturnType<typeof createPool>
let org: string

beforeAll(async () => {
  world = await createWorld()
  pool = createPool(world.appUrl, 2, () => {})
  org = await world.organization()
})
afterAll(async () => {
  await pool.end()
  await world.stop()
})

const inside = <T>(work: (db: Parameters<typeof findSafeContact>[0]) => Promise<T>, organizationId = org) =>
  transaction(pool, { name: 'organization', organizationId, userId: null }, 'read', async (db) => ({
    value: await work(db),
    commit: true,
  }))
const choose = (patient: string, types: ContactType[] = ['MOBILE', 'HOME', 'WORK'], organization = org) =>
  inside((db) => findSafeContact(db, organization, patient, types), organization)

let serial = 0
/** A contact; its value. */
async function contact(
  patient: string,
  type: ContactType,
  options: { safe?: boolean; primary?: boolean; value?: string } = {},
): Promise<string> {
  serial += 1
  const number = `+1212555${String(serial).padStart(4, '0')}`
  const value = options.value ?? world.secret(type === 'EMAIL' ? `safe.${serial}@patient.test` : number)
  await world.admin.query(
    `insert into contact_methods (id, patient_id, type, value, is_primary, is_safe_for_voicemail)
     values ($1, $2, $3, $4, $5, $6)`,
    [world.id(), patient, type, value, options.primary ?? false, options.safe ?? true],
  )
  return value
}

describe('automated messages', () => {
  test('go to a contact that is marked safe and to no other, the primary before the rest', async () => {
    const { id } = await world.patient([org])
    await contact(id, 'MOBILE', { safe: false, primary: true })
    expect(await choose(id)).toBeUndefined()
    const home = await contact(id, 'HOME')
    expect(await choose(id)).toMatchObject({ type: 'HOME', value: home })
    await contact(id, 'WORK')
    const primary = await contact(id, 'WORK', { primary: true })
    expect(await choose(id, ['WORK'])).toMatchObject({ value: primary, is_primary: true })
    expect(await choose(id, ['EMAIL'])).toBeUndefined()
  })

  test('go to no number that is marked unsafe under another type', async () => {
    const { id } = await world.patient([org])
    const value = await contact(id, 'HOME', { safe: false })
    await contact(id, 'MOBILE', { value })
    expect(await choose(id)).toBeUndefined()
  })

  test('do not go out when the record, or the patient’s own preferences, say no', async () => {
    const login = await world.user()
    const { id } = await world.patient([org], { userId: login.id })
    await contact(id, 'MOBILE')
    expect(await choose(id)).toBeDefined()
    await login.client.users.updateCommunicationPreferences({ transactional_consent: false })
    expect(await choose(id)).toBeUndefined()
    expect(await inside((db) => findSafeContacts(db, org, id))).toMatchObject({
      status: 'ACTIVE',
      consents: false,
      contacts: [{}],
    })
    await login.client.users.updateCommunicationPreferences({ transactional_consent: true })
    expect(await choose(id)).toBeDefined()
    // Marketing is another question: its "no" is none to a reminder.
    await login.client.users.updateCommunicationPreferences({ marketing_consent: false })
    expect(await choose(id)).toBeDefined()
    await world.admin.query('update patients set transactional_consent = false where id = $1', [id])
    expect(await choose(id)).toBeUndefined()
  })

  test('do not go to discharged patients, nor to those of another organization', async () => {
    const discharged = await world.patient([org], { status: 'DISCHARGED' })
    await contact(discharged.id, 'MOBILE')
    expect(await choose(discharged.id)).toBeUndefined()
    const elsewhere = await world.organization()
    const foreign = await world.patient([elsewhere])
    await contact(foreign.id, 'MOBILE')
    expect(await choose(foreign.id)).toBeUndefined()
    expect(await inside((db) => findSafeContacts(db, org, foreign.id))).toBeUndefined()
    expect(await choose(foreign.id, ['MOBILE'], elsewhere)).toBeDefined()
  })
})
