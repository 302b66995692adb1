import { SETTINGS, type SettingName, settings } from './table.ts'

/** The variables that a setting is read from: its own, and for a secret the one that names a file with it. */
export function variablesOf(name: SettingName): string[] {
  const setting = settings.find(([known]) => known === name)?.[1]
  const file = `${name}_FILE`
  return setting?.secret === true && !(file in SETTINGS) ? [name, file] : [name]
}

const KNOWN = new Set(settings.flatMap(([name]) => variablesOf(name)))

// Nobody else's variables begin so.
const OURS = /^(WARDLINE|RATE_LIMIT|WEBHOOKS)_/

// Kubernetes gives every container the addresses of the services around it, one of which may well be called wardline.
const SERVICE_LINK = /_(SERVICE_(HOST|PORT)(_.+)?|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$/
const isServiceLink = (name: string, value: string): boolean =>
  SERVICE_LINK.test(name) && (/^(tcp|udp|sctp):\/\//.test(value) || /_(SERVICE|TCP|UDP|SCTP)_/.test(name))

const UNIT = /_(MS|MILLISECONDS|S|SECS?|SECONDS|MINUTES|HOURS|DAYS|BYTES|[KM]B)$/

/** A name as somebody writes it who leaves out one of its words, but not the first. */
function abridged(name: string): string[] {
  const list = name.split('_')
  return list.length < 3 ? [] : list.slice(1).map((_, i) => list.toSpliced(i + 1, 1).join('_'))
}

/** How many letters have to be typed, left out, changed or swapped with their neighbour. */
function distance(from: string, to: string): number {
  let before: number[] = []
  let last = Array.from({ length: to.length + 1 }, (_, j) => j)
  for (let i = 1; i <= from.length; i++) {
    const row = [i]
    for (let j = 1; j <= to.length; j++) {
      const same = from[i - 1] === to[j - 1]
      const swapped = from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]
      row[j] = Math.min(
        (last[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + 1,
        (last[j - 1] ?? 0) + (same ? 0 : 1),
        swapped ? (before[j - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
      )
    }
    before = last
    last = row
  }
  return last[to.length] ?? 0
}

const words = (name: string): string => name.split('_').sort().join('_')

/** Whether somebody who typed `name` is likely to have meant `known`. Short names resemble too much. */
function resembles(name: string, value: string, known: string): boolean {
  if (name.length < 6 || known.length < 6) return false
  if (distance(name, known) <= (known.length < 12 ? 1 : 2)) return true
  if (words(name) === words(known)) return true
  // Without its unit a name may be anybody's (ACCESS_TOKEN), unless its value is a number.
  if (UNIT.test(known)) return /^\d/.test(value.trim()) && name.replace(UNIT, '') === known.replace(UNIT, '')
  return known in SETTINGS && abridged(known).includes(name)
}

/**
 * One sentence for each variable that looks like a setting and is none. Foreign variables are left alone: what merely
 * resembles a setting is refused only where that setting itself is not set.
 */
export function strangers(env: Readonly<Record<string, string | undefined>>): string[] {
  const given = new Set(Object.keys(env).filter((name) => (env[name] ?? '').trim() !== ''))
  return [...given].flatMap((name) => {
    const upper = name.toUpperCase()
    const value = env[name] ?? ''
    if (KNOWN.has(name) || isServiceLink(name, value)) return []
    const meant = [...KNOWN]
      .filter((known) => resembles(upper, value, known))
      .sort((a, b) => distance(upper, a) - distance(upper, b))[0]
    if (meant === undefined ? !OURS.test(name) : given.has(meant) && !OURS.test(name)) return []
    const remedy = meant === undefined ? 'see "ward-server --help".' : `did you mean ${meant}?`
    return [`${name} is not a setting of this server; ${remedy}`]
  })
}
