/** The server of the stream benchmark, in a process of its own: its memory is what is measured. */
import { readFileSync } from 'node:fs'
import { systemClock } from '../packages/server/src/clock.ts'
import { loadConfig } from '../packages/server/src/config.ts'
import { createLog } from '../packages/server/src/log.ts'
import { loadKeyRing } from '../packages/server/src/security/keys.ts'
import { createServer } from '../packages/server/src/server.ts'

const config = loadConfig({ ...process.env, RATE_LIMIT_GENERAL: '9999999/1m' }, { port: '0' })
const server = await createServer({
  config,
  keys: loadKeyRing(config),
  databaseUrl: config.databaseUrl ?? '',
  log: createLog(config.logLevel, process.stderr),
  clock: systemClock,
})
const url = await server.listen()

/** Resident memory of this process in KiB, after all that is garbage was collected and given back. */
function residentKiB(): number {
  const collect: unknown = globalThis.gc
  for (let round = 0; round < 3; round++)
    if (typeof collect === 'function') collect({ type: 'major', execution: 'sync', flavor: 'last-resort' })
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1])
}

process.on('message', async (asked) => {
  if (asked === 'memory') process.send?.({ kib: residentKiB() })
  else {
    await server.close()
    process.disconnect()
  }
})
process.send?.({ url })
