import { describe, expect, test } from 'vitest'
import { refuseBirth, refuseContacts, refuseOwnUpdate } from './policy.ts'

const contact = {
  type: 'MOBILE',
  value: '+12125550123',
  is_primary: true,
  is_safe_for_voicemail: false,
} as const

describe('contact methods of a new patient', () => {
  test('have one primary of each type', () => {
    expect(refuseContacts([contact, { ...contact, type: 'HOME' }])).toBeUndefined()
    expect(refuseContacts([contact, contact])?.extra.errors).toEqual([
      { pointer: '/contact_methods/1/is_primary', message: 'there is a primary MOBILE already' },
    ])
  })

  test('hold what their type says', () => {
    const pointers = refuseContacts([
      { ...contact, type: 'EMAIL' },
      { ...contact, value: 'ada@example.com' },
    ])?.extra.errors?.map(({ pointer }) => pointer)
    expect(pointers).toEqual(['/contact_methods/0/value', '/contact_methods/1/value'])
  })
})

describe('a patient', () => {
  const as = { kind: 'patient', organizationId: 'o', patients: [] } as const

  test('changes the own name and nothing else', () => {
    expect(refuseOwnUpdate(as, { first_name: 'Ada', last_name: 'Reed' })).toBeUndefined()
    expect(refuseOwnUpdate(as, { first_name: 'Ada', dob: '1984-07-21' })?.code).toBe('FORBIDDEN')
    expect(
      refuseOwnUpdate({ kind: 'member', organizationId: 'o', role: 'STAFF' }, { dob: '1984-07-21' }),
    ).toBeUndefined()
  })

  test('is not born tomorrow', () => {
    const now = new Date('2026-03-02T14:30:00.000Z')
    expect(refuseBirth('2026-03-02', now)).toBeUndefined()
    expect(refuseBirth(undefined, now)).toBeUndefined()
    expect(refuseBirth('2026-03-05', now)?.code).toBe('VALIDATION_ERROR')
    expect(refuseBirth('1066-10-14', now)?.code).toBe('VALIDATION_ERROR')
  })
})
