import { describe, expect, test } from 'vitest'
import { Problem } from '../../http/problem.ts'
import { readContacts, refuseBirth, refuseOwnUpdate } from './policy.ts'

const contact = {
  id: '01934f6e-8d2a-7c41-9a57-0f6f2b7c1d13',
  type: 'MOBILE',
  value: '+12125550123',
  is_primary: true,
  is_safe_for_voicemail: false,
} as const

const errorsOf = (read: ReturnType<typeof readContacts>) =>
  read instanceof Problem ? read.extra.errors : undefined

describe('contact methods of a new patient', () => {
  test('have one primary of each type, and none twice', () => {
    expect(readContacts([contact, { ...contact, type: 'HOME' }], 'US')).toHaveLength(2)
    expect(errorsOf(readContacts([contact, { ...contact, value: '+12125550124' }], 'US'))).toEqual([
      { pointer: '/contact_methods/1/is_primary', message: 'there is a primary MOBILE already' },
    ])
    const twice = [contact, { ...contact, value: '(212) 555-0123', is_primary: false }]
    expect(errorsOf(readContacts(twice, 'US'))).toEqual([
      { pointer: '/contact_methods/1/value', message: 'is there already' },
    ])
  })

  test('hold what their type says', () => {
    const wrong = [
      { ...contact, type: 'EMAIL' as const },
      { ...contact, value: 'ada@example.com' },
    ]
    expect(errorsOf(readContacts(wrong, 'US'))?.map(({ pointer }) => pointer)).toEqual([
      '/contact_methods/0/value',
      '/contact_methods/1/value',
    ])
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
