import { emitKeypressEvents } from 'node:readline'
import { PassThrough } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
import type { Happening, Key } from './state.ts'

/** How long an Esc may be the beginning of a longer key, in milliseconds; a slow line may split one. */
const ESCAPE_WAIT = 80

/** Keys and pastes of a terminal in raw mode. */
export class Keyboard {
  readonly #stdin: NodeJS.ReadStream
  readonly #dispatch: (happening: Happening) => void
  readonly #keys = new PassThrough()
  readonly #decoder = new StringDecoder('utf8')
  #paste: string | undefined
  #escape: NodeJS.Timeout | undefined
  #listening = false

  constructor(stdin: NodeJS.ReadStream, dispatch: (happening: Happening) => void) {
    this.#stdin = stdin
    this.#dispatch = dispatch
    emitKeypressEvents(this.#keys)
    this.#keys.on('keypress', (_, key: Pressed) => this.#pressed(key))
  }

  start(): void {
    if (this.#listening) return
    this.#listening = true
    this.#stdin.setRawMode(true)
    this.#stdin.on('data', this.#onData)
    this.#stdin.resume()
  }

  /** Gives the terminal to somebody else, an editor or the shell. */
  stop(): void {
    if (!this.#listening) return
    this.#listening = false
    this.#stdin.off('data', this.#onData)
    this.#stdin.setRawMode(false)
    this.#stdin.pause()
  }

  readonly #onData = (bytes: Buffer): void => {
    let text = this.#decoder.write(bytes)
    if (this.#escape !== undefined) {
      clearTimeout(this.#escape)
      this.#escape = undefined
      text = `\u001b${text}`
    }
    if (text === '\u001b') {
      this.#escape = setTimeout(() => {
        this.#escape = undefined
        this.#dispatch({ type: 'key', key: { name: 'escape', text: '', ctrl: false, meta: false } })
      }, ESCAPE_WAIT)
      return
    }
    if (this.#paste === undefined && isUntoldPaste(text)) this.#dispatch({ type: 'paste', text })
    else this.#keys.write(text)
  }

  #pressed({ name = '', sequence = '', ctrl = false, meta = false }: Pressed): void {
    if (name === 'paste-start') {
      this.#paste = ''
      return
    }
    if (name === 'paste-end') {
      const text = this.#paste ?? ''
      this.#paste = undefined
      this.#dispatch({ type: 'paste', text })
      return
    }
    if (this.#paste !== undefined) {
      this.#paste += sequence
      return
    }
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what is no text is told by them
    const text = ctrl || meta || /[\u0000-\u001f\u007f]/.test(sequence) ? '' : sequence
    const key: Key = { name: text === '' || text === ' ' ? name : text, text, ctrl, meta }
    this.#dispatch({ type: 'key', key })
  }
}

interface Pressed {
  name?: string | undefined
  sequence?: string | undefined
  ctrl?: boolean | undefined
  meta?: boolean | undefined
}

/** A line break with more behind it, all at once: nobody types so, and it must not press Enter. */
const isUntoldPaste = (text: string): boolean => !text.includes('\u001b') && /[\r\n][^\r\n]/.test(text)
