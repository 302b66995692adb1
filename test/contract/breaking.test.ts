import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { breakingChanges } from '../../scripts/breaking.ts'

const root = join(import.meta.dirname, '../..')
const present = readFileSync(join(root, 'packages/server/src/generated/openapi.json'), 'utf8')
const contract = () => JSON.parse(present)

type Contract = ReturnType<typeof contract>
const patients = '/api/organizations/{org_id}/patients'

/** The present contract after somebody's change. */
const changed = (change: (contract: Contract) => void): readonly string[] => {
  const now = contract()
  change(now)
  return breakingChanges(contract(), now)
}

describe('what breaks clients of the last release', () => {
  test('the contract does not', () => {
    const released = JSON.parse(readFileSync(join(root, 'openapi/released.json'), 'utf8'))
    expect(Object.keys(released.paths).length).toBeGreaterThan(50)
    expect(breakingChanges(released, contract())).toEqual([])
  })

  test.each<[string, (contract: Contract) => void, string]>([
    ['a path that is gone', (c) => delete c.paths[patients], 'listPatients: GET'],
    ['an operation that is gone', (c) => delete c.paths[patients].post, 'createPatient: POST'],
    [
      'another name',
      (c) => {
        c.paths[patients].get.operationId = 'findPatients'
      },
      'listPatients: is now findPatients',
    ],
    [
      'another method of the SDK',
      (c) => {
        c.paths[patients].get['x-sdk'] = 'patients.find'
      },
      'x-sdk was patients.list',
    ],
    [
      'a role that may no longer call',
      (c) => c.paths[patients].get['x-access'].organization.pop(),
      'no longer for CALL_CENTER_AGENT',
    ],
    [
      'an impersonator who may no longer call',
      (c) => {
        c.paths[patients].get['x-impersonation'] = 'forbidden'
      },
      'x-impersonation was allowed',
    ],
    [
      'a code that is asked for now',
      (c) => {
        c.paths[patients].get['x-step-up'] = true
      },
      'x-step-up was undefined, is true',
    ],
    [
      'an idempotency key that no longer counts',
      (c) => {
        c.paths[patients].post['x-idempotent'] = false
      },
      'x-idempotent was true',
    ],
    [
      'a parameter that is gone',
      (c) => {
        c.paths[patients].get.parameters = c.paths[patients].get.parameters.filter(
          ({ name }: { name?: string }) => name !== 'search',
        )
      },
      'the parameter query search is gone',
    ],
    [
      'a new parameter that is needed',
      (c) =>
        c.paths[patients].get.parameters.push({
          name: 'reason',
          in: 'query',
          required: true,
          schema: { type: 'string' },
        }),
      'needs the new parameter query reason',
    ],
    [
      'a field that must be sent now',
      (c) => c.components.schemas.PatientCreate.required.push('legal_sex'),
      'body/legal_sex is now required',
    ],
    [
      'a field that may no longer be sent',
      (c) => delete c.components.schemas.PatientCreate.properties.legal_sex,
      'body/legal_sex is gone',
    ],
    [
      'less room',
      (c) => {
        c.components.schemas.PatientCreate.properties.first_name = { type: 'string', maxLength: 5 }
      },
      'body/first_name: maxLength is now 5',
    ],
    [
      'a field that no longer comes',
      (c) => delete c.components.schemas.PatientDetail.properties.dob,
      '201/dob is gone',
    ],
    [
      'a field that comes only sometimes',
      (c) => {
        const schema = c.components.schemas.PatientDetail
        schema.required = schema.required.filter((name: string) => name !== 'dob')
      },
      'dob is no longer always there',
    ],
    [
      'another type',
      (c) => {
        c.components.schemas.PatientDetail.properties.dob = { type: 'integer' }
      },
      'was string, is integer',
    ],
    [
      'another status',
      (c) => {
        const { responses } = c.paths[patients].post
        responses['200'] = responses['201']
        delete responses['201']
      },
      'createPatient: no longer answers 201',
    ],
    [
      'a kind of event that is gone',
      (c) => c.components.schemas.StreamEvent.oneOf.shift(),
      'a part of oneOf is gone',
    ],
  ])('%s does', (_name, change, message) => {
    expect(changed(change).join('\n')).toContain(message)
  })

  test('additions do not', () => {
    const additions = changed((c) => {
      c.paths['/api/new'] = { get: { operationId: 'getNew', responses: { '200': {} } } }
      c.paths[patients].get.parameters.push({ name: 'sort', in: 'query', schema: { type: 'string' } })
      c.components.schemas.PatientCreate.properties.nickname = { type: 'string' }
      c.components.schemas.PatientDetail.properties.nickname = { type: 'string' }
      c.components.schemas.PatientDetail.required.push('nickname')
      c.paths[patients].post['x-access'].organization.push('AUDITOR')
      c.components.schemas.StreamEvent.oneOf.unshift({ type: 'object' })
    })
    expect(additions).toEqual([])
  })
})
