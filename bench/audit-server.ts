/** The server of the audit benchmark, in a process of its own: its memory is what is measured. */
import { v7 as uuidv7 } from 'uuid'
import { AuditApart } from '../packages/server/src/audit/apart.ts'
import { systemClock } from '../packages/server/src/clock.ts'
import { loadConfig } from '../packages/server/src/config.ts'
import { createLog } from '../packages/server/src/log.ts'
import { generateKeyRing } from '../packages/server/src/security/keys.ts'
import { createTokens } from '../packages/server/src/security/tokens.ts'
import { createServer } from '../packages/server/src/server.ts'

const [databaseUrl = '', userId = '', sessionId = ''] = process.argv.slice(2)
const keys = generateKeyRing()
const server = await createServer({
  config: loadConfig({ RATE_LIMIT_GENERAL: '9999999/1m' }, { port: '0' }),
  keys,
  databaseUrl,
  log: createLog('silent'),
  clock: systemClock,
})
const url = await server.listen()
const tokens = createTokens(keys, { issuer: 'wardline', audience: 'wardline', accessSeconds: 3600 })
const token = await tokens.issueAccess({ userId, sessionId, tokenId: uuidv7() }, new Date())
// As the server itself does it.
const apart = new AuditApart(databaseUrl)

const KIB = 1024
let peak = 0
setInterval(() => {
  peak = Math.max(peak, process.memoryUsage.rss())
}, 20).unref()

const work: Record<string, () => Promise<unknown>> = {
  seal: () => apart.seal(new Date(), Number.POSITIVE_INFINITY),
  verify: () => apart.verify({ from: null, to: null, anchor: null }),
  /** The peak since the last question, and what is in use now. */
  memory: async () => {
    const now = process.memoryUsage.rss()
    const answer = { peakKiB: Math.max(peak, now) / KIB, nowKiB: now / KIB }
    peak = 0
    return answer
  },
}
process.on('message', async (asked: string) => {
  if (asked === 'end') {
    await apart.close()
    await server.close()
    process.disconnect()
  } else process.send?.({ done: await work[asked]?.() })
})
process.send?.({ done: { url, token } })
