import type { Command } from 'commander'
import { readConfig } from '../config.ts'
import { effectiveSettings } from '../settings/print.ts'
import { paint, say, table } from './terminal.ts'

function run(options: { json?: true; changed?: true }): void {
  const all = effectiveSettings(readConfig(process.env).reading)
  const shown = options.changed ? all.filter(({ source }) => source !== 'default') : all
  if (options.json) {
    say(JSON.stringify(shown, null, 2))
    return
  }
  if (shown.length === 0) say('Nothing is set: every setting has its default.')
  for (const group of new Set(shown.map((setting) => setting.group))) {
    const rows = shown
      .filter((setting) => setting.group === group)
      .map(({ name, value, source }) => [name, value === '' ? '(none)' : (value ?? '-'), source])
    say(paint('bold', `\n${group}`))
    say(table(['SETTING', 'VALUE', 'FROM'], rows))
  }
}

export function configCommand(program: Command): void {
  program
    .command('config')
    .description('check the settings and print those that hold; secrets are masked')
    .option('--changed', 'only those that are not the default')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      `
Examples:
  ward-server config                    what would hold if a server started here
  ward-server config --changed          what is set, and whether by the environment or a file
  ward-server config --json | jq -r '.[] | select(.name == "PORT").value'`,
    )
    .action(run)
}
