import type { Client, isProblem } from '@wardline/sdk'
import type { Context } from '../../../context.ts'
import { clean } from '../../../output.ts'
import type { Failure } from './state.ts'

export type IsProblem = typeof isProblem

/**
 * Does what was asked until the server takes it or says no. A line that is down, a server that is busy and a sign-in
 * that ran out are waited for and told meanwhile; nothing that was asked gets lost.
 */
export class Trying {
  readonly #context: Context
  readonly #isProblem: IsProblem
  readonly #tell: (trouble: string | undefined) => void
  /** Those that wait, the latest last. */
  readonly #waiting = new Map<symbol, string>()

  constructor(context: Context, isProblem: IsProblem, tell: (trouble: string | undefined) => void) {
    this.#context = context
    this.#isProblem = isProblem
    this.#tell = tell
  }

  /** @param work may run several times: a read, or what says the same thing twice without harm */
  async do<T>(work: (client: Client) => Promise<T>, signal: AbortSignal): Promise<T> {
    const self = Symbol('one that waits')
    try {
      for (let failures = 0; ; failures++) {
        try {
          return await work(await this.#context.client())
        } catch (error) {
          signal.throwIfAborted()
          const wait = this.#waitFor(error, failures)
          if (wait === undefined) throw error
          this.#waiting.set(self, wait.why)
          this.#tell(wait.why)
          if (wait.signIn) this.#context.forgetClient()
          await sleep(wait.seconds * 1000, signal)
        }
      }
    } finally {
      if (this.#waiting.delete(self)) this.#tell([...this.#waiting.values()].at(-1))
    }
  }

  /** How long to wait after this; undefined when the answer is no. */
  #waitFor(error: unknown, failures: number): Wait | undefined {
    if (!(error instanceof Error)) return undefined
    const seconds = Math.min(15, 2 ** failures)
    if (error.name === 'ConnectionError' || error.name === 'TimeoutError')
      return { seconds, why: `The server cannot be reached; trying again in ${seconds} s.`, signIn: false }
    const problem = this.#isProblem(error) ? error : undefined
    if (problem?.status === 429) {
      const wait = problem.retryAfter ?? 5
      return { seconds: wait, why: `Too many requests; trying again in ${wait} s.`, signIn: false }
    }
    if ('status' in error && (error.status === 502 || error.status === 503 || error.status === 504)) {
      const wait = problem?.retryAfter ?? seconds
      return { seconds: wait, why: `The server is not ready; trying again in ${wait} s.`, signIn: false }
    }
    if (problem?.status === 401 || error.name === 'SessionEndedError' || error.name === 'SignedOutError')
      return { seconds: 3, why: SIGNED_OUT, signIn: true }
    return undefined
  }
}

const SIGNED_OUT = 'Your sign-in has ended. Sign in with ward login elsewhere: this goes on then.'

interface Wait {
  seconds: number
  why: string
  /** Another sign-in may have come meanwhile. */
  signIn: boolean
}

/** For the status line, with who changed what. */
export const failureOf = (error: unknown, isProblem: IsProblem): Failure => {
  if (!isProblem(error))
    return { code: '', text: clean(error instanceof Error ? error.message : String(error)), changes: [] }
  return { code: error.code, text: clean(error.detail ?? error.title), changes: error.problem.changes ?? [] }
}

export const sleep = (milliseconds: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer)
      reject(signal.reason)
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop)
      resolve()
    }, milliseconds)
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
  })
