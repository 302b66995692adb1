import { describe, expect, test } from 'vitest'
import { createPasswords } from './passwords.ts'

const passwords = createPasswords()

test('a hash is argon2id with OWASP costs and verifies only its password', async () => {
  const hash = await passwords.hash('otter-lantern-basalt')
  expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
  expect(await passwords.verify(hash, 'otter-lantern-basalt')).toBe(true)
  expect(await passwords.verify(hash, 'otter-lantern-basalT')).toBe(false)
})

test('the same letters in another Unicode form are the same password', async () => {
  const hash = await passwords.hash('caf\u00e9-lantern-basalt')
  expect(await passwords.verify(hash, 'cafe\u0301-lantern-basalt')).toBe(true)
})

test('nobody has every password', async () => {
  expect(await passwords.verify(null, '')).toBe(false)
  expect(await passwords.verify(null, 'otter-lantern-basalt')).toBe(false)
})

test('an unknown account costs as much time as a known one', async () => {
  const hash = await passwords.hash('otter-lantern-basalt')
  const median = async (stored: string | null) => {
    const times: number[] = []
    for (let i = 0; i < 9; i++) {
      const begun = performance.now()
      await passwords.verify(stored, 'wrong-lantern-basalt')
      times.push(performance.now() - begun)
    }
    return times.sort((a, b) => a - b)[4] ?? 0
  }
  const ratio = (await median(null)) / (await median(hash))
  // Loose, for busy machines: skipping the hash would give about 0.
  expect(ratio).toBeGreaterThan(0.4)
  expect(ratio).toBeLessThan(2.5)
})

describe('what must not be a password', () => {
  test.each([
    ['short', 'only-eleven'],
    ['in the list', 'qwertyuiop123456'],
    ['a listed one with a tail', 'Password1234!'],
    ['a listed one twice', 'dragondragon'],
    ['one character', 'zzzzzzzzzzzz'],
    ['a row', 'abcdefghijklm'],
    ['a row of digits', '123456789012'],
  ])('%s', async (_why, password) => {
    expect(await passwords.weakness(password)).toBeTypeOf('string')
  })

  test('the own name or e-mail address', async () => {
    const personal = ['ada.moreau@example.com', 'Ada Moreau-Longname']
    expect(await passwords.weakness('ada.moreau@example.com', personal)).toBeTypeOf('string')
    expect(await passwords.weakness('moreau-longname99', personal)).toBeTypeOf('string')
  })

  test.each(['otter-lantern-basalt-47', 'wardline-demo-2026', 'пароль моей бабушки', 'x7$kQ2!vR9#m'])(
    '%s is none of them',
    async (password) => {
      expect(await passwords.weakness(password, ['ada@example.com', 'Ada'])).toBeUndefined()
    },
  )
})
