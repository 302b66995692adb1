import type { Pool } from 'pg'
import type { Clock } from '../clock.ts'
import { type Db, type Scope, transaction } from '../db/scope.ts'
import { collectEvents, publishEvents } from '../domains/events/outbox.ts'
import type { Emit, Enqueue } from '../http/handler.ts'
import type { JobQueue } from './queue.ts'

/** What a job changes, says and queues: one transaction, as for a handler. */
export type Effects = <T>(
  scope: Scope,
  work: (db: Db, tools: { readonly emit: Emit; readonly enqueue: Enqueue }) => Promise<T>,
) => Promise<T>

interface Parts {
  readonly pool: Pool
  readonly clock: Clock
  readonly insert: JobQueue['insert']
  /** Something was published. */
  readonly published: () => void
}

export const createEffects =
  ({ pool, clock, insert, published }: Parts): Effects =>
  async (scope, work) => {
    const { events, emit } = collectEvents()
    const wanted: { name: string; payload: object }[] = []
    const enqueue: Enqueue = (name, payload) => wanted.push({ name, payload })
    const value = await transaction(pool, scope, 'write', async (db) => {
      const value = await work(db, { emit, enqueue })
      await publishEvents(db, events, clock.now())
      for (const { name, payload } of wanted) await insert(db, name, payload)
      return { value, commit: true }
    })
    if (events.length > 0) published()
    return value
  }
