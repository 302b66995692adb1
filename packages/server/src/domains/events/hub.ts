import type { Socket } from 'node:net'
import type { Pool } from 'pg'
import type { Logger } from 'pino'
import type { Clock } from '../../clock.ts'
import type { components } from '../../generated/contract.ts'
import type { Subscription } from '../../http/handler.ts'
import { compare, formatPosition, type OutboxRow, type Position, parsePosition, Tailer } from './tailer.ts'

export type CloseReason = components['schemas']['StreamClosedEvent']['data']['reason']
type ResetReason = components['schemas']['StreamResetEvent']['data']['reason']

/** What the hub knows of one open stream. */
export interface StreamOptions {
  readonly socket: Socket
  readonly subscription: Subscription
  readonly sessionId: string
  /** People whose change of access may close this stream: the person, and who impersonates. */
  readonly watch: readonly string[]
  /** The stream ends then, for this reason. */
  readonly ends: { readonly at: number; readonly reason: CloseReason } | null
  /** Runs the gates again; a reason closes the stream. */
  readonly recheck: () => Promise<CloseReason | undefined>
}

const maxBufferedBytes = 256 * 1024
const catchUpPage = 200
const stuckMs = 60_000
const touchMs = 60_000

const frame = (position: Position, event: string, data: unknown): string =>
  `id: ${formatPosition(position)}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`

class Stream {
  readonly options: StreamOptions
  /** The last place that was written to the socket. */
  cursor: Position
  live = false
  closed = false
  lastWrite: number
  /** Since when the reader has not taken what is buffered. */
  stuckSince: number | null = null

  constructor(options: StreamOptions, cursor: Position, now: number) {
    this.options = options
    this.cursor = cursor
    this.lastWrite = now
  }

  wants({ type, payload }: OutboxRow): boolean {
    const { types, within } = this.options.subscription
    const { organization_id: organization }: Record<string, unknown> = Object(payload)
    const isElsewhere = within !== null && typeof organization === 'string' && organization !== within
    return (types === null || types.includes(type)) && !isElsewhere
  }

  receives(row: OutboxRow): boolean {
    const { user, organization, support } = this.options.subscription
    return (
      (row.userId !== null && row.userId === user) ||
      (row.organizationId !== null && row.organizationId === organization) ||
      (row.toSupport && support)
    )
  }

  get buffered(): number {
    return this.options.socket.writableLength
  }

  write(text: string | Buffer, now: number): void {
    this.options.socket.write(text)
    this.lastWrite = now
  }
}

/**
 * The streams of this process. One tailer reads the outbox and each event is serialized once for all its
 * receivers. A reader that does not keep up is no longer fed from memory: it catches up from the table.
 */
export class Hub {
  readonly #pool: Pool
  readonly #clock: Clock
  readonly #log: Logger
  readonly #heartbeatMs: number
  readonly #streams = new Set<Stream>()
  readonly #tailer: Tailer
  #timer: NodeJS.Timeout | undefined
  #touched = 0
  #stopping = false

  constructor(pool: Pool, url: string, clock: Clock, log: Logger, heartbeatSeconds: number) {
    this.#pool = pool
    this.#clock = clock
    this.#log = log
    this.#heartbeatMs = heartbeatSeconds * 1000
    this.#tailer = new Tailer(
      url,
      log,
      (rows) => this.#fanOut(rows),
      (userId) => this.#recheck(userId),
    )
  }

  async start(): Promise<void> {
    await this.#tailer.start()
    this.#timer = setInterval(() => this.#tick(), Math.min(1000, this.#heartbeatMs))
    this.#timer.unref()
  }

  /** Ends every stream, telling clients to come back to another server. */
  async stop(): Promise<void> {
    this.#stopping = true
    clearInterval(this.#timer)
    for (const stream of this.#streams) this.#close(stream, 'SERVER_STOPPING')
    await this.#tailer.stop()
  }

  get size(): number {
    return this.#streams.size
  }

  /** Something was committed in this process: no need to wait for the notification. */
  wake(): void {
    this.#tailer.wake()
  }

  /** Opens a stream on a socket whose response headers are already written. */
  async open(options: StreamOptions): Promise<void> {
    const now = this.#clock.now().getTime()
    const stream = new Stream(options, this.#tailer.position, now)
    this.#streams.add(stream)
    options.socket.once('close', () => this.#drop(stream))
    options.socket.on('error', () => this.#drop(stream))
    stream.write(`retry: ${2000 + Math.floor(Math.random() * 2000)}\n\n`, now)
    try {
      const reset = await this.#resume(stream, options.subscription.lastEventId)
      if (reset) stream.write(frame(stream.cursor, 'stream.reset', { reason: reset }), now)
      await this.#catchUp(stream)
      // Says that everything missed has been sent, and where the stream stands, so that even one without
      // events can resume.
      stream.write(this.#heartbeat(stream.cursor), now)
      if (this.#stopping) this.#close(stream, 'SERVER_STOPPING')
    } catch (error) {
      this.#log.warn({ err: error }, 'a stream could not catch up')
      this.#drop(stream)
    }
  }

  /** Sets the stream's place from its Last-Event-ID; answers why it cannot be resumed from there. */
  async #resume(stream: Stream, lastEventId: string | null): Promise<ResetReason | undefined> {
    if (lastEventId === null) {
      stream.cursor = this.#tailer.position
      return undefined
    }
    // Another replica may be ahead of this one's last look.
    await this.#tailer.poll()
    const asked = parsePosition(lastEventId)
    const unknown = !asked || compare(asked, this.#tailer.position) > 0
    const tooOld = asked && compare(asked, await this.#tailer.purged()) < 0
    stream.cursor = unknown || tooOld ? this.#tailer.position : asked
    return unknown ? 'UNKNOWN_ID' : tooOld ? 'TOO_OLD' : undefined
  }

  #heartbeat(position: Position): string {
    return frame(position, 'heartbeat', { at: this.#clock.now().toISOString() })
  }

  /** From the table until the tailer's place is reached, never faster than the reader takes it; then live. */
  async #catchUp(stream: Stream): Promise<void> {
    while (!stream.closed) {
      const target = this.#tailer.position
      const rows = await this.#tailer.readPage(
        stream.options.subscription,
        stream.cursor,
        target,
        catchUpPage,
      )
      for (const row of rows) {
        if (compare(row, stream.cursor) <= 0) continue
        stream.cursor = { xid: row.xid, id: row.id }
        if (stream.wants(row)) stream.write(frame(row, row.type, row.payload), this.#clock.now().getTime())
      }
      if (rows.length < catchUpPage) {
        stream.cursor = target
        // No await between this check and going live: nothing can slip between.
        if (this.#tailer.position === target) {
          stream.live = true
          return
        }
      }
      if (stream.buffered > maxBufferedBytes) return this.#waitForReader(stream)
    }
  }

  #waitForReader(stream: Stream): void {
    stream.live = false
    stream.stuckSince ??= this.#clock.now().getTime()
    stream.options.socket.once('drain', () => {
      stream.stuckSince = null
      void this.#catchUp(stream).catch(() => this.#drop(stream))
    })
  }

  #fanOut(rows: readonly OutboxRow[]): void {
    const now = this.#clock.now().getTime()
    for (const row of rows) {
      let text: Buffer | undefined
      for (const stream of this.#streams) {
        if (!stream.live || !stream.receives(row) || compare(row, stream.cursor) <= 0) continue
        stream.cursor = { xid: row.xid, id: row.id }
        if (!stream.wants(row)) continue
        text ??= Buffer.from(frame(row, row.type, row.payload))
        stream.write(text, now)
        if (stream.buffered > maxBufferedBytes) this.#waitForReader(stream)
      }
    }
  }

  #tick(): void {
    const now = this.#clock.now().getTime()
    for (const stream of this.#streams) {
      const { ends } = stream.options
      if (ends && ends.at <= now) this.#close(stream, ends.reason)
      else if (stream.stuckSince !== null && now - stream.stuckSince > stuckMs) this.#drop(stream)
      else if (stream.live && now - stream.lastWrite >= this.#heartbeatMs) {
        // Everything up to the tailer's place was offered to a live stream.
        stream.cursor = this.#tailer.position
        stream.write(this.#heartbeat(stream.cursor), now)
      }
    }
    if (now - this.#touched >= touchMs && this.#streams.size > 0) {
      this.#touched = now
      void this.#touchSessions(new Date(now))
    }
  }

  /** A session with an open stream is not idle. */
  async #touchSessions(now: Date): Promise<void> {
    const ids = [...new Set([...this.#streams].map((stream) => stream.options.sessionId))]
    await this.#pool
      .query(
        'update user_sessions set last_active_at = $2 where id = any($1) and last_active_at < $2 and revoked_at is null',
        [ids, now],
      )
      .catch((error: unknown) =>
        this.#log.warn({ err: error }, 'open streams could not be noted as activity'),
      )
  }

  /** Somebody's access changed (null: possibly everybody's): whoever lost it is closed. */
  #recheck(userId: string | null): void {
    for (const stream of this.#streams) {
      if (userId !== null && !stream.options.watch.includes(userId)) continue
      void stream.options
        .recheck()
        .then((reason) => {
          if (reason) this.#close(stream, reason)
        })
        // The database is away: the tailer's reconnect asks everybody again.
        .catch((error: unknown) => this.#log.warn({ err: error }, 'a stream could not be rechecked'))
    }
  }

  #close(stream: Stream, reason: CloseReason): void {
    if (stream.closed) return
    stream.options.socket.write(frame(stream.cursor, 'stream.closed', { reason }))
    // Waits for the last write to leave, not for the client to hang up.
    stream.options.socket.destroySoon()
    this.#drop(stream, false)
  }

  #drop(stream: Stream, destroy = true): void {
    stream.closed = true
    stream.live = false
    this.#streams.delete(stream)
    if (destroy) stream.options.socket.destroy()
  }
}
