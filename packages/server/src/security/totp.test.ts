import { Secret } from 'otpauth'
import { describe, expect, test } from 'vitest'
import { hashBackupCode, isTotpCode, matchTotpStep, newBackupCodes, newTotpSecret, totpUri } from './totp.ts'

// RFC 6238, appendix B: the SHA-1 vectors, last six of the eight digits.
const secret = Secret.fromLatin1('12345678901234567890').base32
const at = (seconds: number) => new Date(seconds * 1000)

describe('RFC 6238', () => {
  test.each([
    [59, '287082'],
    [1111111109, '081804'],
    [1111111111, '050471'],
    [1234567890, '005924'],
    [2000000000, '279037'],
    [20000000000, '353130'],
  ])('at %i seconds the code is %s', (seconds, code) => {
    expect(matchTotpStep(secret, code, at(seconds), null)).toBe(Math.floor(seconds / 30))
  })
})

describe('the window', () => {
  const code = '081804'
  const step = Math.floor(1111111109 / 30)

  test.each([-30, 0, 30])('a clock %i seconds off is let through', (drift) => {
    expect(matchTotpStep(secret, code, at(1111111109 + drift), null)).toBe(step)
  })

  test.each([-60, 60])('a clock %i seconds off is not', (drift) => {
    expect(matchTotpStep(secret, code, at(1111111109 + drift), null)).toBeUndefined()
  })

  test('a step is never accepted twice, nor one before it', () => {
    expect(matchTotpStep(secret, code, at(1111111109), step - 1)).toBe(step)
    expect(matchTotpStep(secret, code, at(1111111109), step)).toBeUndefined()
    expect(matchTotpStep(secret, code, at(1111111109), step + 1)).toBeUndefined()
  })

  test('a wrong code matches nothing', () => {
    expect(matchTotpStep(secret, '000000', at(1111111109), null)).toBeUndefined()
    expect(matchTotpStep(secret, '', at(1111111109), null)).toBeUndefined()
  })
})

test('a new secret has 160 bits and makes a link that authenticators open', () => {
  const fresh = newTotpSecret()
  expect(fresh).toMatch(/^[A-Z2-7]{32}$/)
  expect(newTotpSecret()).not.toBe(fresh)
  const uri = new URL(totpUri(fresh, 'ada@example.com'))
  expect(uri.protocol).toBe('otpauth:')
  expect(Object.fromEntries(uri.searchParams)).toMatchObject({
    secret: fresh,
    issuer: 'Wardline',
    period: '30',
    digits: '6',
  })
})

describe('backup codes', () => {
  const userId = '01934f6e-8d2a-7c41-9a57-0f6f2b7c1d20'

  test('there are eight different ones, readable from paper', () => {
    const codes = newBackupCodes()
    expect(new Set(codes).size).toBe(8)
    for (const code of codes) {
      expect(code).toMatch(/^[A-HJKMNP-TV-Z2-9]{5}-[A-HJKMNP-TV-Z2-9]{5}$/)
      expect(isTotpCode(code)).toBe(false)
    }
  })

  test('a hash is found again whatever the case and the dash, and differs from person to person', async () => {
    const stored = await hashBackupCode(userId, '7KQ2M-XW9TD')
    expect(stored).toHaveLength(32)
    expect(await hashBackupCode(userId, '7kq2mxw9td')).toEqual(stored)
    expect(await hashBackupCode(userId, '7KQ2M-XW9TE')).not.toEqual(stored)
    expect(await hashBackupCode(userId.replace('20', '21'), '7KQ2M-XW9TD')).not.toEqual(stored)
  })
})
