import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readContract } from '../../scripts/gen/contract.ts'

const root = join(import.meta.dirname, '../..')
let copy: string

beforeEach(() => {
  copy = mkdtempSync(join(tmpdir(), 'wardline-contract-'))
  cpSync(join(root, 'openapi.yaml'), join(copy, 'openapi.yaml'))
  cpSync(join(root, 'openapi'), join(copy, 'openapi'), { recursive: true })
})
afterEach(() => rmSync(copy, { recursive: true, force: true }))

/** Reads the contract after one change in one of its files. */
function read(file: string, from: string | RegExp, to: string) {
  const path = join(copy, file)
  const before = readFileSync(path, 'utf8')
  const after = before.replace(from, to)
  expect(after, 'the change must hit').not.toBe(before)
  writeFileSync(path, after)
  return readContract(join(copy, 'openapi.yaml'), root)
}

describe('generation', () => {
  test('accepts the contract as it is', async () => {
    const contract = await readContract(join(copy, 'openapi.yaml'), root)
    expect(contract.operations.length).toBeGreaterThan(40)
  })

  test.each([
    ['x-access', /\n\s+x-access: \{ organization: \[ADMIN, PROVIDER, STAFF, CALL_CENTER_AGENT\] \}/],
    ['x-tenancy', /\n\s+x-tenancy: organization/],
    ['x-phi', /\n\s+x-phi: true/],
    ['x-audit', /\n\s+x-audit: \{ action: LIST, resource: PATIENT \}/],
    ['x-idempotent', /\n\s+x-idempotent: false/],
    ['x-rate-limit', /\n\s+x-rate-limit: general/],
    ['x-impersonation', /\n\s+x-impersonation: allowed/],
    ['x-consent', /\n\s+x-consent: required/],
    ['x-mfa', /\n\s+x-mfa: required/],
    ['x-sdk', /\n\s+x-sdk: patients\.list/],
  ])('fails when %s is missing', async (name, line) => {
    await expect(read('openapi/patients.yaml', line, '')).rejects.toThrow(`listPatients: ${name} is missing`)
  })

  test.each([
    [
      'on an operation',
      '      x-phi: true',
      '      x-phi: true\n      x-cache: 60',
      'listPatients: nothing reads x-cache',
    ],
    ['in a schema', '  LegalSex:', '  LegalSex:\n    x-order: 1', 'nothing reads x-order'],
  ])('fails when nothing reads an extension %s', async (_where, from, to, message) => {
    await expect(read('openapi/patients.yaml', from, to)).rejects.toThrow(message)
  })

  test('fails when the reader of an extension is gone', async () => {
    await expect(readContract(join(copy, 'openapi.yaml'), copy)).rejects.toThrow(
      'x-consent: nothing reads it',
    )
  })

  test('fails when an extension says what no gate understands', async () => {
    await expect(read('openapi/patients.yaml', 'CALL_CENTER_AGENT]', 'JANITOR]')).rejects.toThrow(
      'listPatients: x-access organization must list roles',
    )
  })

  test.each([
    ['x-audit: false', 'x-audit: { action: CREATE, resource: TELEMETRY }', 'its x-audit must be false'],
    ['x-idempotent: false', 'x-idempotent: true', 'its x-idempotent must be false'],
    ['x-tenancy: person', 'x-tenancy: organization', 'its x-tenancy must be person'],
  ])('fails when what commits in a group says %s no longer', async (from, to, message) => {
    await expect(read('openapi/telemetry.yaml', from, to)).rejects.toThrow(message)
  })

  test('fails when a gate can answer a code that the operation does not declare', async () => {
    await expect(read('openapi/patients.yaml', /\n\s+'403': \{[^\n]+ForbiddenStaff' \}/, '')).rejects.toThrow(
      'listPatients: its gates can answer MFA_REQUIRED, declare it',
    )
  })

  test('fails when an operation declares a code that no gate of it answers', async () => {
    await expect(
      read('openapi/patients.yaml', 'responses/ForbiddenStaff', 'responses/ForbiddenStepUp'),
    ).rejects.toThrow('listPatients: declares STEP_UP_REQUIRED')
  })

  test('fails when a write of health information does not say whether it needs a subscription', async () => {
    const line = '      x-subscription: required\n'
    await expect(read('openapi/patients.yaml', line, '')).rejects.toThrow(
      'createPatient: writes health information in an organization, so x-subscription is missing',
    )
  })

  test('fails when something else says it', async () => {
    const line = 'x-sdk: patients.list\n'
    await expect(
      read('openapi/patients.yaml', line, `${line}      x-subscription: required\n`),
    ).rejects.toThrow('listPatients: writes no health information in an organization')
  })

  test('fails when a body that nothing has validated may come from somebody who is signed in', async () => {
    const line = 'x-sdk: patients.create\n'
    await expect(read('openapi/patients.yaml', line, `${line}      x-raw-body: true\n`)).rejects.toThrow(
      'createPatient: x-raw-body is for a public operation',
    )
  })

  test('fails when a code stands under a status that is not its own', async () => {
    await expect(read('openapi/patients.yaml', /'409':/, "'400':")).rejects.toThrow(
      /DUPLICATE_MRN belongs to 409, not 400/,
    )
  })

  test.each([
    [
      'stands before JSON',
      /(\n {12}application\/json:\n {14}schema: \{ \$ref: '#\/schemas\/AppointmentDetail' \})(\n {12}text\/calendar:\n {14}schema: \{ \$ref: '#\/schemas\/Calendar' \})/,
      '$2$1',
      'getAppointment: application/json must come first',
    ],
    [
      'is no text',
      'text/calendar:\n              schema',
      'application/pdf:\n              schema',
      'getAppointment: beside JSON only a GET may answer something else, and only texts',
    ],
  ])('fails when a further form of an answer %s', async (_what, from, to, message) => {
    await expect(read('openapi/appointments.yaml', from, to)).rejects.toThrow(message)
  })

  describe('of an operation that moves a file', () => {
    test('keeps it out of the SDK, and gives it no schema to validate', async () => {
      const { operations } = await readContract(join(copy, 'openapi.yaml'), root)
      expect(operations.find(({ id }) => id === 'uploadBlob')).toMatchObject({
        sdk: undefined,
        body: undefined,
        bodyType: 'application/octet-stream',
      })
      expect(operations.find(({ id }) => id === 'downloadBlob')).toMatchObject({
        sdk: undefined,
        success: { contentType: '*/*', schema: undefined },
      })
    })

    test.each([
      ['a transaction', 'x-tenancy: none', 'x-tenancy: person', 'uploadBlob: moves a file, so its x-tenancy'],
      [
        'an audit row',
        'x-audit: false',
        'x-audit: { action: CREATE, resource: BLOB }',
        'x-audit must be false',
      ],
      ['a method of the SDK', 'x-sdk: false', 'x-sdk: blobs.upload', 'x-sdk must be false'],
      ['an idempotency key', 'x-idempotent: false', 'x-idempotent: true', 'x-idempotent must be false'],
      ['another media type', 'octet-stream', 'pdf', 'a body is application/json or application/octet-stream'],
    ])('fails when it has %s', async (_what, from, to, message) => {
      await expect(read('openapi/blobs.yaml', from, to)).rejects.toThrow(message)
    })

    test('fails when it does not declare what a body can be refused with', async () => {
      await expect(read('openapi/blobs.yaml', /\n\s+'413':[^\n]+/, '')).rejects.toThrow(
        'uploadBlob: its gates can answer PAYLOAD_TOO_LARGE',
      )
    })
  })

  test('fails when an open operation and its security disagree', async () => {
    await expect(read('openapi/health.yaml', 'security: []', 'security: [{ bearer: [] }]')).rejects.toThrow(
      '"security: []" and "x-access: { public: true }" go together',
    )
  })
})
