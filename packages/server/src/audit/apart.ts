import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { ExportTask } from '../domains/admin/export.ts'
import type { Integrity, IntegrityQuery } from './seals.ts'

/** What the thread is asked for; `audit/thread.ts` does it. */
export type AuditTask =
  | { readonly do: 'export'; readonly task: ExportTask }
  | { readonly do: 'verify'; readonly query: IntegrityQuery }
  | { readonly do: 'seal'; readonly now: Date; readonly seals: number }

/** What the thread says: a piece of the text (null after the last), the result, or why there is none. */
export type AuditReply =
  | { readonly piece: string | null }
  | { readonly result: Integrity | boolean }
  | { readonly failure: { readonly message: string; readonly code: string } }

/*
 * A million rows are a gigabyte of short-lived strings, which V8 collects lazily while the heap may grow: some 250 MB that stay
 * with the process. A heap of its own that may not grow ends that, and the hashing keeps no request waiting.
 */
const resourceLimits = { maxOldGenerationSizeMb: 24, maxYoungGenerationSizeMb: 3 }

// Each has a connection and a thread; who comes later waits without either.
const mostExports = 4

/** Lets so many in at once, in the order in which they came. */
class Turnstile {
  readonly #waiting: (() => void)[] = []
  #free: number

  constructor(free: number) {
    this.#free = free
  }

  async enter(): Promise<() => void> {
    if (this.#free > 0) this.#free -= 1
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    return () => {
      const next = this.#waiting.shift()
      if (next) next()
      else this.#free += 1
    }
  }
}

/** Work that goes over the whole trail. Each piece of it has a thread, a heap and a connection of its own. */
export class AuditApart {
  readonly #databaseUrl: string
  readonly #threads = new Set<Worker>()
  readonly #exports = new Turnstile(mostExports)
  // A check reads the whole trail, so many at once would be a load of its own.
  readonly #checks = new Turnstile(1)

  constructor(databaseUrl: string) {
    this.#databaseUrl = databaseUrl
  }

  /**
   * The export's text, no faster than it is asked for.
   * @throws what broke it off; the pieces until then are no export
   */
  async *export(task: ExportTask): AsyncGenerator<string> {
    const leave = await this.#exports.enter()
    const thread = this.#start({ do: 'export', task })
    try {
      for (;;) {
        thread.postMessage('next')
        const reply = await heard(thread)
        if (!('piece' in reply)) throw new Error('the thread exported nothing')
        if (reply.piece === null) return
        yield reply.piece
      }
    } finally {
      await thread.terminate()
      leave()
    }
  }

  /** Compares the trail, every organization's, with its seals. One check at a time. */
  async verify(query: IntegrityQuery): Promise<Integrity> {
    const leave = await this.#checks.enter()
    try {
      const result = await this.#result({ do: 'verify', query })
      if (typeof result === 'boolean') throw new Error('the thread checked nothing')
      return result
    } finally {
      leave()
    }
  }

  /** As `sealAudit`; for a backlog. */
  async seal(now: Date, seals: number): Promise<boolean> {
    return (await this.#result({ do: 'seal', now, seals })) === true
  }

  /** Ends what still runs, without its result. */
  async close(): Promise<void> {
    await Promise.all([...this.#threads].map((thread) => thread.terminate()))
  }

  async #result(task: AuditTask): Promise<Integrity | boolean> {
    const thread = this.#start(task)
    try {
      const reply = await heard(thread)
      if (!('result' in reply)) throw new Error('the thread has no result')
      return reply.result
    } finally {
      await thread.terminate()
    }
  }

  #start(task: AuditTask): Worker {
    const thread = new Worker(new URL('./thread.ts', import.meta.url), {
      workerData: { databaseUrl: this.#databaseUrl, task },
      resourceLimits,
    })
    this.#threads.add(thread)
    // Also keeps an error between two questions from ending the process; the next question finds the thread gone.
    thread.on('error', () => {}).once('exit', () => this.#threads.delete(thread))
    return thread
  }
}

/** The next thing that the thread says. */
async function heard(thread: Worker): Promise<Exclude<AuditReply, { failure: unknown }>> {
  const gone = new AbortController()
  const onExit = (): void => gone.abort()
  thread.once('exit', onExit)
  try {
    // `once` also rejects with the thread's error, such as a heap that was not enough.
    const [reply]: AuditReply[] = await once(thread, 'message', { signal: gone.signal })
    if (reply === undefined) throw new Error('the thread said nothing')
    if (!('failure' in reply)) return reply
    const { message, code } = reply.failure
    throw Object.assign(new Error(message), { code })
  } finally {
    thread.off('exit', onExit)
  }
}
