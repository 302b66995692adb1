import { NEXT_STATUSES, STATUSES, URGENCIES } from '../shared.ts'
import { type Change, type Choice, draftId, type Key, type Mode, type State } from './state.ts'
import { browsing, type Step, step, tell } from './step.ts'
import { editing } from './text.ts'
import { VIEWS } from './views.ts'
import { editKey, write } from './write.ts'

type Picking = Extract<Mode, { kind: 'pick' }>
type Asking = Extract<Mode, { kind: 'ask' }>

/** The choices that hold what was typed. */
export const shown = ({ choices, typed }: Picking): readonly Choice[] =>
  typed === ''
    ? choices
    : choices.filter(({ label }) => label.toLocaleLowerCase().includes(typed.toLocaleLowerCase()))

export const pickKey = (state: State, mode: Picking, key: Key): Step => {
  const choices = shown(mode)
  const move = (by: number) => {
    const at = Math.max(0, Math.min(choices.length - 1, mode.at + by))
    return step({ ...state, mode: { ...mode, at } })
  }
  if (key.name === 'escape') return step(browsing(state))
  if (key.name === 'up' || (key.ctrl && key.name === 'p')) return move(-1)
  if (key.name === 'down' || (key.ctrl && key.name === 'n')) return move(1)
  if (key.name === 'return') {
    const choice = choices[mode.at]
    return choice === undefined ? step(state) : choose(browsing(state), mode, choice.value)
  }
  const edited = editKey(editing(mode.typed), key)
  return edited === undefined ? step(state) : step({ ...state, mode: { ...mode, typed: edited.text, at: 0 } })
}

const choose = (state: State, { purpose, choices }: Picking, value: string): Step => {
  switch (purpose) {
    case 'status': {
      const status = STATUSES.find((one) => one === value)
      return status === undefined
        ? step(state)
        : change(state, { status }, statusBack(state, status), `status ${status}`)
    }
    case 'urgency': {
      const urgency = URGENCIES.find((one) => one === value)
      const back = state.ticket && { urgency: state.ticket.urgency }
      return urgency === undefined ? step(state) : change(state, { urgency }, back, `urgency ${urgency}`)
    }
    case 'assign': {
      const who =
        value === ''
          ? 'with nobody'
          : value === state.me.id
            ? 'with you'
            : `with ${choices.find((one) => one.value === value)?.label ?? 'a colleague'}`
      const back = state.ticket && { assignee_id: state.ticket.assignee?.id ?? null }
      return change(state, { assignee_id: value === '' ? null : value }, back, who)
    }
    case 'macro': {
      const macro = state.macros.find(({ id }) => id === value)
      if (macro === undefined || state.openId === undefined) return step(state)
      return step(tell(state, 'plain', 'One moment…'), { do: 'preview', macro, ticketId: state.openId })
    }
    case 'view': {
      const view = VIEWS.find((one) => one === value) ?? state.filter.view
      return refilter(state, { view })
    }
    case 'filter':
      return refilter(state, {
        urgency: URGENCIES.find((one) => one === value),
        waiting: value === 'waiting',
      })
  }
}

const refilter = (state: State, part: Partial<State['filter']>): Step =>
  step({ ...state, at: 0, filter: { ...state.filter, ...part } }, { do: 'queue' })

/** Most steps of a ticket's life have no way back. */
const statusBack = ({ ticket }: State, to: (typeof STATUSES)[number]): Change | undefined =>
  ticket !== undefined && NEXT_STATUSES[to].includes(ticket.status) ? { status: ticket.status } : undefined

/** With the version that is on the screen, so that nobody's change is overwritten unseen. */
const change = (state: State, wanted: Change, back: Change | undefined, what: string): Step => {
  const { ticket } = state
  if (ticket === undefined) return step(state)
  const done = `${ticket.ticket_number}: ${what}.`
  const job = { ticketId: ticket.id, version: ticket.version, change: wanted, done, back }
  return step(tell(state, 'plain', 'One moment…'), { do: 'change', job })
}

export const askKey = (state: State, mode: Asking, key: Key): Step => {
  if (key.name === 'escape') return step(browsing(state))
  if (key.name === 'return') return answer(state, mode, mode.edit.text.trim())
  const edited = editKey(mode.edit, key)
  if (edited === undefined) return step(state)
  return step({
    ...state,
    told: undefined,
    mode: { ...mode, edit: { ...edited, text: edited.text.replaceAll('\n', ' ') } },
  })
}

const answer = (state: State, { purpose }: Asking, text: string): Step => {
  if (purpose === 'search') {
    if (text.length === 1) return step(tell(state, 'plain', 'Two characters at least.'))
    return refilter(browsing(state), { search: text.slice(0, 100) })
  }
  if (text === '') return step(browsing(state))
  return purpose === 'tag' ? tags(state, text) : merge(state, text)
}

const tags = (state: State, text: string): Step => {
  const words = text
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((word) => word !== '')
  const wrong = words.find((word) => !/^-?[a-z0-9][a-z0-9-]{0,39}$/.test(word))
  if (wrong !== undefined)
    return step(tell(state, 'bad', `"${wrong}" is no tag: letters a to z, digits and hyphens.`))
  const now = new Set(state.ticket?.tags)
  const add = words.filter((word) => !word.startsWith('-') && !now.has(word))
  const take = words
    .filter((word) => word.startsWith('-'))
    .map((word) => word.slice(1))
    .filter((word) => now.has(word))
  if (add.length + take.length === 0) return step(tell(browsing(state), 'plain', 'The tags are so already.'))
  const what = [...add.map((word) => `+${word}`), ...take.map((word) => `-${word}`)].join(' ')
  return change(browsing(state), tagChange(add, take), tagChange(take, add), `tags ${what}`)
}

const tagChange = (add: string[], take: string[]): Change => ({
  ...(add.length === 0 ? {} : { add_tags: [...new Set(add)] }),
  ...(take.length === 0 ? {} : { remove_tags: [...new Set(take)] }),
})

const merge = (state: State, text: string): Step => {
  const { ticket } = state
  if (ticket === undefined) return step(browsing(state))
  const into = text.toUpperCase()
  if (!/^TKT-\d{4}-\d{5,}$/.test(into)) return step(tell(state, 'bad', 'A number looks like TKT-2026-00042.'))
  const { id, ticket_number } = ticket
  return step(tell(browsing(state), 'plain', 'One moment…'), {
    do: 'merge',
    ticketId: id,
    number: ticket_number,
    into,
  })
}

export const previewKey = (
  state: State,
  { macro, preview }: Extract<Mode, { kind: 'preview' }>,
  key: Key,
): Step => {
  const { ticket } = state
  if (key.text === 'y' && ticket !== undefined && preview.refusal === null) {
    const told = tell(browsing(state), 'plain', 'One moment…')
    return step(told, {
      do: 'apply',
      macro,
      ticketId: ticket.id,
      version: ticket.version,
      key: String(state.now),
    })
  }
  if (key.text === 'e' && ticket !== undefined && preview.body !== null) {
    const id = draftId(ticket.id, preview.is_internal_note)
    // What was typed before stays, above.
    const before = state.drafts[id]?.text ?? ''
    const text = before.trim() === '' ? preview.body : `${before.trimEnd()}\n\n${preview.body}`
    const drafts = { ...state.drafts, [id]: { ...editing(text), key: String(state.now) } }
    return write({ ...browsing(state), drafts }, preview.is_internal_note)
  }
  return step(tell(browsing(state), 'plain', 'Nothing done.'))
}

export const conflictKey = (state: State, { retry }: Extract<Mode, { kind: 'conflict' }>, key: Key): Step =>
  key.text === 'y'
    ? step(tell(browsing(state), 'plain', 'One moment…'), { do: 'change', job: retry })
    : step(tell(browsing(state), 'plain', 'Nothing done.'))

export const pageKey = (state: State, mode: Extract<Mode, { kind: 'page' }>, key: Key): Step => {
  const page = Math.max(1, state.rows - 6)
  const by = { down: 1, j: 1, up: -1, k: -1, pagedown: page, space: page, pageup: -page, b: -page }[key.name]
  if (by === undefined) return step(browsing(state))
  return step({ ...state, mode: { ...mode, scroll: Math.max(0, mode.scroll + by) } })
}
