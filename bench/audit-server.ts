/** The server of the audit benchmark, in a process of its own: its memory is what is measured. */
import { v7 as uuidv7 } from 'uuid'
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
process.on('message', async (asked) => {
  if (asked === 'memory') process.send?.({ maxKiB: process.resourceUsage().maxRSS })
  else {
    await server.close()
    process.disconnect()
  }
})
process.send?.({ url, token })
