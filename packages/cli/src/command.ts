import { Command, InvalidArgumentError, Option } from 'commander'
import { Context, type GlobalOptions, type Io } from './context.ts'
import { FORMATS } from './output.ts'

/** An option of a command, as its help shows it. */
export interface OptionSpec {
  /** As in `--status <status>`. */
  flags: string
  text: string
  choices?: readonly string[]
  /** A whole number between these, both included. */
  integer?: readonly [least: number, most: number]
  /** May be given several times. */
  repeated?: boolean
}

/** What was typed, read by name. */
export class Typed {
  readonly #args: readonly string[]
  readonly #values: Readonly<Record<string, unknown>>

  constructor(args: readonly string[], values: Readonly<Record<string, unknown>>) {
    this.#args = args
    this.#values = values
  }

  arg(at: number): string {
    return this.#args[at] ?? ''
  }

  optionalArg(at: number): string | undefined {
    return this.#args[at]
  }

  args(from = 0): readonly string[] {
    return this.#args.slice(from)
  }

  text(name: string): string | undefined {
    const value = this.#values[name]
    return typeof value === 'string' ? value : undefined
  }

  /** One of the choices that the option declares; commander has checked it. */
  choice<Choice extends string>(name: string, choices: readonly Choice[]): Choice | undefined {
    const value = this.text(name)
    return choices.find((choice) => choice === value)
  }

  number(name: string): number | undefined {
    const value = this.#values[name]
    return typeof value === 'number' ? value : undefined
  }

  flag(name: string): boolean {
    return this.#values[name] === true
  }

  texts(name: string): readonly string[] {
    const value = this.#values[name]
    return Array.isArray(value) ? value.map(String) : []
  }
}

/** A command: what is typed is parsed in one place and run in another, so that each is tested alone. */
export interface CommandSpec<Options> {
  /** With its arguments: `show <ticket>`. */
  name: string
  summary: string
  details?: string
  options?: readonly OptionSpec[]
  /** Command lines, with what they do. */
  examples: readonly (readonly [line: string, what: string])[]
  parse(typed: Typed): Options
  run(context: Context, options: Options): Promise<void>
}

/** A command with its options' type closed in. */
export interface AnyCommand extends Omit<CommandSpec<unknown>, 'parse' | 'run'> {
  execute(context: Context, typed: Typed): Promise<void>
}

export const command = <Options>(spec: CommandSpec<Options>): AnyCommand => ({
  ...spec,
  execute: (context, typed) => spec.run(context, spec.parse(typed)),
})

/** A noun and its verbs, and the nouns that belong to it: `ward patients contacts add`. */
export interface Group {
  name: string
  summary: string
  commands: readonly AnyCommand[]
  groups?: readonly Group[]
}

const globals: readonly Option[] = [
  new Option('-o, --output <format>', 'how to print results').choices(FORMATS),
  new Option('--profile <name>', 'which sign-in to use (WARD_PROFILE)'),
  new Option('--url <address>', 'the server (WARD_URL)'),
  new Option('--no-color', 'no colours (NO_COLOR)'),
  new Option('-q, --quiet', 'no status lines, only results and errors'),
]

/** Adds a command to its parent. The global options work before and after the verb. */
export const attach = (parent: Command, spec: AnyCommand, io: Io, onExit: (code: number) => void): void => {
  const child = parent.command(spec.name).summary(spec.summary)
  child.description(spec.details === undefined ? spec.summary : `${spec.summary}\n\n${spec.details}`)
  for (const { flags, text, choices, integer, repeated } of spec.options ?? []) {
    const option = new Option(flags, text)
    if (choices !== undefined) option.choices(choices)
    if (integer !== undefined) option.argParser((value) => wholeNumber(value, integer))
    if (repeated)
      option.argParser((value, before: unknown) => [...(Array.isArray(before) ? before : []), value])
    child.addOption(option)
  }
  const own = new Set(child.options.flatMap((option) => [option.short, option.long]))
  for (const option of globals) {
    const copy = new Option(
      own.has(option.short) ? option.flags.replace(/^-\w, /, '') : option.flags,
      option.description,
    )
    if (option.argChoices !== undefined) copy.choices(option.argChoices)
    child.addOption(copy.hideHelp())
  }
  child.addHelpText('after', examplesText(spec))
  child.action(async () => {
    const all: Record<string, unknown> = { ...child.parent?.optsWithGlobals(), ...child.opts() }
    if (child.parent?.optsWithGlobals().color === false) all.color = false
    const context = new Context(io, all as GlobalOptions)
    await spec.execute(context, new Typed(child.args, all))
    onExit(context.exitCode)
  })
}

export const addGlobals = (program: Command): void => {
  for (const option of globals) program.addOption(option)
}

const examplesText = (spec: AnyCommand): string => {
  const width = Math.max(...spec.examples.map(([line]) => line.length))
  const lines = spec.examples.map(([line, what]) => `  $ ${line.padEnd(Math.min(width, 60))}  ${what}`)
  return `\nExamples:\n${lines.join('\n')}\n\nEvery command takes --output, --profile, --url, --no-color and --quiet; see ward --help.`
}

const wholeNumber = (value: string, [least, most]: readonly [number, number]): number => {
  const number = Number(value)
  if (!Number.isInteger(number) || number < least || number > most) {
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`)
  }
  return number
}

export { Command }
