import { fromKysely, type Job, type JobResult, PgBoss } from 'pg-boss'
import type { Logger } from 'pino'
import type { Db } from '../db/scope.ts'
import type { SealedReset } from '../domains/auth/password-reset.ts'
import type { SealedMail } from './mail.ts'

/** Every job's name and payload. Payloads carry ids, never health information. */
export interface Jobs {
  /** Builds the file of a person's own data. */
  'data-export': { export_id: string; user_id: string }
  /** Tells the person that failed sign-ins locked the account. */
  'notify-account-locked': { user_id: string; locked_until: string }
  /** Mails a link for a new password, if the address has an account. */
  'password-reset': SealedReset
  /** Sends notifications to the devices of those whom they are for. */
  'push-notification': { notifications: readonly { id: string; user_id: string }[] }
  /** Sends a mail; see sealMail. */
  mail: SealedMail
}

export type JobName = keyof Jobs

/** One function per job. Each is idempotent: a job may run again after a crash. */
export type JobHandlers = { readonly [Name in JobName]: (payload: Jobs[Name]) => Promise<void> }

/** The queue behind `enqueue`. */
export interface JobQueue {
  /** Queues a job in the transaction of `db`: it exists only if that commits. */
  insert(db: Db, name: string, payload: object): Promise<void>
  start(): Promise<void>
  /** Finishes what runs; what does not finish goes back to the queue. */
  stop(): Promise<void>
}

// One that copies many files takes long, and holds nobody else's up.
const slow: ReadonlySet<JobName> = new Set(['data-export'])
const slowSeconds = 2 * 3600

const retry = { retryLimit: 8, retryDelay: 5, retryBackoff: true, retryDelayMax: 3600 } as const

/** Jobs on pg-boss: the same database, the same transaction. Its schema is a migration of ours. */
export function createJobQueue(url: string, handlers: JobHandlers, log: Logger): JobQueue {
  const boss = new PgBoss({
    connectionString: url,
    application_name: 'wardline-jobs',
    schema: 'jobs',
    max: 2,
    migrate: false,
    createSchema: false,
  })
  boss.on('error', (error) => log.warn({ err: error }, 'the job queue met an error'))
  const names = Object.keys(handlers).filter((name): name is JobName => name in handlers)

  async function work<Name extends JobName>(name: Name): Promise<void> {
    await boss.createQueue(name, slow.has(name) ? { ...retry, expireInSeconds: slowSeconds } : retry)
    const run = async ({ id, data }: Job<Jobs[Name]>): Promise<JobResult> => {
      try {
        await handlers[name](data)
        return { id, status: 'completed' }
      } catch (error) {
        log.warn({ err: error, job: name, job_id: id }, 'a job failed; it is tried again')
        // The log says why; what is kept with the job may quote nothing.
        return { id, status: 'failed', output: { error: error instanceof Error ? error.name : 'unknown' } }
      }
    }
    const options = {
      pollingIntervalSeconds: 2,
      // A whole batch has to be done in 15 minutes, and a mail may take one; a burst is fetched on at once.
      batchSize: slow.has(name) ? 1 : 10,
      burstWhenBatchFull: true,
      // One job that fails takes none of its batch with it.
      perJobResults: true,
    } as const
    await boss.work<Jobs[Name]>(name, options, async (jobs) => {
      const results: JobResult[] = []
      for (const job of jobs) results.push(await run(job))
      return results
    })
  }

  return {
    async insert(db, name, payload) {
      await boss.send(name, payload, { db: fromKysely(db) })
    },
    async start() {
      await boss.start()
      for (const name of names) await work(name)
    },
    stop: () => boss.stop({ graceful: true, timeout: 5000 }),
  }
}
