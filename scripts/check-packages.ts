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
