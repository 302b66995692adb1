import { v7 as uuidv7 } from 'uuid'

// Ids of the demo never change, so a walkthrough may quote them.
const ID_EPOCH = Date.UTC(2026, 0, 5)

/** The same sequence for the same seed (mulberry32): the demo looks alike everywhere. Not for secrets. */
export class Random {
  #state: number
  #ids = 0

  constructor(seed: number) {
    this.#state = seed
  }

  /** From 0 up to but not including `bound`. */
  below(bound: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * bound)
  }

  between(first: number, last: number): number {
    return first + this.below(last - first + 1)
  }

  chance(percent: number): boolean {
    return this.below(100) < percent
  }

  pick<T>(list: readonly T[]): T {
    const item = list[this.below(list.length)]
    if (item === undefined) throw new RangeError('nothing to pick from')
    return item
  }

  shuffled<T>(list: readonly T[]): T[] {
    return list
      .map((item) => ({ item, order: this.below(2 ** 31) }))
      .sort((a, b) => a.order - b.order)
      .map(({ item }) => item)
  }

  uuid(): string {
    const random = Uint8Array.from({ length: 16 }, () => this.below(256))
    return uuidv7({ msecs: ID_EPOCH + this.#ids++, seq: 0, random })
  }

  digits(count: number): string {
    return Array.from({ length: count }, () => this.below(10)).join('')
  }
}

/** The check digit that makes "80840" and these nine digits pass the Luhn formula. */
export function npiNumber(nine: string): string {
  const sum = [...`80840${nine}`].reverse().reduce((total, char, index) => {
    const doubled = index % 2 === 0 ? Number(char) * 2 : Number(char)
    return total + (doubled > 9 ? doubled - 9 : doubled)
  }, 0)
  return `${nine}${(10 - (sum % 10)) % 10}`
}
