import { chmodSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { demoKeyRing } from '../demo/keys.ts'
import {
  generateKeyRing,
  keyRingJson,
  parseKeyRing,
  pruneKeyRing,
  readKeyRing,
  rotateKeyRing,
  writeKeyRing,
} from './keys.ts'

const HOUR = 3_600_000

test('a ring survives being written and read, in a file for its owner alone', () => {
  const folder = mkdtempSync(join(tmpdir(), 'wardline-keys-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'keys.json')
  const ring = generateKeyRing()
  writeKeyRing(file, ring, false)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(readKeyRing(file)).toEqual(ring)
  expect(() => writeKeyRing(file, ring, false)).toThrow('it exists already')
  const rotated = rotateKeyRing(ring, { signing: true })
  writeKeyRing(file, rotated, true)
  expect(readKeyRing(file)).toEqual(rotated)

  chmodSync(file, 0o640)
  expect(() => readKeyRing(file)).toThrow(`run "chmod 600 ${file}"`)
  expect(() => readKeyRing(join(folder, 'none'))).toThrow('cannot be read (ENOENT)')
})

test('rotation puts new keys in front and keeps the old for verifying and decrypting', () => {
  const ring = generateKeyRing()
  const rotated = rotateKeyRing(ring, { signing: true, encryption: true })
  expect(rotated.signing.slice(1)).toEqual(ring.signing)
  expect(rotated.encryption.slice(1)).toEqual(ring.encryption)
  expect(rotateKeyRing(ring, { encryption: true }).signing).toEqual(ring.signing)
})

test('pruning drops signing keys that were replaced over a day ago, and never an encryption key', () => {
  const now = Date.now()
  const at = (hoursAgo: number) => new Date(now - hoursAgo * HOUR)
  let ring = generateKeyRing(at(100))
  ring = rotateKeyRing(ring, { signing: true, encryption: true }, at(30))
  ring = rotateKeyRing(ring, { signing: true }, at(2))
  const pruned = pruneKeyRing(ring, new Date(now))
  expect(pruned.signing).toEqual(ring.signing.slice(0, 2))
  expect(pruned.encryption).toEqual(ring.encryption)
})

test('a damaged ring is told in a sentence that holds no key', () => {
  const ring = generateKeyRing()
  const [signing] = ring.signing
  const [other] = generateKeyRing().signing
  const [encryption] = ring.encryption
  const broken: [unknown, string][] = [
    ['{', 'it is not JSON'],
    [[], 'it is not a JSON object'],
    [{ ...ring, signing: [] }, '"signing" must be a list of at least one key'],
    [{ ...ring, signing: [{ ...signing, kid: 'x' }] }, 'signing key 1 has a "kid" that does not match'],
    [
      { ...ring, signing: [{ ...signing, privateJwk: { ...signing?.privateJwk, x: other?.publicJwk.x } }] },
      'signing key 1 ',
    ],
    [{ ...ring, encryption: [{ kid: 'a', key: 'short' }] }, 'encryption key 1 is not 32 bytes in base64url'],
    [{ ...ring, encryption: [encryption, encryption] }, 'two keys have the same "kid"'],
  ]
  for (const [value, sentence] of broken) {
    const json = typeof value === 'string' ? value : JSON.stringify(value)
    expect(() => parseKeyRing(json, 'WARDLINE_KEYS')).toThrow(
      `WARDLINE_KEYS is not a usable key ring: ${sentence}`,
    )
  }
  expect(parseKeyRing(keyRingJson(ring), 'WARDLINE_KEYS')).toEqual(ring)
})

test("the demo's keys are the same at each start, so that its tokens outlive a restart", () => {
  expect(demoKeyRing()).toEqual(demoKeyRing())
})
