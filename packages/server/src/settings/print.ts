import type { Reading } from './read.ts'
import { GROUPS, type Setting, type SettingName, settings } from './table.ts'

const groups = Object.entries(GROUPS).map(([group, title]) => ({
  title,
  members: settings.filter(([, setting]) => setting.group === group),
}))

/** What holds when nothing is set. */
const absent = (setting: Setting): string =>
  'default' in setting ? setting.default || 'none' : setting.otherwise

/** `text` in lines of at most `width`, all but the first behind `indent` blanks. */
function wrap(text: string, width: number, indent: number): string {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last === undefined || last.length + word.length >= width) lines.push(word)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return lines.join(`\n${' '.repeat(indent)}`)
}

/** The settings, for `ward-server --help`. */
export function settingsHelp(): string {
  const indent = Math.max(...settings.map(([name]) => name.length)) + 6
  const line = ([name, setting]: readonly [SettingName, Setting]): string => {
    const phrase = `${setting.about}; ${'default' in setting ? 'default' : 'else'} ${absent(setting)}`
    const marked = `${name}${setting.secret ? ' *' : ''}`
    return `  ${marked.padEnd(indent - 2)}${wrap(phrase.replaceAll('`', ''), 110 - indent, indent)}`
  }
  return [
    'Settings (environment). A secret, marked *, may also be in a file: DATABASE_URL_FILE=/run/secrets/database_url.',
    ...groups.map(({ title, members }) => [`\n${title}:`, ...members.map(line)].join('\n')),
  ].join('\n')
}

const cell = (text: string): string => text.replaceAll('|', '\\|')

/** The settings as Markdown tables, for docs/operations.md. */
export function settingsMarkdown(): string {
  const row = ([name, setting]: readonly [SettingName, Setting]): string => {
    const what = `${setting.about}${setting.option === undefined ? '' : `; \`${setting.option}\` wins`}`
    const value = 'default' in setting && setting.default !== '' ? `\`${setting.default}\`` : absent(setting)
    return `| \`${name}\`${setting.secret ? ' *' : ''} | ${cell(what)} | ${cell(value)} |`
  }
  return groups
    .map(({ title, members }) =>
      [`**${title}**`, '', '| setting | what | without it |', '|---|---|---|', ...members.map(row)].join(
        '\n',
      ),
    )
    .join('\n\n')
}

/** A secret as it may be shown: nothing of it, but of a URL where it leads. */
function mask(name: SettingName, text: string): string {
  if (!name.endsWith('_URL')) return '***'
  const url = new URL(text)
  // A lone user name may be a token.
  if (url.password !== '') url.password = '***'
  else if (url.username !== '') url.username = '***'
  for (const parameter of [...url.searchParams.keys()]) url.searchParams.set(parameter, '***')
  return url.href
}

/** One setting as it holds, for people: secrets are masked. */
export interface Effective {
  readonly name: SettingName
  readonly group: string
  /** Null where nothing is set and nothing stands in. */
  readonly value: string | null
  readonly source: string
}

/** What holds, from a reading without mistakes. */
export function effectiveSettings({ given }: Reading): Effective[] {
  return settings.map(([name, setting]) => {
    const { text, source } = given[name]
    const value = text === undefined ? null : setting.secret ? mask(name, text) : text
    return { name, group: GROUPS[setting.group], value, source }
  })
}
