/** A request that is under way. */
export interface UnderWay {
  readonly requestId: string
  readonly operation: string
  /** By `performance.now()`. */
  readonly since: number
}

/** Hears of every answer. */
export type Heard = (operation: string, status: number, ms: number) => void

/** The requests of this process: which are under way, and who hears how they end. */
export class Requests {
  readonly #underWay = new Map<object, UnderWay>()
  readonly #hear: readonly Heard[]
  #changedAt = 0

  constructor(hear: readonly Heard[]) {
    this.#hear = hear
  }

  /** @param key the request itself */
  begun(key: object, requestId: string, operation: string): void {
    this.#changedAt = performance.now()
    this.#underWay.set(key, { requestId, operation, since: this.#changedAt })
  }

  /** False when it was answered before, or left. */
  answered(key: object, operation: string, status: number, ms: number): boolean {
    if (!this.#underWay.delete(key)) return false
    this.#changedAt = performance.now()
    for (const hear of this.#hear) hear(operation, status, ms)
    return true
  }

  /** It became a stream, which is counted elsewhere. */
  left(key: object): void {
    this.#underWay.delete(key)
  }

  /** When one last began or was answered, by `performance.now()`. */
  get changedAt(): number {
    return this.#changedAt
  }

  get size(): number {
    return this.#underWay.size
  }

  list(): UnderWay[] {
    return [...this.#underWay.values()]
  }
}
