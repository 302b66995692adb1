import { describe, expect, test } from 'vitest'
import { isDea, isNpi, refuseProvider } from './policy.ts'

describe('an NPI', () => {
  test('has ten digits and the check digit of the standard', () => {
    // The example of the standard itself.
    expect(isNpi('1234567893')).toBe(true)
    expect(isNpi('1245319599')).toBe(true)
    for (const wrong of [
      '1234567890',
      '1234567839',
      '123456789',
      '12345678933',
      '3234567893',
      '',
      'abcdefghij',
    ])
      expect(isNpi(wrong), wrong).toBe(false)
  })
})

describe('a DEA number', () => {
  test('has its check digit', () => {
    expect(isDea('AB1234563')).toBe(true)
    expect(isDea('F91234563')).toBe(true)
    for (const wrong of ['AB1234564', 'AB2134563', 'A11234563', 'AB123456', ''])
      expect(isDea(wrong), wrong).toBe(false)
  })
})

test('a provider has one licence a state', () => {
  const license = { state: 'NY', license_number: '1', expiry: '2030-01-01' } as const
  expect(refuseProvider({ state_licenses: [license, { ...license, state: 'NJ' }] })).toBeUndefined()
  const refusal = refuseProvider({
    npi_number: '1234567890',
    dea_number: 'AB1234564',
    state_licenses: [license, license],
  })
  expect(refusal?.extra.errors?.map(({ pointer }) => pointer)).toEqual([
    '/state_licenses/1/state',
    '/npi_number',
    '/dea_number',
  ])
  expect(refuseProvider({ dea_number: null })).toBeUndefined()
})
