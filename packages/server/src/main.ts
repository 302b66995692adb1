import { Command, CommanderError } from 'commander'
import { createAdminCommand } from './commands/create-admin.ts'
import { createAppLoginCommand } from './commands/create-app-login.ts'
import { keysCommand } from './commands/keys.ts'
import { migrateCommand } from './commands/migrate.ts'
import { startCommand } from './commands/start.ts'
import { totpCommand } from './commands/totp.ts'
import { workerCommand } from './commands/worker.ts'
import { EXIT, StartupError } from './startup-error.ts'

const program = new Command('ward-server')
  .description("Wardline's server. Without DATABASE_URL it runs a demo with a PostgreSQL of its own.")
  .exitOverride()
  .showHelpAfterError('Run with --help for the options.')
  .addHelpText(
    'after',
    `
Settings (environment):
  DATABASE_URL              the application's database and role (see create-app-login)
  DATABASE_OWNER_URL        the owner of the tables; migrations run by themselves when it is set
  WARDLINE_KEYS_FILE        the key file (see keys generate), or WARDLINE_KEYS with its content
  PORT, HOST, PUBLIC_URL    where to listen, and the address that others use (links in mail begin with it)
  REDIS_URL                 shares rate limits and wake-ups between servers
  SMTP_URL, MAIL_FROM       the mail server (smtp:// or smtps://), and who its mail is from
  MAIL_FOLDER               where mail goes as .eml files without SMTP_URL
  BLOBS_FOLDER              where files go (default: wardline-blobs, or the demo's data folder), or in a bucket:
  S3_BUCKET, S3_REGION, S3_ENDPOINT, S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY, S3_PATH_STYLE
  CLAMD_URL                 the virus scanner: tcp://host:3310
  DOCUMENTS_ALLOW_UNSCANNED true lets documents be downloaded that no scanner has looked at
  WEBHOOKS_ALLOW_PRIVATE    true lets webhooks go to private networks and over plain http, for development
  WEBHOOKS_TIMEOUT_SECONDS  how long a receiver may take (15)
  STRIPE_SECRET_KEY, STRIPE_WEBHOOK_SECRET (several with commas), STRIPE_PRICE_ORGANIZATION, STRIPE_PRICE_PATIENT
                            billing by Stripe; BILLING_RETURN_URL is where its pages lead back to,
                            STRIPE_TIMEOUT_SECONDS (8) how long one attempt may take, STRIPE_API_BASE another Stripe
  AI_BASE_URL, AI_MODEL, AI_API_KEY, AI_TIMEOUT_SECONDS (30)
                            the language model that summarizes, at an OpenAI-compatible address such as https://api.openai.com/v1
  JOBS                      off: this server runs no jobs and sends no webhooks, "ward-server worker" does
  LOG_LEVEL                 fatal, error, warn, info, debug, trace, silent
  TRUST_PROXY, CORS_ORIGINS proxies in front, and the browser origins that may call
  CALL_QUEUE_SECONDS        after how long a caller who waits counts as gone (default: 3600)
  BODY_LIMIT_BYTES, HEARTBEAT_SECONDS, DATABASE_POOL_SIZE
  RATE_LIMIT_GENERAL, _AUTH, _LOGIN, _MFA, _IMPERSONATION, _WEBHOOK     like 600/1m or 5/1h
  ACCESS_TOKEN_SECONDS, SESSION_IDLE_SECONDS, SESSION_ABSOLUTE_SECONDS, SESSION_PATIENT_SECONDS
  OIDC_ISSUERS              sign-ins elsewhere, as JSON: [{"issuer": "https://login.example.com", "audience": "wardline"}];
                            "trusted_mfa": ["mfa"] lists the amr or acr values that count as a second factor
  WARDLINE_POSTGRES         system or npm: which PostgreSQL the demo runs

Exit codes: 0 done, 1 failed, 2 wrong use, 7 database unreachable, 130 interrupted twice.`,
  )

// Added after exitOverride, or they would not inherit it.
for (const add of [
  startCommand,
  workerCommand,
  migrateCommand,
  keysCommand,
  createAdminCommand,
  createAppLoginCommand,
  totpCommand,
])
  add(program)

// Whoever read our output may leave first (`| head`); the server goes on.
process.stdout.on('error', () => {})

try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? EXIT.done : EXIT.usage
  else if (error instanceof StartupError) {
    process.stderr.write(`${error.message}\n`)
    process.exitCode = error.exitCode
  } else {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
    process.exitCode = EXIT.failed
  }
}
