import { cursorShow, enterAlternativeScreen, exitAlternativeScreen } from 'ansi-escapes'
import type { Frame } from './view/frame.ts'
import { paint } from './view/paint.ts'

// ansi-escapes has no names for these: a line that is too wide must not wrap, a paste must be told from keys.
const NO_WRAP = '\u001b[?7l'
const WRAP = '\u001b[?7h'
const TELL_PASTES = '\u001b[?2004h'
const NO_PASTES = '\u001b[?2004l'

/** The terminal's other screen, where the triage is drawn; what was there before comes back in the end. */
export class Screen {
  readonly #out: NodeJS.WriteStream
  #shown: Frame | undefined
  #entered = false
  #flooded = false
  #waiting: Frame | undefined

  constructor(out: NodeJS.WriteStream) {
    this.#out = out
  }

  get size(): { columns: number; rows: number } {
    return { columns: this.#out.columns || 80, rows: this.#out.rows || 24 }
  }

  enter(): void {
    if (this.#entered) return
    this.#entered = true
    this.#shown = undefined
    this.#out.write(`${enterAlternativeScreen}${NO_WRAP}${TELL_PASTES}`)
  }

  /** As it was before. Safe at any time, twice too. */
  leave(): void {
    if (!this.#entered) return
    this.#entered = false
    this.#waiting = undefined
    this.#out.write(`${NO_PASTES}${WRAP}${cursorShow}${exitAlternativeScreen}`)
  }

  /** The next frame is drawn whole: the terminal may show anything now. */
  forget(): void {
    this.#shown = undefined
  }

  /** A terminal that is slower than what happens gets the latest frame, not every one. */
  draw(frame: Frame): void {
    if (!this.#entered) return
    if (this.#flooded) {
      this.#waiting = frame
      return
    }
    const bytes = paint(this.#shown, frame)
    this.#shown = frame
    if (bytes === '' || this.#out.write(bytes)) return
    this.#flooded = true
    this.#out.once('drain', () => {
      this.#flooded = false
      const next = this.#waiting
      this.#waiting = undefined
      if (next !== undefined) this.draw(next)
    })
  }
}
