import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { createCipher } from './cipher.ts'

const key = (kid: string) => ({ kid, key: randomBytes(32).toString('base64url') })
const old = key('2025')
const current = key('2026')
const cipher = createCipher({ encryption: [current, old] })

test('what was encrypted decrypts in its context', () => {
  const sealed = cipher.encrypt('JBSWY3DPEHPK3PXP', 'user 1')
  expect(sealed).toMatch(/^2026\./)
  expect(sealed).not.toContain('JBSWY3DPEHPK3PXP')
  expect(cipher.decrypt(sealed, 'user 1')).toBe('JBSWY3DPEHPK3PXP')
})

test('the same secret never looks the same twice', () => {
  expect(cipher.encrypt('secret', 'user 1')).not.toBe(cipher.encrypt('secret', 'user 1'))
})

test('a row copied to another person does not decrypt', () => {
  expect(() => cipher.decrypt(cipher.encrypt('secret', 'user 1'), 'user 2')).toThrow()
})

test.each([0, 1, 2, 3])('a change in part %i is noticed', (part) => {
  const parts = cipher.encrypt('secret', 'user 1').split('.')
  const text = parts[part] ?? ''
  parts[part] = (text.startsWith('A') ? 'B' : 'A') + text.slice(1)
  expect(() => cipher.decrypt(parts.join('.'), 'user 1')).toThrow()
})

test('after a rotation older secrets still decrypt, until their key is gone', () => {
  const sealed = createCipher({ encryption: [old] }).encrypt('secret', 'user 1')
  expect(cipher.decrypt(sealed, 'user 1')).toBe('secret')
  expect(() => createCipher({ encryption: [current] }).decrypt(sealed, 'user 1')).toThrow('2025')
})
