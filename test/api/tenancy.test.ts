import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createWorld, type World } from '../support/world.ts'

let world: World
let here: string
let elsewhere: string

beforeAll(async () => {
  world = await createWorld()
  here = await world.organization()
  elsewhere = await world.organization()
})
afterAll(() => world.stop())

describe('tenancy', () => {
  test('a patient is invisible to another organization, exactly like one that does not exist', async () => {
    const { client } = await world.user({ roles: { [here]: 'STAFF' } })
    const foreign = await world.patient([elsewhere])
    const refused = await Promise.all(
      [foreign.id, world.id()].map((patient_id) =>
        client.patients.get({ org_id: here, patient_id }).catch((error: unknown) => error),
      ),
    )
    for (const error of refused) expect(error).toMatchObject({ code: 'NOT_FOUND', status: 404 })
    await expect(client.patients.get({ org_id: elsewhere, patient_id: foreign.id })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    })
  })

  test('a patient enrolled in two organizations shows each its own record number only', async () => {
    const shared = await world.patient([here])
    await world.admin.query(
      `insert into organization_patients (organization_id, patient_id, medical_record_number, enrolled_at,
        first_name, last_name, dob, search_text) values ($1, $2, 'OTHER-1', now(), '', '', now(), '')`,
      [elsewhere, shared.id],
    )
    const mine = await world.user({ roles: { [here]: 'PROVIDER' } })
    const theirs = await world.user({ roles: { [elsewhere]: 'PROVIDER' } })
    const one = await mine.client.patients.get({ org_id: here, patient_id: shared.id })
    const other = await theirs.client.patients.get({ org_id: elsewhere, patient_id: shared.id })
    expect(one.medical_record_number).toBe(shared.mrn)
    expect(other.medical_record_number).toBe('OTHER-1')
  })

  test('the application role sees no row of a tenant table without a scope, and cannot switch the wall off', async () => {
    await world.patient([here])
    const pg = (await import('pg')).default
    const application = new pg.Client(world.appUrl)
    await application.connect()
    try {
      for (const table of [
        'patients',
        'organization_patients',
        'organization_memberships',
        'audit_logs',
        'support_tickets',
      ]) {
        const { rows } = await application.query(`select count(*) from ${table}`)
        expect(rows, table).toEqual([{ count: '0' }])
        await expect(application.query(`alter table ${table} disable row level security`)).rejects.toThrow(
          /owner/,
        )
      }
      await application.query('set row_security = off')
      await expect(application.query('select * from patients')).rejects.toThrow(/row-level security/)
    } finally {
      await application.end()
    }
  })

  test('every table with an organization forces row-level security', async () => {
    const { rows } = await world.admin.query(`
      select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'organization_id'
      where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
        and not (c.relrowsecurity and c.relforcerowsecurity)`)
    expect(rows).toEqual([])
  })

  test('a transaction leaves no scope behind on its pooled connection', async () => {
    const one = await createWorld({ env: { DATABASE_POOL_SIZE: '2' } })
    try {
      const [a, b] = [await one.organization(), await one.organization()]
      const [pa, pb] = [await one.patient([a]), await one.patient([b])]
      const ua = await one.user({ roles: { [a]: 'STAFF' } })
      const ub = await one.user({ roles: { [b]: 'STAFF' } })
      const lists = await Promise.all(
        Array.from({ length: 40 }, async (_, index) => {
          const [user, org_id, own] = index % 2 ? [ua, a, pa] : [ub, b, pb]
          const page = await user.client.patients.list({ org_id })
          return page.items.length === 1 && page.items[0]?.id === own.id
        }),
      )
      expect(lists.every(Boolean)).toBe(true)
    } finally {
      await one.stop()
    }
  })
})
