import { clean } from '../../../output.ts'
import { NEXT_STATUSES, URGENCIES } from '../shared.ts'
import type { Choice, Effect, Key, Mode, State } from './state.ts'
import { noTicket, type Step, step, tell } from './step.ts'
import { EMPTY } from './text.ts'
import { VIEWS } from './views.ts'
import { write } from './write.ts'

interface Action {
  /** As readline names it; a capital for Shift. */
  keys: readonly string[]
  /** As the line of keys and the help name them. */
  key: string
  label: string
  /** For the help. */
  about: string
  run(state: State): Step
}

/** One key per action, in the order in which the bottom line names them. */
export const ACTIONS: readonly Action[] = [
  {
    keys: ['r'],
    key: 'r',
    label: 'reply',
    about: 'PUBLIC reply: the requester reads it',
    run: (state) => write(state, false),
  },
  {
    keys: ['n'],
    key: 'n',
    label: 'note',
    about: 'INTERNAL note: only the desk reads it',
    run: (state) => write(state, true),
  },
  {
    keys: ['c'],
    key: 'c',
    label: 'claim',
    about: 'take the ticket',
    run: (state) => withTicket(state, ({ id }) => step(busy(state), { do: 'claim', ticketId: id })),
  },
  { keys: ['s'], key: 's', label: 'status', about: 'change the status', run: (state) => status(state) },
  { keys: ['u'], key: 'u', label: 'urgency', about: 'change the urgency', run: (state) => urgency(state) },
  {
    keys: ['m'],
    key: 'm',
    label: 'macro',
    about: 'choose a macro; shows what it would do first',
    run: (state) => withTicket(state, () => step(busy(state), { do: 'macros' })),
  },
  {
    keys: ['t'],
    key: 't',
    label: 'tag',
    about: 'add tags, or take them away with -tag',
    run: (state) => tag(state),
  },
  {
    keys: ['a'],
    key: 'a',
    label: 'assign',
    about: 'to yourself, a colleague or nobody',
    run: (state) => assign(state),
  },
  {
    keys: ['z'],
    key: 'z',
    label: 'undo',
    about: 'take back your last change, or a merge',
    run: (state) => undo(state),
  },
  {
    keys: ['j', 'down'],
    key: 'j ↓',
    label: 'next',
    about: 'the next ticket of the queue',
    run: (state) => move(state, 1),
  },
  {
    keys: ['k', 'up'],
    key: 'k ↑',
    label: 'previous',
    about: 'the one before',
    run: (state) => move(state, -1),
  },
  {
    keys: ['v'],
    key: 'v',
    label: 'view',
    about: 'all, mine, unassigned or breaching',
    run: (state) => view(state),
  },
  {
    keys: ['/'],
    key: '/',
    label: 'search',
    about: 'words or a ticket number, whatever the status',
    run: (state) => search(state),
  },
  {
    keys: ['f'],
    key: 'f',
    label: 'filter',
    about: 'by urgency, or those that wait for their owner',
    run: (state) => filter(state),
  },
  {
    keys: ['l'],
    key: 'l',
    label: 'timeline',
    about: 'everything that happened to the ticket',
    run: (state) => withTicket(state, ({ id }) => step(busy(state), { do: 'timeline', ticketId: id })),
  },
  {
    keys: ['M'],
    key: 'M',
    label: 'merge',
    about: 'merge the ticket into another one',
    run: (state) => merge(state),
  },
  {
    keys: ['pageup', 'b'],
    key: 'PgUp b',
    label: 'up',
    about: 'scroll the conversation back',
    run: (state) => scroll(state, 1),
  },
  {
    keys: ['pagedown', 'space'],
    key: 'PgDn Space',
    label: 'down',
    about: 'and forth',
    run: (state) => scroll(state, -1),
  },
  {
    keys: ['g'],
    key: 'g',
    label: 'refresh',
    about: 'ask the server for everything anew',
    run: (state) => refresh(state),
  },
  {
    keys: ['escape'],
    key: 'Esc',
    label: 'stop',
    about: 'stop trying what the server does not take',
    run: (state) => step({ ...state, told: undefined }, { do: 'stop-trying' }),
  },
  { keys: ['?', 'h'], key: '?', label: 'help', about: 'this page', run: (state) => help(state) },
  {
    keys: ['q'],
    key: 'q',
    label: 'quit',
    about: 'leave; texts that were not sent are kept',
    run: (state) => step(state, { do: 'quit', interrupted: false }),
  },
]

export const browseKey = (state: State, key: Key): Step => {
  if (key.ctrl || key.meta) return step(state)
  const action = ACTIONS.find(({ keys }) => keys.includes(key.text) || keys.includes(key.name))
  if (action !== undefined) return action.run(state)
  return key.text === ''
    ? step(state)
    : step(tell(state, 'plain', `${JSON.stringify(key.text)} does nothing; ? shows the keys.`))
}

/** Opens the ticket at this place of the queue. */
export const show = (state: State, at: number): Step => {
  const row = state.queue[at]
  if (row === undefined || row.id === state.openId) return step({ ...state, at: Math.min(at, state.at) })
  const left: Effect[] =
    state.openId === undefined ? [] : [{ do: 'presence', ticketId: state.openId, state: 'GONE' }]
  const next: State = {
    ...state,
    at,
    openId: row.id,
    ticket: undefined,
    others: [],
    scroll: 0,
    fresh: new Set(),
    told: undefined,
  }
  return step(next, ...left, { do: 'open', ticketId: row.id })
}

const move = (state: State, by: 1 | -1): Step => {
  const { queue, at, openId } = state
  // One that left the queue has given its place to the one after it.
  const target = by > 0 && queue[at]?.id !== openId ? at : at + by
  if (queue.length === 0) return step(tell(state, 'plain', 'Nothing waits.'))
  if (target < 0) return step(tell(state, 'plain', 'This is the first.'))
  if (target >= queue.length) return step(tell(state, 'plain', 'The end of the queue.'))
  return show(state, target)
}

const busy = (state: State): State => tell(state, 'plain', 'One moment…')

const withTicket = (state: State, work: (ticket: NonNullable<State['ticket']>) => Step): Step =>
  state.ticket === undefined ? step(noTicket(state)) : work(state.ticket)

const pick = (state: State, mode: Omit<Extract<Mode, { kind: 'pick' }>, 'kind' | 'at' | 'typed'>): State => ({
  ...state,
  told: undefined,
  mode: { kind: 'pick', at: 0, typed: '', ...mode },
})

const plain = (values: readonly string[]): Choice[] => values.map((value) => ({ value, label: value }))

const status = (state: State): Step =>
  withTicket(state, (ticket) => {
    const next = NEXT_STATUSES[ticket.status]
    if (next.length === 0) return step(tell(state, 'plain', `${ticket.status} is final.`))
    return step(pick(state, { title: `Status: ${ticket.status} →`, choices: plain(next), purpose: 'status' }))
  })

const urgency = (state: State): Step =>
  withTicket(state, (ticket) => {
    const others = URGENCIES.toReversed().filter((one) => one !== ticket.urgency)
    return step(
      pick(state, { title: `Urgency: ${ticket.urgency} →`, choices: plain(others), purpose: 'urgency' }),
    )
  })

const assign = (state: State): Step =>
  withTicket(state, (ticket) => {
    const choices: Choice[] = [{ value: state.me.id, label: `me (${clean(state.me.display_name)})` }]
    if (ticket.assignee !== null) choices.push({ value: '', label: 'nobody: back to the queue' })
    const title = `Assign ${ticket.ticket_number} to`
    return step(pick(state, { title, choices, purpose: 'assign' }), { do: 'agents' })
  })

const tag = (state: State): Step =>
  withTicket(state, (ticket) => {
    const title = `Tags of ${ticket.ticket_number}`
    const hint = `now: ${ticket.tags.join(' ') || 'none'}; a word adds, -word takes away`
    return step({
      ...state,
      told: undefined,
      mode: { kind: 'ask', title, hint, edit: EMPTY, purpose: 'tag' },
    })
  })

const merge = (state: State): Step =>
  withTicket(state, (ticket) => {
    const title = `Merge ${ticket.ticket_number} into`
    const hint = 'the number of a ticket of the same requester or organization'
    return step({
      ...state,
      told: undefined,
      mode: { kind: 'ask', title, hint, edit: EMPTY, purpose: 'merge' },
    })
  })

const search = (state: State): Step => {
  const { search: text } = state.filter
  const hint = 'words or a number; empty shows the queue again'
  const edit = { text, cursor: text.length }
  return step({
    ...state,
    told: undefined,
    mode: { kind: 'ask', title: 'Search', hint, edit, purpose: 'search' },
  })
}

const view = (state: State): Step => {
  const choices = VIEWS.map((value) => ({ value, label: viewLabel(state, value) }))
  const next = pick(state, { title: 'View', choices, purpose: 'view' })
  return step(
    next.mode.kind === 'pick'
      ? { ...next, mode: { ...next.mode, at: VIEWS.indexOf(state.filter.view) } }
      : next,
  )
}

const viewLabel = ({ counts }: State, value: (typeof VIEWS)[number]): string =>
  counts === undefined ? value : `${value} (${counts[value]})`

const filter = (state: State): Step => {
  const choices = [
    { value: '', label: 'everything that waits for the desk' },
    ...plain(URGENCIES.toReversed()),
    { value: 'waiting', label: 'waiting for their owner' },
  ]
  return step(pick(state, { title: 'Filter', choices, purpose: 'filter' }))
}

const scroll = (state: State, by: 1 | -1): Step => {
  const page = Math.max(1, Math.floor(state.rows / 3))
  return step({ ...state, scroll: Math.max(0, state.scroll + by * page) })
}

const refresh = (state: State): Step => {
  const { openId } = state
  const ticket: Effect[] = openId === undefined ? [] : [{ do: 'reload', ticketId: openId }]
  return step(tell(state, 'plain', 'Asked anew.'), { do: 'queue' }, ...ticket)
}

const undo = (state: State): Step => {
  const { undo: last } = state
  if (last === undefined) return step(tell(state, 'plain', 'There is nothing to take back.'))
  if (last.kind === 'none') return step(tell(state, 'plain', last.why))
  if (last.kind === 'merge') {
    return step(busy(state), { do: 'unmerge', ticketId: last.ticketId, number: last.number })
  }
  return step(busy(state), { do: 'change', job: last.job })
}

const help = (state: State): Step =>
  step({ ...state, mode: { kind: 'page', page: 'help', title: 'Keys', entries: [], scroll: 0 } })
