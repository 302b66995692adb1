import { type Draft, draftId, type Key, type Mode, type State } from './state.ts'
import { browsing, noTicket, type Step, step, tell } from './step.ts'
import {
  backspace,
  cutToLineEnd,
  cutToLineStart,
  cutWord,
  type Editing,
  EMPTY,
  end,
  home,
  insert,
  left,
  remove,
  right,
  vertical,
  wordLeft,
  wordRight,
} from './text.ts'

export type Writing = Extract<Mode, { kind: 'write' }>

/** Opens the reply or the note of the open ticket, with what was typed before. */
export const write = (state: State, note: boolean): Step => {
  const { ticket } = state
  if (ticket === undefined) return step(noTicket(state))
  const mode: Writing = { kind: 'write', note, ticketId: ticket.id, seen: ticket, step: 'typing' }
  const next: State = { ...state, mode, told: undefined, scroll: 0 }
  return step(next, { do: 'presence', ticketId: ticket.id, state: 'REPLYING' })
}

export const draftOf = (state: State, { ticketId, note }: Writing): Draft =>
  state.drafts[draftId(ticketId, note)] ?? { ...EMPTY, key: String(state.now) }

export const setDraft = (state: State, mode: Writing, edit: Editing): State => {
  const { key } = draftOf(state, mode)
  return { ...state, drafts: { ...state.drafts, [draftId(mode.ticketId, mode.note)]: { ...edit, key } } }
}

export const writeKey = (state: State, mode: Writing, key: Key): Step => {
  if (mode.step === 'sending') return key.name === 'escape' ? step(state, { do: 'stop-trying' }) : step(state)
  if (mode.step === 'confirming') return confirmKey(state, mode, key)
  if (key.name === 'escape') return leave(state, mode)
  const draft = draftOf(state, mode)
  if (key.ctrl && key.name === 'o') return step(state, { do: 'edit', text: draft.text })
  // Alt-Enter, where a terminal has it, and Ctrl-J everywhere.
  if (key.name === 'enter' || (key.meta && key.name === 'return'))
    return step(setDraft(state, mode, insert(draft, '\n')))
  if (key.name === 'return') return finish(state, mode, draft)
  const edited = editKey(draft, key)
  return edited === undefined ? step(state) : step(setDraft({ ...state, told: undefined }, mode, edited))
}

/** Enter keeps a note at once. A public reply is asked about on a line of its own first. */
const finish = (state: State, mode: Writing, draft: Draft): Step => {
  if (draft.text.trim() === '') return step(tell(state, 'plain', 'Type something, or press Esc.'))
  if (!mode.note) return step({ ...state, told: undefined, mode: { ...mode, step: 'confirming' } })
  return send(state, mode, undefined)
}

const confirmKey = (state: State, mode: Writing, key: Key): Step => {
  if (!key.ctrl && !key.meta) {
    if (key.text === 'y') return send(state, mode, undefined)
    if (key.text === 'w') return send(state, mode, 'WAITING_ON_USER')
    if (key.text === 'd') return send(state, mode, 'RESOLVED')
  }
  return step({ ...tell(state, 'plain', 'Not sent.'), mode: { ...mode, step: 'typing' } })
}

const send = (state: State, mode: Writing, status: 'WAITING_ON_USER' | 'RESOLVED' | undefined): Step => {
  const { ticketId, note } = mode
  const next: State = { ...tell(state, 'plain', 'Sending…'), mode: { ...mode, step: 'sending' } }
  return step(next, { do: 'say', ticketId, note, draft: draftOf(state, mode), status })
}

const leave = (state: State, mode: Writing): Step => {
  const { ticketId, note } = mode
  const id = draftId(ticketId, note)
  const gone = { do: 'presence', ticketId, state: 'VIEWING' } as const
  if (draftOf(state, mode).text.trim() !== '') {
    const again = `Kept; ${note ? 'n' : 'r'} goes on with it.`
    return step(tell(browsing(state), 'plain', again), gone)
  }
  const { [id]: _, ...drafts } = state.drafts
  return step({ ...browsing(state), drafts, told: undefined }, gone)
}

/** The usual keys of a line editor; undefined for one that does nothing. */
export const editKey = (edit: Editing, { name, text, ctrl, meta }: Key): Editing | undefined => {
  if (ctrl) {
    const made = CONTROLS[name]
    return made?.(edit)
  }
  if (meta) return METAS[name]?.(edit)
  const made = KEYS[name]
  if (made !== undefined) return made(edit)
  return text === '' ? undefined : insert(edit, text)
}

type Edit = (edit: Editing) => Editing

const KEYS: Readonly<Record<string, Edit>> = {
  backspace,
  delete: remove,
  left,
  right,
  home,
  end,
  up: (edit) => vertical(edit, -1),
  down: (edit) => vertical(edit, 1),
}
const CONTROLS: Readonly<Record<string, Edit>> = {
  a: home,
  e: end,
  b: left,
  f: right,
  h: backspace,
  d: remove,
  u: cutToLineStart,
  k: cutToLineEnd,
  w: cutWord,
  left: wordLeft,
  right: wordRight,
}
const METAS: Readonly<Record<string, Edit>> = { b: wordLeft, f: wordRight, backspace: cutWord }
