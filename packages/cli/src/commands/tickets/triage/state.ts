import type { Client, components, StreamEvent } from '@wardline/sdk'
import type { DeskTicket, DeskTicketDetail, Urgency } from '../shared.ts'
import type { Editing } from './text.ts'
import type { View } from './views.ts'

type Schemas = components['schemas']
export type Macro = Schemas['Macro']
export type Preview = Schemas['MacroPreview']
export type Entry = Schemas['TicketTimelineEntry']
export type Other = Schemas['AgentPresence']
export type Counts = Schemas['TicketViewCounts']
export type MissedChange = Schemas['MissedChange']
export type Change = Omit<Parameters<Client['supportDesk']['update']>[0], 'ticket_id' | 'if_match'>

/** What the queue shows, besides its order. */
export interface Filter {
  view: View
  search: string
  urgency: Urgency | undefined
  /** Those that wait for their owner instead of those that wait for the desk. */
  waiting: boolean
}

/** A text that was typed and not sent yet. */
export interface Draft extends Editing {
  /** The idempotency key of this very text: sending it again never says it twice. */
  key: string
}

export interface Choice {
  /** What it stands for. */
  value: string
  label: string
}

/** What the keys do now. A mode that covers another one goes back to browsing. */
export type Mode =
  | { kind: 'browse' }
  | { kind: 'write'; note: boolean; ticketId: string; seen: DeskTicketDetail; step: WriteStep }
  | {
      kind: 'pick'
      title: string
      choices: readonly Choice[]
      at: number
      typed: string
      purpose: PickPurpose
    }
  | { kind: 'ask'; title: string; hint: string; edit: Editing; purpose: 'search' | 'tag' | 'merge' }
  | { kind: 'preview'; macro: Macro; preview: Preview }
  | { kind: 'conflict'; what: string; changes: readonly MissedChange[]; retry: ChangeJob }
  | { kind: 'page'; title: string; page: 'help' | 'timeline'; entries: readonly Entry[]; scroll: number }

/** A public reply is confirmed on a line of its own before it is sent; a note is not. */
export type WriteStep = 'typing' | 'confirming' | 'sending'
export type PickPurpose = 'status' | 'urgency' | 'assign' | 'macro' | 'view' | 'filter'

/** A change of a ticket, with what takes it back. */
export interface ChangeJob {
  ticketId: string
  version: number
  change: Change
  /** As it is told when done. */
  done: string
  /** undefined when there is no way back. */
  back: Change | undefined
}

/** What `undo` takes back, and how. */
export type Undo =
  | { kind: 'change'; job: ChangeJob }
  | { kind: 'merge'; ticketId: string; number: string }
  /** What was done last cannot be taken back, and why. */
  | { kind: 'none'; why: string }

export type Connection =
  | { state: 'connecting' }
  | { state: 'connected' }
  | { state: 'caught-up'; count: number; until: number }
  | { state: 'reconnecting'; reason: string }
  | { state: 'ended'; reason: string }

export interface Told {
  tone: 'good' | 'plain' | 'warning' | 'bad'
  text: string
}

export interface State {
  now: number
  columns: number
  rows: number
  me: { id: string; display_name: string }
  filter: Filter
  queue: readonly DeskTicket[]
  /** Are there more than the queue holds? */
  more: boolean
  counts: Counts | undefined
  /** The ticket that is open, and the place it has or had in the queue. */
  openId: string | undefined
  at: number
  ticket: DeskTicketDetail | undefined
  others: readonly Other[]
  /** Lines scrolled up from the end of the conversation. */
  scroll: number
  /** Messages of the open ticket that came while it was open. */
  fresh: ReadonlySet<string>
  mode: Mode
  /** By `draftId`. */
  drafts: Readonly<Record<string, Draft>>
  macros: readonly Macro[]
  undo: Undo | undefined
  told: Told | undefined
  /** What is under way and has trouble: offline, too many requests, signed out. */
  trouble: string | undefined
  connection: Connection
}

export interface Key {
  /** As readline names it: `return`, `up`, `a`. */
  name: string
  /** The characters, for typing. */
  text: string
  ctrl: boolean
  meta: boolean
}

/** Why something was not done, in words and in what can be branched on. */
export interface Failure {
  code: string
  text: string
  changes: readonly MissedChange[]
}

/** Everything that happens, in the order it happens. */
export type Happening =
  | { type: 'key'; key: Key }
  | { type: 'paste'; text: string }
  | { type: 'tick'; now: number }
  | { type: 'resize'; columns: number; rows: number }
  | { type: 'queue'; filter: Filter; items: readonly DeskTicket[]; more: boolean; counts: Counts | undefined }
  | { type: 'ticket'; ticket: DeskTicketDetail }
  | { type: 'others'; ticketId: string; others: readonly Other[] }
  | { type: 'live'; event: StreamEvent }
  | { type: 'connection'; connection: Connection }
  | { type: 'macros'; macros: readonly Macro[] }
  | { type: 'agents'; agents: readonly { id: string; display_name: string }[] }
  | { type: 'previewed'; macro: Macro; preview: Preview }
  | { type: 'timeline'; ticketId: string; entries: readonly Entry[] }
  | { type: 'said'; ticketId: string; note: boolean; text: string; status: string }
  | { type: 'unsaid'; ticketId: string; note: boolean; failure: Failure }
  | { type: 'changed'; job: ChangeJob; version: number }
  | { type: 'unchanged'; job: ChangeJob; failure: Failure }
  | { type: 'claimed'; ticketId: string; done: string }
  | { type: 'merged'; ticketId: string; number: string; into: string }
  | { type: 'unmerged'; number: string }
  | { type: 'applied'; ticketId: string; text: string; ok: boolean }
  | { type: 'failed'; failure: Failure }
  | { type: 'trouble'; text: string | undefined }
  | { type: 'edited'; text: string | undefined; problem?: string }

/** What is to be done outside; each ends in happenings. */
export type Effect =
  | { do: 'queue' }
  | { do: 'open'; ticketId: string }
  | { do: 'reload'; ticketId: string }
  | { do: 'presence'; ticketId: string; state: 'VIEWING' | 'REPLYING' | 'GONE' }
  | { do: 'claim'; ticketId: string }
  | {
      do: 'say'
      ticketId: string
      note: boolean
      draft: Draft
      status: 'WAITING_ON_USER' | 'RESOLVED' | undefined
    }
  | { do: 'change'; job: ChangeJob }
  | { do: 'macros' }
  | { do: 'preview'; macro: Macro; ticketId: string }
  | { do: 'apply'; macro: Macro; ticketId: string; version: number; key: string }
  | { do: 'agents' }
  | { do: 'timeline'; ticketId: string }
  | { do: 'merge'; ticketId: string; number: string; into: string }
  | { do: 'unmerge'; ticketId: string; number: string }
  | { do: 'edit'; text: string }
  | { do: 'stop-trying' }
  | { do: 'repaint' }
  | { do: 'suspend' }
  | { do: 'quit'; interrupted: boolean }

export const draftId = (ticketId: string, note: boolean): string => `${ticketId} ${note ? 'note' : 'reply'}`

export const firstState = (
  seed: Pick<State, 'now' | 'columns' | 'rows' | 'me' | 'drafts'> & { view: View },
): State => {
  const { view, ...rest } = seed
  return {
    ...rest,
    filter: { view, search: '', urgency: undefined, waiting: false },
    queue: [],
    more: false,
    counts: undefined,
    openId: undefined,
    at: 0,
    ticket: undefined,
    others: [],
    scroll: 0,
    fresh: new Set(),
    mode: { kind: 'browse' },
    macros: [],
    undo: undefined,
    told: undefined,
    trouble: undefined,
    connection: { state: 'connecting' },
  }
}
