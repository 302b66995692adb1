import type { Client, StreamEvent, StreamStatus } from '@wardline/sdk'
import { command } from '../../command.ts'
import type { Context } from '../../context.ts'
import { Interrupted } from '../../exit.ts'
import { ORG } from '../../organization.ts'
import { clean } from '../../output.ts'
import { span, whoOf } from './shared.ts'

const TYPES = 'call.incoming,call.dequeued,call.completed'

type Queued = Awaited<ReturnType<Client['calls']['queue']>>['items'][number]

export const watch = command<{ org: string | undefined; bell: boolean; json: boolean }>({
  name: 'watch',
  summary: 'The queue, live: one line for every change',
  details:
    'Lines go to stdout, the state of the connection to stderr. A lost connection is taken up again by itself, and what changed meanwhile follows. Ends with 130 at Ctrl-C, and with 4 and the reason when access is lost.',
  options: [
    ORG,
    { flags: '--bell', text: 'ring the terminal’s bell for every caller who begins to wait' },
    { flags: '--json', text: 'one JSON object a line' },
  ],
  examples: [
    ['ward calls watch --bell', 'beside your work; ward calls accept takes the first'],
    ['ward calls watch --json | jq .change', 'for a script'],
  ],
  parse: (typed) => {
    const format = typed.text('output')
    return {
      org: typed.text('org'),
      bell: typed.flag('bell'),
      json: typed.flag('json') || format === 'json' || format === 'ndjson',
    }
  },
  async run(context, { org, bell, json }) {
    const organization = await context.organization(org)
    const client = await context.client()
    const { signal } = context.io
    const me = await client.users.me({}, { signal })
    const view = new QueueView(context, client, organization, me.id, { bell, json })
    const options = { signal, onStatus: (status: StreamStatus) => view.status(status) }
    const role = me.memberships.find((one) => one.organization_id === organization)?.role
    // Agents hear of calls on their own streams, an administrator on the organization's.
    const stream =
      role === 'ADMIN'
        ? client.events.streamOrganization({ org_id: organization, types: TYPES }, options)
        : client.events.stream({ types: TYPES }, options)
    try {
      for await (const event of stream) await view.take(event)
    } catch (error) {
      if (signal.aborted) throw new Interrupted('Interrupted')
      throw error
    }
  },
})

/** Who is known to wait, and what is printed when that changes. */
class QueueView {
  readonly #context: Context
  readonly #client: Client
  readonly #organization: string
  readonly #me: string
  readonly #options: { bell: boolean; json: boolean }
  readonly #known = new Map<string, Queued>()
  #work: Promise<void> = Promise.resolve()

  constructor(
    context: Context,
    client: Client,
    organization: string,
    me: string,
    options: { bell: boolean; json: boolean },
  ) {
    this.#context = context
    this.#client = client
    this.#organization = organization
    this.#me = me
    this.#options = options
  }

  /** What an event says; one of another organization says nothing. */
  take(event: StreamEvent): Promise<void> {
    if (!('organization_id' in event.data) || event.data.organization_id !== this.#organization)
      return this.#work
    if (event.event === 'call.dequeued') {
      const { call_id, status, agent_id } = event.data
      const by = status === 'MISSED' ? 'gone' : agent_id === this.#me ? 'yours' : 'taken'
      return this.#next(async () => this.#leave(call_id, by))
    }
    // Also after a call of the own: who came meanwhile was told to the free agents only.
    return this.#next(() => this.#look())
  }

  status(status: StreamStatus): void {
    const { style } = this.#context
    if (status.state === 'open') {
      this.#context.status(style.green('● connected'))
      void this.#next(() => this.#look())
    } else if (status.state === 'reset') void this.#next(() => this.#look())
    else if (status.state === 'reconnecting')
      this.#context.warn(
        style.yellow(
          `○ disconnected: ${clean(status.reason)}; trying again in ${(status.delayMs / 1000).toFixed(1)} s`,
        ),
      )
  }

  /** One after the other, so that lines come in the order of what they say. */
  #next(task: () => Promise<void>): Promise<void> {
    this.#work = this.#work.then(task).catch((error: unknown) => {
      // The next change looks at the whole queue again.
      if (!this.#context.io.signal.aborted)
        this.#context.warn(`! the queue could not be read: ${clean(String(error))}`)
    })
    return this.#work
  }

  /** Compares the queue with what is known of it. */
  async #look(): Promise<void> {
    const list = this.#client.calls.queue(
      { organization_id: this.#organization, limit: 100 },
      { signal: this.#context.io.signal },
    )
    const now: Queued[] = []
    for await (const item of list) now.push(item)
    const ids = new Set(now.map(({ id }) => id))
    for (const id of [...this.#known.keys()]) if (!ids.has(id)) this.#leave(id, 'gone')
    for (const item of now) if (!this.#known.has(item.id)) this.#come(item)
  }

  #come(item: Queued): void {
    const { style } = this.#context
    this.#known.set(item.id, item)
    if (this.#options.bell) this.#context.io.stderr.write('\u0007')
    const reason = item.reason === null ? '' : `: ${clean(item.reason)}`
    const text = `${clean(whoOf(item))}${reason} ${style.dim(`waiting ${span(item.waiting_seconds)}`)}`
    this.#print('waiting', item, style.yellow('+ waiting'), text)
  }

  #leave(id: string, change: 'yours' | 'taken' | 'gone'): void {
    const item = this.#known.get(id)
    // It came and went while nobody looked.
    if (item === undefined) return
    this.#known.delete(id)
    const { style } = this.#context
    const paint = { yours: style.green, taken: style.dim, gone: style.red }[change]
    this.#print(change, item, paint(`- ${change}`.padEnd(9)), clean(whoOf(item)))
  }

  #print(change: 'waiting' | 'yours' | 'taken' | 'gone', item: Queued, label: string, text: string): void {
    const { style } = this.#context
    const waiting = this.#known.size
    if (this.#options.json) {
      this.#context.print(`${JSON.stringify({ change, waiting, call: item })}\n`)
      return
    }
    const time = style.dim(new Date().toTimeString().slice(0, 8))
    this.#context.print(`${time} ${label} ${text} ${style.dim(`${item.id} (${waiting} waiting)`)}\n`)
  }
}
