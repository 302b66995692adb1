import { expect, test } from 'vitest'
import { createLog } from './log.ts'
import { redact } from './redact.ts'

/** What one call of the log writes, parsed. */
function logged(fields: object, message = 'said'): Record<string, unknown> {
  const lines: string[] = []
  createLog('info', { write: (line: string) => lines.push(line) }).info(fields, message)
  expect(lines).toHaveLength(1)
  return JSON.parse(lines[0] ?? '')
}

const jwt = 'eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJlLXBhcnQ'

/** [what it is, the text, what must not be left of it] */
const secrets: readonly (readonly [what: string, text: string, secret: string])[] = [
  ['a JWT', `token ${jwt} was refused`, 'eyJ'],
  ['a JWT without a signature', 'got eyJhbGciOiJub25lIn0.eyJzdWIiOiJyb290In0.', 'eyJ'],
  ['a bearer token', 'Authorization: Bearer c0ffee.opaque-token_1', 'c0ffee'],
  ['a bearer token in lower case', 'authorization: bearer 0a1b2c3d4e5f', '0a1b2c3d'],
  ['basic credentials', 'Authorization: Basic dXNlcjpwYXNzd29yZA==', 'dXNlcjpwYXNz'],
  ['an API key of ours', 'the key wlk_live_9fK2mQ7xT4vB1nZ8 is unknown', '9fK2mQ7xT4vB1nZ8'],
  ['the secret of a webhook', 'signed with whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD', 'C2FVsBQ'],
  ['a key of Stripe', 'sk_live_51H8xYz2eZvKYlo2C was revoked', '51H8xYz'],
  ['a key of OpenAI', 'Incorrect API key provided: sk-proj-abcdef1234567890', 'abcdef1234567890'],
  ['a key of AWS', 'The key AKIAIOSFODNN7EXAMPLE does not exist', 'AKIAIOSF'],
  ['a token of GitHub', 'ghp_16C7e42F292c6912E7710c838347Ae178B4a', '16C7e42F'],
  ['the URL of a database', 'connect postgres://ward:hunter2@db.internal:5432/ward failed', 'hunter2'],
  ['a password with an @ in it', 'postgresql://ward:p@ss@w0rd@db:5432/ward', 'w0rd'],
  ['a password with a / in it', 'postgres://ward:pa/ss@db/ward', 'pa/ss'],
  ['the URL of Redis, without a user', 'redis://:s3cret-pass@cache:6379', 's3cret-pass'],
  ['the URL of a mail server', 'smtps://mail%40clinic.example:pa%3Ass@smtp.example:465', 'pa%3Ass'],
  ['a connection string in words', 'host=db password=hunter2 user=ward', 'hunter2'],
  ['an e-mail address', 'no such user maria.o-neil+test@clinic.example.org', 'maria'],
  ['an e-mail address in brackets', '550 <pat.ient@mail.example>: unknown', 'pat.ient'],
  ['a phone number', 'could not call 617-555-0123', '555-0123'],
  ['a phone number with brackets', 'could not call (617) 555-0123.', '555-0123'],
  ['a phone number with dots', 'could not call 617.555.0123', '555.0123'],
  ['a phone number in E.164', 'could not call +16175550123', '6175550123'],
  ['a phone number abroad', 'could not call +44 20 7946 0958', '7946'],
  ['ten digits of a phone number', 'could not call 6175550123', '6175550123'],
  ['a social security number', 'member 078-05-1120 is unknown', '078-05-1120'],
  ['one with spaces', 'member 078 05 1120 is unknown', '05 1120'],
  ['a ticket in an address', 'GET /api/events?types=a&ticket=Zm9vYmFyYmF6 failed', 'Zm9vYmFyYmF6'],
  ['a signed link', 'https://s3.example/b/k?X-Amz-Signature=deadbeef01&X-Amz-Date=1', 'deadbeef01'],
  ['a hash of a password', 'row: $argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA', 'c2FsdA'],
  ['a TOTP secret', 'otpauth://totp/Wardline?secret=JBSWY3DPEHPK3PXP', 'JBSWY3DP'],
  [
    'a private key',
    '-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v\n-----END PRIVATE KEY-----',
    'MC4CAQAw',
  ],
]

test.each(secrets)(
  '%s leaves no log: in a message, a field, deep in one, an error, its stack',
  (_what, text, secret) => {
    const error = new Error(text)
    const line = JSON.stringify([
      logged({}, text),
      logged({ text }),
      logged({ deep: { list: [{ text }] } }),
      logged({ err: error }),
      logged({ error: new TypeError(`line one\n${text}\tand more`) }),
    ])
    expect(line).not.toContain(secret)
    expect(line).toContain('[redacted]')
  },
)

test('fields that hold secrets or name people are empty at any depth, whatever they hold', () => {
  const fields = { password: 'a "quoted\\" one', nested: [{ email: 'x', first_name: 'Ada', token: 'short' }] }
  expect(logged(fields)).toMatchObject({
    password: '[redacted]',
    nested: [{ email: '[redacted]', first_name: '[redacted]', token: '[redacted]' }],
  })
})

test('what the log is read for stays: ids, times, addresses of machines, versions, counts, code', () => {
  const fields = {
    request_id: '01934f6e-8d2a-7c41-9a57-0f6f2b7c1d90',
    other: '78051120-1234-4123-8123-617555012300',
    at: '2026-03-02T14:30:00.000Z',
    ms: 6175550123,
    event: '6175550123.42',
    seconds: '1764138214',
    address: '127.0.0.1:5432',
    operation: 'getPatient',
    version: '15.8 (Debian 15.8-1.pgdg120+1)',
    url: 'http://[::1]:8000/api/organizations',
    stack: ['    at Object.<anonymous> (file:///app/packages/server/src/http/app.ts:12:34)'],
    package: 'node_modules/@fastify/helmet/index.js',
    path: 'C:\\new\\folder',
    quotes: 'a "quoted" word\nand a line',
  }
  expect(logged(fields)).toMatchObject(fields)
})

test('an escape before a secret is not cut in two: the line stays JSON', () => {
  for (const before of ['\n', '\t', '\\', '"', '\u0001', 'é\u2028', 'C:\\new\\'])
    expect(logged({ text: `${before}ada@clinic.example` }).text).not.toContain('clinic')
})

test('a long line without secrets is read in linear time', () => {
  const time = (length: number): number => {
    const line = `${'a.b-c+'.repeat(length)} ${'1'.repeat(length)} ${'x:'.repeat(length)} ${'://'.repeat(length)}`
    const begun = performance.now()
    redact(line)
    return performance.now() - begun
  }
  time(1000)
  // Generous: quadratic would be a hundredfold.
  expect(time(20_000)).toBeLessThan(50 * Math.max(1, time(2000)))
})
