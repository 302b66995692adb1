import { writeFileSync } from 'node:fs'
import pty from '@lydell/node-pty'
import xterm from '@xterm/headless'
import { inject } from 'vitest'

/** How a piece of text is painted. Colours are of the palette: 1 red, 2 green, 3 yellow, 4 blue; -1 is none. */
export interface Look {
  color: number
  bold: boolean
  inverse: boolean
}

export interface ScreenOptions {
  columns?: number
  rows?: number
  /** What runs instead of `ward` itself, with the command line of `ward` appended. */
  through?: readonly string[]
}

/** A pseudo-terminal whose bytes a terminal emulator interprets: read cell by cell, as a person sees it. */
export class ScreenTerminal {
  readonly ended: Promise<{ code: number; signal: number }>
  readonly #pty: pty.IPty
  readonly #terminal
  #bytes = 0
  #raw = ''

  constructor(
    argv: readonly string[],
    env: Record<string, string>,
    cwd: string,
    options: ScreenOptions = {},
  ) {
    const { columns = 120, rows = 40, through = [] } = options
    const [file = '', ...args] = [...through, process.execPath, inject('ward'), ...argv]
    this.#terminal = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true })
    this.#pty = pty.spawn(file, args, { cols: columns, rows, env, cwd, name: 'xterm-256color' })
    this.#pty.onData((data) => {
      this.#bytes += Buffer.byteLength(data)
      this.#raw += data
      this.#terminal.write(data)
    })
    this.ended = new Promise((resolve) =>
      this.#pty.onExit(({ exitCode, signal }) => {
        // The last bytes are interpreted first.
        setTimeout(() => this.#terminal.write('', () => resolve({ code: exitCode, signal: signal ?? 0 })), 50)
      }),
    )
  }

  /** Bytes that the program has written so far. */
  get bytes(): number {
    return this.#bytes
  }

  get raw(): string {
    return this.#raw
  }

  get lines(): string[] {
    const { active } = this.#terminal.buffer
    return Array.from({ length: this.#terminal.rows }, (_, at) =>
      (active.getLine(active.viewportY + at)?.translateToString(true) ?? '').trimEnd(),
    )
  }

  get text(): string {
    return this.lines.join('\n')
  }

  /** What the program has told the terminal to be. */
  get modes(): { otherScreen: boolean; pastesAreTold: boolean; wraps: boolean } {
    const { buffer, modes } = this.#terminal
    return {
      otherScreen: buffer.active.type === 'alternate',
      pastesAreTold: modes.bracketedPasteMode,
      wraps: modes.wraparoundMode,
    }
  }

  /** How the first of these texts on the screen is painted. */
  look(text: string): Look {
    const { active } = this.#terminal.buffer
    for (let row = 0; row < this.#terminal.rows; row++) {
      const line = active.getLine(active.viewportY + row)
      const column = line?.translateToString(false).indexOf(text) ?? -1
      const cell = column < 0 ? undefined : line?.getCell(column)
      if (cell === undefined) continue
      return {
        color: cell.isFgDefault() ? -1 : cell.getFgColor(),
        bold: cell.isBold() !== 0,
        inverse: cell.isInverse() !== 0,
      }
    }
    throw new Error(`"${text}" is not on the screen:\n${this.text}`)
  }

  async shows(...texts: string[]): Promise<void> {
    await this.until(
      () => texts.every((text) => this.text.includes(text)),
      `${texts.map((text) => `"${text}"`).join(' and ')} on the screen`,
    )
  }

  async hides(text: string): Promise<void> {
    await this.until(() => !this.text.includes(text), `"${text}" to leave the screen`)
  }

  async until(condition: () => boolean, what: string, milliseconds = 15_000): Promise<void> {
    const end = Date.now() + milliseconds
    while (!condition()) {
      if (Date.now() > end) throw new Error(`waited in vain for ${what}; there is:\n${this.text}`)
      await new Promise((resolve) => setTimeout(resolve, 15))
    }
  }

  /** Key by key, as a person does: several at once would be a paste. */
  async type(...keys: string[]): Promise<void> {
    for (const key of keys) {
      this.#pty.write(key)
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
  }

  paste(text: string): void {
    this.#pty.write(`\u001b[200~${text}\u001b[201~`)
  }

  resize(columns: number, rows: number): void {
    this.#terminal.resize(columns, rows)
    this.#pty.resize(columns, rows)
  }

  kill(signal: NodeJS.Signals): void {
    process.kill(this.#pty.pid, signal)
  }

  /** Ends it, whatever it does. */
  remove(): void {
    try {
      this.#pty.kill('SIGKILL')
    } catch {
      return
    }
  }
}

/** An editor that appends this to what it is given. */
export const editorThatAdds = (file: string, text: string): string => {
  writeFileSync(file, `#!/bin/sh\nprintf '%s' '${text}' >> "$1"\n`, { mode: 0o755 })
  return file
}
