import { describe, expect, test } from 'vitest'
import type { Emit } from '../../packages/server/src/http/handler.ts'
import { contract } from '../support/contract.ts'

type Json = Record<string, unknown>
const record = (value: unknown): Json => Object(value)
const schemaOf = (reference: unknown): Json =>
  record(contract.components.schemas?.[String(record(reference).$ref).replace(/^.*\//, '')])

const events = (record(contract.components.schemas?.StreamEvent).oneOf as unknown[]).map((part) => {
  const { event, data } = record(schemaOf(part).properties)
  return { type: String(record(event).const), data: record(data) }
})

describe('an event', () => {
  test.each(events.map((event) => [event.type, event] as const))(
    '%s has a closed schema of its own that says what always comes',
    (_type, { data }) => {
      expect(data.additionalProperties).toBe(false)
      expect(Object.keys(record(data.properties)).toSorted()).toEqual(
        [...(data.required as string[])].toSorted(),
      )
    },
  )

  test.each(
    events
      .filter(({ type }) => type !== 'heartbeat' && !type.startsWith('stream.'))
      .map(({ type, data }) => [type, data] as const),
  )('%s says when it happened', (_type, data) => {
    expect(data.required).toContain('occurred_at')
  })

  test('of another shape does not compile', () => {
    const emitted: unknown[] = []
    const emit: Emit = (event) => emitted.push(event)
    const audience = { user: '01934f6e-8d2a-7c41-9a57-0f6f2b7c1d40' }
    // @ts-expect-error nothing of what the contract wants is there
    emit({ type: 'ticket.resolved', audience, data: {} })
    // @ts-expect-error a field that the contract does not know
    emit({ type: 'notification.new', audience, data: { notification_id: 'n', type: 'message', text: 'x' } })
    // @ts-expect-error a value that is none of those
    emit({ type: 'notification.new', audience, data: { notification_id: 'n', type: 'letter' } })
    // @ts-expect-error no such type
    emit({ type: 'ticket.exploded', audience, data: {} })
    // @ts-expect-error the stream's own are nobody's to publish
    emit({ type: 'heartbeat', audience, data: { at: '2026-03-02T14:30:00.000Z' } })
    emit({ type: 'notification.new', audience, data: { notification_id: 'n', type: 'message' } })
    expect(emitted).toHaveLength(6)
  })
})
