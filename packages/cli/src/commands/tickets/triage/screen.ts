// The triage on a whole screen: a file of its own in the bundle, loaded when somebody opens it.
import { constants } from 'node:os'
import type { StreamStatus } from '@wardline/sdk'
import type { Context } from '../../../context.ts'
import { Credentials } from '../../../credentials.ts'
import { Interrupted } from '../../../exit.ts'
import { DraftStore } from './drafts.ts'
import { editText } from './editor.ts'
import { Effects } from './effects.ts'
import { Keyboard } from './keyboard.ts'
import { reduce } from './reducer.ts'
import { Screen } from './screen-terminal.ts'
import { type Effect, firstState, type Happening, type State } from './state.ts'
import { failureOf, sleep } from './trying.ts'
import { view } from './view/view.ts'
import type { View } from './views.ts'

/** Between two frames, in milliseconds: what comes within it is drawn at once. */
const FRAME = 30
const SAVE_AFTER = 400

export const runScreen = async (context: Context, wanted: View): Promise<void> => {
  const client = await context.client()
  const { signal } = context.io
  // Before anything is drawn: who may not, or reaches no server, reads why where they typed the command.
  const me = await client.users.me({}, { signal })
  await client.supportDesk.list({ view: wanted, limit: 1 }, { signal })
  const triage = new ScreenTriage(context, { id: me.id, display_name: me.display_name }, wanted)
  await triage.run()
}

class ScreenTriage {
  readonly #context: Context
  readonly #screen: Screen
  readonly #keyboard: Keyboard
  readonly #drafts: DraftStore
  readonly #over = new AbortController()
  readonly #ended = Promise.withResolvers<void>()
  #effects: Effects | undefined
  #state: State
  #drawing: NodeJS.Timeout | undefined
  #saving: NodeJS.Timeout | undefined

  constructor(context: Context, me: State['me'], wanted: View) {
    this.#context = context
    this.#screen = new Screen(context.io.stdout)
    this.#keyboard = new Keyboard(context.io.stdin, (happening) => this.#dispatch(happening))
    this.#drafts = new DraftStore(Credentials.folder(context.io.env), `${context.url} ${me.id}`)
    const now = Date.now()
    const drafts = this.#drafts.load(now)
    this.#state = firstState({ ...this.#screen.size, now, me, drafts, view: wanted })
  }

  async run(): Promise<void> {
    const { isProblem } = await import('../../../sdk.ts')
    const { signal } = this.#over
    this.#effects = new Effects(
      this.#context,
      isProblem,
      () => this.#state,
      (one) => this.#dispatch(one),
      signal,
    )
    const release = this.#hold()
    this.#screen.enter()
    this.#keyboard.start()
    this.#draw()
    const background = [
      this.#effects.keepPresence(),
      this.#listen((error) => failureOf(error, isProblem).text),
      this.#tick(),
    ].map((work) => work.catch((error) => (signal.aborted ? undefined : this.#ended.reject(error))))
    this.#effects.run({ do: 'queue' })
    try {
      await this.#ended.promise
    } finally {
      this.#over.abort()
      release()
      await Promise.all([...background, this.#effects.leave()])
    }
  }

  #dispatch(happening: Happening): void {
    if (this.#over.signal.aborted) return
    const before = this.#state
    const { state, effects } = reduce(before, happening)
    this.#state = state
    if (state.drafts !== before.drafts) this.#saving ??= setTimeout(() => this.#save(), SAVE_AFTER)
    for (const effect of effects) this.#perform(effect)
    // A key is answered at once; what comes from outside may come in bursts.
    if (happening.type === 'key' || happening.type === 'paste') this.#draw()
    else this.#drawing ??= setTimeout(() => this.#draw(), FRAME)
  }

  #draw(): void {
    clearTimeout(this.#drawing)
    this.#drawing = undefined
    this.#screen.draw(view(this.#state, this.#context.style))
  }

  #save(): void {
    clearTimeout(this.#saving)
    this.#saving = undefined
    try {
      this.#drafts.save(this.#state.drafts)
    } catch {
      this.#dispatch({
        type: 'trouble',
        text: 'Texts cannot be kept on this disk; do not quit before sending.',
      })
    }
  }

  #perform(effect: Effect): void {
    switch (effect.do) {
      case 'edit':
        void this.#edit(effect.text)
        return
      case 'repaint':
        this.#screen.forget()
        return
      case 'suspend':
        this.#suspend()
        return
      case 'quit':
        if (effect.interrupted) this.#ended.reject(new Interrupted('Interrupted'))
        else this.#ended.resolve()
        return
      default:
        this.#effects?.run(effect)
    }
  }

  /** The terminal, for as long as this runs; back to what it was however it ends. */
  #hold(): () => void {
    const { io } = this.#context
    const restore = () => {
      this.#save()
      this.#keyboard.stop()
      this.#screen.leave()
    }
    const onResize = () => this.#dispatch({ type: 'resize', ...this.#screen.size })
    const onInterrupt = () => this.#ended.reject(new Interrupted('Interrupted'))
    const onStop = (signal: NodeJS.Signals) => {
      restore()
      process.exit(128 + constants.signals[signal])
    }
    const onSuspend = () => this.#suspend()
    const onContinue = () => this.#resume()
    io.stdout.on('resize', onResize)
    io.signal.addEventListener('abort', onInterrupt)
    process.on('SIGTERM', onStop)
    process.on('SIGHUP', onStop)
    process.on('SIGTSTP', onSuspend)
    process.on('SIGCONT', onContinue)
    process.on('exit', restore)
    // Before the error is printed, else it goes down with the other screen.
    process.on('uncaughtExceptionMonitor', restore)
    return () => {
      restore()
      io.stdout.off('resize', onResize)
      io.signal.removeEventListener('abort', onInterrupt)
      process.off('SIGTERM', onStop)
      process.off('SIGHUP', onStop)
      process.off('SIGTSTP', onSuspend)
      process.off('SIGCONT', onContinue)
      process.off('exit', restore)
      process.off('uncaughtExceptionMonitor', restore)
    }
  }

  /** Gives the shell its terminal, with everything that runs in this job; `fg` comes back. */
  #suspend(): void {
    this.#save()
    this.#keyboard.stop()
    this.#screen.leave()
    const listeners = process.listeners('SIGTSTP')
    process.removeAllListeners('SIGTSTP')
    process.kill(0, 'SIGTSTP')
    for (const listener of listeners) process.on('SIGTSTP', listener)
    // Where no shell can continue it (it leads its session) the kernel stops nothing: then this goes on by itself.
    setTimeout(() => this.#resume(), 300)
  }

  #resume(): void {
    if (this.#over.signal.aborted) return
    this.#screen.enter()
    this.#keyboard.start()
    this.#dispatch({ type: 'resize', ...this.#screen.size })
  }

  async #edit(text: string): Promise<void> {
    this.#save()
    this.#keyboard.stop()
    this.#screen.leave()
    try {
      const edited = await editText(text, this.#context.io.env)
      this.#dispatch({ type: 'edited', text: edited })
    } catch (error) {
      const problem = `The editor failed: ${error instanceof Error ? error.message : String(error)}`
      this.#dispatch({ type: 'edited', text: undefined, problem })
    }
    this.#resume()
  }

  async #tick(): Promise<void> {
    for (;;) {
      await sleep(1_000, this.#over.signal)
      this.#dispatch({ type: 'tick', now: Date.now() })
    }
  }

  /** Live events until everything is over. Losing access does not end the triage: what can be asked is still asked. */
  async #listen(reasonOf: (error: unknown) => string): Promise<void> {
    const { signal } = this.#over
    const onStatus = (status: StreamStatus) => this.#onStatus(status)
    for (;;) {
      try {
        const client = await this.#context.client()
        for await (const event of client.events.stream({ types: TYPES }, { signal, onStatus }))
          this.#dispatch({ type: 'live', event })
      } catch (error) {
        signal.throwIfAborted()
        this.#dispatch({
          type: 'connection',
          connection: { state: 'ended', reason: `No live events: ${reasonOf(error)}` },
        })
      }
      await sleep(5_000, signal)
    }
  }

  #onStatus(status: StreamStatus): void {
    if (status.state === 'open') this.#dispatch({ type: 'connection', connection: { state: 'connected' } })
    if (status.state === 'reconnecting') {
      const reason = `Live events stopped (${status.reason}); connecting again.`
      this.#dispatch({ type: 'connection', connection: { state: 'reconnecting', reason } })
    }
    if (status.state === 'caught-up') {
      const connection = { state: 'caught-up', count: status.count, until: Date.now() + 10_000 } as const
      this.#dispatch({ type: 'connection', connection })
    }
    if (status.state === 'reset') this.#effects?.run({ do: 'queue' })
  }
}

const TYPES =
  'ticket.created,ticket.message,ticket.desk_message,ticket.updated,ticket.overdue,ticket.presence'
