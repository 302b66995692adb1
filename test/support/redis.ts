import { createClient } from 'redis'

/** Where a test looks for a Redis. */
export const redisUrl = process.env.REDIS_URL ?? 'redis://127.0.0.1:6379'

/** Whether one answers there: a fresh machine has none. */
export async function hasRedis(): Promise<boolean> {
  const client = createClient({ url: redisUrl, socket: { connectTimeout: 500, reconnectStrategy: false } })
  client.on('error', () => {})
  try {
    await client.connect()
    return (await client.ping()) === 'PONG'
  } catch {
    return false
  } finally {
    if (client.isOpen) client.destroy()
  }
}
