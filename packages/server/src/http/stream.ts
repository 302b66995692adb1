import type { FastifyReply, FastifyRequest } from 'fastify'
import type { CloseReason, Hub } from '../domains/events/hub.ts'
import type { Subscription } from './handler.ts'
import { personOf, type RequestState } from './request-state.ts'

const permissions = ['can_view_clinical_notes', 'can_view_billing', 'can_schedule_appointments'] as const

/** Whether somebody whom the person reached when the stream opened is out of reach now, or less of them is in it. */
export function lostPatient(opened: RequestState, now: RequestState): boolean {
  const live = (state: RequestState) =>
    (state.session?.patients ?? []).filter(
      ({ expires_at }) => expires_at === null || Date.parse(expires_at) > state.now.getTime(),
    )
  const still = live(now)
  return live(opened).some(
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
