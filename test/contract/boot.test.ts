import { describe, expect, inject, test } from 'vitest'
import { systemClock } from '../../packages/server/src/clock.ts'
import { loadConfig } from '../../packages/server/src/config.ts'
import { healthHandlers } from '../../packages/server/src/domains/health/handlers.ts'
import type { Handlers, HealthHandlers } from '../../packages/server/src/generated/handlers.ts'
import { operations } from '../../packages/server/src/generated/operations.ts'
import type { Handler } from '../../packages/server/src/http/handler.ts'
import { problem } from '../../packages/server/src/http/problem.ts'
import { createLog } from '../../packages/server/src/log.ts'
import { generateKeyRing } from '../../packages/server/src/security/keys.ts'
import { createServer } from '../../packages/server/src/server.ts'
import { StartupError } from '../../packages/server/src/startup-error.ts'
import { databaseUrl } from '../../scripts/postgres.ts'

const nothing = async (): Promise<never> => {
  throw new Error('not called')
}

/** A handler for each name, as a table that tsc was not asked about. */
const table = (names: string[]): Handlers =>
  Object.fromEntries(names.map((name) => [name, nothing])) as unknown as Handlers

const boot = (names: string[]) => {
  const { appUrl, template } = inject('database')
  return createServer({
    config: loadConfig({}, { port: '0' }),
    keys: generateKeyRing(),
    databaseUrl: databaseUrl(appUrl, template),
    log: createLog('silent'),
    clock: systemClock,
    handlers: () => table(names),
  })
}

describe('the boot', () => {
  const names = Object.keys(operations)

  test('stops when an operation has no handler', async () => {
    const error = await boot(names.filter((name) => name !== 'getPatient')).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(StartupError)
    expect(error).toMatchObject({ message: 'The operation getPatient has no handler.' })
  })

  test('stops when a handler belongs to no operation', async () => {
    await expect(boot([...names, 'getSecrets'])).rejects.toThrow(
      'The handler getSecrets belongs to no operation of the contract.',
    )
  })

  test('stops when a route is outside the contract', async () => {
    const { appUrl, template } = inject('database')
    await expect(
      createServer({
        config: loadConfig({}, { port: '0' }),
        keys: generateKeyRing(),
        databaseUrl: databaseUrl(appUrl, template),
        log: createLog('silent'),
        clock: systemClock,
        extend: (app) => {
          app.get('/debug', async () => 'open')
        },
      }),
    ).rejects.toThrow('The route GET /debug is not in the contract.')
  })
})

describe('the compiler (npm run check holds these lines)', () => {
  test('refuses a missing, an extra and a mistyped handler, and an undeclared code', () => {
    // @ts-expect-error a handler is missing
    const missing: HealthHandlers = { getHealth: nothing }
    // @ts-expect-error a handler is no operation's
    const extra: HealthHandlers = { getHealth: nothing, getDeepHealth: nothing, getSecrets: nothing }
    // @ts-expect-error the answer is not the contract's
    const mistyped: Handler<'getPatient'> = async () => ({ name: 'x' })
    // @ts-expect-error getPatient does not declare DUPLICATE_MRN
    const undeclared: Handler<'getPatient'> = async () => problem('DUPLICATE_MRN')
    const declared: Handler<'getPatient'> = async () => problem('NOT_FOUND')
    expect([missing, extra, mistyped, undeclared, declared]).toHaveLength(5)
    expect(healthHandlers).toBeTypeOf('function')
  })
})
