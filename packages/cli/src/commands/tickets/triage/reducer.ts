import { clean } from '../../../output.ts'
import { browseKey, show } from './browse.ts'
import { differences } from './differences.ts'
import { onLive } from './live.ts'
import { askKey, conflictKey, pageKey, pickKey, previewKey } from './overlays.ts'
import { type ChangeJob, draftId, type Failure, type Happening, type Key, type State } from './state.ts'
import { type Step, step, tell } from './step.ts'
import { editing, insert } from './text.ts'
import { setDraft, writeKey } from './write.ts'

/** What happens, and what is to be done about it. No side effects: the same state and happening give the same step. */
export const reduce = (state: State, happening: Happening): Step => {
  switch (happening.type) {
    case 'key':
      return onKey(state, happening.key)
    case 'paste':
      return onPaste(state, happening.text)
    case 'tick':
      return step({ ...state, now: happening.now })
    case 'resize':
      // Nothing that was drawn for the old size is worth anything.
      return step({ ...state, columns: happening.columns, rows: happening.rows }, { do: 'repaint' })
    case 'queue':
      return onQueue(state, happening)
    case 'ticket':
      return onTicket(state, happening)
    case 'others':
      return step(state.openId === happening.ticketId ? { ...state, others: happening.others } : state)
    case 'live':
      return onLive(state, happening.event)
    case 'connection':
      return onConnection(state, happening)
    case 'macros':
      return onMacros(state, happening)
    case 'agents':
      return onAgents(state, happening)
    case 'previewed': {
      const { macro, preview } = happening
      if (state.mode.kind !== 'browse' || state.openId !== preview.ticket_id) return step(state)
      return step({ ...state, told: undefined, mode: { kind: 'preview', macro, preview } })
    }
    case 'timeline': {
      const { entries, ticketId } = happening
      if (state.mode.kind !== 'browse' || state.openId !== ticketId) return step(state)
      const title = `Timeline of ${state.ticket?.ticket_number ?? 'the ticket'}`
      return step({
        ...state,
        told: undefined,
        mode: { kind: 'page', page: 'timeline', title, entries, scroll: 0 },
      })
    }
    case 'said':
      return onSaid(state, happening)
    case 'unsaid':
      return onUnsaid(state, happening)
    case 'changed':
      return step({
        ...tell(state, 'good', happening.job.done),
        undo: undoOf(happening.job, happening.version),
      })
    case 'unchanged':
      return onUnchanged(state, happening)
    case 'claimed':
      return step(tell(state, 'good', happening.done), { do: 'queue' })
    case 'merged': {
      const { ticketId, number, into } = happening
      const text = `${number} is merged into ${into}; z takes it back for 10 minutes.`
      return step(
        { ...tell(state, 'good', text), undo: { kind: 'merge', ticketId, number } },
        { do: 'queue' },
      )
    }
    case 'unmerged':
      return step(
        { ...tell(state, 'good', `${happening.number} stands by itself again.`), undo: undefined },
        { do: 'queue' },
      )
    case 'applied': {
      const undo = happening.ok
        ? ({ kind: 'none', why: 'A macro cannot be taken back.' } as const)
        : state.undo
      return step({ ...tell(state, happening.ok ? 'good' : 'bad', happening.text), undo }, { do: 'queue' })
    }
    case 'failed':
      return step(tell(state, 'bad', happening.failure.text))
    case 'trouble':
      return step({ ...state, trouble: happening.text })
    case 'edited':
      return onEdited(state, happening)
  }
}

type Of<Type extends Happening['type']> = Extract<Happening, { type: Type }>

const onKey = (state: State, key: Key): Step => {
  if (key.ctrl && key.name === 'c') return step(state, { do: 'quit', interrupted: true })
  if (key.ctrl && key.name === 'z') return step(state, { do: 'suspend' })
  if (key.ctrl && key.name === 'l') return step(state, { do: 'repaint' })
  switch (state.mode.kind) {
    case 'browse':
      return browseKey(state, key)
    case 'write':
      return writeKey(state, state.mode, key)
    case 'pick':
      return pickKey(state, state.mode, key)
    case 'ask':
      return askKey(state, state.mode, key)
    case 'preview':
      return previewKey(state, state.mode, key)
    case 'conflict':
      return conflictKey(state, state.mode, key)
    case 'page':
      return pageKey(state, state.mode, key)
  }
}

/** A paste is text and never keys: what somebody copied must not claim, send or close anything. */
const onPaste = (state: State, text: string): Step => {
  const { mode } = state
  if (mode.kind === 'write' && mode.step !== 'sending') {
    const draft = state.drafts[draftId(mode.ticketId, mode.note)]
    const next = setDraft(state, mode, insert(draft ?? editing(''), text))
    return step({ ...next, mode: { ...mode, step: 'typing' } })
  }
  if (mode.kind === 'ask') {
    return step({ ...state, mode: { ...mode, edit: insert(mode.edit, text.replace(/\s+/g, ' ')) } })
  }
  return step(tell(state, 'warning', 'A paste does nothing here; r or n opens a text first.'))
}

/** The selection stays with its ticket, wherever that went. */
const onQueue = (state: State, { filter, items, more, counts }: Of<'queue'>): Step => {
  if (filter !== state.filter) return step(state)
  const found = items.findIndex(({ id }) => id === state.openId)
  const at = found >= 0 ? found : Math.min(state.at, items.length)
  const next: State = { ...state, queue: items, more, counts: counts ?? state.counts, at }
  const [first] = items
  return next.openId === undefined && first !== undefined ? show(next, 0) : step(next)
}

const onTicket = (state: State, { ticket }: Of<'ticket'>): Step => {
  if (ticket.id !== state.openId) return step(state)
  const before = state.ticket?.id === ticket.id ? state.ticket : undefined
  const next: State = {
    ...state,
    ticket,
    others: ticket.presence.filter(({ agent }) => agent.id !== state.me.id),
  }
  if (before === undefined) return step(next)
  // An answer that was overtaken by a later one says nothing new.
  if (ticket.version < before.version) return step(state)
  const known = new Set(before.messages.map(({ id }) => id))
  const news = ticket.messages.filter(({ id, sender_id }) => !known.has(id) && sender_id !== state.me.id)
  const fresh = news.length === 0 ? state.fresh : new Set([...state.fresh, ...news.map(({ id }) => id)])
  const changes = differences(before, ticket, state.me.id)
  const seen = { ...next, fresh }
  return step(changes.length === 0 ? seen : tell(seen, 'warning', `Just now: ${changes.join(' · ')}`))
}

const onConnection = (state: State, { connection }: Of<'connection'>): Step => {
  const was = state.connection.state
  const next = { ...state, connection }
  const back = connection.state === 'connected' || connection.state === 'caught-up'
  if (!back || was === 'connecting' || was === 'connected') return step(next)
  const { openId } = state
  return step(
    next,
    { do: 'queue' },
    ...(openId === undefined ? [] : [{ do: 'reload', ticketId: openId } as const]),
  )
}

const onMacros = (state: State, { macros }: Of<'macros'>): Step => {
  const next = { ...state, macros, told: undefined }
  if (state.mode.kind !== 'browse') return step({ ...state, macros })
  if (macros.length === 0) return step(tell(next, 'plain', 'There are no macros yet.'))
  const choices = macros.map(({ id, title, is_internal_note, body }) => ({
    value: id,
    label: `${clean(title)}${body === null ? ' (changes only)' : is_internal_note ? ' (INTERNAL NOTE)' : ' (PUBLIC REPLY)'}`,
  }))
  return step({
    ...next,
    mode: { kind: 'pick', title: 'Macro: see what it would do', choices, at: 0, typed: '', purpose: 'macro' },
  })
}

const onAgents = (state: State, { agents }: Of<'agents'>): Step => {
  const { mode } = state
  if (mode.kind !== 'pick' || mode.purpose !== 'assign') return step(state)
  const known = new Set([state.me.id, ...mode.choices.map(({ value }) => value)])
  const others = agents
    .filter(({ id }) => !known.has(id))
    .map(({ id, display_name }) => ({ value: id, label: clean(display_name) }))
  return step({ ...state, mode: { ...mode, choices: [...mode.choices, ...others] } })
}

const onSaid = (state: State, { ticketId, note, text, status }: Of<'said'>): Step => {
  const id = draftId(ticketId, note)
  const { [id]: sent, ...rest } = state.drafts
  // What was typed on meanwhile is not what was sent.
  const drafts = sent !== undefined && sent.text.trim() !== text ? state.drafts : rest
  const done = note
    ? 'Internal note left: only the desk reads it.'
    : `Public reply sent; the ticket is ${status}.`
  const { mode } = state
  const mine = mode.kind === 'write' && mode.ticketId === ticketId && mode.note === note
  const why = note ? 'A note cannot be taken back.' : 'A reply that was sent cannot be taken back.'
  const next: State = { ...tell(state, 'good', done), drafts, scroll: 0, undo: { kind: 'none', why } }
  return step(
    mine ? { ...next, mode: { kind: 'browse' } } : next,
    { do: 'presence', ticketId, state: 'VIEWING' },
    { do: 'queue' },
  )
}

const onUnsaid = (state: State, { ticketId, note, failure }: Of<'unsaid'>): Step => {
  const told = tell(state, 'bad', `Not sent: ${failure.text} Your text is kept.`)
  const { mode } = state
  if (mode.kind !== 'write' || mode.ticketId !== ticketId || mode.note !== note) return step(told)
  return step({ ...told, mode: { ...mode, step: 'typing' } })
}

const undoOf = (job: ChangeJob, version: number): State['undo'] => {
  const { ticketId, change, back, done } = job
  if (back === undefined) return { kind: 'none', why: 'The last change cannot be taken back.' }
  return { kind: 'change', job: { ticketId, version, change: back, done: `Undone: ${done}`, back: change } }
}

const onUnchanged = (state: State, { job, failure }: Of<'unchanged'>): Step => {
  const { ticket, mode } = state
  if (failure.code !== 'PRECONDITION_FAILED' || ticket?.id !== job.ticketId || mode.kind !== 'browse') {
    return step(tell(state, 'bad', describe(failure)))
  }
  const retry = { ...job, version: ticket.version }
  return step({
    ...tell(state, 'warning', 'Nothing of yours was saved.'),
    mode: { kind: 'conflict', what: job.done, changes: failure.changes, retry },
  })
}

const describe = ({ text, changes }: Failure): string => {
  const who = changes.map(
    ({ changed_by, field, to }) => `${changed_by ?? 'the system'} set ${field} to ${to ?? 'none'}`,
  )
  return who.length === 0 ? text : `Not done: ${clean(who.join(', '))}.`
}

const onEdited = (state: State, { text, problem }: Of<'edited'>): Step => {
  const { mode } = state
  if (mode.kind !== 'write') return step(state)
  if (text === undefined) return step(tell(state, 'bad', problem ?? 'The editor gave nothing back.'))
  return step({ ...setDraft(state, mode, editing(text.trimEnd())), told: undefined })
}
