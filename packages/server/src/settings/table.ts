/**
 * Every setting of the server, once. From this table come their parsing (`read.ts`), the names that are refused as
 * typing mistakes (`names.ts`), `ward-server --help`, `ward-server config` and the table of docs/operations.md (`npm run gen`).
 */
import {
  choice,
  headers,
  integer,
  issuers,
  type Kind,
  listOf,
  matching,
  origins,
  proxies,
  rateLimit,
  secureAddress,
  sender,
  share,
  tcpAddress,
  text,
  toggle,
  url,
  webAddress,
} from './kinds.ts'

export const GROUPS = {
  database: 'Database and keys',
  server: 'Server',
  mail: 'Mail',
  files: 'Files',
  webhooks: 'Webhooks',
  billing: 'Billing',
  ai: 'Language model',
  jobs: 'Jobs',
  watching: 'Metrics and traces',
  limits: 'Limits',
  sessions: 'Sessions and sign-in',
  demo: 'The embedded demo',
} as const

interface Common<T> {
  readonly group: keyof typeof GROUPS
  /** What it does, in a phrase; Markdown's `code` is allowed. */
  readonly about: string
  readonly kind: Kind<T>
  /** Shown in full by nothing, and also read from the file that NAME_FILE names. */
  readonly secret?: true
  /** The command line's option that wins over it. */
  readonly option?: string
}

/** Its value when nothing is set, written as the environment would. */
interface Defaulted<T> extends Common<T> {
  readonly default: string
}

/** Absent when nothing is set. */
interface Optional<T> extends Common<T> {
  /** What then happens. */
  readonly otherwise: string
}

export type Setting<T = unknown> = Defaulted<T> | Optional<T>

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const
const postgres = url('postgres:', 'postgresql:')

export const SETTINGS = {
  DATABASE_URL: {
    group: 'database',
    about: "the application's database, as a role that owns nothing (`ward-server create-app-login`)",
    kind: postgres,
    secret: true,
    otherwise: 'the embedded demo runs',
  },
  DATABASE_OWNER_URL: {
    group: 'database',
    about: 'the owner of the tables, for migrations, which run by themselves at the start when it is set',
    kind: postgres,
    secret: true,
    otherwise: '`ward-server migrate` uses DATABASE_URL',
  },
  DATABASE_REPLICA_URL: {
    group: 'database',
    about: 'a streaming standby of it, by the same login, which then answers lists',
    kind: postgres,
    secret: true,
    otherwise: 'DATABASE_URL answers everything',
  },
  DATABASE_POOL_SIZE: {
    group: 'database',
    about:
      'connections for requests; each server has some ten more for audit, jobs, events, webhooks and telemetry',
    kind: integer(2, 500),
    default: '10',
  },
  WARDLINE_KEYS: {
    group: 'database',
    about: 'the signing and encryption keys themselves, in place of a file',
    kind: text,
    secret: true,
    otherwise: 'see WARDLINE_KEYS_FILE',
  },
  WARDLINE_KEYS_FILE: {
    group: 'database',
    about: 'the file of the signing and encryption keys (`ward-server keys generate`)',
    kind: text,
    otherwise: 'only the demo starts',
  },
  HOST: {
    group: 'server',
    about: 'the address to listen on',
    kind: text,
    default: '127.0.0.1',
    option: '--host',
  },
  PORT: {
    group: 'server',
    about: 'the port to listen on; 0 is any free one',
    kind: integer(0, 65_535),
    default: '8000',
    option: '--port',
  },
  PUBLIC_URL: {
    group: 'server',
    about: 'the address that people use; links in mail begin with it',
    kind: webAddress,
    otherwise: 'the address that it listens on',
  },
  TRUST_PROXY: {
    group: 'server',
    about:
      'how many proxies stand in front, or their addresses and ranges; `false` trusts no forwarded address',
    kind: proxies,
    default: 'false',
  },
  CORS_ORIGINS: {
    group: 'server',
    about: 'browser origins that may call, separated by commas',
    kind: origins,
    default: '',
  },
  REDIS_URL: {
    group: 'server',
    about: 'shares rate limits and wake-ups between servers (`redis://` or `rediss://`)',
    kind: url('redis:', 'rediss:'),
    secret: true,
    otherwise: 'limits are per server, PostgreSQL wakes them',
  },
  HEARTBEAT_SECONDS: {
    group: 'server',
    about: 'how often a live stream says that it lives',
    kind: integer(1, 300),
    default: '30',
  },
  SHUTDOWN_GRACE_SECONDS: {
    group: 'server',
    about:
      'how long a server that stops still takes requests while `/health/deep` says 503, so that a load balancer notices',
    kind: integer(0, 5),
    default: '0',
  },
  LOG_LEVEL: {
    group: 'server',
    about: LOG_LEVELS.join(', '),
    kind: choice(...LOG_LEVELS),
    default: 'info',
  },
  SMTP_URL: {
    group: 'mail',
    about: 'the mail server (`smtp://` or `smtps://`)',
    kind: url('smtp:', 'smtps:'),
    secret: true,
    otherwise: 'mail goes into files',
  },
  MAIL_FROM: {
    group: 'mail',
    about: 'who mail is from, such as `Clinic <mail@clinic.example>`; needed with SMTP_URL',
    kind: sender,
    otherwise: 'Wardline <wardline@localhost>',
  },
  MAIL_FOLDER: {
    group: 'mail',
    about: 'where mail goes as .eml files without SMTP_URL',
    kind: text,
    otherwise: 'a temporary folder',
  },
  BLOBS_FOLDER: {
    group: 'files',
    about: 'where files go without S3_BUCKET',
    kind: text,
    otherwise: "wardline-blobs, or the demo's data folder",
  },
  S3_BUCKET: {
    group: 'files',
    about: 'the bucket for files',
    kind: text,
    otherwise: 'files go into BLOBS_FOLDER',
  },
  S3_REGION: { group: 'files', about: 'its region', kind: text, otherwise: 'us-east-1' },
  S3_ENDPOINT: {
    group: 'files',
    about: 'the address of a store that is compatible with S3',
    kind: url('https:', 'http:'),
    otherwise: "Amazon's",
  },
  S3_ACCESS_KEY_ID: {
    group: 'files',
    about: 'with S3_SECRET_ACCESS_KEY, what signs requests to it',
    kind: text,
    secret: true,
    otherwise: "the AWS SDK's own ways: profile, instance role",
  },
  S3_SECRET_ACCESS_KEY: {
    group: 'files',
    about: 'see S3_ACCESS_KEY_ID',
    kind: text,
    secret: true,
    otherwise: 'see S3_ACCESS_KEY_ID',
  },
  S3_PATH_STYLE: {
    group: 'files',
    about: "`true` puts the bucket into the path, `false` into the host's name",
    kind: toggle('true', 'false'),
    otherwise: 'true with S3_ENDPOINT',
  },
  CLAMD_URL: {
    group: 'files',
    about: 'the virus scanner, such as `tcp://clamd:3310`',
    kind: tcpAddress(3310),
    otherwise: 'nothing is scanned, and nothing unscanned is given out',
  },
  DOCUMENTS_ALLOW_UNSCANNED: {
    group: 'files',
    about: '`true` lets documents be downloaded that no scanner has looked at; infected ones never can',
    kind: toggle('true', 'false'),
    default: 'false',
  },
  WEBHOOKS_ALLOW_PRIVATE: {
    group: 'webhooks',
    about: '`true` lets webhooks go to private networks and over plain HTTP, for development',
    kind: toggle('true', 'false'),
    default: 'false',
  },
  WEBHOOKS_TIMEOUT_SECONDS: {
    group: 'webhooks',
    about: 'how long an attempt may take, from the lookup of the name to the answer',
    kind: integer(1, 60),
    default: '15',
  },
  STRIPE_SECRET_KEY: {
    group: 'billing',
    about: 'the secret or restricted key of the account at Stripe',
    kind: matching(/^[rs]k_(test|live)_\w+$/, 'a secret or restricted key of Stripe (sk_… or rk_…)'),
    secret: true,
    otherwise: 'nobody pays: every organization counts as ACTIVE',
  },
  STRIPE_WEBHOOK_SECRET: {
    group: 'billing',
    about:
      'the signing secret of the endpoint at Stripe; two, separated by a comma, while one takes the place of the other',
    kind: listOf(/^whsec_\S+$/, 'the signing secret of an endpoint at Stripe (whsec_…), or several'),
    secret: true,
    otherwise: 'needed with STRIPE_SECRET_KEY',
  },
  STRIPE_PRICE_ORGANIZATION: {
    group: 'billing',
    about: 'the recurring price that organizations subscribe to (`price_…`)',
    kind: matching(/^price_\w+$/, 'the id of a recurring price at Stripe (price_…)'),
    otherwise: 'needed with STRIPE_SECRET_KEY',
  },
  STRIPE_PRICE_PATIENT: {
    group: 'billing',
    about: 'the recurring price that patients subscribe to',
    kind: matching(/^price_\w+$/, 'the id of a recurring price at Stripe (price_…)'),
    otherwise: 'patients cannot subscribe',
  },
  BILLING_RETURN_URL: {
    group: 'billing',
    about: "where Stripe's pages lead back to",
    kind: url('https:', 'http:'),
    otherwise: '/billing of PUBLIC_URL',
  },
  STRIPE_TIMEOUT_SECONDS: {
    group: 'billing',
    about: 'how long Stripe may take for one attempt, of which there are two',
    kind: integer(1, 20),
    default: '8',
  },
  STRIPE_API_BASE: {
    group: 'billing',
    about: 'another address of the API, for tests',
    kind: secureAddress,
    otherwise: "Stripe's",
  },
  AI_BASE_URL: {
    group: 'ai',
    about: 'a language model behind an API like that of OpenAI, such as `https://api.openai.com/v1`',
    kind: secureAddress,
    otherwise: 'nothing is summarized',
  },
  AI_MODEL: {
    group: 'ai',
    about: 'which model it is to use',
    kind: text,
    otherwise: 'needed with AI_BASE_URL',
  },
  AI_API_KEY: {
    group: 'ai',
    about: 'what it is asked with',
    kind: text,
    secret: true,
    otherwise: 'no key is sent',
  },
  AI_TIMEOUT_SECONDS: {
    group: 'ai',
    about: 'how long it may take; clients wait for 30 seconds unless they are told otherwise',
    kind: integer(1, 300),
    default: '25',
  },
  JOBS: {
    group: 'jobs',
    about: '`off`: this server runs no jobs and sends no webhooks, `ward-server worker` does',
    kind: toggle('on', 'off'),
    default: 'on',
    option: '--no-jobs',
  },
  CALL_QUEUE_SECONDS: {
    group: 'jobs',
    about: 'after how long a caller who waits counts as gone',
    kind: integer(60, 86_400),
    default: '3600',
  },
  METRICS_PORT: {
    group: 'watching',
    about: 'where Prometheus finds `/metrics`; a port of its own, which the Internet must not reach',
    kind: integer(1, 65_535),
    otherwise: 'there are no metrics for Prometheus',
  },
  METRICS_HOST: {
    group: 'watching',
    about: 'the address that METRICS_PORT is opened on',
    kind: text,
    default: '127.0.0.1',
  },
  OTEL_EXPORTER_OTLP_ENDPOINT: {
    group: 'watching',
    about: 'the collector that traces go to by OTLP over HTTP, such as `http://127.0.0.1:4318`',
    kind: webAddress,
    otherwise: 'nothing is traced',
  },
  OTEL_EXPORTER_OTLP_HEADERS: {
    group: 'watching',
    about: 'what is sent along to it, as `name=value,name=value`, values percent-encoded',
    kind: headers,
    secret: true,
    otherwise: 'nothing',
  },
  OTEL_SERVICE_NAME: {
    group: 'watching',
    about: "the server's name in traces",
    kind: text,
    default: 'wardline',
  },
  OTEL_TRACES_SAMPLER_ARG: {
    group: 'watching',
    about: 'the share of requests that begin a trace, from 0 to 1; what a caller traces is traced here, too',
    kind: share,
    default: '1',
  },
  BODY_LIMIT_BYTES: {
    group: 'limits',
    about: 'the largest JSON body',
    kind: integer(1024, 104_857_600),
    default: '1048576',
  },
  RATE_LIMIT_GENERAL: {
    group: 'limits',
    about: 'requests of a person or API key, else of an address, as `600/1m` or `5/1h`',
    kind: rateLimit,
    default: '600/1m',
  },
  RATE_LIMIT_AUTH: {
    group: 'limits',
    about: 'requests around sign-in, of an address',
    kind: rateLimit,
    default: '20/1m',
  },
  RATE_LIMIT_LOGIN: {
    group: 'limits',
    about: 'attempts to sign in, of an address',
    kind: rateLimit,
    default: '10/1m',
  },
  RATE_LIMIT_MFA: {
    group: 'limits',
    about: 'attempts at a second factor',
    kind: rateLimit,
    default: '5/1m',
  },
  RATE_LIMIT_IMPERSONATION: {
    group: 'limits',
    about: "impersonations of a person's",
    kind: rateLimit,
    default: '5/1h',
  },
  RATE_LIMIT_WEBHOOK: {
    group: 'limits',
    about: 'what Stripe may tell, by address',
    kind: rateLimit,
    default: '1000/1m',
  },
  ACCESS_TOKEN_SECONDS: {
    group: 'sessions',
    about: 'how long an access token lives',
    kind: integer(10, 3600),
    default: '600',
  },
  SESSION_IDLE_SECONDS: {
    group: 'sessions',
    about: 'how long a session of somebody with a role may rest',
    kind: integer(10, 86_400),
    default: '900',
  },
  SESSION_ABSOLUTE_SECONDS: {
    group: 'sessions',
    about: 'how long a session of somebody with a role lasts at most',
    kind: integer(60, 604_800),
    default: '43200',
  },
  SESSION_PATIENT_SECONDS: {
    group: 'sessions',
    about: "how long everyone else's session lasts",
    kind: integer(60, 31_536_000),
    default: '2592000',
  },
  OIDC_ISSUERS: {
    group: 'sessions',
    about:
      'sign-ins elsewhere, as JSON: `[{"issuer": "https://login.example.com", "audience": "wardline"}]`; `"trusted_mfa": ["mfa"]` lists the amr or acr values that count as a second factor',
    kind: issuers,
    default: '[]',
  },
  WARDLINE_POSTGRES: {
    group: 'demo',
    about: 'which PostgreSQL it runs: system or npm',
    kind: choice('system', 'npm'),
    otherwise: "the system's when found",
  },
} as const satisfies Readonly<Record<string, Setting>>

export type SettingName = keyof typeof SETTINGS

/** What the settings are once read; what has no default may be absent. */
export type Values = {
  readonly [Name in SettingName]: (typeof SETTINGS)[Name] extends { kind: Kind<infer T> }
    ? (typeof SETTINGS)[Name] extends { default: string }
      ? T
      : T | undefined
    : never
}

/** The table as a list, for those that show it. */
export const settings: readonly (readonly [SettingName, Setting])[] = Object.entries(SETTINGS) as [
  SettingName,
  Setting,
][]
