/** Packs what is published and holds it against publint and are-the-types-wrong, as npm would ship it. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const run = (folder: string, command: string, args: string[]): void => {
  const { status } = spawnSync(command, args, { cwd: join(root, folder), stdio: 'inherit', shell: false })
  if (status !== 0) process.exit(status ?? 1)
}

run('.', 'npm', ['run', 'build', '--silent'])
run('packages/sdk', 'publint', ['--strict'])
run('packages/sdk', 'attw', ['--pack', '.'])
run('packages/cli', 'publint', ['--strict'])
// What ward loads late is bundled apart: each file must stand by itself.
for (const file of ['sdk', 'inquirer', 'screen'])
  run('packages/cli', process.execPath, ['-e', `require('./dist/${file}.cjs')`])

// Both builds of the SDK do a call and a stream: an import that resolves is not yet one that works.
const use = `
  const client = createClient({ baseUrl: 'http://127.0.0.1:9', auth: 'none', maxRetries: 0 })
  const stream = async () => { for await (const event of client.events.stream({})) return event }
  const refused = (error) => { if (error.name !== 'ConnectionError') throw error }
  client.health.get().catch(refused).then(stream).catch(refused)`
run('.', process.execPath, [
  '--input-type=module',
  '-e',
  `import { createClient } from '@wardline/sdk'${use}`,
])
run('.', process.execPath, [
  '--input-type=commonjs',
  '-e',
  `const { createClient } = require('@wardline/sdk')${use}`,
])
