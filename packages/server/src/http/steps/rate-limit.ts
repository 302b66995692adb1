import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible'
import { type Config, RATE_LIMIT_CLASSES, type RateLimitClass } from '../../config.ts'
import { problem } from '../problem.ts'
import { actorIdOf, type RequestState } from '../request-state.ts'

/** What is left of the caller's quota, for the RateLimit headers. */
export interface Quota {
  readonly name: RateLimitClass
  readonly points: number
  readonly windowSeconds: number
  readonly remaining: number
  readonly resetSeconds: number
}

type Limiter = Pick<RateLimiterMemory, 'consume'>

/** The connection of node-redis, as far as the limiter needs it. */
export type RedisConnection = object

/**
 * Limits per actor (person or API key), per address when nobody is signed in (`x-rate-limit`). Shared between replicas by Redis
 * when configured; while Redis is away each replica counts for itself, so that an outage opens nothing.
 */
export function createRateLimit(config: Config, redis: RedisConnection | null) {
  const limiters = new Map<RateLimitClass, Limiter>()
  for (const name of RATE_LIMIT_CLASSES) {
    const { points, windowSeconds: duration } = config.rateLimits[name]
    const memory = new RateLimiterMemory({ keyPrefix: name, points, duration })
    limiters.set(
      name,
      redis
        ? new RateLimiterRedis({
            storeClient: redis,
            useRedisPackage: true,
            keyPrefix: `wardline:rate:${name}`,
            points,
            duration,
            insuranceLimiter: memory,
          })
        : memory,
    )
  }
  /** @throws Problem RATE_LIMITED with retry_after. */
  return async (state: RequestState): Promise<Quota | null> => {
    const name = state.operation.gates.rateLimit
    const limiter = name === 'none' ? undefined : limiters.get(name)
    if (name === 'none' || !limiter) return null
    const actorId = actorIdOf(state)
    const { points, windowSeconds } = config.rateLimits[name]
    try {
      const used = await limiter.consume(actorId ? `user:${actorId}` : `ip:${state.origin.ip}`)
      return {
        name,
        points,
        windowSeconds,
        remaining: used.remainingPoints,
        resetSeconds: Math.ceil(used.msBeforeNext / 1000),
      }
    } catch (refused) {
      if (!(refused instanceof RateLimiterRes)) throw refused
      const seconds = Math.max(1, Math.ceil(refused.msBeforeNext / 1000))
      throw problem('RATE_LIMITED', `At most ${points} such requests in ${windowSeconds} seconds.`, {
        retry_after: seconds,
      })
    }
  }
}
