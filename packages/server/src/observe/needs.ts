import type { Pool } from 'pg'
import type { Blobs } from '../adapters/blobs/blobs.ts'
import type { Mailer } from '../adapters/mail/mail.ts'
import type { Scanner } from '../adapters/scanner/scanner.ts'
import type { Replica } from '../db/replica.ts'
import type { JobQueue } from '../jobs/queue.ts'
import type { Cipher } from '../security/cipher.ts'
import type { Dependency } from './dependencies.ts'

/** How long whoever watches waits for the database. */
export const WATCH_LIMIT_MS = 2000

// The outbox is looked at every second, by itself.
const TAIL_LATE_SECONDS = 5

interface Parts {
  /** A pool of its own: whether the database is well must be told while all requests wait for theirs. */
  readonly database: Pool
  readonly cipher: Cipher
  readonly jobs: Pick<JobQueue, 'ping'>
  readonly tailLagSeconds: () => number | null
  readonly replica: Pick<Replica, 'isUsable'> | undefined
  readonly redis: { ping(): Promise<unknown> } | null
  readonly mailer: Pick<Mailer, 'ping'>
  readonly blobs: Pick<Blobs, 'ping'>
  readonly scanner: Pick<Scanner, 'ping'> | undefined
}

const whenSo = (is: boolean, otherwise: string): Promise<void> =>
  is ? Promise.resolve() : Promise.reject(new Error(otherwise))

/** What a server needs, as it is configured, and how to ask for it. The handbook lists limits and consequences. */
export function needsOf(parts: Parts): Dependency[] {
  const { database, cipher, jobs, tailLagSeconds, replica, redis, mailer, blobs, scanner } = parts
  const needs: Dependency[] = []
  const add = (
    essential: boolean,
    name: string,
    limitMs: number,
    freshMs: number,
    ask: () => Promise<unknown>,
  ) => needs.push({ name, essential, limitMs, freshMs, ask })

  add(true, 'database', WATCH_LIMIT_MS, 1000, () => database.query('select 1'))
  add(true, 'keys', 1000, 10_000, async () => cipher.decrypt(cipher.encrypt('whole', 'health'), 'health'))
  add(false, 'jobs', 2000, 1000, () => jobs.ping())
  add(false, 'events', 1000, 1000, () =>
    whenSo((tailLagSeconds() ?? 0) <= TAIL_LATE_SECONDS, 'The outbox is not read.'),
  )
  if (replica)
    add(false, 'replica', 1000, 1000, () => whenSo(replica.isUsable, 'Lists are read from the primary.'))
  if (redis) add(false, 'redis', 1000, 1000, () => redis.ping())
  // Each is a sign-in there, and mail servers count them.
  const { ping } = mailer
  if (ping) add(false, 'mail', 5000, 30_000, () => ping())
  add(false, 'blobs', 3000, 10_000, () => blobs.ping())
  if (scanner) add(false, 'scanner', 3000, 5000, () => scanner.ping())
  return needs
}
