import { expect, test } from 'vitest'
import { type ChangeableTicket, changesOf } from './changes.ts'

const now = new Date('2026-03-02T16:00:00.000Z')
const ticket: ChangeableTicket = {
  status: 'IN_PROGRESS',
  urgency: 'NORMAL',
  category: 'TECHNICAL',
  assignee_id: null,
  resolved_at: null,
  first_response_due_at: '2026-03-03T14:30:00.000Z',
  first_responded_at: null,
  resolution_due_at: '2026-03-05T14:30:00.000Z',
  clock_paused_at: null,
  paused_ms: 0,
  tags: ['vip'],
  created_at: '2026-03-02T14:30:00.000Z',
}
const agent = '01934f6e-8d2a-7c41-9a57-0f6f2b7c1d50'

test('a wish for what is already so changes nothing', () => {
  const wish = { status: 'IN_PROGRESS', category: 'TECHNICAL', assignee_id: null, add_tags: ['vip'] } as const
  expect(changesOf(ticket, wish, now)).toEqual({ changes: {}, changed: [] })
})

test('a resolution is stamped with business time, and the clocks stop', () => {
  expect(changesOf(ticket, { status: 'RESOLVED' }, now)).toEqual({
    changes: {
      status: 'RESOLVED',
      resolved_at: '2026-03-02T16:00:00.000Z',
      clock_paused_at: '2026-03-02T16:00:00.000Z',
    },
    changed: [{ field: 'status', from: 'IN_PROGRESS', to: 'RESOLVED' }],
  })
})

test('a new urgency counts its due times from the opening; an answer that was given keeps when it was due', () => {
  const { changes } = changesOf(ticket, { urgency: 'URGENT' }, now)
  expect(changes).toEqual({
    urgency: 'URGENT',
    first_response_due_at: '2026-03-02T15:30:00.000Z',
    resolution_due_at: '2026-03-02T22:30:00.000Z',
  })
  const answered = { ...ticket, first_responded_at: '2026-03-02T15:00:00.000Z' }
  expect(changesOf(answered, { urgency: 'URGENT' }, now).changes).toEqual({
    urgency: 'URGENT',
    resolution_due_at: '2026-03-02T22:30:00.000Z',
  })
})

test('what was paused is added to the times of a new urgency, also when the pause ends with it', () => {
  const waiting = {
    ...ticket,
    status: 'WAITING_ON_USER',
    paused_ms: 3_600_000,
    clock_paused_at: '2026-03-02T15:00:00.000Z',
  } as const
  const { changes } = changesOf(waiting, { urgency: 'URGENT', status: 'IN_PROGRESS' }, now)
  expect(changes).toEqual({
    urgency: 'URGENT',
    status: 'IN_PROGRESS',
    resolved_at: null,
    clock_paused_at: null,
    paused_ms: 7_200_000,
    first_response_due_at: '2026-03-02T17:30:00.000Z',
    resolution_due_at: '2026-03-03T00:30:00.000Z',
  })
})

test('null gives a ticket back, leaving the assignee out keeps it', () => {
  const taken = { ...ticket, assignee_id: agent }
  expect(changesOf(taken, { assignee_id: null }, now)).toEqual({
    changes: { assignee_id: null },
    changed: [{ field: 'assignee', from: agent, to: null }],
  })
  expect(changesOf(taken, {}, now).changed).toEqual([])
})

test('tags are a set in alphabetical order; what is added and removed at once stays away', () => {
  const wish = { add_tags: ['billing', 'vip', 'new'], remove_tags: ['new', 'unknown'] }
  expect(changesOf(ticket, wish, now)).toEqual({
    changes: { tags: ['billing', 'vip'] },
    changed: [{ field: 'tags', from: 'vip', to: 'billing, vip' }],
  })
  expect(changesOf(ticket, { remove_tags: ['vip'] }, now).changed).toEqual([
    { field: 'tags', from: 'vip', to: null },
  ])
})
