/** One task over the whole audit trail, in a thread of its own (`audit/apart.ts`). */
import { on } from 'node:events'
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { createPool } from '../db/pool.ts'
import { writeExport } from '../domains/admin/export.ts'
import type { AuditReply, AuditTask } from './apart.ts'
import { sealAudit, verifyAudit } from './seals.ts'

// Written by `AuditApart`.
const { databaseUrl, task }: { databaseUrl: string; task: AuditTask } = workerData
function channelOf(port: MessagePort | null): MessagePort {
  if (!port) throw new Error('this is a thread of the server')
  return port
}
const channel = channelOf(parentPort)

const say = (reply: AuditReply): void => channel.postMessage(reply)
const pool = createPool(databaseUrl, 1, () => {})

function failed(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error)
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  say({ failure: { message, code } })
}

async function run(): Promise<void> {
  if (task.do === 'verify') return say({ result: await verifyAudit(pool, task.query) })
  if (task.do === 'seal') return say({ result: await sealAudit(pool, task.now, task.seals) })
  // Each piece, and the end, has been asked for.
  const asked = on(channel, 'message')
  await writeExport(pool, task.task, async (piece) => {
    await asked.next()
    say({ piece })
  })
  await asked.next()
  say({ piece: null })
}

run().catch(failed)
