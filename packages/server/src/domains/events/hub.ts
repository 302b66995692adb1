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
// How long a reader may leave its buffer full, and then how long what is buffered waits for it all the same.
const stuckMs = 60_000
const lingerMs = 30_000
const touchMs = 60_000
const retentionMs = 7 * 24 * 3600_000
// When a server stops, its readers come back over this span, the longer the more there are: no stampede.
const comeBackMs = (readers: number): number =>
  500 + Math.floor(Math.random() * Math.min(30_000, 1000 + 3 * readers))

// A comment, for proxies that end idle connections; no event, so it costs the reader nothing.
const keepAlive = Buffer.from(':\n\n')

const frame = (position: Position, event: string, data: unknown): string =>
  `id: ${formatPosition(position)}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`

class Stream {
  readonly options: StreamOptions
  /** The last place that was written to the socket. */
  cursor: Position
  /** Whether `cursor` is where the reader asked to be; before, it is nowhere to come back to. */
  placed = false
  live = false
  closed = false
  lastWrite: number
  lastHeartbeat: number
  /** Since when the reader has not taken what is buffered. */
  stuckSince: number | null = null

  constructor(options: StreamOptions, cursor: Position, now: number) {
    this.options = options
    this.cursor = cursor
    this.lastWrite = now
    this.lastHeartbeat = now
  }

  /** Whether the row passes the reader's own filters. */
  wants({ type, payload }: OutboxRow): boolean {
    const { types, patient, within } = this.options.subscription
    const { organization_id: organization, patient_id: named }: Record<string, unknown> = Object(payload)
    const isElsewhere = within !== null && typeof organization === 'string' && organization !== within
    return (types === null || types.includes(type)) && (patient === null || named === patient) && !isElsewhere
  }

  get buffered(): number {
    return this.options.socket.writableLength
  }

  write(text: string | Buffer, now: number): void {
    this.options.socket.write(text)
    this.lastWrite = now
  }
}

/** Streams by what they are subscribed to: an event looks at its own receivers, not at everybody. */
class Audiences {
  readonly #users = new Map<string, Set<Stream>>()
  readonly #organizations = new Map<string, Set<Stream>>()
  readonly #support = new Set<Stream>()

  #setsOf({ options: { subscription } }: Stream): { map: Map<string, Set<Stream>>; key: string }[] {
    const { user, organization } = subscription
    return [
      ...(user === null ? [] : [{ map: this.#users, key: user }]),
      ...(organization === null ? [] : [{ map: this.#organizations, key: organization }]),
    ]
  }

  add(stream: Stream): void {
    for (const { map, key } of this.#setsOf(stream)) {
      const set = map.get(key)
      if (set) set.add(stream)
      else map.set(key, new Set([stream]))
    }
    if (stream.options.subscription.support) this.#support.add(stream)
  }

  delete(stream: Stream): void {
    for (const { map, key } of this.#setsOf(stream)) {
      const set = map.get(key)
      set?.delete(stream)
      if (set?.size === 0) map.delete(key)
    }
    this.#support.delete(stream)
  }

  /** A stream that is in the audience twice comes twice. */
  *of(row: OutboxRow): Iterable<Stream> {
    if (row.userId !== null) yield* this.#users.get(row.userId) ?? []
    if (row.organizationId !== null) yield* this.#organizations.get(row.organizationId) ?? []
    if (row.toSupport) yield* this.#support
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
  readonly #audiences = new Audiences()
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
    const readers = this.#streams.size
    for (const stream of this.#streams) this.#sendAway(stream, readers)
    await this.#tailer.stop()
  }

  get size(): number {
    return this.#streams.size
  }

  /** Since when the outbox was last read to its end. */
  get tailLagMs(): number {
    return this.#tailer.lagMs
  }

  /** Something was committed in this process: no need to wait for the notification. */
  wake(): void {
    this.#tailer.wake()
  }

  /** Opens a stream on a socket whose response headers are already written. */
  async open(options: StreamOptions): Promise<void> {
    // Nobody will be told that it closed: that has been said already.
    if (options.socket.destroyed) return
    const now = this.#clock.now().getTime()
    const stream = new Stream(options, this.#tailer.position, now)
    this.#streams.add(stream)
    this.#audiences.add(stream)
    options.socket.once('close', () => this.#drop(stream))
    options.socket.on('error', () => this.#drop(stream))
    stream.write(`retry: ${2000 + Math.floor(Math.random() * 2000)}\n\n`, now)
    try {
      // Another server has what this one will no longer send.
      if (this.#stopping) return this.#sendAway(stream, 1)
      const reset = await this.#resume(stream)
      stream.placed = true
      if (reset) stream.write(frame(stream.cursor, 'stream.reset', { reason: reset }), now)
      await this.#catchUp(stream)
      // Says that everything missed has been sent, and where the stream stands, so that even one without
      // events can resume.
      stream.write(this.#heartbeat(stream.cursor), now)
      if (this.#stopping) this.#sendAway(stream, 1)
    } catch (error) {
      this.#log.warn({ err: error }, 'a stream could not catch up')
      this.#drop(stream)
    }
  }

  /** Sets the stream's place from its Last-Event-ID or instant; answers why it cannot be resumed from there. */
  async #resume(stream: Stream): Promise<ResetReason | undefined> {
    const { lastEventId, since } = stream.options.subscription
    if (lastEventId === null) return this.#goBack(stream, since)
    // Another replica may be ahead of this one's last look.
    await this.#tailer.poll()
    const asked = parsePosition(lastEventId)
    const unknown = !asked || compare(asked, this.#tailer.position) > 0
    const tooOld = asked && compare(asked, await this.#tailer.purged()) < 0
    stream.cursor = unknown || tooOld ? this.#tailer.position : asked
    return unknown ? 'UNKNOWN_ID' : tooOld ? 'TOO_OLD' : undefined
  }

  /** Sets the stream's place to an instant, or to now. */
  async #goBack(stream: Stream, since: string | null): Promise<ResetReason | undefined> {
    stream.cursor = this.#tailer.position
    if (since === null) return undefined
    if (Date.parse(since) < this.#clock.now().getTime() - retentionMs) return 'TOO_OLD'
    stream.cursor = (await this.#tailer.before(since)) ?? stream.cursor
    return undefined
  }

  #heartbeat(position: Position): string {
    return frame(position, 'heartbeat', { at: this.#clock.now().toISOString() })
  }

  /** From the table until the tailer's place is reached, never faster than the reader takes it; then live. */
  async #catchUp(stream: Stream): Promise<void> {
    while (!stream.closed) {
      const target = this.#tailer.position
      const isBehind = compare(stream.cursor, target) < 0
      const rows = isBehind
        ? await this.#tailer.readPage(stream.options.subscription, stream.cursor, target, catchUpPage)
        : []
      for (const row of rows) {
        if (compare(row, stream.cursor) <= 0) continue
        stream.cursor = { xid: row.xid, id: row.id }
        if (stream.wants(row)) stream.write(frame(row, row.type, row.payload), this.#clock.now().getTime())
      }
      if (rows.length < catchUpPage) {
        // A place that was asked for may be ahead of the tailer: it never goes back.
        if (compare(target, stream.cursor) > 0) stream.cursor = target
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
      const place = { xid: row.xid, id: row.id }
      for (const stream of this.#audiences.of(row)) {
        if (!stream.live || compare(place, stream.cursor) <= 0) continue
        stream.cursor = place
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
      else if (stream.stuckSince !== null) {
        if (now - stream.stuckSince > stuckMs) this.#close(stream, 'SLOW_READER')
      } else if (stream.live && now - stream.lastHeartbeat >= this.#heartbeatMs) {
        // Everything up to the tailer's place was offered to a live stream.
        if (compare(this.#tailer.position, stream.cursor) > 0) stream.cursor = this.#tailer.position
        stream.lastHeartbeat = now
        stream.write(this.#heartbeat(stream.cursor), now)
      } else if (now - stream.lastWrite >= this.#heartbeatMs / 2) stream.write(keepAlive, now)
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

  /** Tells when to come back, so that not everybody does at once, and closes. */
  #sendAway(stream: Stream, readers: number): void {
    if (stream.closed) return
    stream.options.socket.write(`retry: ${comeBackMs(readers)}\n\n`)
    this.#close(stream, 'SERVER_STOPPING')
  }

  #close(stream: Stream, reason: CloseReason): void {
    if (stream.closed) return
    const { socket } = stream.options
    const closed = `event: stream.closed\ndata: ${JSON.stringify({ reason })}\n\n`
    socket.write(stream.placed ? frame(stream.cursor, 'stream.closed', { reason }) : closed)
    // Waits for the last write to leave, not for the client to hang up, and not for ever for a reader that is stuck.
    socket.destroySoon()
    setTimeout(() => socket.destroy(), lingerMs).unref()
    this.#drop(stream, false)
  }

  #drop(stream: Stream, destroy = true): void {
    stream.closed = true
    stream.live = false
    this.#streams.delete(stream)
    this.#audiences.delete(stream)
    if (destroy) stream.options.socket.destroy()
  }
}
