import { fromKysely, type JobResult, type JobWithMetadata, PgBoss } from 'pg-boss'
import type { Logger } from 'pino'
import type { Db } from '../db/scope.ts'
import type { SealedReset } from '../domains/auth/password-reset.ts'
import { spanned, type Tracing, within } from '../observe/trace.ts'
import type { SealedMail } from './mail.ts'

/** Every job's name and payload. Payloads carry ids, never health information. */
export interface Jobs {
  /** Asks the payment provider how a customer's subscriptions stand. */
  'billing-sync': { customer_id: string }
  /** Builds the file of a person's own data. */
  'data-export': { export_id: string; user_id: string }
  /** Tells the person that failed sign-ins locked the account. */
  'notify-account-locked': { user_id: string; locked_until: string }
  /** Mails a link for a new password, if the address has an account. */
  'password-reset': SealedReset
  /** Sends notifications to the devices of those whom they are for. */
  'push-notification': { notifications: readonly { id: string; user_id: string }[] }
  /** Looks for viruses in the file of a document. */
  'document-scan': { document_id: string; organization_id: string }
  /** Reads the text of a document. */
  'document-text': { document_id: string; organization_id: string }
  /** Sends a mail; see sealMail. */
  mail: SealedMail
}

export type JobName = keyof Jobs

/** How this run of a job stands. */
export interface Attempt {
  /** When it fails too, the job has failed for good. */
  readonly last: boolean
}

/** One function per job. Each is idempotent: a job may run again after a crash. */
export type JobHandlers = {
  readonly [Name in JobName]: (payload: Jobs[Name], attempt: Attempt) => Promise<void>
}

/** The queue behind `enqueue`. */
export interface JobQueue {
  /** Queues a job in the transaction of `db`: it exists only if that commits. */
  insert(db: Db, name: string, payload: object): Promise<void>
  /** Gives a job that failed for good one further attempt, in the transaction of `db`; no other job is touched. */
  retry(db: Db, name: string, id: string): Promise<void>
  /** Rejects when the queue's own connection has no answer. */
  ping(): Promise<void>
  /** Takes jobs in; also runs them where `work` says so. */
  start(options: { work: boolean }): Promise<void>
  /** Begins no further job; what is not begun goes back to the queue. Jobs are still taken in. */
  rest(): Promise<void>
  /** Finishes what runs; what does not finish in time goes back to the queue. @param limitMs at least a second */
  stop(limitMs?: number): Promise<void>
}

/** How an attempt ended: done, to be tried again, or for good. */
export type JobOutcome = 'completed' | 'failed' | 'gave_up'

/** Who watches the jobs. */
export interface JobWatch {
  readonly tracing?: Tracing | undefined
  readonly ended?: ((name: string, outcome: JobOutcome) => void) | undefined
}

const DAY = 86_400

const settings = {
  retryLimit: 8,
  retryDelay: 5,
  retryBackoff: true,
  retryDelayMax: 3600,
  // A worker that is gone says nothing: its jobs are then begun again, long before they would count as overdue.
  heartbeatSeconds: 60,
  // Until then one that failed for good can be seen, and run again.
  deleteAfterSeconds: 14 * DAY,
} as const

// One that copies many files takes long, and holds nobody else's up.
const slow: ReadonlySet<JobName> = new Set(['data-export'])
const slowSeconds = 2 * 3600

const settingsOf = (name: JobName) =>
  slow.has(name) ? { ...settings, expireInSeconds: slowSeconds } : settings

/** What kind of error it was. Its words may quote what it met, and stay in the log. */
function kindOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  return 'code' in error ? `${error.name} ${String(error.code)}`.slice(0, 100) : error.name
}

/** Jobs on pg-boss: the same database, the same transaction. Its schema is a migration of ours. */
export function createJobQueue(
  url: string,
  handlers: JobHandlers,
  log: Logger,
  { tracing, ended }: JobWatch = {},
): JobQueue {
  const boss = new PgBoss({
    connectionString: url,
    application_name: 'wardline-jobs',
    schema: 'jobs',
    max: 2,
    migrate: false,
    createSchema: false,
    // How soon it is seen that a worker is gone.
    superviseIntervalSeconds: 15,
    monitorIntervalSeconds: 15,
  })
  boss.on('error', (error) => log.warn({ err: error }, 'the job queue met an error'))
  let stopping = false
  const names = Object.keys(handlers).filter((name): name is JobName => name in handlers)

  async function work<Name extends JobName>(name: Name): Promise<void> {
    const run = async (job: JobWithMetadata<Jobs[Name]>): Promise<JobResult> => {
      const { id, data } = job
      if (stopping) return { id, status: 'failed', output: { error: 'Stopped' } }
      const last = job.retryCount >= job.retryLimit
      const span = tracing?.begin(`job ${name}`, 'internal', {
        'wardline.job': name,
        'wardline.attempt': job.retryCount + 1,
      })
      try {
        await spanned(span, () => handlers[name](data, { last }))
        ended?.(name, 'completed')
        return { id, status: 'completed' }
      } catch (error) {
        ended?.(name, last ? 'gave_up' : 'failed')
        const then = last ? 'a job failed for good' : 'a job failed; it is tried again'
        within(span, () => log.warn({ err: error, job: name, job_id: id }, then))
        return { id, status: 'failed', output: { error: kindOf(error) } }
      }
    }
    const options = {
      pollingIntervalSeconds: 2,
      // A whole batch has to be done in 15 minutes, and a mail may take one; a burst is fetched on at once.
      batchSize: slow.has(name) ? 1 : 10,
      burstWhenBatchFull: true,
      // One job that fails takes none of its batch with it.
      perJobResults: true,
      includeMetadata: true,
    } as const
    await boss.work(name, options, async (jobs: JobWithMetadata<Jobs[Name]>[]) => {
      const results: JobResult[] = []
      for (const job of jobs) results.push(await run(job))
      return results
    })
  }

  return {
    async insert(db, name, payload) {
      await boss.send(name, payload, { db: fromKysely(db) })
    },
    async retry(db, name, id) {
      await boss.retry(name, id, { db: fromKysely(db) })
    },
    async start(options) {
      await boss.start()
      for (const name of names) {
        await boss.createQueue(name, settingsOf(name))
        // One that was made by an older version keeps its old settings otherwise.
        await boss.updateQueue(name, settingsOf(name))
        if (options.work) await work(name)
      }
    },
    async ping() {
      await boss.getDb().executeSql('select 1')
    },
    async rest() {
      stopping = true
      await Promise.all(names.map((name) => boss.offWork(name, { wait: false })))
    },
    async stop(limitMs = 5000) {
      stopping = true
      await boss.stop({ graceful: true, timeout: limitMs })
    },
  }
}
