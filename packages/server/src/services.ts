import type { Logger } from 'pino'
import type { Ai } from './adapters/ai/ai.ts'
import type { Billing } from './adapters/billing/billing.ts'
import type { Blobs } from './adapters/blobs/blobs.ts'
import type { BlobLinks } from './adapters/blobs/links.ts'
import type { Scanner } from './adapters/scanner/scanner.ts'
import type { Integrity, IntegrityQuery } from './audit/seals.ts'
import type { Clock } from './clock.ts'
import type { Config } from './config.ts'
import type { ExportTask } from './domains/admin/export.ts'
import type { TelemetryBuffer } from './domains/telemetry/buffer.ts'
import type { components } from './generated/contract.ts'
import type { Person } from './http/actor.ts'
import type { JobQueue } from './jobs/queue.ts'
import type { Finding } from './observe/dependencies.ts'
import type { Cipher } from './security/cipher.ts'
import type { Cursors } from './security/cursors.ts'
import type { KeyRing } from './security/keys.ts'
import type { Passwords } from './security/passwords.ts'
import type { Tokens } from './security/tokens.ts'

/** What handler factories may use besides their request's context. No pool: data comes scoped, as `db`. */
export interface Services {
  readonly config: Config
  readonly clock: Clock
  readonly log: Logger
  readonly keys: KeyRing
  readonly tokens: Tokens
  readonly passwords: Passwords
  readonly cipher: Cipher
  readonly cursors: Cursors
  /** Files. Not part of any transaction: what a file means is committed apart from it. */
  readonly blobs: Blobs
  /** Links to files that this server serves itself. */
  readonly blobLinks: BlobLinks
  /** The server's address as others know it, without a trailing slash. Links in mail begin with it. */
  readonly publicUrl: () => string
  /** Undefined where none is configured: then nothing counts as clean. */
  readonly scanner: Scanner | undefined
  /** Undefined where nobody pays. */
  readonly billing: Billing | undefined
  /** Undefined where there is no language model. */
  readonly ai: Ai | undefined
  /** Jobs that failed for good can be run again. */
  readonly jobs: Pick<JobQueue, 'retry'>
  /** Stores events of many requests at once. */
  readonly telemetry: Pick<TelemetryBuffer, 'store'>
  /** A UUIDv7 of the present instant. */
  readonly newId: () => string
  readonly readiness: {
    /** How everything is that the server needs. Never rejects, and never takes long. */
    look(): Promise<readonly Finding[]>
    /** Whether it stops: then nothing new should come. */
    stopping(): boolean
  }
  /** How the whole system is, as this server sees it. */
  readonly systemHealth: () => Promise<components['schemas']['SystemHealth']>
  readonly audit: {
    /** Compares the audit trail, every organization's, with its seals. */
    verify(query: IntegrityQuery): Promise<Integrity>
    /** The trail's text, in pieces; without its last line it is none. */
    export(task: ExportTask): AsyncIterable<string>
    /**
     * Commits this request's audit row at once, before its effect exists (break glass); the pipeline then
     * writes no second one for the success. Rejects when the row cannot be written.
     * @returns the row's id
     */
    commitFirst(
      actor: Person,
      row: { readonly organizationId: string; readonly resourceId: string; readonly reason: string },
    ): Promise<string>
  }
}
