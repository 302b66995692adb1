import type { IncomingMessage } from 'node:http'
import { finished } from 'node:stream/promises'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { CloseReason, Hub } from '../domains/events/hub.ts'
import type { Origin } from './actor.ts'
import type { Subscription } from './handler.ts'
import type { OperationDefinition } from './operation.ts'
import { personOf, type RequestState } from './request-state.ts'
import type { LoadedSession } from './session.ts'

const permissions = ['can_view_clinical_notes', 'can_view_billing', 'can_schedule_appointments'] as const

type Patients = LoadedSession['patients']

const live = (patients: Patients, now: Date): Patients =>
  patients.filter(({ expires_at }) => expires_at === null || Date.parse(expires_at) > now.getTime())

/** All that an open stream keeps of its request, to run the gates again: there are many, for hours. */
export interface OpenedStream {
  readonly operation: OperationDefinition
  readonly origin: Origin
  readonly input: Pick<RequestState, 'params' | 'query' | 'headers'>
  readonly sessionId: string
  readonly isImpersonated: boolean
  /** Whom the person reached when it opened. */
  readonly patients: Patients
  /** What was subscribed to, as JSON. */
  readonly subscription: string
}

/** @param input validated; of its headers only the stream's own are kept */
export function keptOf(
  state: RequestState,
  input: OpenedStream['input'],
  subscription: Subscription,
): OpenedStream {
  const person = personOf(state)
  const id = input.headers['last-event-id']
  return {
    operation: state.operation,
    origin: state.origin,
    input: {
      params: input.params,
      query: input.query,
      headers: id === undefined ? {} : { 'last-event-id': id },
    },
    sessionId: person?.sessionId ?? '',
    isImpersonated: person?.impersonation != null,
    patients: live(state.session?.patients ?? [], state.now),
    subscription: JSON.stringify(subscription),
  }
}

/** Whether somebody whom the person reached when the stream opened is out of reach now, or less of them is in it. */
export function lostPatient(opened: OpenedStream, session: LoadedSession, now: Date): boolean {
  const still = live(session.patients, now)
  return live(opened.patients, now).some(
    (before) =>
      !still.some(
        (after) =>
          after.patient_id === before.patient_id &&
          after.self === before.self &&
          permissions.every((permission) => after[permission] || !before[permission]),
      ),
  )
}

/** The first of the instants at which this stream must end, whatever happens. */
function endOf(state: RequestState): { at: number; reason: CloseReason } | null {
  const ends: { at: number; reason: CloseReason }[] = []
  if (state.tokenEndsAt) ends.push({ at: state.tokenEndsAt.getTime(), reason: 'TOKEN_EXPIRED' })
  if (state.session) ends.push({ at: Date.parse(state.session.session.expires_at), reason: 'SESSION_ENDED' })
  const impersonation = personOf(state)?.impersonation
  if (impersonation) ends.push({ at: Date.parse(impersonation.expiresAt), reason: 'IMPERSONATION_ENDED' })
  for (const { expires_at } of state.session?.patients ?? []) {
    const at = expires_at === null ? Number.NaN : Date.parse(expires_at)
    if (at > state.now.getTime()) ends.push({ at, reason: 'ACCESS_LOST' })
  }
  return ends.toSorted((a, b) => a.at - b.at)[0] ?? null
}

/**
 * Ends the HTTP server's part in a connection whose answer's headers are written: its parser, request and listeners
 * cost twice what the stream itself needs. The server has no call for that, so its own listeners are told what they
 * would be told if the connection had closed. Of what the client sends from then on only the end counts.
 */
async function takeOver(request: IncomingMessage): Promise<void> {
  const { socket } = request
  // A body that nobody asked for is still coming: its parser is needed.
  if (!request.complete || socket.destroyed) return
  // An unread request would count as aborted, and take the connection with it.
  await finished(request.resume(), { writable: false, error: false })
  // Makes the parser give up reading from the connection by itself.
  socket.on('data', () => {})
  for (const listener of socket.listeners('close')) Reflect.apply(listener, socket, [false])
  socket.removeAllListeners()
  socket.on('end', () => socket.end())
  socket.resume()
}

/**
 * Takes the connection out of Fastify's hands: after the headers, events are written to the socket itself,
 * which costs a third less memory per stream than a reply and lets one buffer serve all its receivers.
 */
export async function openStream(
  request: FastifyRequest,
  reply: FastifyReply,
  state: RequestState,
  hub: Hub,
  subscription: Subscription,
  options: { recheck: () => Promise<CloseReason | undefined> },
): Promise<FastifyReply> {
  const ends = endOf(state)
  const person = personOf(state)
  const headers = {
    ...reply.getHeaders(),
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
    // The body ends with the connection, so it needs no chunks.
    connection: 'close',
  }
  reply.hijack()
  const { socket } = request.raw
  socket.setNoDelay(true)
  socket.setTimeout(0)
  const lines = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [value].flat().map((one) => `${name}: ${one}`),
  )
  socket.write(`HTTP/1.1 200 OK\r\n${lines.join('\r\n')}\r\ndate: ${state.now.toUTCString()}\r\n\r\n`)
  // None is needed while it is open, and each holds on to much.
  request.state = null
  request.quota = null
  reply.raw.detachSocket(socket)
  await takeOver(request.raw)
  await hub.open({
    socket,
    subscription,
    sessionId: person?.sessionId ?? '',
    watch: person ? [person.userId, ...(person.impersonation ? [person.impersonation.adminUserId] : [])] : [],
    ends,
    recheck: options.recheck,
  })
  return reply
}
