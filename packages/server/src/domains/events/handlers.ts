import type { components } from '../../generated/contract.ts'
import type { EventsHandlers } from '../../generated/handlers.ts'
import type { Person } from '../../http/actor.ts'
import type { Input, PublishedEvent } from '../../http/handler.ts'
import { problem } from '../../http/problem.ts'
import { newOpaqueToken } from '../../security/tokens.ts'
import type { Services } from '../../services.ts'
import { insertStreamTicket } from './queries.ts'

const ticketMs = 60_000

// A record, not a list: a type that the contract gains or loses fails to compile here.
const known: Record<PublishedEvent['event'], true> = {
  'ticket.created': true,
  'ticket.message': true,
  'ticket.desk_message': true,
  'ticket.updated': true,
  'ticket.overdue': true,
  'ticket.presence': true,
  'ticket.reply': true,
  'ticket.resolved': true,
  'call.incoming': true,
  'call.dequeued': true,
  'call.completed': true,
  'message.new': true,
  'appointment.created': true,
  'appointment.updated': true,
  'appointment.reminder': true,
  'document.scan_complete': true,
  'document.processed': true,
  'consent.required': true,
  'session.revoked': true,
  'notification.new': true,
  'member.joined': true,
  'member.removed': true,
  'license.expiring': true,
  'subscription.updated': true,
  'impersonation.started': true,
  'impersonation.ended': true,
}

type EventType = components['schemas']['StreamEvent']['event']

/** The wanted types, null for all, or the problem of an unknown one. */
function readTypes(text: string | undefined): EventType[] | null | ReturnType<typeof unknownType> {
  if (text === undefined) return null
  const types = text.split(',')
  const wrong = types.find((type) => !(type in known))
  if (wrong !== undefined) return unknownType(wrong)
  return Object.keys(known).filter((type): type is EventType => types.includes(type))
}

const unknownType = (type: string) =>
  problem('VALIDATION_ERROR', `There is no event type ${type}.`, {
    errors: [{ pointer: '/query/types', message: `${type} is not an event type` }],
  })

/** What both streams share: the reader's own filters, and where to begin. */
const readerOf = (
  actor: Person,
  types: EventType[] | null,
  query: Input<'streamEvents'>['query'],
  headers: Input<'streamEvents'>['headers'],
) => ({
  types,
  within: actor.impersonation?.organizationId ?? null,
  patient: query.patient_id ?? null,
  lastEventId: headers['last-event-id'] ?? query.last_event_id ?? null,
  since: query.since ?? null,
})

export const eventsHandlers = (services: Services): EventsHandlers => ({
  async streamEvents({ actor }, { query, headers }) {
    const types = readTypes(query.types)
    if (types !== null && !Array.isArray(types)) return types
    return {
      user: actor.userId,
      organization: null,
      support: actor.platformRoles.length > 0,
      ...readerOf(actor, types, query, headers),
    }
  },

  async streamOrganizationEvents({ actor }, { params, query, headers }) {
    const types = readTypes(query.types)
    if (types !== null && !Array.isArray(types)) return types
    return {
      user: actor.userId,
      organization: params.org_id,
      support: false,
      ...readerOf(actor, types, query, headers),
    }
  },

  async createStreamTicket({ db, actor }) {
    const token = newOpaqueToken()
    const now = services.clock.now()
    const expiresAt = new Date(now.getTime() + ticketMs)
    await insertStreamTicket(db, { id: services.newId(), token, sessionId: actor.sessionId, expiresAt, now })
    return { ticket: token, expires_at: expiresAt.toISOString() }
  },
})
