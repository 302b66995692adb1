import { describe, expect, test } from 'vitest'
import { firstResponseDue, isOverdue } from './due.ts'
import {
  afterOwnersMessage,
  afterReply,
  refuseClosed,
  refuseTransition,
  resolvedAt,
  type TicketStatus,
} from './transitions.ts'

const all: TicketStatus[] = ['OPEN', 'IN_PROGRESS', 'WAITING_ON_USER', 'RESOLVED', 'CLOSED']
const now = new Date('2026-03-02T14:30:00.000Z')

describe('the status machine', () => {
  test('lets agents go exactly these ways', () => {
    const ways = all.flatMap((from) =>
      all.filter((to) => from !== to && !refuseTransition(from, to)).map((to) => `${from} → ${to}`),
    )
    expect(ways).toEqual([
      'OPEN → IN_PROGRESS',
      'IN_PROGRESS → WAITING_ON_USER',
      'IN_PROGRESS → RESOLVED',
      'WAITING_ON_USER → IN_PROGRESS',
      'RESOLVED → CLOSED',
    ])
  })

  test('names the ways that are open when it refuses', () => {
    const refusal = refuseTransition('IN_PROGRESS', 'CLOSED')
    expect(refusal?.code).toBe('INVALID_TRANSITION')
    expect(refusal?.detail).toBe('From IN_PROGRESS a ticket goes to WAITING_ON_USER or RESOLVED.')
  })

  test('takes staying for no transition', () => {
    expect(all.filter((status) => refuseTransition(status, status))).toEqual([])
  })

  test('makes CLOSED final', () => {
    expect(all.filter((status) => refuseClosed(status))).toEqual(['CLOSED'])
  })

  test("reopens on the owner's message", () => {
    expect(all.map(afterOwnersMessage)).toEqual([
      'OPEN',
      'IN_PROGRESS',
      'IN_PROGRESS',
      'IN_PROGRESS',
      'CLOSED',
    ])
  })

  test('starts work with the first reply, never with a note', () => {
    expect(all.map((status) => afterReply(status, false))).toEqual([
      'IN_PROGRESS',
      'IN_PROGRESS',
      'WAITING_ON_USER',
      'RESOLVED',
      'CLOSED',
    ])
    expect(all.map((status) => afterReply(status, true))).toEqual(all)
  })

  test('stamps the resolution once, keeps it on closing, drops it on reopening', () => {
    const was = '2026-03-01T00:00:00.000Z'
    expect(resolvedAt('IN_PROGRESS', 'RESOLVED', null, now)).toBe('2026-03-02T14:30:00.000Z')
    expect(resolvedAt('RESOLVED', 'RESOLVED', was, now)).toBe(was)
    expect(resolvedAt('RESOLVED', 'CLOSED', was, now)).toBe(was)
    expect(resolvedAt('RESOLVED', 'IN_PROGRESS', was, now)).toBeNull()
  })
})

describe('the first response', () => {
  test.each([
    ['URGENT', '2026-03-02T15:30:00.000Z'],
    ['HIGH', '2026-03-02T18:30:00.000Z'],
    ['NORMAL', '2026-03-03T14:30:00.000Z'],
    ['LOW', '2026-03-05T14:30:00.000Z'],
  ] as const)('is due to %s by %s', (urgency, due) => {
    expect(firstResponseDue(urgency, now).toISOString()).toBe(due)
  })

  test('is overdue only after its time, unanswered, unfinished', () => {
    const ticket = {
      status: 'OPEN',
      first_responded_at: null,
      first_response_due_at: '2026-03-02T14:29:59.999Z',
    }
    expect(isOverdue(ticket, now)).toBe(true)
    expect(isOverdue({ ...ticket, first_response_due_at: '2026-03-02T14:30:00.000Z' }, now)).toBe(false)
    expect(isOverdue({ ...ticket, first_responded_at: '2026-03-02T14:00:00.000Z' }, now)).toBe(false)
    expect(isOverdue({ ...ticket, status: 'RESOLVED' }, now)).toBe(false)
    expect(isOverdue({ ...ticket, status: 'CLOSED' }, now)).toBe(false)
  })
})
