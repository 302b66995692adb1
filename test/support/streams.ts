import { expect } from 'vitest'
import type { World } from './world.ts'

export interface Frame {
  id?: string
  event?: string
  data?: Record<string, unknown>
  retry?: string
}

const control = ['heartbeat', undefined]

/** A stream read frame by frame, without the SDK. */
export class Reader {
  readonly frames: Frame[] = []
  comments = 0
  readonly response: Response
  readonly ended: Promise<void>
  readonly #abort: AbortController

  constructor(response: Response, abort: AbortController) {
    this.response = response
    this.#abort = abort
    this.ended = this.#read().catch(() => {})
  }

  async #read(): Promise<void> {
    let text = ''
    for await (const chunk of this.response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += chunk
      const blocks = text.split('\n\n')
      text = blocks.pop() ?? ''
      for (const block of blocks) this.#take(block)
    }
  }

  #take(block: string): void {
    if (block.startsWith(':')) {
      this.comments++
      return
    }
    const frame: Record<string, string> = {}
    for (const line of block.split('\n')) {
      const colon = line.indexOf(': ')
      frame[line.slice(0, colon)] = line.slice(colon + 2)
    }
    const { data, ...rest } = frame
    this.frames.push({ ...rest, ...(data === undefined ? {} : { data: JSON.parse(data) }) })
  }

  /** Frames that are events of somebody, not of the stream itself. */
  get events(): Frame[] {
    return this.frames.filter(({ event }) => !control.includes(event))
  }

  close(): void {
    this.#abort.abort()
  }
}

/** Opens a stream and waits until it is live: the first heartbeat tells where it stands. */
export async function openStream(
  url: string,
  token: string | undefined,
  options: { path?: string; base?: string; lastEventId?: string } = {},
): Promise<Reader> {
  const abort = new AbortController()
  const headers: Record<string, string> = {}
  if (token) headers.authorization = `Bearer ${token}`
  if (options.lastEventId) headers['last-event-id'] = options.lastEventId
  const response = await fetch(`${options.base ?? url}${options.path ?? '/api/events'}`, {
    headers,
    signal: abort.signal,
  })
  const reader = new Reader(response, abort)
  await expect.poll(() => reader.frames.some(({ event }) => event === 'heartbeat')).toBe(true)
  return reader
}

/** Puts events for a person into the outbox, as a handler would, numbered from 1. */
export const publishTo = (world: World, userId: string, count: number, extra: object = {}) =>
  world.admin.query(
    `insert into events (user_id, type, payload, created_at)
     select $1, 'notification.new', jsonb_build_object('n', n) || $3::jsonb, $4 from generate_series(1, $2::int) n`,
    [userId, count, JSON.stringify(extra), world.clock.now()],
  )

/** An organization's stream, read as text; resolves once it is live. */
export async function organizationStream(
  world: World,
  organizationId: string,
  token: string,
  base = world.url,
): Promise<{ text: () => string; ended: Promise<void> }> {
  const response = await fetch(`${base}/api/organizations/${organizationId}/events`, {
    headers: { authorization: `Bearer ${token}` },
  })
  let text = ''
  const ended = (async () => {
    for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) text += chunk
  })()
  // The first heartbeat says that it is live.
  await expect.poll(() => text).toContain('event: heartbeat')
  return { text: () => text, ended }
}
