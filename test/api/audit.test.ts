import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createWorld, type TestUser, type World } from '../support/world.ts'

let world: World
let org: string
let staff: TestUser

beforeAll(async () => {
  world = await createWorld()
  org = await world.organization()
  staff = await world.user({ roles: { [org]: 'STAFF' } })
})
afterAll(() => world.stop())

describe('the audit trail', () => {
  test('has the row of a read once the answer is there: who, where, what, which, from where', async () => {
    const patient = await world.patient([org])
    const response = await world.fetch(`/api/organizations/${org}/patients/${patient.id}`, {
      token: staff.token,
      headers: { 'x-request-id': 'audit-read-1', 'user-agent': 'suite/1' },
    })
    expect(response.status).toBe(200)
    const [row] = (await world.auditRows({ operation: 'getPatient', actor: staff.id })).slice(-1)
    expect(row).toMatchObject({
      actor_type: 'USER',
      organization_id: org,
      resource_type: 'PATIENT',
      resource_id: patient.id,
      action_type: 'READ',
      ip_address: '127.0.0.1',
      user_agent: 'suite/1',
      request_id: 'audit-read-1',
      outcome: 'SUCCESS',
      impersonator_id: null,
    })
  })

  test('of an update has the changed fields with old and new value, and no others', async () => {
    const patient = await world.patient([org])
    await staff.client.patients.update({ org_id: org, patient_id: patient.id, last_name: 'Reed' })
    const [row] = (await world.auditRows({ operation: 'updatePatient' })).slice(-1)
    expect(row?.changes).toEqual({ last_name: { old: patient.lastName, new: 'Reed' } })
  })

  test('of a list has the filter that was used', async () => {
    await staff.client.patients.list({ org_id: org, search: 'okafor', status: 'DISCHARGED', limit: 5 })
    const [row] = (await world.auditRows({ operation: 'listPatients' })).slice(-1)
    expect(row).toMatchObject({
      action_type: 'LIST',
      changes: { filter: { search: 'okafor', status: 'DISCHARGED' } },
    })
  })

  test('has refusals too, with the code that refused', async () => {
    const auditor = await world.user({ roles: { [org]: 'AUDITOR' } })
    const patient = await world.patient([org])
    await auditor.client.patients.get({ org_id: org, patient_id: patient.id }).catch(() => {})
    const stranger = await world.user()
    await stranger.client.patients.get({ org_id: org, patient_id: patient.id }).catch(() => {})
    await world.fetch(`/api/organizations/${org}/patients/${patient.id}`)
    const denied = (await world.auditRows({ operation: 'getPatient' })).filter(
      (row) => row.outcome === 'DENIED',
    )
    expect(denied).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          actor_user_id: auditor.id,
          problem_code: 'FORBIDDEN',
          resource_id: patient.id,
        }),
        expect.objectContaining({ actor_user_id: stranger.id, problem_code: 'NOT_FOUND' }),
        expect.objectContaining({
          actor_user_id: null,
          actor_type: 'ANONYMOUS',
          problem_code: 'UNAUTHORIZED',
        }),
      ]),
    )
  })

  test('has no row of a write that was rolled back', async () => {
    const taken = await world.patient([org])
    const before = (await world.auditRows({ operation: 'createPatient' })).length
    await expect(
      staff.client.patients.create({
        org_id: org,
        first_name: 'A',
        last_name: 'B',
        dob: '1990-01-01',
        medical_record_number: taken.mrn,
      }),
    ).rejects.toMatchObject({ code: 'DUPLICATE_MRN' })
    expect((await world.auditRows({ operation: 'createPatient' })).length).toBe(before)
  })

  test('loses nothing under concurrency: a row per answered read', async () => {
    const patient = await world.patient([org])
    const reader = await world.user({ roles: { [org]: 'PROVIDER' } })
    const id = { org_id: org, patient_id: patient.id }
    await Promise.all(Array.from({ length: 100 }, () => reader.client.patients.get(id)))
    expect(await world.auditRows({ operation: 'getPatient', actor: reader.id })).toHaveLength(100)
  })

  test('is refused to everybody for change, to the owner too', async () => {
    await staff.client.patients.list({ org_id: org })
    for (const statement of [
      'update audit_logs set reason = null',
      'delete from audit_logs',
      'truncate audit_logs',
    ])
      await expect(world.admin.query(statement), statement).rejects.toThrow(/append-only/)
    const { rows } = await world.admin.query(
      `select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'audit_logs'::regclass`,
    )
    expect(rows.length).toBeGreaterThan(12)
    for (const { relname } of rows)
      await expect(world.admin.query(`truncate ${relname}`), relname).rejects.toThrow(/append-only/)
  })

  test('no row, no answer: a read whose row cannot be written is an error', async () => {
    const own = await createWorld()
    try {
      const organization = await own.organization()
      const user = await own.user({ roles: { [organization]: 'STAFF' } })
      await own.admin.query('revoke insert on audit_logs from wardline_app')
      const refused = await user.client.patients
        .list({ org_id: organization })
        .catch((error: unknown) => error)
      expect(refused).toMatchObject({ status: expect.toSatisfy((status: number) => status >= 500) })
    } finally {
      await own.stop()
    }
  })

  test('is read by the organization’s admin and auditor, for their organization only; the auditor sees names masked', async () => {
    const patient = await world.patient([org])
    await staff.client.patients.update({ org_id: org, patient_id: patient.id, last_name: 'Visible' })
    const admin = await world.user({ roles: { [org]: 'ADMIN' } })
    const auditor = await world.user({ roles: { [org]: 'AUDITOR' } })
    const filter = { organization_id: org, resource_id: patient.id, action_type: 'UPDATE' }
    const seen = await admin.client.admin.listAuditLogs(filter)
    expect(JSON.stringify(seen.items)).toContain('Visible')
    const masked = await auditor.client.admin.listAuditLogs(filter)
    expect(masked.items).toHaveLength(1)
    expect(JSON.stringify(masked.items)).not.toContain('Visible')
    expect(JSON.stringify(masked.items)).not.toContain(patient.lastName)
    const elsewhere = await world.organization()
    const foreign = await world.user({ roles: { [elsewhere]: 'ADMIN' } })
    expect((await foreign.client.admin.listAuditLogs({ resource_id: patient.id })).items).toEqual([])
    await expect(staff.client.admin.listAuditLogs({ organization_id: org })).rejects.toMatchObject({
      code: 'FORBIDDEN',
    })
  })
})
