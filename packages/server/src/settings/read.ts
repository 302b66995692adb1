import { readSecretFile } from '../secret-file.ts'
import { StartupError } from '../startup-error.ts'
import { Wrong } from './kinds.ts'
import { strangers, variablesOf } from './names.ts'
import { type Setting, type SettingName, settings, type Values } from './table.ts'

export type Env = Readonly<Record<string, string | undefined>>

/** Where a setting comes from. */
export type Source = 'default' | 'environment' | 'file' | 'command line'

export interface Given {
  /** Undefined where nothing is set and nothing stands in. */
  readonly text: string | undefined
  readonly source: Source
}

export interface Reading {
  readonly values: Values
  readonly given: Readonly<Record<SettingName, Given>>
  /** One sentence each. */
  readonly mistakes: readonly string[]
}

/** Empty counts as absent. */
const present = (value: string | undefined): string | undefined => {
  const trimmed = value?.trim()
  return trimmed === '' ? undefined : trimmed
}

/** The text of one setting: command line, environment, file, default. Tells mistakes instead of throwing them. */
function find(
  name: SettingName,
  setting: Setting,
  env: Env,
  option: string | undefined,
  tell: (mistake: string) => void,
): Given {
  const fallback: Given = { text: 'default' in setting ? setting.default : undefined, source: 'default' }
  const [own, ofFile] = variablesOf(name)
  const file = ofFile && present(env[ofFile])
  const text = own && present(env[own])
  if (text !== undefined && file !== undefined) tell(`${ofFile} and ${own} cannot both be set.`)
  if (present(option) !== undefined) return { text: present(option), source: 'command line' }
  if (text !== undefined) return { text, source: 'environment' }
  if (file === undefined) return fallback
  try {
    const content = present(readSecretFile(file, `The file ${file} of ${ofFile}`))
    if (content === undefined) tell(`The file ${file} of ${ofFile} is empty.`)
    return { text: content, source: 'file' }
  } catch (error) {
    if (!(error instanceof StartupError)) throw error
    tell(error.message)
    return fallback
  }
}

/**
 * Reads every setting of the table, and remembers what is wrong, so that all mistakes are told at once.
 * @param options what the command line says, by the setting's name.
 */
export function readSettings(
  env: Env,
  options: Readonly<Partial<Record<SettingName, string | undefined>>> = {},
): Reading {
  const mistakes: string[] = []
  const given: Partial<Record<SettingName, Given>> = {}
  const values: Partial<Record<SettingName, unknown>> = {}
  for (const [name, setting] of settings) {
    const found = find(name, setting, env, options[name], (mistake) => mistakes.push(mistake))
    given[name] = found
    const value = found.text === undefined ? undefined : setting.kind(found.text)
    if (value instanceof Wrong) {
      const shown = found.source === 'command line' ? `--${name.toLowerCase().replaceAll('_', '-')}` : name
      mistakes.push(`${shown} must be ${value.expected}.`)
      values[name] = 'default' in setting ? setting.kind(setting.default) : undefined
    } else values[name] = value
  }
  mistakes.push(...strangers(env))
  // The loop has filled both, each value by its own kind.
  return { values: values as Values, given: given as Reading['given'], mistakes }
}
