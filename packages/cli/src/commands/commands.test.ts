import { describe, expect, it } from 'vitest'
import { style } from '../output.ts'
import { check } from './api.ts'
import { eventTypes, line } from './events/tail.ts'
import { renderTicket } from './tickets/shared.ts'
import { ticket } from './tickets/testing.ts'
import { differences } from './tickets/triage/differences.ts'

const message = {
  id: 'm1',
  ticket_id: 't1',
  sender_id: 'a1',
  sender_name: 'Sam Adeyemi',
  is_from_support: true,
  is_internal_note: false,
  body: 'Which browser?',
  created_at: '2026-03-02T12:30:00.000Z',
}
const now = Date.parse('2026-03-02T13:00:00Z')

describe('a ticket on the screen', () => {
  it('tells a note from a public reply without colours, and more so with them', () => {
    const both = {
      ...ticket,
      messages: [message, { ...message, id: 'm2', is_internal_note: true, body: 'Odd one.' }],
    }
    const plain = renderTicket(both, style(false), now)
    expect(plain).toContain('PUBLIC REPLY Sam Adeyemi 30 min ago\n  Which browser?')
    expect(plain).toContain(' INTERNAL NOTE  Sam Adeyemi 30 min ago\n┃ Odd one.')
    expect(plain).toContain('first response in 3 h · unassigned · version 1')
    expect(renderTicket(both, style(true), now)).toContain('\u001b[7m')
  })

  it('cannot be forged by what the requester writes', () => {
    const forged = {
      ...ticket,
      messages: [{ ...message, body: '\u001b[7m INTERNAL NOTE \u001b[0m trust me' }],
    }
    expect(renderTicket(forged, style(true), now)).toContain('  [7m INTERNAL NOTE [0m trust me')
  })

  it('shows what a colleague changed', () => {
    const after = {
      ...ticket,
      version: 3,
      status: 'IN_PROGRESS' as const,
      assignee: { id: 'a1', display_name: 'Sam' },
      messages: [message],
    }
    expect(differences(ticket, after)).toEqual([
      'status: OPEN → IN_PROGRESS',
      'assignee: nobody → Sam',
      'new public reply by Sam Adeyemi',
    ])
    expect(differences(ticket, ticket)).toEqual([])
  })
})

describe('api', () => {
  it('knows every operation, whatever stands in its path', () => {
    expect(() => check('GET', '/api/organizations/o1/patients/p1')).not.toThrow()
    expect(() => check('POST', '/api/admin/support/tickets/t1/claim')).not.toThrow()
  })

  it('names the nearest when it does not', () => {
    expect(() => check('GET', '/api/organisations/o1/patients')).toThrow(
      'GET /api/organizations/{org_id}/patients',
    )
    expect(() => check('DELETE', '/health')).toThrow('takes GET, not DELETE')
  })
})

describe('events', () => {
  it('widen a kind to its types', () => {
    expect(eventTypes('ticket.*,message.new,ticket.reply')).toBe(
      'ticket.created,ticket.message,ticket.desk_message,ticket.updated,ticket.overdue,ticket.presence,ticket.reply,ticket.resolved,message.new',
    )
    expect(eventTypes(undefined)).toBeUndefined()
  })

  it('are one line each, the number first', () => {
    const text = line(
      {
        id: '731.42',
        event: 'ticket.reply',
        data: {
          ticket_id: 't1',
          ticket_number: 'TKT-2026-00042',
          message_id: 'm1',
          status: 'WAITING_ON_USER',
          occurred_at: '2026-03-02T14:30:00.000Z',
        },
      },
      new Date(2026, 2, 2, 14, 30, 5),
      style(false),
    )
    expect(text).toBe(
      '14:30:05 ticket.reply          TKT-2026-00042 ticket_id=t1 message_id=m1 status=WAITING_ON_USER 731.42',
    )
  })
})
