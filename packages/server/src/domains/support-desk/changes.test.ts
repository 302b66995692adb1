import { expect, test } from 'vitest'
import { changesOf } from './changes.ts'

const now = new Date('2026-03-02T16:00:00.000Z')
const ticket = {
  status: 'IN_PROGRESS',
  urgency: 'NORMAL',
  category: 'TECHNICAL',
  assignee_id: null,
  resolved_at: null,
  first_responded_at: null,
  created_at: '2026-03-02T14:30:00.000Z',
} as const
const agent = '01934f6e-8d2a-7c41-9a57-0f6f2b7c1d50'

test('a wish for what is already so changes nothing', () => {
  expect(changesOf(ticket, { status: 'IN_PROGRESS', category: 'TECHNICAL', assignee_id: null }, now)).toEqual(
    {
      changes: {},
      changed: [],
    },
  )
})

test('a resolution is stamped with business time', () => {
  expect(changesOf(ticket, { status: 'RESOLVED' }, now)).toEqual({
    changes: { status: 'RESOLVED', resolved_at: '2026-03-02T16:00:00.000Z' },
    changed: ['status'],
  })
})

test('a new urgency counts its due time from the opening, as long as nobody has answered', () => {
  const { changes } = changesOf(ticket, { urgency: 'URGENT' }, now)
  expect(changes).toEqual({ urgency: 'URGENT', first_response_due_at: new Date('2026-03-02T15:30:00.000Z') })
  const answered = { ...ticket, first_responded_at: '2026-03-02T15:00:00.000Z' }
  expect(changesOf(answered, { urgency: 'URGENT' }, now).changes).toEqual({ urgency: 'URGENT' })
})

test('null gives a ticket back, leaving the assignee out keeps it', () => {
  const taken = { ...ticket, assignee_id: agent }
  expect(changesOf(taken, { assignee_id: null }, now)).toEqual({
    changes: { assignee_id: null },
    changed: ['assignee'],
  })
  expect(changesOf(taken, {}, now).changed).toEqual([])
})
