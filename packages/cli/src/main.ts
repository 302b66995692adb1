import { CommanderError } from 'commander'
import { addGlobals, attach, Command, type Group } from './command.ts'
import { ai } from './commands/ai/index.ts'
import { api } from './commands/api.ts'
import { apiKeys } from './commands/api-keys/index.ts'
import { appointments } from './commands/appointments/index.ts'
import { audit } from './commands/audit/index.ts'
import { billing } from './commands/billing/index.ts'
import { calls } from './commands/calls/index.ts'
import { documents } from './commands/documents/index.ts'
import { events } from './commands/events/index.ts'
import { dataExport } from './commands/export/index.ts'
import { impersonate } from './commands/impersonate/index.ts'
import { invitations } from './commands/invitations/index.ts'
import { jobs } from './commands/jobs/index.ts'
import { login } from './commands/login.ts'
import { logout } from './commands/logout.ts'
import { macros } from './commands/macros/index.ts'
import { members } from './commands/members/index.ts'
import { messages } from './commands/messages/index.ts'
import { notifications } from './commands/notifications/index.ts'
import { orgs } from './commands/orgs/index.ts'
import { patients } from './commands/patients/index.ts'
import { providers } from './commands/providers/index.ts'
import { staff } from './commands/staff/index.ts'
import { system } from './commands/system/index.ts'
import { tasks } from './commands/tasks/index.ts'
import { telemetry } from './commands/telemetry/index.ts'
import { tickets } from './commands/tickets/index.ts'
import { users } from './commands/users/index.ts'
import { webhooks } from './commands/webhooks/index.ts'
import { whoami } from './commands/whoami.ts'
import type { Io } from './context.ts'
import { describe, EXIT, exitCode } from './exit.ts'

export const topLevel = [login, logout, whoami, api]
export const groups: readonly Group[] = [
  tickets,
  macros,
  events,
  impersonate,
  audit,
  patients,
  providers,
  staff,
  appointments,
  messages,
  tasks,
  calls,
  documents,
  orgs,
  members,
  invitations,
  users,
  notifications,
  dataExport,
  apiKeys,
  webhooks,
  telemetry,
  billing,
  ai,
  jobs,
  system,
]

/**
 * The command line, ready to parse. Only the verbs of a noun that was typed are put together: the others would cost
 * every start and could not be called.
 */
const buildProgram = (argv: readonly string[], io: Io, onExit: (code: number) => void): Command => {
  const program = new Command('ward')
    .description(
      'Wardline from a terminal: tickets, live events, impersonation, the audit trail, any operation.',
    )
    .version('0.1.0', '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .addHelpCommand('help [command]', 'show help for a command')
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      getOutHelpWidth: () => io.stdout.columns ?? 100,
      getErrHelpWidth: () => io.stderr.columns ?? 100,
    })
    .addHelpText(
      'after',
      `
Examples:
  $ ward login                        sign in; the address is http://127.0.0.1:8000 until you say --url
  $ ward tickets triage               work through the queue
  $ ward events tail                  watch what happens
  $ ward api GET /api/users/me        call any operation

Environment: WARD_TOKEN (act with this token), WARD_URL, WARD_PROFILE, NO_COLOR, WARD_DEBUG=1 (stacks).
Exit codes: 0 done, 1 failed, 2 usage, 3 not found, 4 not signed in or not allowed, 5 conflict,
6 rate limited, 7 unreachable, 130 interrupted.`,
    )
  addGlobals(program)
  for (const spec of topLevel) attach(program, spec, io, onExit)
  const addGroup = (parent: Command, { name, summary, commands, groups: inner = [] }: Group): void => {
    const group = parent.command(name).summary(summary).description(summary)
    if (!argv.includes(name)) return
    for (const spec of commands) attach(group, spec, io, onExit)
    for (const one of inner) addGroup(group, one)
    const [first] = commands
    const path = parent === program ? name : `${parent.name()} ${name}`
    group.addHelpText(
      'after',
      `\nExamples:\n  $ ${first?.examples[0]?.[0] ?? `ward ${path}`}\n\nSee ward ${path} <command> --help.`,
    )
  }
  for (const group of groups) addGroup(program, group)
  return program
}

/** Parses, runs, and turns whatever is thrown into an exit code, in this one place. */
export const main = async (argv: readonly string[], io: Io): Promise<number> => {
  let code: number = EXIT.done
  try {
    const program = buildProgram(argv, io, (own) => {
      code = own
    })
    await program.parseAsync([...argv], { from: 'user' })
    return code
  } catch (error) {
    if (error instanceof CommanderError) {
      // Help and version were asked for; a group without a verb shows its help, and that is a usage error.
      return error.exitCode === 0 ? EXIT.done : EXIT.usage
    }
    if (io.signal.aborted) return EXIT.interrupted
    code = exitCode(error)
    if (code !== EXIT.interrupted) io.stderr.write(`ward: ${describe(error, io.env.WARD_DEBUG === '1')}\n`)
    return code
  }
}
