import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { loadConfig, readConfig } from './config.ts'
import { Wrong } from './settings/kinds.ts'
import { effectiveSettings, settingsHelp, settingsMarkdown } from './settings/print.ts'
import { settings } from './settings/table.ts'
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

describe('a variable that is no setting', () => {
  test.each([
    ['WARDLINE_KEY', 'WARDLINE_KEYS'],
    ['DATABASE_URI', 'DATABASE_URL'],
    ['DATABSE_URL', 'DATABASE_URL'],
    ['DATABASE_ULR', 'DATABASE_URL'],
    ['database_url', 'DATABASE_URL'],
    ['DATABASEURL', 'DATABASE_URL'],
    ['URL_DATABASE', 'DATABASE_URL'],
    ['DATABASE_URL_FIEL', 'DATABASE_URL_FILE'],
    ['DATABASE_OWNER', 'DATABASE_OWNER_URL'],
    ['ACCESS_TOKEN', 'ACCESS_TOKEN_SECONDS'],
    ['SMTP_URLS', 'SMTP_URL'],
    ['HEARTBEAT', 'HEARTBEAT_SECONDS'],
    ['HEARTBEAT_MS', 'HEARTBEAT_SECONDS'],
    ['WEBHOOKS_TIMEOUT', 'WEBHOOKS_TIMEOUT_SECONDS'],
    ['RATE_LIMITS_LOGIN', 'RATE_LIMIT_LOGIN'],
    ['S3_ACCESS_KEY', 'S3_ACCESS_KEY_ID'],
    ['S3_SECRET_KEY', 'S3_SECRET_ACCESS_KEY'],
    ['CORS_ORIGIN', 'CORS_ORIGINS'],
  ])('%s is taken for %s', (name, meant) => {
    expect(refusal({ [name]: '5' })).toBe(`2 ${name} is not a setting of this server; did you mean ${meant}?`)
  })

  test.each([
    // Of desktops, shells, package managers and other programs.
    ...[
      'PATH',
      'HOME',
      'MAIL',
      'HOSTNAME',
      'POSTS',
      'PORTS',
      'LOGNAME',
      'SESSION_MANAGER',
      'LOG_LEVEL_OF_OTHERS',
    ],
    ...[
      'DATABASE_HOST',
      'DATABASE_NAME',
      'DATABASE_PASSWORD',
      'REDIS_HOST',
      'SMTP_HOST',
      'AWS_REGION',
      'S3_BUCKET_NAME',
    ],
    ...[
      'npm_config_host',
      'PGHOST',
      'POSTGRES_URL',
      'MAIL_FORMAT',
      'OTEL_SERVICE_NAME',
      'PUBLIC_DIR',
      'NODE_OPTIONS',
      'ACCESS_TOKEN',
    ],
  ])('%s is left alone', (name) => {
    expect(refusal({ [name]: 'x' })).toBe('accepted')
  })

  test('is left alone when it only resembles a setting that is set', () => {
    expect(refusal({ REDIS_URL: 'redis://127.0.0.1', REDIS_URI: 'x' })).toBe('accepted')
    expect(refusal({ REDIS_URL: ' ', REDIS_URI: 'x' })).toContain('did you mean REDIS_URL?')
    expect(refusal({ WARDLINE_KEYS: '{}', WARDLINE_KEY: '{}' })).toContain('did you mean WARDLINE_KEYS?')
  })

  test('is left alone when Kubernetes set it for a service of our name', () => {
    const links = {
      WARDLINE_SERVICE_HOST: '10.0.0.1',
      WARDLINE_SERVICE_PORT: '8000',
      WARDLINE_SERVICE_PORT_HTTP: '8000',
      WARDLINE_PORT: 'tcp://10.0.0.1:8000',
      WARDLINE_PORT_8000_TCP: 'tcp://10.0.0.1:8000',
      WARDLINE_PORT_8000_TCP_ADDR: '10.0.0.1',
    }
    expect(refusal(links)).toBe('accepted')
    expect(refusal({ WARDLINE_PORT: '8000' })).toContain('WARDLINE_PORT is not a setting')
  })
})

describe('a secret', () => {
  const folder = mkdtempSync(join(tmpdir(), 'wardline-secrets-'))
  afterAll(() => rmSync(folder, { recursive: true }))
  const file = (content: string, mode = 0o600): string => {
    const path = join(folder, randomUUID())
    writeFileSync(path, content, { mode })
    return path
  }

  test('may be in a file, with a line end', () => {
    const DATABASE_URL_FILE = file('postgres://app@db/wardline\n')
    expect(loadConfig({ DATABASE_URL_FILE }).databaseUrl).toBe('postgres://app@db/wardline')
  })

  test('is refused with the file’s name where the file is not to be trusted or not there, never with its content', () => {
    const open = file('postgres://app:geheim@db/wardline', 0o644)
    expect(refusal({ DATABASE_URL_FILE: open })).toBe(
      `2 The file ${open} of DATABASE_URL_FILE can be read by others; run "chmod 600 ${open}".`,
    )
    expect(refusal({ SMTP_URL_FILE: '/nowhere' })).toBe(
      '2 The file /nowhere of SMTP_URL_FILE cannot be read (ENOENT).',
    )
    const empty = file('\n')
    expect(refusal({ DATABASE_URL_FILE: empty })).toBe(`2 The file ${empty} of DATABASE_URL_FILE is empty.`)
    expect(refusal({ DATABASE_URL_FILE: file('mysql://app:geheim@db/x') })).toBe(
      '2 DATABASE_URL must be a URL that starts with postgres:// or postgresql://.',
    )
    const both = { DATABASE_URL: 'postgres://db/x', DATABASE_URL_FILE: file('postgres://db/x') }
    expect(refusal(both)).toBe('2 DATABASE_URL_FILE and DATABASE_URL cannot both be set.')
  })

  test('is masked where settings are shown', () => {
    const env = {
      DATABASE_URL: 'postgres://app:geheim@db:5433/wardline?sslmode=require&password=geheim',
      REDIS_URL: 'rediss://geheim@redis:6379',
      WARDLINE_KEYS: '{"geheim":1}',
      S3_BUCKET: 'files',
      S3_ACCESS_KEY_ID: 'geheim',
      S3_SECRET_ACCESS_KEY: 'sk:geheim',
      SMTP_URL_FILE: file('smtps://user:geheim@mail.example'),
      MAIL_FROM: 'a@b.example',
    }
    const shown = effectiveSettings(readConfig(env, { port: '9000' }).reading)
    expect(JSON.stringify(shown)).not.toContain('geheim')
    const byName = Object.fromEntries(shown.map(({ name, value, source }) => [name, `${value} (${source})`]))
    expect(byName).toMatchObject({
      DATABASE_URL: 'postgres://app:***@db:5433/wardline?sslmode=***&password=*** (environment)',
      REDIS_URL: 'rediss://***@redis:6379 (environment)',
      SMTP_URL: 'smtps://user:***@mail.example (file)',
      S3_SECRET_ACCESS_KEY: '*** (environment)',
      PORT: '9000 (command line)',
      HOST: '127.0.0.1 (default)',
    })
  })
})

describe('the table of settings', () => {
  test('has defaults that are settings themselves', () => {
    for (const [name, setting] of settings)
      if ('default' in setting)
        expect([name, setting.kind(setting.default)]).not.toContainEqual(expect.any(Wrong))
  })

  test('is what the help and the handbook show, each setting once', () => {
    const [help, handbook] = [settingsHelp(), settingsMarkdown()]
    for (const [name] of settings) {
      expect(help.split('\n').filter((line) => line.startsWith(`  ${name} `))).toHaveLength(1)
      expect(handbook.split('\n').filter((line) => line.startsWith(`| \`${name}\``))).toHaveLength(1)
    }
  })
})

describe('the settings of billing', () => {
  const stripe = {
    STRIPE_SECRET_KEY: 'sk_test_1',
    STRIPE_WEBHOOK_SECRET: 'whsec_new, whsec_old',
    STRIPE_PRICE_ORGANIZATION: 'price_1',
  }
  test('are none, or an account at Stripe with all that it takes', () => {
    expect(loadConfig({}).billing).toBeUndefined()
    expect(loadConfig(stripe).billing).toEqual({
      secretKey: 'sk_test_1',
      webhookSecrets: ['whsec_new', 'whsec_old'],
      organizationPrice: 'price_1',
      patientPrice: undefined,
      apiBase: undefined,
      returnUrl: undefined,
      timeoutSeconds: 8,
    })
    const local = { ...stripe, STRIPE_API_BASE: 'http://127.0.0.1:12111/', STRIPE_PRICE_PATIENT: 'price_2' }
    expect(loadConfig(local).billing).toMatchObject({
      apiBase: 'http://127.0.0.1:12111',
      patientPrice: 'price_2',
    })
  })

  test.each([
    [{ STRIPE_WEBHOOK_SECRET: 'whsec_1' }, '2 The STRIPE_ settings need STRIPE_SECRET_KEY.'],
    [
      { STRIPE_SECRET_KEY: 'sk_live_1' },
      '2 STRIPE_SECRET_KEY needs STRIPE_WEBHOOK_SECRET and STRIPE_PRICE_ORGANIZATION.',
    ],
    // Nothing is repeated: a secret in the wrong place is still one.
    [
      { ...stripe, STRIPE_SECRET_KEY: 'whsec_1' },
      '2 STRIPE_SECRET_KEY must be a secret or restricted key of Stripe (sk_… or rk_…).',
    ],
    [
      { ...stripe, STRIPE_WEBHOOK_SECRET: 'whsec_1,sk_test_1' },
      '2 STRIPE_WEBHOOK_SECRET must be the signing secret of an endpoint at Stripe (whsec_…), or several.',
    ],
    [
      { ...stripe, STRIPE_PRICE_PATIENT: 'prod_1' },
      '2 STRIPE_PRICE_PATIENT must be the id of a recurring price at Stripe (price_…).',
    ],
    [
      { ...stripe, STRIPE_API_BASE: 'http://stripe.example' },
      '2 STRIPE_API_BASE must be an https address without credentials, query or fragment.',
    ],
  ])('refuse %j', (env, message) => {
    expect(refusal(env).split('\n')[0]).toBe(message)
  })
})

describe('the settings of the language model', () => {
  test('are none, or an address and a model', () => {
    expect(loadConfig({}).ai).toBeUndefined()
    expect(loadConfig({ AI_BASE_URL: 'https://ai.example/v1/', AI_MODEL: 'm' }).ai).toEqual({
      baseUrl: 'https://ai.example/v1',
      apiKey: undefined,
      model: 'm',
      timeoutSeconds: 25,
    })
  })

  test.each([
    [{ AI_MODEL: 'm' }, '2 AI_BASE_URL and AI_MODEL go together.'],
    [{ AI_API_KEY: 'k' }, '2 AI_BASE_URL and AI_MODEL go together.'],
    // Texts of patients go there.
    [
      { AI_BASE_URL: 'http://ai.example/v1', AI_MODEL: 'm' },
      '2 AI_BASE_URL must be an https address without credentials, query or fragment.',
    ],
  ])('refuse %j', (env, message) => {
    expect(refusal(env).split('\n')[0]).toBe(message)
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
    [{ WARDLINE_COLOUR: 'x' }, 'WARDLINE_COLOUR is not a setting of this server; see "ward-server --help".'],
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
