import type { Client } from '@wardline/sdk'
import type { Context } from '../../../context.ts'
import { clean } from '../../../output.ts'
import { askText, choose, readKey } from '../../../prompts.ts'
import { type DeskTicketDetail, deskColumns, NEXT_STATUSES, renderTicket, URGENCIES } from '../shared.ts'
import { differences } from './differences.ts'
import type { View } from './views.ts'

/** What a key did: stay on the ticket (its new state, if known), go on to the next, or leave. */
type Step = { to: 'stay'; ticket?: DeskTicketDetail } | { to: 'next' } | { to: 'quit' }

interface Action {
  key: string
  label: string
  run(ticket: DeskTicketDetail): Promise<Step>
}

/** The triage line by line, for screen readers and for terminals that cannot be drawn on. */
export class PlainTriage {
  readonly #context: Context
  readonly #client: Client
  readonly #view: View
  readonly #seen = new Set<string>()
  readonly #drafts = new Map<string, string>()
  #me: { id: string } | undefined
  readonly #actions: readonly Action[] = [
    { key: 'c', label: 'claim', run: (ticket) => this.#claim(ticket) },
    { key: 'r', label: 'public reply', run: (ticket) => this.#say(ticket, false) },
    { key: 'n', label: 'internal note', run: (ticket) => this.#say(ticket, true) },
    { key: 's', label: 'status', run: (ticket) => this.#status(ticket) },
    { key: 'u', label: 'urgency', run: (ticket) => this.#urgency(ticket) },
    { key: 'a', label: 'assign', run: (ticket) => this.#assign(ticket) },
    { key: 'x', label: 'next', run: async () => ({ to: 'next' }) },
    { key: 'o', label: 'list', run: (ticket) => this.#list(ticket) },
    { key: 'q', label: 'quit', run: async () => ({ to: 'quit' }) },
  ]

  constructor(context: Context, client: Client, view: View) {
    this.#context = context
    this.#client = client
    this.#view = view
  }

  get #signal() {
    return { signal: this.#context.io.signal }
  }

  /** What waits for the desk; a ticket that waits for its owner comes back when they answer. */
  get #queue() {
    return { view: this.#view, status: 'OPEN,IN_PROGRESS', limit: 25 }
  }

  async run(): Promise<void> {
    for (let handled = 0; ; handled++) {
      const ticket = await this.#next()
      if (ticket === undefined) {
        return this.#context.warn(
          handled === 0 ? 'Nothing waits.' : `The end of the queue; ${handled} looked at.`,
        )
      }
      if (!(await this.#work(ticket))) return this.#context.warn(`${handled + 1} looked at.`)
    }
  }

  /** The first of the queue, asked anew each time, that was not shown yet. */
  async #next(): Promise<DeskTicketDetail | undefined> {
    for await (const { id } of this.#client.supportDesk.list(this.#queue, this.#signal)) {
      if (this.#seen.has(id)) continue
      this.#seen.add(id)
      return await this.#client.supportDesk.get({ ticket_id: id }, this.#signal)
    }
    return undefined
  }

  /** One ticket until the agent goes on; false when they leave. */
  async #work(first: DeskTicketDetail): Promise<boolean> {
    let ticket = first
    let show = true
    for (;;) {
      if (show) this.#show(ticket)
      show = true
      this.#context.print(`${this.#menu()}\n`)
      const key = await readKey(this.#context)
      const action = this.#actions.find((one) => one.key === key)
      if (action === undefined) {
        show = false
        continue
      }
      const step = await this.#attempt(action, ticket)
      if (step.to === 'quit') return false
      if (step.to === 'next') return true
      if (step.ticket !== undefined) ticket = step.ticket
      else show = false
    }
  }

  #show(ticket: DeskTicketDetail): void {
    const { style } = this.#context
    this.#context.print(`\n${renderTicket(ticket, style)}`)
    for (const { agent, state } of ticket.presence) {
      const what = state === 'REPLYING' ? 'is writing on it' : 'has it open too'
      this.#context.print(`${style.yellow(`! ${clean(agent.display_name)} ${what}`)}\n`)
    }
  }

  #menu(): string {
    const { style } = this.#context
    return this.#actions.map(({ key, label }) => `${style.bold(key)} ${style.dim(label)}`).join('  ')
  }

  /** A refusal is told and the loop goes on; a conflict shows what changed and takes the new state. */
  async #attempt(action: Action, ticket: DeskTicketDetail): Promise<Step> {
    const { isProblem } = await import('../../../sdk.ts')
    try {
      return await action.run(ticket)
    } catch (error) {
      // Ctrl-C within a question gives up that question only.
      if (error instanceof Error && error.name === 'ExitPromptError') {
        this.#context.warn('Nothing done.')
        return { to: 'stay' }
      }
      if (!isProblem(error) || error.status === 401) throw error
      const { style } = this.#context
      const text = error.detail ?? error.title
      this.#context.warn(style.red(clean(text)))
      if (isProblem(error, 'PRECONDITION_FAILED', 'CONFLICT', 'INVALID_TRANSITION'))
        return await this.#reload(ticket)
      return { to: 'stay' }
    }
  }

  async #reload(before: DeskTicketDetail): Promise<Step> {
    const { style } = this.#context
    const now = await this.#client.supportDesk.get({ ticket_id: before.id }, this.#signal)
    const changes = differences(before, now)
    if (changes.length === 0) return { to: 'stay', ticket: now }
    this.#context.warn(
      style.yellow(`Meanwhile ${before.ticket_number} changed (version ${before.version} → ${now.version}):`),
    )
    for (const change of changes) this.#context.warn(`  ${change}`)
    this.#context.warn('Nothing of yours was saved. Here it is as it stands:')
    return { to: 'stay', ticket: now }
  }

  async #claim({ id }: DeskTicketDetail): Promise<Step> {
    await this.#client.supportDesk.claim({ ticket_id: id }, this.#signal)
    this.#context.warn('It is yours.')
    return await this.#fresh(id)
  }

  /** What was typed stays until it is sent: the next reply or note of the ticket begins with it. */
  async #say({ id, requester }: DeskTicketDetail, is_internal_note: boolean): Promise<Step> {
    const { style } = this.#context
    const draft = `${id} ${is_internal_note}`
    const message = is_internal_note
      ? `${style.inverse(style.yellow(' INTERNAL NOTE '))} only the desk reads it:`
      : `${style.green('PUBLIC REPLY')} the requester reads it:`
    const body = await askText(this.#context, { message, flag: '--body', initial: this.#drafts.get(draft) })
    this.#drafts.set(draft, body)
    if (!is_internal_note && !(await this.#confirm(requester.display_name))) {
      this.#context.warn('Not sent; your text is kept, r goes on with it.')
      return { to: 'stay' }
    }
    const sent = await this.#client.supportDesk.reply({ ticket_id: id, body, is_internal_note }, this.#signal)
    this.#drafts.delete(draft)
    this.#context.warn(
      is_internal_note ? 'Internal note left.' : `Public reply sent; the ticket is ${sent.ticket_status}.`,
    )
    return await this.#fresh(id)
  }

  async #confirm(name: string): Promise<boolean> {
    const answer = await askText(this.#context, {
      message: `Send this PUBLIC REPLY to ${clean(name)}? yes or no:`,
      flag: '--body',
      check: (typed) => (/^(y|yes|n|no)$/i.test(typed) ? undefined : 'yes or no.'),
    })
    return /^y/i.test(answer)
  }

  async #status(ticket: DeskTicketDetail): Promise<Step> {
    const next = NEXT_STATUSES[ticket.status]
    if (next.length === 0) {
      this.#context.warn(`${ticket.status} is final.`)
      return { to: 'stay' }
    }
    const status = await choose(this.#context, `${ticket.status} →`, next)
    return await this.#change(ticket, { status })
  }

  async #urgency(ticket: DeskTicketDetail): Promise<Step> {
    const urgency = await choose(this.#context, 'Urgency:', URGENCIES.toReversed())
    return await this.#change(ticket, { urgency })
  }

  async #assign(ticket: DeskTicketDetail): Promise<Step> {
    const who = await askText(this.#context, {
      message: 'Assign to (me, none, or an agent’s id):',
      flag: 'ward tickets assign',
      check: (answer) =>
        /^(me|none|[0-9a-f-]{36})$/i.test(answer) ? undefined : 'me, none, or the id of an agent.',
    })
    this.#me ??= await this.#client.users.me({}, this.#signal)
    return await this.#change(ticket, {
      assignee_id: who === 'none' ? null : who === 'me' ? this.#me.id : who,
    })
  }

  /** With the version that is on the screen, so that nobody's change is overwritten unseen. */
  async #change(
    { id, version }: DeskTicketDetail,
    change: Omit<Parameters<Client['supportDesk']['update']>[0], 'ticket_id' | 'if_match'>,
  ): Promise<Step> {
    await this.#client.supportDesk.update({ ticket_id: id, if_match: version, ...change }, this.#signal)
    return await this.#fresh(id)
  }

  async #fresh(ticket_id: string): Promise<Step> {
    return { to: 'stay', ticket: await this.#client.supportDesk.get({ ticket_id }, this.#signal) }
  }

  async #list(ticket: DeskTicketDetail): Promise<Step> {
    const queue = await this.#client.supportDesk.list(this.#queue, this.#signal)
    this.#context.list(queue.items, deskColumns(this.#context), 'Nothing waits.')
    return { to: 'stay', ticket }
  }
}
