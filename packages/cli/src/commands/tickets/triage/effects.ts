import { createHash } from 'node:crypto'
import type { Client } from '@wardline/sdk'
import type { Context } from '../../../context.ts'
import { clean } from '../../../output.ts'
import type { DeskTicketDetail } from '../shared.ts'
import { STATUSES, ticketId } from '../shared.ts'
import { Again } from './again.ts'
import type { ChangeJob, Draft, Effect, Failure, Filter, Happening, State } from './state.ts'
import { failureOf, type IsProblem, sleep, Trying } from './trying.ts'

type Dispatch = (happening: Happening) => void
type Local = 'edit' | 'repaint' | 'suspend' | 'quit'
export type Remote = Exclude<Effect, { do: Local }>
type Of<Do extends Effect['do']> = Extract<Effect, { do: Do }>

/** Presence holds for 30 s on the server. */
const TOUCH_EVERY = 15_000
const QUEUE_LENGTH = 100

/** What the triage asks of the server. */
export class Effects {
  readonly #trying: Trying
  readonly #dispatch: Dispatch
  readonly #context: Context
  readonly #isProblem: IsProblem
  readonly #state: () => State
  /** Ends everything. */
  readonly #over: AbortSignal
  /** Ends what the agent asked for; Esc does. */
  #asked = new AbortController()
  #opening = new AbortController()
  #presence: { ticketId: string; state: 'VIEWING' | 'REPLYING' } | undefined
  readonly #queue = new Again(() => this.#loadQueue(), 400)
  readonly #ticket = new Again(() => this.#reloadTicket(), 200)

  constructor(
    context: Context,
    isProblem: IsProblem,
    state: () => State,
    dispatch: Dispatch,
    over: AbortSignal,
  ) {
    this.#context = context
    this.#isProblem = isProblem
    this.#state = state
    this.#dispatch = dispatch
    this.#over = over
    this.#trying = new Trying(context, isProblem, (text) => dispatch({ type: 'trouble', text }))
  }

  run(effect: Remote): void {
    void this.#run(effect).catch((error) => {
      if (!this.#over.aborted) this.#dispatch({ type: 'failed', failure: this.#failure(error) })
    })
  }

  async #run(effect: Remote): Promise<void> {
    switch (effect.do) {
      case 'queue':
        return this.#queue.ask()
      case 'reload':
        return this.#ticket.ask()
      case 'open':
        return await this.#open(effect.ticketId)
      case 'presence':
        return await this.#touch(effect.ticketId, effect.state)
      case 'claim':
        return await this.#claim(effect.ticketId)
      case 'say':
        return await this.#say(effect)
      case 'change':
        return await this.#change(effect.job)
      case 'macros':
        return await this.#macros()
      case 'preview': {
        const { macro, ticketId } = effect
        const preview = await this.#try((client, options) =>
          client.macros.preview({ macro_id: macro.id, ticket_id: ticketId }, options),
        )
        return this.#dispatch({ type: 'previewed', macro, preview })
      }
      case 'apply':
        return await this.#apply(effect)
      case 'agents': {
        const { agents } = await this.#try((client, options) => client.supportDesk.stats({}, options))
        return this.#dispatch({ type: 'agents', agents: agents.map(({ agent }) => agent) })
      }
      case 'timeline': {
        const page = await this.#try((client, options) =>
          client.supportDesk.timeline({ ticket_id: effect.ticketId, limit: 100 }, options),
        )
        return this.#dispatch({ type: 'timeline', ticketId: effect.ticketId, entries: page.items })
      }
      case 'merge':
        return await this.#merge(effect)
      case 'unmerge': {
        await this.#try((client, options) =>
          client.supportDesk.unmerge({ ticket_id: effect.ticketId }, options),
        )
        await this.#show(effect.ticketId)
        return this.#dispatch({ type: 'unmerged', number: effect.number })
      }
      case 'stop-trying':
        this.#asked.abort(new Error('Stopped.'))
        this.#asked = new AbortController()
    }
  }

  /** Once more and again, until Esc. Retries of the SDK would only hide what is going on. */
  #try<T>(
    work: (client: Client, options: { signal: AbortSignal; maxRetries: 0 }) => Promise<T>,
    own?: AbortSignal,
  ): Promise<T> {
    const signal = AbortSignal.any([this.#over, own ?? this.#asked.signal])
    return this.#trying.do((client) => work(client, { signal, maxRetries: 0 }), signal)
  }

  #failure(error: unknown): Failure {
    return failureOf(error, this.#isProblem)
  }

  /** The queue as the filter wants it. What stands in it when the answer comes is the reducer's affair. */
  async #loadQueue(): Promise<void> {
    const { filter } = this.#state()
    try {
      const [page, counts] = await this.#try(
        async (client, options) =>
          [
            await client.supportDesk.list(query(filter), options),
            await client.supportDesk.counts({}, options),
          ] as const,
        this.#over,
      )
      const { items, next_cursor } = page
      this.#dispatch({ type: 'queue', filter, items, more: next_cursor !== null, counts })
    } catch (error) {
      if (!this.#over.aborted) this.#dispatch({ type: 'failed', failure: this.#failure(error) })
    }
  }

  async #reloadTicket(): Promise<void> {
    const { openId } = this.#state()
    if (openId === undefined) return
    try {
      await this.#show(openId, this.#over)
    } catch (error) {
      if (!this.#over.aborted) this.#dispatch({ type: 'failed', failure: this.#failure(error) })
    }
  }

  async #show(ticketId: string, own?: AbortSignal): Promise<DeskTicketDetail> {
    const ticket = await this.#try(
      (client, options) => client.supportDesk.get({ ticket_id: ticketId }, options),
      own,
    )
    this.#dispatch({ type: 'ticket', ticket })
    return ticket
  }

  /** Only the last of several that were passed quickly is asked for. */
  async #open(ticketId: string): Promise<void> {
    this.#opening.abort()
    this.#opening = new AbortController()
    const { signal } = this.#opening
    try {
      await sleep(60, signal)
      await this.#show(ticketId, signal)
    } catch (error) {
      if (signal.aborted) return
      throw error
    }
    if (this.#state().openId === ticketId) await this.#touch(ticketId, 'VIEWING')
  }

  /** Presence is a courtesy: what it fails at is tried again with the next touch and not told. */
  async #touch(ticketId: string, state: 'VIEWING' | 'REPLYING' | 'GONE'): Promise<void> {
    if (state !== 'GONE') this.#presence = { ticketId, state }
    else if (this.#presence?.ticketId === ticketId) this.#presence = undefined
    try {
      const client = await this.#context.client()
      const { others } = await client.supportDesk.touchPresence(
        { ticket_id: ticketId, state },
        { signal: AbortSignal.any([this.#over, AbortSignal.timeout(10_000)]), maxRetries: 0 },
      )
      if (state !== 'GONE') this.#dispatch({ type: 'others', ticketId, others })
    } catch {
      return
    }
  }

  /** Until everything is over. */
  async keepPresence(): Promise<void> {
    for (;;) {
      await sleep(TOUCH_EVERY, this.#over)
      if (this.#presence !== undefined) await this.#touch(this.#presence.ticketId, this.#presence.state)
    }
  }

  /** The last thing that is said, within a moment; else the 30 s run out. */
  async leave(): Promise<void> {
    if (this.#presence === undefined) return
    const { ticketId } = this.#presence
    const client = await this.#context.client()
    await client.supportDesk
      .touchPresence(
        { ticket_id: ticketId, state: 'GONE' },
        { signal: AbortSignal.timeout(500), maxRetries: 0 },
      )
      .catch(() => undefined)
  }

  async #claim(ticketId: string): Promise<void> {
    try {
      await this.#try((client, options) => client.supportDesk.claim({ ticket_id: ticketId }, options))
    } catch (error) {
      await this.#show(ticketId).catch(() => undefined)
      const assignee = this.#isProblem(error, 'CONFLICT') ? error.problem.assignee : undefined
      if (assignee === undefined) throw error
      const failure = { ...this.#failure(error), text: `${clean(assignee)} has it already.` }
      return this.#dispatch({ type: 'failed', failure })
    }
    const { ticket_number } = await this.#show(ticketId)
    this.#dispatch({ type: 'claimed', ticketId, done: `${ticket_number} is yours.` })
  }

  async #say({ ticketId, note, draft, status }: Of<'say'>): Promise<void> {
    const body = draft.text.trim()
    const input = {
      ticket_id: ticketId,
      body,
      is_internal_note: note,
      ...(status === undefined ? {} : { status }),
    }
    const idempotencyKey = keyOf(draft, JSON.stringify(input))
    try {
      const sent = await this.#try((client, options) =>
        client.supportDesk.reply(input, { ...options, idempotencyKey }),
      )
      // It is said, whatever becomes of the look at it.
      await this.#show(ticketId, AbortSignal.timeout(3_000)).catch(() => this.#ticket.ask())
      this.#dispatch({ type: 'said', ticketId, note, text: body, status: sent.ticket_status })
    } catch (error) {
      if (this.#over.aborted) return
      this.#dispatch({ type: 'unsaid', ticketId, note, failure: this.#failure(error) })
    }
  }

  async #change(job: ChangeJob): Promise<void> {
    const { ticketId, version, change } = job
    try {
      const now = await this.#try((client, options) =>
        client.supportDesk.update({ ticket_id: ticketId, if_match: version, ...change }, options),
      )
      await this.#show(ticketId, AbortSignal.timeout(3_000)).catch(() => this.#ticket.ask())
      this.#dispatch({ type: 'changed', job, version: now.version })
      this.#queue.ask()
    } catch (error) {
      if (this.#over.aborted) return
      await this.#show(ticketId, AbortSignal.timeout(3_000)).catch(() => undefined)
      this.#dispatch({ type: 'unchanged', job, failure: this.#failure(error) })
    }
  }

  async #macros(): Promise<void> {
    const macros = await this.#try(async (client, options) => {
      const all = []
      for await (const macro of client.macros.list({ limit: 100 }, options)) all.push(macro)
      return all
    })
    this.#dispatch({ type: 'macros', macros })
  }

  async #apply({ macro, ticketId, version, key }: Of<'apply'>): Promise<void> {
    const input = { macro_id: macro.id, tickets: [{ ticket_id: ticketId, version }] }
    const idempotencyKey = keyOf({ key }, JSON.stringify(input))
    const { results } = await this.#try((client, options) =>
      client.macros.apply(input, { ...options, idempotencyKey }),
    )
    await this.#show(ticketId).catch(() => this.#ticket.ask())
    const [result] = results
    const ok = result?.outcome !== 'REFUSED'
    const title = clean(macro.title)
    const text = ok
      ? result?.outcome === 'UNCHANGED'
        ? `“${title}” had nothing to change.`
        : `“${title}” is done.`
      : `“${title}” was refused: ${clean(result?.detail ?? 'no reason given')}`
    this.#dispatch({ type: 'applied', ticketId, text, ok })
  }

  async #merge({ ticketId: from, number, into }: Of<'merge'>): Promise<void> {
    const target = await this.#try((client) => ticketId(this.#context, client, into))
    await this.#try((client, options) =>
      client.supportDesk.merge({ ticket_id: from, into_ticket_id: target }, options),
    )
    await this.#show(from)
    this.#dispatch({ type: 'merged', ticketId: from, number, into })
  }
}

const query = ({ view, search, urgency, waiting }: Filter) => ({
  view,
  limit: QUEUE_LENGTH,
  status: search !== '' ? STATUSES.join(',') : waiting ? 'WAITING_ON_USER' : 'OPEN,IN_PROGRESS',
  ...(search === '' ? {} : { search }),
  ...(urgency === undefined ? {} : { urgency }),
})

/** The same text of the same draft has the same key; another text, or the same one later, another. */
const keyOf = ({ key }: Pick<Draft, 'key'>, input: string): string =>
  createHash('sha256').update(`${key} ${input}`).digest('hex').slice(0, 32)
