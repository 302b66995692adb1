import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import pg from 'pg'
import type { Benchmark, Figure } from './measure.ts'
import { addOrganization, onDatabase, signIn } from './site.ts'

/** Fewer for a quick look; the bounds are for a million. */
const rows = Number(process.env.BENCH_AUDIT_ROWS ?? 1_000_000)
// A transaction of its own for each part: a long one would hold back whatever else runs on the same PostgreSQL.
const part = 50_000

/** Has the server do something and waits for what it answers; without a question, for what it says by itself. */
async function told<T>(child: ChildProcess, question?: string): Promise<T> {
  const answer = once(child, 'message')
  if (question !== undefined) child.send(question)
  const [message] = await answer
  // Written by bench/audit-server.ts, beside this.
  return (message as { done: T }).done
}

interface Memory {
  readonly peakKiB: number
  readonly nowKiB: number
}

const seconds = async (work: () => Promise<unknown>): Promise<number> => {
  const began = performance.now()
  await work()
  return (performance.now() - began) / 1000
}

/** Reads an export as it comes, and says how it ended. */
async function read(url: string, token: string, accept: string): Promise<{ bytes: number; end: string }> {
  const response = await fetch(`${url}/api/admin/audit-logs/export`, {
    headers: { authorization: `Bearer ${token}`, accept },
  })
  if (!response.ok || !response.body) throw new Error(`the export answered ${response.status}`)
  let bytes = 0
  let end = ''
  for await (const piece of response.body) {
    bytes += piece.length
    end = (end + Buffer.from(piece).toString('latin1')).slice(-300)
  }
  return { bytes, end }
}

/** The export of a large trail: what it adds to the server's memory is bounded, with V8's own settings. */
export const audit: Benchmark = {
  name: 'audit',
  run: () =>
    onDatabase(async ({ ownerUrl, appUrl }) => {
      const owner = new pg.Client(ownerUrl)
      await owner.connect()
      await owner.query('select ensure_partitions(current_date)')
      const { org, user } = await addOrganization(owner, 'ADMIN')
      for (let first = 1; first <= rows; first += part)
        await owner.query(
          `insert into audit_logs (id, actor_user_id, actor_type, organization_id, operation_id, resource_type, resource_id,
             action_type, ip_address, user_agent, request_id, outcome, changes, occurred_at)
           select gen_random_uuid(), $1, 'USER', $2, 'updatePatient', 'PATIENT', gen_random_uuid(), 'UPDATE', '203.0.113.7',
             'Mozilla/5.0', gen_random_uuid()::text, 'SUCCESS', '{"last_name": {"old": "Okafor", "new": "Reed"}}', now() - n * interval '100 ms'
           from generate_series($3::int, $4::int) n`,
          [user, org, first, Math.min(first + part - 1, rows)],
        )
      await owner.query('analyze')

      // Only now: a code must be fresh.
      const [admin] = await signIn(owner, [user])
      await owner.end()
      const figures: Figure[] = []
      const server = fork(join(import.meta.dirname, 'audit-server.ts'), [appUrl, user, admin?.session ?? ''])
      try {
        const { url, token } = await told<{ url: string; token: string }>(server)
        // One that has worked: what its heap takes for ordinary requests is not the export's.
        for (let n = 0; n < 300; n++) {
          const answer = await fetch(`${url}/api/admin/audit-logs?limit=100`, {
            headers: { authorization: `Bearer ${token}` },
          })
          if (!answer.ok) throw new Error(`a list answered ${answer.status}`)
          await answer.arrayBuffer()
        }
        const before = await told<Memory>(server, 'memory')
        figures.push({ name: 'memory of the server before', value: before.nowKiB, unit: 'KiB' })
        const measured = async (name: string, work: () => Promise<unknown>): Promise<void> => {
          figures.push({ name: `${name}, ${rows} rows`, value: await seconds(work), unit: 's' })
          const { peakKiB } = await told<Memory>(server, 'memory')
          figures.push({ name: '  its peak', value: peakKiB, unit: 'KiB' })
          figures.push({
            name: '  above before',
            value: peakKiB - before.nowKiB,
            unit: 'KiB',
            bound: 150 * 1024,
          })
        }
        // First, or the server's own upkeep would seal beside the export.
        await measured('sealing a backlog', () => told(server, 'seal'))
        for (const [accept, end] of [
          ['text/csv', /\r\nEND,(\d+),[0-9a-f]{64},+\r\n$/],
          ['application/x-ndjson', /\n\{"end":true,"rows":(\d+),"sha256":"[0-9a-f]{64}"\}\n$/],
        ] as const)
          await measured(`export as ${accept}`, async () => {
            const text = await read(url, token, accept)
            // The rows of the exports themselves come with them.
            if (!(Number(end.exec(text.end)?.[1]) >= rows)) throw new Error('the export is not whole')
          })
        await measured('checking it', () => told(server, 'verify'))
        const gone = once(server, 'exit')
        server.send('end')
        await gone
        return figures
      } finally {
        server.kill()
      }
    }),
}
