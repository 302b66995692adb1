import type { Clock } from '../../packages/server/src/clock.ts'

/** A clock that runs from a set instant and can be moved: time is never slept. */
export class TestClock implements Clock {
  #offset: number

  constructor(start: Date) {
    this.#offset = start.getTime() - Date.now()
  }

  now(): Date {
    return new Date(Date.now() + this.#offset)
  }

  advance(by: { minutes?: number; seconds?: number; hours?: number; days?: number }): void {
    const { minutes = 0, seconds = 0, hours = 0, days = 0 } = by
    this.#offset += (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000
  }
}
