import { describe, expect, test } from 'vitest'
import { type Clocked, clockStates, firstResponseDue, isOverdue, movedClocks, resolutionDue } from './due.ts'
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
    const late = { ...ticket, first_response_due_at: '2026-03-02T14:29:59.999Z' }
    expect(isOverdue(late, now)).toBe(true)
    expect(isOverdue({ ...late, first_response_due_at: '2026-03-02T14:30:00.000Z' }, now)).toBe(false)
    expect(isOverdue({ ...late, first_responded_at: '2026-03-02T14:00:00.000Z' }, now)).toBe(false)
    expect(isOverdue({ ...late, status: 'RESOLVED' }, now)).toBe(false)
    expect(isOverdue({ ...late, status: 'CLOSED' }, now)).toBe(false)
  })
})

const ticket: Clocked & { paused_ms: number } = {
  status: 'IN_PROGRESS',
  first_response_due_at: '2026-03-02T15:30:00.000Z',
  first_responded_at: null,
  resolution_due_at: '2026-03-02T22:30:00.000Z',
  resolved_at: null,
  clock_paused_at: null,
  paused_ms: 0,
}

describe('the clocks', () => {
  test.each([
    ['URGENT', '2026-03-02T22:30:00.000Z'],
    ['HIGH', '2026-03-03T14:30:00.000Z'],
    ['NORMAL', '2026-03-05T14:30:00.000Z'],
    ['LOW', '2026-03-09T14:30:00.000Z'],
  ] as const)('want %s resolved by %s', (urgency, due) => {
    expect(resolutionDue(urgency, now).toISOString()).toBe(due)
  })

  test('stop where the desk has nothing to do, and go on where they stopped', () => {
    expect(movedClocks(ticket, 'WAITING_ON_USER', now)).toEqual({ clock_paused_at: now.toISOString() })
    const waiting = {
      ...ticket,
      status: 'WAITING_ON_USER',
      clock_paused_at: '2026-03-02T13:00:00.000Z',
      paused_ms: 60_000,
    } as const
    expect(movedClocks(waiting, 'RESOLVED', now)).toEqual({})
    expect(movedClocks(waiting, 'IN_PROGRESS', now)).toEqual({
      clock_paused_at: null,
      paused_ms: 5_460_000,
      first_response_due_at: '2026-03-02T17:00:00.000Z',
      resolution_due_at: '2026-03-03T00:00:00.000Z',
    })
    const answered = { ...waiting, first_responded_at: '2026-03-02T12:00:00.000Z' }
    expect(movedClocks(answered, 'IN_PROGRESS', now)).not.toHaveProperty('first_response_due_at')
    expect(movedClocks(ticket, 'IN_PROGRESS', now)).toEqual({})
  })

  test.each([
    ['before their time', {}, ['RUNNING', 'RUNNING']],
    ['past the first', { first_response_due_at: '2026-03-02T14:00:00.000Z' }, ['BREACHED', 'RUNNING']],
    [
      'waiting',
      { status: 'WAITING_ON_USER', clock_paused_at: '2026-03-02T14:00:00.000Z' },
      ['PAUSED', 'PAUSED'],
    ],
    [
      'waiting, late before',
      {
        status: 'WAITING_ON_USER',
        clock_paused_at: '2026-03-02T14:00:00.000Z',
        first_response_due_at: '2026-03-02T13:59:00.000Z',
      },
      ['BREACHED', 'PAUSED'],
    ],
    [
      'done in time',
      {
        status: 'RESOLVED',
        first_responded_at: '2026-03-02T15:30:00.000Z',
        resolved_at: '2026-03-02T22:00:00.000Z',
      },
      ['MET', 'MET'],
    ],
    [
      'done too late',
      {
        status: 'RESOLVED',
        first_responded_at: '2026-03-02T15:30:00.001Z',
        resolved_at: '2026-03-02T22:30:00.001Z',
      },
      ['BREACHED', 'BREACHED'],
    ],
    ['closed without', { status: 'CLOSED' }, ['STOPPED', 'STOPPED']],
  ] as const)('%s', (_, change, [first, resolution]) => {
    expect(clockStates({ ...ticket, ...change }, now)).toEqual({
      first_response_clock: first,
      resolution_clock: resolution,
    })
  })
})
