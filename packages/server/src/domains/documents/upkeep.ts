import type { Pool } from 'pg'
import type { Blobs } from '../../adapters/blobs/blobs.ts'
import { unscoped } from '../../db/scope.ts'
import type { JobQueue } from '../../jobs/queue.ts'
import * as queries from './queries.ts'

const DAY_MS = 86_400_000
const BATCH = 500
const BEFORE_ALL = '00000000-0000-0000-0000-000000000000'

/** Queues what waits for a scan: the server may have been without a scanner. Queued twice, a document is scanned once. */
export async function queueUnscanned(pool: Pool, jobs: Pick<JobQueue, 'insert'>): Promise<void> {
  let after: string | undefined = BEFORE_ALL
  while (after !== undefined) {
    const from: string = after
    after = await unscoped(pool, 'write', async (db) => {
      const rows = await queries.listToScan(db, from, BATCH)
      for (const row of rows) await jobs.insert(db, 'document-scan', row)
      return rows.length === BATCH ? rows.at(-1)?.document_id : undefined
    })
  }
}

/** Forgets uploads that were begun a day ago and never completed, with what was sent of them. */
export async function forgetUploads(pool: Pool, blobs: Blobs, now: Date): Promise<void> {
  const before = new Date(now.getTime() - DAY_MS)
  for (;;) {
    const rows = await unscoped(pool, 'read', (db) => queries.listUnfinished(db, before, BATCH))
    // First the files: a row that is gone names none.
    for (const { storage_key } of rows) await blobs.delete(storage_key)
    const ids = rows.map(({ document_id }) => document_id)
    if (ids.length > 0) await unscoped(pool, 'write', (db) => queries.forgetUnfinished(db, ids, before))
    if (rows.length < BATCH) return
  }
}
