import { describe, expect, test } from 'vitest'
import { loadConfig } from './config.ts'
import { StartupError } from './startup-error.ts'

function refusal(env: Record<string, string>, flags = {}): string {
  try {
    loadConfig(env, flags)
  } catch (error) {
    if (error instanceof StartupError) return `${error.exitCode} ${error.message}`
  }
  return 'accepted'
}

describe('the settings of files', () => {
  const { blobs, clamd, documentsAllowUnscanned, runJobs } = loadConfig({})
  test('are a folder, no scanner, nothing unscanned, and jobs, unless said otherwise', () => {
    expect({ blobs, clamd, documentsAllowUnscanned, runJobs }).toEqual({
      blobs: { folder: undefined, s3: undefined },
      clamd: undefined,
      documentsAllowUnscanned: false,
      runJobs: true,
    })
  })

  test('take a bucket: Amazon’s by the SDK’s own credentials, another’s by its endpoint, in the path', () => {
    expect(loadConfig({ S3_BUCKET: 'files', S3_REGION: 'eu-central-1' }).blobs.s3).toEqual({
      bucket: 'files',
      region: 'eu-central-1',
      endpoint: undefined,
      credentials: undefined,
      pathStyle: false,
    })
    const minio = {
      S3_BUCKET: 'files',
      S3_ENDPOINT: 'http://minio:9000',
      S3_ACCESS_KEY_ID: 'id',
      S3_SECRET_ACCESS_KEY: 'secret',
    }
    expect(loadConfig(minio).blobs.s3).toMatchObject({
      endpoint: 'http://minio:9000',
      credentials: { accessKeyId: 'id', secretAccessKey: 'secret' },
      pathStyle: true,
    })
    expect(loadConfig({ ...minio, S3_PATH_STYLE: 'false' }).blobs.s3?.pathStyle).toBe(false)
  })

  test('take a scanner, and switch jobs off; the command line wins', () => {
    expect(loadConfig({ CLAMD_URL: 'tcp://clamd' }).clamd).toEqual({ host: 'clamd', port: 3310 })
    expect(loadConfig({ CLAMD_URL: 'tcp://[::1]:4000' }).clamd).toEqual({ host: '::1', port: 4000 })
    expect(loadConfig({ JOBS: 'off' }).runJobs).toBe(false)
    expect(loadConfig({ JOBS: 'on' }, { jobs: 'off' }).runJobs).toBe(false)
  })

  test('send webhooks to public addresses only, within 15 seconds, unless said otherwise', () => {
    expect(loadConfig({}).webhooks).toEqual({ allowPrivate: false, timeoutSeconds: 15 })
    const env = { WEBHOOKS_ALLOW_PRIVATE: 'true', WEBHOOKS_TIMEOUT_SECONDS: '5' }
    expect(loadConfig(env).webhooks).toEqual({ allowPrivate: true, timeoutSeconds: 5 })
    expect(refusal({ WEBHOOKS_ALLOW_PRIVATE: 'yes' })).toBe(
      '2 WEBHOOKS_ALLOW_PRIVATE must be one of true, false.',
    )
  })

  test.each([
    [{ S3_ENDPOINT: 'http://minio:9000' }, '2 The S3_ settings need S3_BUCKET.'],
    [{ S3_BUCKET: 'x', S3_ACCESS_KEY_ID: 'id' }, '2 S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY go together.'],
    [{ CLAMD_URL: 'http://clamd' }, '2 CLAMD_URL must be a URL that starts with tcp://.'],
    [{ DOCUMENTS_ALLOW_UNSCANNED: 'yes' }, '2 DOCUMENTS_ALLOW_UNSCANNED must be one of true, false.'],
  ])('refuse %j', (env, message) => {
    expect(refusal(env)).toBe(message)
  })
})

describe('the settings', () => {
  test('have the defaults of the rules', () => {
    expect(loadConfig({})).toMatchObject({
      host: '127.0.0.1',
      port: 8000,
      bodyLimitBytes: 1_048_576,
      heartbeatSeconds: 30,
      trustProxy: false,
      corsOrigins: [],
      rateLimits: {
        general: { points: 600, windowSeconds: 60 },
        auth: { points: 20, windowSeconds: 60 },
        login: { points: 10, windowSeconds: 60 },
        mfa: { points: 5, windowSeconds: 60 },
        impersonation: { points: 5, windowSeconds: 3600 },
      },
      sessions: { idleSeconds: 900, absoluteSeconds: 43_200, patientSeconds: 2_592_000 },
    })
  })

  test('are read from the environment, and the command line wins', () => {
    const env = {
      PORT: '9000',
      HOST: '0.0.0.0',
      PUBLIC_URL: 'https://api.example.com/',
      RATE_LIMIT_LOGIN: '3/10s',
      TRUST_PROXY: '10.0.0.0/8, ::1',
      CORS_ORIGINS: 'https://a.example, http://localhost:3000',
      SMTP_URL: 'smtps://ada:secret@mail.example:465',
      MAIL_FROM: 'Harbor Clinic <mail@harbor.example>',
      LOG_LEVEL: '',
    }
    expect(loadConfig(env, { port: '9001' })).toMatchObject({
      port: 9001,
      host: '0.0.0.0',
      publicUrl: 'https://api.example.com',
      rateLimits: { login: { points: 3, windowSeconds: 10 } },
      trustProxy: ['10.0.0.0/8', '::1'],
      mail: {
        smtpUrl: 'smtps://ada:secret@mail.example:465',
        from: 'Harbor Clinic <mail@harbor.example>',
        folder: undefined,
      },
      corsOrigins: ['https://a.example', 'http://localhost:3000'],
      logLevel: 'info',
    })
    expect(loadConfig({ TRUST_PROXY: '2' }).trustProxy).toBe(2)
    const OIDC_ISSUERS =
      '[{"issuer":"https://a.example/","audience":"app"},{"issuer":"http://127.0.0.1:9000","audience":["b","c"],"trusted_mfa":["mfa"]}]'
    expect(loadConfig({ OIDC_ISSUERS }).oidcIssuers).toEqual([
      { issuer: 'https://a.example/', audiences: ['app'], trustedMfa: [] },
      { issuer: 'http://127.0.0.1:9000', audiences: ['b', 'c'], trustedMfa: ['mfa'] },
    ])
  })

  test.each([
    [{ PORT: '80.5' }, 'PORT must be a whole number from 0 to 65535, not "80.5".'],
    [{ BODY_LIMIT_BYTES: '1' }, 'BODY_LIMIT_BYTES must be a whole number from 1024 to 104857600, not "1".'],
    [
      { SMTP_URL: 'http://mail.example', MAIL_FROM: 'a@b.example' },
      'SMTP_URL must be a URL that starts with smtp:// or smtps://.',
    ],
    [
      { SMTP_URL: 'smtp://mail.example' },
      'MAIL_FROM must be an address such as Clinic <mail@clinic.example>.',
    ],
    [{ MAIL_FROM: 'nobody' }, 'MAIL_FROM must be an address such as Clinic <mail@clinic.example>.'],
    [{ LOG_LEVEL: 'loud' }, 'LOG_LEVEL must be one of fatal, error, warn, info, debug, trace, silent.'],
    [
      { RATE_LIMIT_MFA: '5' },
      'RATE_LIMIT_MFA must be a number of requests per time such as 600/1m or 5/1h, not "5".',
    ],
    [
      { TRUST_PROXY: 'true' },
      'TRUST_PROXY must be the number of proxies in front (1 to 9) or a list of their addresses.',
    ],
    [
      { TRUST_PROXY: '10.0.0.0/40' },
      'TRUST_PROXY must be the number of proxies in front (1 to 9) or a list of their addresses.',
    ],
    [
      { CORS_ORIGINS: '*' },
      'CORS_ORIGINS must be a list of origins such as https://app.example.com, not "*".',
    ],
    ...[
      'https://login.example.com',
      '[{"issuer":"https://login.example.com"}]',
      '[{"issuer":"https://login.example.com","audience":[]}]',
      '[{"issuer":"http://login.example.com","audience":"wardline"}]',
      '[{"issuer":"https://login.example.com","audience":"wardline","trusted":["mfa"]}]',
      '[{"issuer":"https://a.example","audience":"x"},{"issuer":"https://a.example","audience":"y"}]',
    ].map((OIDC_ISSUERS): [Record<string, string>, string] => [
      { OIDC_ISSUERS },
      'OIDC_ISSUERS must be a JSON list such as [{"issuer": "https://login.example.com", "audience": "wardline", "trusted_mfa": ["mfa"]}], each issuer once, over https.',
    ]),
    [{ WARDLINE_KEY: 'x' }, 'WARDLINE_KEY is not a setting of this server; see "ward-server --help".'],
    [
      { WARDLINE_KEYS: '{}', WARDLINE_KEYS_FILE: 'x' },
      'WARDLINE_KEYS_FILE and WARDLINE_KEYS cannot both be set.',
    ],
  ])('%j is refused by name, as wrong use', (env, sentence) => {
    expect(refusal(env)).toBe(`2 ${sentence}`)
  })

  test('a wrong URL is not repeated, for it may hold a password', () => {
    expect(refusal({ DATABASE_URL: 'mysql://u:secret@h/d' })).toBe(
      '2 DATABASE_URL must be a URL that starts with postgres:// or postgresql://.',
    )
  })

  test('all mistakes are told at once', () => {
    expect(refusal({ PORT: 'x', HEARTBEAT_SECONDS: '0' }, { logLevel: 'x' }).split('\n')).toHaveLength(3)
  })
})
