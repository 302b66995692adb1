import type { Logger } from 'pino'
import { within } from '../time-limit.ts'

/** Something that the server needs. */
export interface Dependency {
  readonly name: string
  /** Without it the server cannot serve; without another one it does, if not everything. */
  readonly essential: boolean
  /** How long it may take to answer. */
  readonly limitMs: number
  /** How long an answer serves again: whoever asks us often does not ask it often. */
  readonly freshMs: number
  /** Rejects when it does not answer, or answers wrong. */
  ask(): Promise<unknown>
}

/** How it answered. */
export interface Finding {
  readonly name: string
  readonly essential: boolean
  readonly status: 'ok' | 'failing' | 'timeout'
  readonly latencyMs: number
  readonly limitMs: number
  /** What kind of error it was; its words stay in the log. */
  readonly error: string | null
}

/** What the server needs, and how it is. */
export interface Dependencies {
  /** Asks all at once, each within its limit, unless its last answer is fresh. Never rejects. */
  look(): Promise<Finding[]>
}

const PATIENCE_MS = 500

const tenths = (ms: number): number => Math.round(ms * 10) / 10

const kindOf = (error: unknown): string => {
  if (!(error instanceof Error)) return 'unknown'
  return ('code' in error && error.code !== undefined ? `${error.name} ${error.code}` : error.name).slice(
    0,
    100,
  )
}

/** One dependency: asked by one at a time, however many want to know, and however long it hangs. */
class Watched {
  readonly dependency: Dependency
  readonly #log: Logger
  #last: { readonly finding: Finding; readonly at: number } | undefined
  #looking: Promise<Finding> | undefined
  /** A question that was given up but has no answer yet. */
  #hanging: Promise<unknown> | undefined

  constructor(dependency: Dependency, log: Logger) {
    this.dependency = dependency
    this.#log = log
  }

  async look(): Promise<Finding> {
    const { essential, freshMs } = this.dependency
    if (this.#last !== undefined && performance.now() - this.#last.at < freshMs) return this.#last.finding
    this.#looking ??= this.#measure().finally(() => {
      this.#looking = undefined
    })
    if (essential) return this.#looking
    // What the server can do without holds up no answer: meanwhile it is as it was.
    const before = this.#last?.finding ?? this.#silent()
    return within(PATIENCE_MS, this.#looking, before)
  }

  #silent(): Finding {
    const { name, essential, limitMs } = this.dependency
    return { name, essential, status: 'timeout', latencyMs: PATIENCE_MS, limitMs, error: null }
  }

  #ask(): Promise<unknown> {
    if (this.#hanging === undefined) {
      const asked = (async () => this.dependency.ask())()
      const settled = (): void => {
        if (this.#hanging === asked) this.#hanging = undefined
      }
      asked.then(settled, settled)
      this.#hanging = asked
    }
    return this.#hanging
  }

  async #measure(): Promise<Finding> {
    const { name, essential, limitMs } = this.dependency
    const begun = performance.now()
    let error: unknown
    const answer = this.#ask().then(
      () => 'ok' as const,
      (refused: unknown) => {
        error = refused
        return 'failing' as const
      },
    )
    const status = await within(limitMs, answer, 'timeout' as const)
    const latencyMs = tenths(performance.now() - begun)
    const finding: Finding = {
      name,
      essential,
      status,
      latencyMs,
      limitMs,
      error: status === 'failing' ? kindOf(error) : null,
    }
    this.#tell(finding, error)
    this.#last = { finding, at: performance.now() }
    return finding
  }

  /** Once when it goes, once when it comes back: a log that says it every second says nothing. */
  #tell({ name, status, latencyMs }: Finding, error: unknown): void {
    const before = this.#last?.finding.status ?? 'ok'
    if (status === before) return
    const fields = { dependency: name, status, ms: latencyMs }
    if (status === 'ok') this.#log.info(fields, 'a dependency answers again')
    else
      this.#log.error(
        { ...fields, ...(error === undefined ? {} : { err: error }) },
        'a dependency does not answer',
      )
  }
}

export function createDependencies(list: readonly Dependency[], log: Logger): Dependencies {
  const watched = list.map((dependency) => new Watched(dependency, log))
  return { look: () => Promise.all(watched.map((one) => one.look())) }
}
