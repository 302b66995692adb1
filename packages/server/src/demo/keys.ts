import { createHash, createPrivateKey } from 'node:crypto'
import { type KeyRing, parseKeyRing } from '../security/keys.ts'

/**
 * The keys of the embedded demo: derived from public text, so that tokens and second factors outlive a restart.
 * Worth nothing as secrets; only the demo's start may use them.
 */
export function demoKeyRing(): KeyRing {
  const bytes = (name: string) => createHash('sha256').update(`wardline demo ${name}`).digest()
  // RFC 8410: these bytes before an Ed25519 seed make it a PKCS #8 key.
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), bytes('signing')])
  const { x, d } = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }).export({ format: 'jwk' })
  const kid = createHash('sha256')
    .update(JSON.stringify({ crv: 'Ed25519', kty: 'OKP', x }))
    .digest('base64url')
  const ring = {
    signing: [
      { kid, privateJwk: { kty: 'OKP', crv: 'Ed25519', x, d }, createdAt: '2026-01-01T00:00:00.000Z' },
    ],
    encryption: [{ kid: 'demo', key: bytes('encryption').toString('base64url') }],
  }
  return parseKeyRing(JSON.stringify(ring), 'The demo')
}
