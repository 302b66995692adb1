import type { Pool } from 'pg'
import type { Logger } from 'pino'

/** What the wake-ups need of a client of node-redis, whose own types do not fit each other. */
interface Redis {
  readonly isReady: boolean
  readonly isOpen: boolean
  on(event: 'error', heard: (error: unknown) => void): unknown
  connect(): Promise<unknown>
  publish(channel: string, message: string): Promise<number>
  subscribe(channel: string, heard: () => void): Promise<unknown>
  destroy(): void
}

/** Two connections: one that subscribes can do nothing else. */
export interface RedisPair {
  readonly mouth: Redis
  readonly ear: Redis
}

const channel = 'wardline:events'

/** Carries wake-ups between servers. It never carries an event: those are read from the table. */
export interface Announcer {
  /** Something was committed to the outbox. At most one announcement is under way, and one follows. */
  announce(): void
  /** Hears the others, where Redis carries the wake-ups; NOTIFY is heard by the tailer itself. */
  listen(wake: () => void): void
  stop(): void
}

/**
 * Wakes the tailers of all servers: through Redis when there is one that answers, else by NOTIFY. A wake-up that is
 * lost costs the poll's delay and no event.
 */
export function createAnnouncer(pool: Pool, redis: RedisPair | null, log: Logger): Announcer {
  let busy = false
  let again = false

  async function tell(): Promise<void> {
    if (redis?.mouth.isReady && redis.ear.isReady) {
      const heard = await redis.mouth.publish(channel, '').catch(() => 0)
      if (heard > 0) return
    }
    await pool
      .query(`select pg_notify('wardline_events', '')`)
      .catch((error: unknown) => log.warn({ err: error }, 'an announcement was lost'))
  }

  async function tellAll(): Promise<void> {
    busy = true
    do {
      again = false
      await tell()
    } while (again)
    busy = false
  }

  return {
    announce() {
      if (busy) again = true
      else void tellAll()
    },
    listen(wake) {
      if (!redis) return
      const { ear } = redis
      const away = (error: unknown) => log.warn({ err: error }, 'redis is away; wake-ups go by the database')
      ear.on('error', away)
      // Not awaited: Redis away costs latency, not the start; the client keeps trying and subscribes again by itself.
      void ear
        .connect()
        .then(() => ear.subscribe(channel, wake))
        .catch(away)
    },
    stop() {
      if (redis?.ear.isOpen) redis.ear.destroy()
    },
  }
}
