import type { OptionSpec } from './command.ts'

/** The option of a command that acts inside one organization; `context.organization` reads it. */
export const ORG: OptionSpec = {
  flags: '--org <id>',
  text: 'the organization, when you belong to several',
}
