import { fromKysely, PgBoss } from 'pg-boss'
import type { Logger } from 'pino'
import type { Db } from '../db/scope.ts'

/** Every job's name and payload. Payloads carry ids, never health information. */
export interface Jobs {
  /** Tells the person that failed sign-ins locked the account. */
  'notify-account-locked': { user_id: string; locked_until: string }
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
    await boss.createQueue(name, retry)
    // One job a poll would let a burst wait for minutes.
    await boss.work<Jobs[Name]>(name, { pollingIntervalSeconds: 2, batchSize: 100 }, async (jobs) => {
      for (const job of jobs) await handlers[name](job.data)
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
