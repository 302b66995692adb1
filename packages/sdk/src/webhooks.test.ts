import { describe, expect, it } from 'vitest'
import { redact } from './errors.ts'
import { signWebhook, verifyWebhook, WebhookVerificationError } from './index.ts'

const secret = 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDbyoHqQ+Un5o='
const other = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo='
const at = Date.parse('2026-03-02T14:30:00.000Z')
const event = {
  id: '731.42',
  event: 'member.joined',
  data: { organization_id: 'o1', member_id: 'm1', user_id: 'u1', role: 'STAFF' },
}
const body = JSON.stringify(event)
const signed = (more: Partial<Parameters<typeof signWebhook>[1]> = {}, payload = body) =>
  signWebhook(payload, { id: event.id, secret, at, ...more })
const now = at + 1000
const reason = (verified: Promise<unknown>) =>
  verified.then(
    () => 'accepted',
    (error: unknown) => (error instanceof WebhookVerificationError ? error.reason : String(error)),
  )

describe('verifyWebhook', () => {
  it('answers the event, of a text, of bytes, of headers in any form', async () => {
    const headers = await signed()
    const upper = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name.toUpperCase(), [value]]),
    )
    for (const given of [headers, new Headers(headers), upper])
      for (const payload of [body, new TextEncoder().encode(body)])
        expect(await verifyWebhook(payload, given, secret, { now })).toEqual(event)
    const verified = await verifyWebhook(body, headers, secret, { now })
    // Compiles only when told apart by its type.
    if (verified.event === 'member.joined') expect(verified.data.role).toBe('STAFF')
  })

  it('signs as the scheme says', async () => {
    // The example of the specification's own tests.
    const example = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
    const headers = await signWebhook('{"test": 2432232314}', {
      id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      secret: example,
      at: 1_614_265_330_000,
    })
    expect(headers).toEqual({
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    })
  })

  it('takes either signature after a rotation, and either secret while changing over', async () => {
    const [first, second] = [await signed(), await signed({ secret: other })]
    const both = {
      ...first,
      'webhook-signature': `${second['webhook-signature']} ${first['webhook-signature']}`,
    }
    for (const one of [secret, other]) expect(await verifyWebhook(body, both, one, { now })).toEqual(event)
    expect(await verifyWebhook(body, first, [other, secret], { now })).toEqual(event)
    expect(await reason(verifyWebhook(body, first, other, { now }))).toBe('WRONG_SIGNATURE')
  })

  it('refuses what was changed: body, id, time, signature, or its version', async () => {
    const headers = await signed()
    const change = (name: string, value: string) => ({ ...headers, [name]: value })
    const wrong = [
      verifyWebhook(body.replace('STAFF', 'ADMIN'), headers, secret, { now }),
      verifyWebhook(body, change('webhook-id', '731.43'), secret, { now }),
      verifyWebhook(body, change('webhook-timestamp', String(at / 1000 + 1)), secret, { now }),
      verifyWebhook(body, change('webhook-signature', 'v1,AAAA'), secret, { now }),
      verifyWebhook(body, change('webhook-signature', 'v1,!!! v1 ,'), secret, { now }),
      verifyWebhook(
        body,
        change('webhook-signature', headers['webhook-signature'].replace('v1', 'v2')),
        secret,
        {
          now,
        },
      ),
    ]
    expect(new Set(await Promise.all(wrong.map(reason)))).toEqual(new Set(['WRONG_SIGNATURE']))
  })

  it('refuses what is old or from the future, beyond the tolerance', async () => {
    const headers = await signed()
    const check = (offset: number, tolerance?: number) =>
      reason(verifyWebhook(body, headers, secret, { now: at + offset * 1000, tolerance }))
    expect([await check(299), await check(301), await check(-299), await check(-301)]).toEqual([
      'accepted',
      'TOO_OLD',
      'accepted',
      'TOO_NEW',
    ])
    expect([await check(9, 10), await check(11, 10)]).toEqual(['accepted', 'TOO_OLD'])
    const broken = { ...headers, 'webhook-timestamp': '1e9' }
    expect(await reason(verifyWebhook(body, broken, secret, { now }))).toBe('BAD_TIMESTAMP')
  })

  it('says when a header is missing, and when what is signed is no event, or another than its id says', async () => {
    const { 'webhook-signature': _, ...without } = await signed()
    expect(await reason(verifyWebhook(body, without, secret, { now }))).toBe('MISSING_HEADERS')
    for (const payload of ['', 'no', '{}', '[]', 'null', body.replace('731.42', '731.43')])
      expect(await reason(verifyWebhook(payload, await signed({}, payload), secret, { now }))).toBe(
        'NOT_AN_EVENT',
      )
  })

  it('calls a bad secret the caller’s mistake, and never shows it', async () => {
    for (const bad of ['', 'whsec_', 'whsec_!!!']) {
      const failed = await verifyWebhook(body, await signed(), bad, { now }).catch((error: unknown) => error)
      expect(failed).toMatchObject({ name: 'WardlineError', message: 'The secret is not like whsec_…' })
    }
    expect(redact(`signed with ${secret}, it`)).toBe('signed with [redacted], it')
  })
})
