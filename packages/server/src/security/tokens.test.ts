import { decodeJwt, decodeProtectedHeader, importJWK, SignJWT, UnsecuredJWT } from 'jose'
import { describe, expect, test } from 'vitest'
import { generateKeyRing, rotateKeyRing } from './keys.ts'
import {
  createTokens,
  hashOpaqueToken,
  newOpaqueToken,
  newRefreshFamily,
  newRefreshToken,
  refreshFamilyOf,
} from './tokens.ts'

const now = new Date('2026-03-02T14:30:00.000Z')
const later = (seconds: number) => new Date(now.getTime() + seconds * 1000)
const keys = generateKeyRing(now)
const settings = { issuer: 'wardline', audience: 'wardline', accessSeconds: 600 }
const tokens = createTokens(keys, settings)
const subject = { userId: 'user-1', sessionId: 'session-1', tokenId: 'token-1' }

const signWith = async (claims: Record<string, unknown>, header: Record<string, unknown> = {}) => {
  const [signer] = keys.signing
  if (signer === undefined) expect.unreachable()
  return new SignJWT({
    sub: 'user-1',
    sid: 's',
    jti: 'j',
    iss: 'wardline',
    aud: 'wardline',
    exp: 9e9,
    ...claims,
  })
    .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid: signer.kid, ...header })
    .sign(await importJWK({ ...signer.privateJwk }, 'EdDSA'))
}

describe('an access token', () => {
  test('says who, in which session, for ten minutes', async () => {
    const token = await tokens.issueAccess(subject, now)
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'EdDSA', typ: 'at+jwt', kid: keys.signing[0]?.kid })
    const exp = now.getTime() / 1000 + 600
    expect(await tokens.verifyAccess(token, later(599))).toEqual({
      status: 'valid',
      claims: { sub: 'user-1', sid: 'session-1', jti: 'token-1', exp },
    })
  })

  test('expires on the second, also when it was verified before', async () => {
    const token = await tokens.issueAccess(subject, now)
    expect((await tokens.verifyAccess(token, now)).status).toBe('valid')
    expect((await tokens.verifyAccess(token, later(600))).status).toBe('expired')
    expect((await createTokens(keys, settings).verifyAccess(token, later(600))).status).toBe('expired')
  })

  test('of an impersonation names the administrator and ends with it', async () => {
    const impersonation = { id: 'imp-1', adminUserId: 'admin-1', patientId: 'patient-1' }
    const token = await tokens.issueAccess({ ...subject, impersonation }, now, later(3600))
    expect(decodeJwt(token)).toMatchObject({ act_as: 'patient-1', impersonator_id: 'admin-1' })
    const verified = await tokens.verifyAccess(token, later(3599))
    expect(verified).toMatchObject({ status: 'valid', claims: { imp: { id: 'imp-1', by: 'admin-1' } } })
    expect((await tokens.verifyAccess(token, later(3600))).status).toBe('expired')
  })

  test('still verifies after the key was rotated, and not after the key is gone', async () => {
    const token = await tokens.issueAccess(subject, now)
    const rotated = rotateKeyRing(keys, { signing: true }, now)
    expect((await createTokens(rotated, settings).verifyAccess(token, now)).status).toBe('valid')
    expect((await createTokens(generateKeyRing(now), settings).verifyAccess(token, now)).status).toBe(
      'invalid',
    )
  })
})

describe('refused', () => {
  test('a token of another issuer, audience or kind', async () => {
    expect((await tokens.verifyAccess(await signWith({}), now)).status).toBe('valid')
    expect((await tokens.verifyAccess(await signWith({ iss: 'other' }), now)).status).toBe('invalid')
    expect((await tokens.verifyAccess(await signWith({ aud: 'other' }), now)).status).toBe('invalid')
    expect((await tokens.verifyAccess(await signWith({}, { typ: 'JWT' }), now)).status).toBe('invalid')
  })

  test('a token without session, or with half an impersonation', async () => {
    expect((await tokens.verifyAccess(await signWith({ sid: undefined }), now)).status).toBe('invalid')
    expect((await tokens.verifyAccess(await signWith({ exp: undefined }), now)).status).toBe('invalid')
    expect((await tokens.verifyAccess(await signWith({ impersonation_id: 'i' }), now)).status).toBe('invalid')
  })

  test('an unsigned or changed token, and anything that is none', async () => {
    const token = await tokens.issueAccess(subject, now)
    const [header = '', payload = '', signature = ''] = token.split('.')
    const forged = Buffer.from(JSON.stringify({ ...decodeJwt(token), sub: 'user-2' })).toString('base64url')
    const unsecured = new UnsecuredJWT({ sub: 'user-1', sid: 's' }).setExpirationTime('1h').encode()
    for (const text of [
      `${header}.${forged}.${signature}`,
      `${header}.${payload}.`,
      unsecured,
      '',
      'a.b.c',
      '....',
      '{}',
    ])
      expect(await tokens.verifyAccess(text, now)).toEqual({ status: 'invalid' })
  })
})

test('the memory of verified tokens is bounded', async () => {
  const small = createTokens(keys, { ...settings, remembered: 2 })
  const issued = await Promise.all(
    [1, 2, 3, 4].map((n) => small.issueAccess({ ...subject, tokenId: `token-${n}` }, now)),
  )
  for (const token of [...issued, ...issued])
    expect((await small.verifyAccess(token, now)).status).toBe('valid')
})

test('the published keys are public, the signing one first', () => {
  const rotated = rotateKeyRing(keys, { signing: true }, now)
  const published = createTokens(rotated, settings).jwks()
  expect(published.map(({ kid }) => kid)).toEqual(rotated.signing.map(({ kid }) => kid))
  for (const key of published)
    expect(Object.keys(key).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x'])
})

describe('opaque tokens', () => {
  test('have 256 random bits, of which the hash alone is kept', () => {
    const token = newOpaqueToken()
    expect(token).toMatch(/^[\w-]{43}$/)
    expect(newOpaqueToken()).not.toBe(token)
    expect(hashOpaqueToken(token)).toHaveLength(32)
  })

  test('refresh tokens of one session share their family', () => {
    const family = newRefreshFamily()
    const [first, second] = [newRefreshToken(family), newRefreshToken(family)]
    expect(first).toMatch(/^[\w-]{22}\.[\w-]{43}$/)
    expect(first).not.toBe(second)
    expect(refreshFamilyOf(first)).toBe(family)
    expect(refreshFamilyOf(second)).toBe(family)
    expect(newRefreshFamily()).not.toBe(family)
  })
})
