import type { Server } from 'node:http'
import { Server as NetServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Requests } from '../observe/requests.ts'

const lookMs = 20
/** Whoever keeps a connection busy says something on it within this time; then nothing is lost when it is closed. */
const lingerMs = 250

/**
 * Takes no further connections, and waits for the requests of those that are there. Each answer closes its connection
 * (`Connection: close`, see app.ts). A connection that lay idle is closed a moment later, not at once: a request that was
 * on its way when we began is still answered.
 * @param limitMs after which the rest is cut, and the log says what that was
 */
export async function drain(server: Server, requests: Requests, limitMs: number, log: Logger): Promise<void> {
  if (!server.listening) return
  const begun = performance.now()
  // After the event loop's look at the listener: what the kernel had accepted by then is with us, and not reset.
  await new Promise((resolve) => setImmediate(resolve))
  let isOver = false
  // Not http's own close, which would end idle connections this instant.
  NetServer.prototype.close.call(server, () => {
    isOver = true
  })
  while (!isOver && performance.now() - begun < limitMs) {
    const quiet = performance.now() - Math.max(begun, requests.changedAt)
    if (requests.size === 0 && quiet >= lingerMs) break
    await sleep(lookMs)
  }
  const cut = requests.list().map(({ requestId, operation, since }) => ({
    request_id: requestId,
    operation,
    ms: Math.round(performance.now() - since),
  }))
  if (cut.length > 0) log.error({ cut }, 'requests were cut: they did not end before the server had to')
  server.closeAllConnections()
}
