import { setTimeout as sleep } from 'node:timers/promises'
import type { OptionSpec } from '../../command.ts'
import type { Context } from '../../context.ts'
import { describe, EXIT, exitCode, Interrupted } from '../../exit.ts'

export const WATCH: OptionSpec = { flags: '--watch', text: 'look again every few seconds, until Ctrl-C' }
export const EVERY: OptionSpec = {
  flags: '--every <seconds>',
  text: 'with --watch: how often (5)',
  integer: [1, 3600],
}
export const JSON_FLAG: OptionSpec = { flags: '--json', text: 'for machines; with --watch one object a line' }

/** `90 s`, `12 min`, `3 h`, `4 d`. */
export const span = (seconds: number): string => {
  if (seconds < 120) return `${Math.round(seconds)} s`
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} d`
}

export const ms = (value: number | null): string => {
  if (value === null) return '-'
  if (value < 10) return `${value.toFixed(1)} ms`
  return value < 10_000 ? `${Math.round(value)} ms` : `${(value / 1000).toFixed(1)} s`
}

/** `1 server`, `2 servers`. */
export const counted = (count: number, one: string): string => `${count} ${count === 1 ? one : `${one}s`}`

export interface Watching {
  readonly watch: boolean
  readonly everySeconds: number
  readonly json: boolean
}

/** Goes to the beginning and wipes what is left below: nothing flickers. */
const AGAIN = '\u001b[H'
const WIPE_LINE = '\u001b[K'
const WIPE_BELOW = '\u001b[J'

/**
 * Looks once and prints, or again and again. Something that passes, a server that restarts for one, ends no watch; what
 * another try will not mend does.
 */
export async function show<T>(
  context: Context,
  { watch, everySeconds, json }: Watching,
  look: () => Promise<T>,
  page: (seen: T) => string,
): Promise<T> {
  const { format, io } = context
  const isJson = json || format === 'json' || format === 'ndjson'
  const text = (seen: T): string => {
    if (!isJson) return page(seen)
    return watch || format === 'ndjson' ? `${JSON.stringify(seen)}\n` : `${JSON.stringify(seen, null, 2)}\n`
  }
  if (!watch) {
    const seen = await look()
    context.print(text(seen))
    return seen
  }
  const isScreen = io.stdout.isTTY === true && !isJson
  if (isScreen) context.print(`${AGAIN}${WIPE_BELOW}`)
  for (;;) {
    try {
      const seen = text(await look())
      context.print(isScreen ? `${AGAIN}${seen.replaceAll('\n', `${WIPE_LINE}\n`)}${WIPE_BELOW}` : seen)
    } catch (error) {
      if (io.signal.aborted) throw new Interrupted('Interrupted')
      const code = exitCode(error)
      if (code !== EXIT.unreachable && code !== EXIT.rateLimited && code !== EXIT.failed) throw error
      context.warn(
        context.style.yellow(`○ ${describe(error).split('\n')[0]} Trying again in ${everySeconds} s.`),
      )
    }
    await sleep(everySeconds * 1000, undefined, { signal: io.signal }).catch(() => {
      throw new Interrupted('Interrupted')
    })
  }
}
