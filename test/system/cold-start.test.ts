import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const SERVER = join(import.meta.dirname, '../../packages/server/src/server.ts')

/** Tells on stderr of every package that is asked for by a name that begins so. */
const watcher = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module'
  registerHooks({ resolve(name, context, next) {
    if (/^(@opentelemetry|prom-client|pg-boss)/.test(name)) process.stderr.write('loaded ' + name + '\\n')
    return next(name, context)
  } })`)}`

test('a start without traces and metrics loads neither OpenTelemetry’s SDK nor prom-client', () => {
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--import', watcher, '--input-type=module', '-e', `await import(${JSON.stringify(SERVER)})`],
    { encoding: 'utf8' },
  )
  expect(status).toBe(0)
  // The watcher sees what is loaded; the API, which is small, comes with pg-boss.
  expect(stderr).toContain('loaded pg-boss')
  expect(stderr).not.toMatch(/loaded (@opentelemetry\/(?!api)|prom-client)/)
})
