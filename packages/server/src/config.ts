import { isIP } from 'node:net'
import { EXIT, StartupError } from './startup-error.ts'

/** At most `points` requests in each window of `windowSeconds`. */
export interface RateLimit {
  readonly points: number
  readonly windowSeconds: number
}

export const RATE_LIMIT_CLASSES = ['general', 'auth', 'login', 'mfa', 'impersonation', 'webhook'] as const
export type RateLimitClass = (typeof RATE_LIMIT_CLASSES)[number]

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** An external OpenID Connect issuer whose tokens are accepted. */
export interface OidcIssuer {
  /** Exactly as its tokens say it. */
  readonly issuer: string
  /** Whom its tokens must be for: any of these. */
  readonly audiences: readonly string[]
  /** Values of a token's `amr` or `acr` that count as a second factor; none do by themselves. */
  readonly trustedMfa: readonly string[]
}

/** A bucket of S3, or of a store that is compatible with it. */
export interface S3Settings {
  readonly bucket: string
  readonly region: string
  /** Undefined means Amazon's own. */
  readonly endpoint: string | undefined
  /** Undefined leaves it to the AWS SDK: environment, profile, instance role. */
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string } | undefined
  /** The bucket is in the path, not in the host's name. */
  readonly pathStyle: boolean
}

/** An account at Stripe. */
export interface BillingSettings {
  readonly secretKey: string
  /** Any of them may have signed: two while one takes the other's place. */
  readonly webhookSecrets: readonly string[]
  readonly organizationPrice: string
  /** Undefined: patients pay nothing here. */
  readonly patientPrice: string | undefined
  /** Undefined means Stripe's own. */
  readonly apiBase: string | undefined
  /** Where its pages lead back to; undefined means /billing of the server's own address. */
  readonly returnUrl: string | undefined
  /** For one attempt; there are two. */
  readonly timeoutSeconds: number
}

/** A language model behind the API that OpenAI made common. */
export interface AiSettings {
  /** Without a trailing slash; `/chat/completions` comes after it. */
  readonly baseUrl: string
  /** Undefined where the model asks for none. */
  readonly apiKey: string | undefined
  readonly model: string
  readonly timeoutSeconds: number
}

/** Every setting of the server, parsed and checked. Durations are whole seconds. */
export interface Config {
  /** The application's database; without it the server runs its embedded demo. */
  readonly databaseUrl: string | undefined
  /** The owner's connection, for migrations only. */
  readonly databaseOwnerUrl: string | undefined
  readonly databasePoolSize: number
  readonly keysFile: string | undefined
  readonly keysJson: string | undefined
  readonly host: string
  /** 0 means any free port. */
  readonly port: number
  /** Without a trailing slash; undefined means the address that the server listens on. */
  readonly publicUrl: string | undefined
  readonly redisUrl: string | undefined
  readonly mail: {
    /** smtp: or smtps:; undefined puts mail into files. */
    readonly smtpUrl: string | undefined
    readonly from: string
    /** Where the files go; undefined makes a temporary folder. */
    readonly folder: string | undefined
  }
  readonly blobs: {
    /** Where files go when there is no bucket; undefined means beside the demo's data, else in the working folder. */
    readonly folder: string | undefined
    readonly s3: S3Settings | undefined
  }
  /** Whether files that no scanner has looked at can be downloaded; infected ones never can. */
  readonly documentsAllowUnscanned: boolean
  /** Undefined: there is no virus scanner. */
  readonly clamd: { readonly host: string; readonly port: number } | undefined
  readonly webhooks: {
    /** Whether they may go to private networks and over plain HTTP. */
    readonly allowPrivate: boolean
    /** For a whole attempt, from the name's resolution to the answer. */
    readonly timeoutSeconds: number
  }
  /** Undefined: nobody pays, and nobody has to. */
  readonly billing: BillingSettings | undefined
  /** Undefined: there is no language model. */
  readonly ai: AiSettings | undefined
  /** Whether this server also runs jobs; else `ward-server worker` has to. */
  readonly runJobs: boolean
  readonly logLevel: LogLevel
  readonly bodyLimitBytes: number
  readonly rateLimits: Readonly<Record<RateLimitClass, RateLimit>>
  readonly sessions: {
    readonly accessTokenSeconds: number
    /** For people with an organization or platform role. */
    readonly idleSeconds: number
    /** For people with an organization or platform role. */
    readonly absoluteSeconds: number
    /** For everyone else. */
    readonly patientSeconds: number
  }
  readonly oidcIssuers: readonly OidcIssuer[]
  readonly heartbeatSeconds: number
  /** After how long a caller who waits counts as gone. */
  readonly callQueueSeconds: number
  /** How many proxies stand in front, or their addresses; false trusts no forwarded address. */
  readonly trustProxy: false | number | readonly string[]
  readonly corsOrigins: readonly string[]
  /** Which binaries the embedded database must use; undefined takes the system's when found. */
  readonly postgresSource: 'system' | 'npm' | undefined
}

/** Command line options; each wins over the environment. */
export interface ConfigFlags {
  readonly port?: string | undefined
  readonly host?: string | undefined
  readonly logLevel?: string | undefined
  readonly jobs?: string | undefined
}

type Env = Readonly<Record<string, string | undefined>>

// Everything else that starts with WARDLINE_ is taken for a typing mistake.
const OWN_VARIABLES = new Set(['WARDLINE_KEYS', 'WARDLINE_KEYS_FILE', 'WARDLINE_POSTGRES'])

const UNIT_SECONDS = { s: 1, m: 60, h: 3600 } as const

/** Reads settings one by one and remembers what is wrong, so that all mistakes are told at once. */
class Reader {
  readonly mistakes: string[] = []
  readonly #env: Env

  constructor(env: Env) {
    this.#env = env
  }

  text(name: string, flag?: string): string | undefined {
    const value = (flag ?? this.#env[name])?.trim()
    return value === '' ? undefined : value
  }

  wrong<T>(name: string, expected: string, fallback: T, flag?: string): T {
    const shown = flag === undefined ? name : `--${name.toLowerCase().replaceAll('_', '-')}`
    this.mistakes.push(`${shown} must be ${expected}.`)
    return fallback
  }

  integer(name: string, fallback: number, min: number, max: number, flag?: string): number {
    const value = this.text(name, flag)
    if (value === undefined) return fallback
    const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN
    if (number >= min && number <= max) return number
    return this.wrong(name, `a whole number from ${min} to ${max}, not "${value}"`, fallback, flag)
  }

  choice<T extends string>(name: string, choices: readonly T[], flag?: string): T | undefined {
    const value = this.text(name, flag)
    if (value === undefined) return undefined
    const choice = choices.find((known) => known === value)
    return choice ?? this.wrong(name, `one of ${choices.join(', ')}`, undefined, flag)
  }

  // The value is not repeated in the sentence: URLs carry passwords.
  url(name: string, protocols: readonly string[]): string | undefined {
    const value = this.text(name)
    if (value === undefined) return undefined
    const url = URL.canParse(value) ? new URL(value) : undefined
    if (url !== undefined && protocols.includes(url.protocol)) return value
    return this.wrong(
      name,
      `a URL that starts with ${protocols.map((p) => `${p}//`).join(' or ')}`,
      undefined,
    )
  }

  rateLimit(name: string, points: number, windowSeconds: number): RateLimit {
    const fallback = { points, windowSeconds }
    const value = this.text(name)
    if (value === undefined) return fallback
    const [, count, span, unit] = /^([1-9]\d{0,6})\/([1-9]\d{0,3})?([smh])$/.exec(value) ?? []
    if (count === undefined || (unit !== 's' && unit !== 'm' && unit !== 'h'))
      return this.wrong(
        name,
        `a number of requests per time such as 600/1m or 5/1h, not "${value}"`,
        fallback,
      )
    return { points: Number(count), windowSeconds: Number(span ?? 1) * UNIT_SECONDS[unit] }
  }

  flag(name: string, fallback: boolean): boolean {
    const choice = this.choice(name, ['true', 'false'])
    return choice === undefined ? fallback : choice === 'true'
  }

  list(name: string): string[] {
    return (this.text(name) ?? '')
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '')
  }
}

function isAddressOrRange(value: string): boolean {
  const [address = '', bits, ...rest] = value.split('/')
  const version = isIP(address)
  if (version === 0 || rest.length > 0) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128))
}

function readTrustProxy(read: Reader): Config['trustProxy'] {
  const value = read.text('TRUST_PROXY')
  if (value === undefined || value === 'false') return false
  if (/^[1-9]$/.test(value)) return Number(value)
  const addresses = read.list('TRUST_PROXY')
  if (addresses.length > 0 && addresses.every(isAddressOrRange)) return addresses
  // "true" would let every caller choose its own address, and with it its rate limit.
  return read.wrong(
    'TRUST_PROXY',
    'the number of proxies in front (1 to 9) or a list of their addresses',
    false,
  )
}

function readOrigins(read: Reader): string[] {
  const origins = read.list('CORS_ORIGINS')
  const wrong = origins.find((origin) => !URL.canParse(origin) || new URL(origin).origin !== origin)
  if (wrong === undefined) return origins
  return read.wrong('CORS_ORIGINS', `a list of origins such as https://app.example.com, not "${wrong}"`, [])
}

/** An address, with or without a name before it. */
const SENDER = /^(?:[^<>\p{Cc}]* <[^\s<>,@]+@[^\s<>,@]+>|[^\s<>,@]+@[^\s<>,@]+)$/u

function readMail(read: Reader): Config['mail'] {
  const smtpUrl = read.url('SMTP_URL', ['smtp:', 'smtps:'])
  const given = read.text('MAIL_FROM')
  // Mail from an address that is nobody's is thrown away on its way.
  const missing = smtpUrl !== undefined && given === undefined
  const from = given ?? 'Wardline <wardline@localhost>'
  return {
    smtpUrl,
    from:
      missing || !SENDER.test(from)
        ? read.wrong('MAIL_FROM', 'an address such as Clinic <mail@clinic.example>', from)
        : from,
    folder: read.text('MAIL_FOLDER'),
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isTextList = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string' && item !== '')

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]'])

/** Keys that come over plain HTTP are anybody's, except on this machine. */
const isIssuerUrl = (text: string): boolean => {
  if (!URL.canParse(text)) return false
  const { protocol, hostname, search, hash } = new URL(text)
  const safe = protocol === 'https:' || (protocol === 'http:' && LOOPBACK.has(hostname))
  return safe && search === '' && hash === ''
}

function toIssuer(value: unknown): OidcIssuer | undefined {
  if (!isRecord(value)) return undefined
  const { issuer, audience, trusted_mfa: trustedMfa = [], ...unknown } = value
  const audiences = typeof audience === 'string' ? [audience] : audience
  if (typeof issuer !== 'string' || !isIssuerUrl(issuer) || Object.keys(unknown).length > 0) return undefined
  if (!isTextList(audiences) || audiences.length === 0 || !isTextList(trustedMfa)) return undefined
  return { issuer, audiences, trustedMfa }
}

function readIssuers(read: Reader): OidcIssuer[] {
  const text = read.text('OIDC_ISSUERS')
  if (text === undefined) return []
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    parsed = undefined
  }
  const issuers = Array.isArray(parsed) ? parsed.map(toIssuer) : [undefined]
  const known = issuers.filter((one) => one !== undefined)
  const distinct = new Set(known.map(({ issuer }) => issuer)).size === issuers.length
  if (known.length === issuers.length && distinct) return known
  return read.wrong(
    'OIDC_ISSUERS',
    'a JSON list such as [{"issuer": "https://login.example.com", "audience": "wardline", "trusted_mfa": ["mfa"]}], each issuer once, over https',
    [],
  )
}

/** As Docker Compose and the like write it: tcp://host:3310. */
function readClamd(read: Reader): Config['clamd'] {
  const url = read.url('CLAMD_URL', ['tcp:'])
  if (url === undefined) return undefined
  const { hostname, port } = new URL(url)
  return hostname === ''
    ? read.wrong('CLAMD_URL', 'an address such as tcp://127.0.0.1:3310', undefined)
    : { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? 3310 : Number(port) }
}

function readS3(read: Reader): S3Settings | undefined {
  const bucket = read.text('S3_BUCKET')
  const endpoint = read.url('S3_ENDPOINT', ['https:', 'http:'])
  const accessKeyId = read.text('S3_ACCESS_KEY_ID')
  const secretAccessKey = read.text('S3_SECRET_ACCESS_KEY')
  const region = read.text('S3_REGION')
  const pathStyle = read.flag('S3_PATH_STYLE', endpoint !== undefined)
  if ((accessKeyId === undefined) !== (secretAccessKey === undefined))
    read.mistakes.push('S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY go together.')
  if (bucket === undefined) {
    if ([endpoint, accessKeyId, secretAccessKey, region].some((setting) => setting !== undefined))
      read.mistakes.push('The S3_ settings need S3_BUCKET.')
    return undefined
  }
  const credentials =
    accessKeyId !== undefined && secretAccessKey !== undefined ? { accessKeyId, secretAccessKey } : undefined
  return { bucket, region: region ?? 'us-east-1', endpoint, credentials, pathStyle }
}

/** What carries a secret goes over https, except to this machine. */
function readSecureUrl(read: Reader, name: string): string | undefined {
  const value = read.url(name, ['https:', 'http:'])
  if (value === undefined) return undefined
  const { protocol, hostname, search, hash, username } = new URL(value)
  const isSafe = protocol === 'https:' || LOOPBACK.has(hostname)
  if (isSafe && search === '' && hash === '' && username === '') return value.replace(/\/+$/, '')
  return read.wrong(name, 'an https address without credentials, query or fragment', undefined)
}

function readBilling(read: Reader): Config['billing'] {
  const secretKey = read.text('STRIPE_SECRET_KEY')
  const webhookSecrets = read.list('STRIPE_WEBHOOK_SECRET')
  const organizationPrice = read.text('STRIPE_PRICE_ORGANIZATION')
  const patientPrice = read.text('STRIPE_PRICE_PATIENT')
  const apiBase = readSecureUrl(read, 'STRIPE_API_BASE')
  const returnUrl = read.url('BILLING_RETURN_URL', ['https:', 'http:'])
  const timeoutSeconds = read.integer('STRIPE_TIMEOUT_SECONDS', 8, 1, 20)
  if (secretKey === undefined) {
    if (webhookSecrets.length > 0 || organizationPrice !== undefined || patientPrice !== undefined)
      read.mistakes.push('The STRIPE_ settings need STRIPE_SECRET_KEY.')
    return undefined
  }
  // The values are not repeated: they are secrets, and a price in their place may be one.
  if (!/^[rs]k_(test|live)_\w+$/.test(secretKey))
    read.wrong('STRIPE_SECRET_KEY', 'a secret or restricted key of Stripe (sk_… or rk_…)', undefined)
  if (webhookSecrets.length === 0 || !webhookSecrets.every((secret) => /^whsec_\S+$/.test(secret)))
    read.wrong(
      'STRIPE_WEBHOOK_SECRET',
      'the signing secret of the endpoint at Stripe (whsec_…), or several',
      undefined,
    )
  for (const [name, price] of [
    ['STRIPE_PRICE_ORGANIZATION', organizationPrice],
    ['STRIPE_PRICE_PATIENT', patientPrice ?? 'price_none'],
  ] as const)
    if (price === undefined || !/^price_\w+$/.test(price))
      read.wrong(name, 'the id of a recurring price at Stripe (price_…)', undefined)
  return {
    secretKey,
    webhookSecrets,
    organizationPrice: organizationPrice ?? '',
    patientPrice,
    apiBase,
    returnUrl,
    timeoutSeconds,
  }
}

function readAi(read: Reader): Config['ai'] {
  const baseUrl = readSecureUrl(read, 'AI_BASE_URL')
  const apiKey = read.text('AI_API_KEY')
  const model = read.text('AI_MODEL')
  const timeoutSeconds = read.integer('AI_TIMEOUT_SECONDS', 30, 1, 300)
  if (baseUrl === undefined && apiKey === undefined && model === undefined) return undefined
  if (baseUrl === undefined || model === undefined)
    read.mistakes.push('AI_BASE_URL and AI_MODEL go together.')
  return { baseUrl: baseUrl ?? '', apiKey, model: model ?? '', timeoutSeconds }
}

/**
 * The server's settings from the environment and the command line. An empty variable counts as absent.
 * @throws {StartupError} with one sentence for each wrong setting, one a line.
 */
export function loadConfig(env: Env, flags: ConfigFlags = {}): Config {
  const read = new Reader(env)
  const postgres = ['postgres:', 'postgresql:']
  const config: Config = {
    databaseUrl: read.url('DATABASE_URL', postgres),
    databaseOwnerUrl: read.url('DATABASE_OWNER_URL', postgres),
    databasePoolSize: read.integer('DATABASE_POOL_SIZE', 10, 2, 500),
    keysFile: read.text('WARDLINE_KEYS_FILE'),
    keysJson: read.text('WARDLINE_KEYS'),
    host: read.text('HOST', flags.host) ?? '127.0.0.1',
    port: read.integer('PORT', 8000, 0, 65_535, flags.port),
    publicUrl: read.url('PUBLIC_URL', ['https:', 'http:'])?.replace(/\/+$/, ''),
    redisUrl: read.url('REDIS_URL', ['redis:', 'rediss:']),
    mail: readMail(read),
    blobs: { folder: read.text('BLOBS_FOLDER'), s3: readS3(read) },
    documentsAllowUnscanned: read.flag('DOCUMENTS_ALLOW_UNSCANNED', false),
    clamd: readClamd(read),
    webhooks: {
      allowPrivate: read.flag('WEBHOOKS_ALLOW_PRIVATE', false),
      timeoutSeconds: read.integer('WEBHOOKS_TIMEOUT_SECONDS', 15, 1, 60),
    },
    billing: readBilling(read),
    ai: readAi(read),
    runJobs: read.choice('JOBS', ['on', 'off'], flags.jobs) !== 'off',
    logLevel: read.choice('LOG_LEVEL', LOG_LEVELS, flags.logLevel) ?? 'info',
    bodyLimitBytes: read.integer('BODY_LIMIT_BYTES', 1_048_576, 1024, 104_857_600),
    rateLimits: {
      general: read.rateLimit('RATE_LIMIT_GENERAL', 600, 60),
      auth: read.rateLimit('RATE_LIMIT_AUTH', 20, 60),
      login: read.rateLimit('RATE_LIMIT_LOGIN', 10, 60),
      mfa: read.rateLimit('RATE_LIMIT_MFA', 5, 60),
      impersonation: read.rateLimit('RATE_LIMIT_IMPERSONATION', 5, 3600),
      webhook: read.rateLimit('RATE_LIMIT_WEBHOOK', 1000, 60),
    },
    sessions: {
      accessTokenSeconds: read.integer('ACCESS_TOKEN_SECONDS', 600, 10, 3600),
      idleSeconds: read.integer('SESSION_IDLE_SECONDS', 900, 10, 86_400),
      absoluteSeconds: read.integer('SESSION_ABSOLUTE_SECONDS', 43_200, 60, 604_800),
      patientSeconds: read.integer('SESSION_PATIENT_SECONDS', 2_592_000, 60, 31_536_000),
    },
    oidcIssuers: readIssuers(read),
    heartbeatSeconds: read.integer('HEARTBEAT_SECONDS', 30, 1, 300),
    callQueueSeconds: read.integer('CALL_QUEUE_SECONDS', 3600, 60, 86_400),
    trustProxy: readTrustProxy(read),
    corsOrigins: readOrigins(read),
    postgresSource: read.choice('WARDLINE_POSTGRES', ['system', 'npm']),
  }
  for (const name of Object.keys(env))
    if (name.startsWith('WARDLINE_') && !OWN_VARIABLES.has(name))
      read.mistakes.push(`${name} is not a setting of this server; see "ward-server --help".`)
  if (config.keysFile !== undefined && config.keysJson !== undefined)
    read.mistakes.push('WARDLINE_KEYS_FILE and WARDLINE_KEYS cannot both be set.')
  if (read.mistakes.length > 0) throw new StartupError(read.mistakes.join('\n'), EXIT.usage)
  return config
}
