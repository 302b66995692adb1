import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Draft } from './state.ts'

type Drafts = Readonly<Record<string, Draft>>
/** By server and person. */
type Stored = Record<string, Record<string, { text: string; key: string }>>

/** Texts that nobody came back to for so long are dropped, in milliseconds. */
const OLDEST = 30 * 24 * 3_600_000

/** Texts that were typed and not sent, kept over a quit, a crash or a lost line. Readable by their writer alone. */
export class DraftStore {
  readonly #folder: string
  readonly #owner: string
  #kept: Drafts = {}

  constructor(folder: string, owner: string) {
    this.#folder = folder
    this.#owner = owner
  }

  get #file(): string {
    return join(this.#folder, 'drafts.json')
  }

  load(now: number): Drafts {
    const own = Object.entries(this.#read()[this.#owner] ?? {})
    const young = own.filter(([, { key }]) => now - Number.parseInt(key, 10) < OLDEST)
    this.#kept = Object.fromEntries(young.map(([id, one]) => [id, { ...one, cursor: one.text.length }]))
    return this.#kept
  }

  /** Only what changed here is written: another window of the same person has texts of its own. */
  save(drafts: Drafts): void {
    const before = this.#kept
    const changed = [...new Set([...Object.keys(before), ...Object.keys(drafts)])].filter(
      (id) => before[id]?.text !== drafts[id]?.text,
    )
    if (changed.length === 0) return
    const stored = this.#read()
    const own = { ...stored[this.#owner] }
    for (const id of changed) {
      const draft = drafts[id]
      if (draft === undefined || draft.text.trim() === '') delete own[id]
      else own[id] = { text: draft.text, key: draft.key }
    }
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 })
    const next = `${this.#file}.${process.pid}`
    writeFileSync(next, `${JSON.stringify({ ...stored, [this.#owner]: own })}\n`, { mode: 0o600 })
    chmodSync(next, 0o600)
    renameSync(next, this.#file)
    this.#kept = drafts
  }

  #read(): Stored {
    try {
      return JSON.parse(readFileSync(this.#file, 'utf8'))
    } catch {
      return {}
    }
  }
}
