import { type Env, type Reading, readSettings } from './settings/read.ts'
import type { Values } from './settings/table.ts'
import { EXIT, StartupError } from './startup-error.ts'

/** At most `points` requests in each window of `windowSeconds`. */
export interface RateLimit {
  readonly points: number
  readonly windowSeconds: number
}

export const RATE_LIMIT_CLASSES = ['general', 'auth', 'login', 'mfa', 'impersonation', 'webhook'] as const
export type RateLimitClass = (typeof RATE_LIMIT_CLASSES)[number]

export type LogLevel = Values['LOG_LEVEL']

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
  /** A streaming standby of it, for lists. */
  readonly databaseReplicaUrl: string | undefined
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
  /** While a server that stops still takes requests. */
  readonly shutdownGraceSeconds: number
  readonly metrics: {
    /** Undefined: none for Prometheus. */
    readonly port: number | undefined
    readonly host: string
  }
  /** Undefined: nothing is traced. */
  readonly traces:
    | {
        /** Of the collector, without a trailing slash. */
        readonly endpoint: string
        readonly headers: Readonly<Record<string, string>>
        readonly serviceName: string
        /** Of the requests that nobody else traces, from 0 to 1. */
        readonly share: number
      }
    | undefined
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

/** A bucket's settings, from values of which some belong together; `tell` hears what does not. */
function toS3(values: Values, tell: (mistake: string) => void): S3Settings | undefined {
  const { S3_BUCKET: bucket, S3_REGION: region, S3_ENDPOINT: endpoint } = values
  const { S3_ACCESS_KEY_ID: accessKeyId, S3_SECRET_ACCESS_KEY: secretAccessKey } = values
  if ((accessKeyId === undefined) !== (secretAccessKey === undefined))
    tell('S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY go together.')
  if (bucket === undefined) {
    if ([endpoint, accessKeyId, secretAccessKey, region].some((setting) => setting !== undefined))
      tell('The S3_ settings need S3_BUCKET.')
    return undefined
  }
  const credentials =
    accessKeyId !== undefined && secretAccessKey !== undefined ? { accessKeyId, secretAccessKey } : undefined
  const pathStyle = values.S3_PATH_STYLE ?? endpoint !== undefined
  return { bucket, region: region ?? 'us-east-1', endpoint, credentials, pathStyle }
}

/** Stripe's settings, likewise: with a key the rest is needed, without one nothing else makes sense. */
function toBilling(values: Values, tell: (mistake: string) => void): BillingSettings | undefined {
  const { STRIPE_SECRET_KEY: secretKey, STRIPE_WEBHOOK_SECRET: webhookSecrets } = values
  const { STRIPE_PRICE_ORGANIZATION: organizationPrice, STRIPE_PRICE_PATIENT: patientPrice } = values
  if (secretKey === undefined) {
    if ([webhookSecrets, organizationPrice, patientPrice].some((setting) => setting !== undefined))
      tell('The STRIPE_ settings need STRIPE_SECRET_KEY.')
    return undefined
  }
  if (webhookSecrets === undefined || organizationPrice === undefined) {
    tell('STRIPE_SECRET_KEY needs STRIPE_WEBHOOK_SECRET and STRIPE_PRICE_ORGANIZATION.')
    return undefined
  }
  return {
    secretKey,
    webhookSecrets,
    organizationPrice,
    patientPrice,
    apiBase: values.STRIPE_API_BASE,
    returnUrl: values.BILLING_RETURN_URL,
    timeoutSeconds: values.STRIPE_TIMEOUT_SECONDS,
  }
}

function toAi(values: Values, tell: (mistake: string) => void): AiSettings | undefined {
  const { AI_BASE_URL: baseUrl, AI_MODEL: model, AI_API_KEY: apiKey } = values
  if (baseUrl !== undefined && model !== undefined)
    return { baseUrl, apiKey, model, timeoutSeconds: values.AI_TIMEOUT_SECONDS }
  if (baseUrl !== undefined || model !== undefined || apiKey !== undefined)
    tell('AI_BASE_URL and AI_MODEL go together.')
  return undefined
}

/** The settings of the environment and the command line, with all that is wrong about them. */
export function readConfig(env: Env, flags: ConfigFlags = {}): { config: Config; reading: Reading } {
  const options = { PORT: flags.port, HOST: flags.host, LOG_LEVEL: flags.logLevel, JOBS: flags.jobs }
  const reading = readSettings(env, options)
  const { values } = reading
  const mistakes = [...reading.mistakes]
  const tell = (mistake: string): void => void mistakes.push(mistake)
  if (values.WARDLINE_KEYS !== undefined && values.WARDLINE_KEYS_FILE !== undefined)
    tell('WARDLINE_KEYS_FILE and WARDLINE_KEYS cannot both be set.')
  // Mail from an address that is nobody's is thrown away on its way.
  if (values.SMTP_URL !== undefined && reading.given.MAIL_FROM.text === undefined)
    tell('MAIL_FROM must be an address such as Clinic <mail@clinic.example>.')
  const config: Config = {
    databaseUrl: values.DATABASE_URL,
    databaseOwnerUrl: values.DATABASE_OWNER_URL,
    databaseReplicaUrl: values.DATABASE_REPLICA_URL,
    databasePoolSize: values.DATABASE_POOL_SIZE,
    keysFile: values.WARDLINE_KEYS_FILE,
    keysJson: values.WARDLINE_KEYS,
    host: values.HOST,
    port: values.PORT,
    publicUrl: values.PUBLIC_URL,
    redisUrl: values.REDIS_URL,
    mail: {
      smtpUrl: values.SMTP_URL,
      from: values.MAIL_FROM ?? 'Wardline <wardline@localhost>',
      folder: values.MAIL_FOLDER,
    },
    blobs: { folder: values.BLOBS_FOLDER, s3: toS3(values, tell) },
    documentsAllowUnscanned: values.DOCUMENTS_ALLOW_UNSCANNED,
    clamd: values.CLAMD_URL,
    webhooks: {
      allowPrivate: values.WEBHOOKS_ALLOW_PRIVATE,
      timeoutSeconds: values.WEBHOOKS_TIMEOUT_SECONDS,
    },
    billing: toBilling(values, tell),
    ai: toAi(values, tell),
    runJobs: values.JOBS,
    shutdownGraceSeconds: values.SHUTDOWN_GRACE_SECONDS,
    metrics: { port: values.METRICS_PORT, host: values.METRICS_HOST },
    traces:
      values.OTEL_EXPORTER_OTLP_ENDPOINT === undefined
        ? undefined
        : {
            endpoint: values.OTEL_EXPORTER_OTLP_ENDPOINT,
            headers: values.OTEL_EXPORTER_OTLP_HEADERS ?? {},
            serviceName: values.OTEL_SERVICE_NAME,
            share: values.OTEL_TRACES_SAMPLER_ARG,
          },
    logLevel: values.LOG_LEVEL,
    bodyLimitBytes: values.BODY_LIMIT_BYTES,
    rateLimits: {
      general: values.RATE_LIMIT_GENERAL,
      auth: values.RATE_LIMIT_AUTH,
      login: values.RATE_LIMIT_LOGIN,
      mfa: values.RATE_LIMIT_MFA,
      impersonation: values.RATE_LIMIT_IMPERSONATION,
      webhook: values.RATE_LIMIT_WEBHOOK,
    },
    sessions: {
      accessTokenSeconds: values.ACCESS_TOKEN_SECONDS,
      idleSeconds: values.SESSION_IDLE_SECONDS,
      absoluteSeconds: values.SESSION_ABSOLUTE_SECONDS,
      patientSeconds: values.SESSION_PATIENT_SECONDS,
    },
    oidcIssuers: values.OIDC_ISSUERS,
    heartbeatSeconds: values.HEARTBEAT_SECONDS,
    callQueueSeconds: values.CALL_QUEUE_SECONDS,
    trustProxy: values.TRUST_PROXY,
    corsOrigins: values.CORS_ORIGINS,
    postgresSource: values.WARDLINE_POSTGRES,
  }
  if (mistakes.length > 0) throw new StartupError(mistakes.join('\n'), EXIT.usage)
  return { config, reading }
}

/**
 * The server's settings from the environment and the command line. An empty variable counts as absent.
 * @throws {StartupError} with one sentence for each wrong setting, one a line.
 */
export const loadConfig = (env: Env, flags: ConfigFlags = {}): Config => readConfig(env, flags).config
