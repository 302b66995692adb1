import { describe, expect, it } from 'vitest'
import { style } from '../../../output.ts'
import type { DeskTicketDetail } from '../shared.ts'
import { ticket } from '../testing.ts'
import { reduce } from './reducer.ts'
import { type Effect, firstState, type Happening, type Key, type State } from './state.ts'
import { paint } from './view/paint.ts'
import { view } from './view/view.ts'

const at = (id: string, change: Partial<DeskTicketDetail> = {}): DeskTicketDetail => ({
  ...ticket,
  id,
  ticket_number: `TKT-2026-${id}`,
  ...change,
})
const [one, two, three] = [at('00001'), at('00002'), at('00003')]
const me = { id: 'sam', display_name: 'Sam Adeyemi' }
const message = {
  id: 'm1',
  ticket_id: one.id,
  sender_id: 'kim',
  sender_name: 'Kim Park',
  is_from_support: true,
  is_internal_note: true,
  body: 'Mine.',
  created_at: '2026-03-02T12:30:00.000Z',
}

const key = (text: string): Key =>
  text.length === 1
    ? { name: text, text, ctrl: false, meta: false }
    : { name: text, text: '', ctrl: false, meta: false }
const keys = (...names: string[]): Happening[] => names.map((name) => ({ type: 'key', key: key(name) }))
const queue = (state: State, ...items: DeskTicketDetail[]): Happening => ({
  type: 'queue',
  filter: state.filter,
  items,
  more: false,
  counts: undefined,
})

/** The state after all of it, and everything that was to be done. */
const after = (state: State, ...happenings: Happening[]): { state: State; effects: Effect[] } => {
  const effects: Effect[] = []
  for (const happening of happenings) {
    const step = reduce(state, happening)
    state = step.state
    effects.push(...step.effects)
  }
  return { state, effects }
}
const empty = firstState({ now: 1_000, columns: 120, rows: 40, me, drafts: {}, view: 'all' })
const opened = after(empty, queue(empty, one, two), { type: 'ticket', ticket: one }).state
const seen = (state: State): string =>
  view(state, style(false))
    .regions.flatMap(({ lines }) => lines)
    .join('\n')

describe('the queue', () => {
  it('keeps the selection on its ticket when it is sorted anew', () => {
    const { state } = after(opened, queue(opened, three, two, one))
    expect(state).toMatchObject({ openId: one.id, at: 2 })
  })

  it('goes on to what took the place of a ticket that left', () => {
    const { effects } = after(opened, queue(opened, two, three), ...keys('j'))
    expect(effects).toContainEqual({ do: 'open', ticketId: two.id })
  })

  it('forgets an answer to a filter that is no longer asked for', () => {
    const { state } = after(opened, ...keys('v', 'down', 'return'), queue(opened, three))
    expect(state.queue).toEqual([one, two])
  })
})

describe('writing', () => {
  it('sends a note at Enter, and a public reply only after a yes', () => {
    const note = after(opened, ...keys('n', 'o', 'k', 'return')).effects
    expect(note).toContainEqual(expect.objectContaining({ do: 'say', note: true }))
    const asked = after(opened, ...keys('r', 'o', 'k', 'return'))
    expect(asked.effects.some((effect) => effect.do === 'say')).toBe(false)
    expect(seen(asked.state)).toContain('Send to Ngozi Okafor?')
    const refused = after(asked.state, ...keys('return', 'x', 'escape'))
    expect(refused.effects.some((effect) => effect.do === 'say')).toBe(false)
    expect(after(asked.state, ...keys('y')).effects).toContainEqual(
      expect.objectContaining({ do: 'say', note: false, draft: expect.objectContaining({ text: 'ok' }) }),
    )
  })

  it('keeps the text when it is left, when sending fails and when another ticket comes', () => {
    const { state } = after(opened, ...keys('r', 'a', 'b', 'escape', 'j', 'k', 'r'), {
      type: 'ticket',
      ticket: one,
    })
    expect(after(state, ...keys('r')).state.drafts[`${one.id} reply`]?.text).toBe('ab')
    const failure = { code: 'UNAVAILABLE', text: 'Down.', changes: [] }
    const failed = after(opened, ...keys('r', 'a', 'return', 'y'), {
      type: 'unsaid',
      ticketId: one.id,
      note: false,
      failure,
    })
    expect(failed.state.drafts[`${one.id} reply`]?.text).toBe('a')
    expect(seen(failed.state)).toContain('✕ Not sent: Down. Your text is kept.')
  })

  it('sends the same key again for the same draft, and another for the next', () => {
    const first = after(opened, ...keys('n', 'a', 'return')).effects.find((effect) => effect.do === 'say')
    const said: Happening = { type: 'said', ticketId: one.id, note: true, text: 'a', status: 'OPEN' }
    const later = after(
      opened,
      ...keys('n', 'a', 'return'),
      said,
      { type: 'tick', now: 2_000 },
      ...keys('n', 'a', 'return'),
    )
    const second = later.effects.filter((effect) => effect.do === 'say')[1]
    expect(first?.draft.key).not.toBe(second?.draft.key)
  })

  it('a paste is text, and nothing where there is no text', () => {
    const browsing = after(opened, { type: 'paste', text: 'cq' })
    expect(browsing.effects).toEqual([])
    const { state, effects } = after(opened, ...keys('r'), { type: 'paste', text: 'a\r\ny\u001b[2J' })
    expect(state.drafts[`${one.id} reply`]?.text).toBe('a\ny[2J')
    expect(effects.some((effect) => effect.do === 'say')).toBe(false)
  })

  it('tells what came meanwhile before it is sent', () => {
    const changed = { ...one, version: 2, urgency: 'LOW' as const, messages: [message] }
    const { state } = after(opened, ...keys('r', 'a'), { type: 'ticket', ticket: changed }, ...keys('return'))
    expect(seen(state)).toContain('Meanwhile: urgency: HIGH → LOW · new internal note')
  })
})

describe('changes', () => {
  const job = {
    ticketId: one.id,
    version: 1,
    change: { urgency: 'LOW' } as const,
    done: 'urgency LOW.',
    back: { urgency: 'HIGH' } as const,
  }

  it('are made with the version on the screen, and taken back with the one they made', () => {
    const { effects } = after(opened, ...keys('u', 'down', 'down', 'return'))
    expect(effects).toMatchObject([
      { do: 'change', job: { version: 1, change: { urgency: 'LOW' }, back: { urgency: 'HIGH' } } },
    ])
    const undone = after(opened, { type: 'changed', job, version: 7 }, ...keys('z')).effects
    expect(undone).toMatchObject([{ do: 'change', job: { version: 7, change: { urgency: 'HIGH' } } }])
  })

  it('that a colleague was faster with are shown, and made only at a yes', () => {
    const changes = [
      {
        version: 2,
        changed_by: 'Kim Park',
        changed_at: '2026-03-02T13:00:00.000Z',
        field: 'urgency' as const,
        from: 'HIGH',
        to: 'URGENT',
      },
    ]
    const failure = { code: 'PRECONDITION_FAILED', text: 'Changed.', changes }
    const now = { ...one, version: 2, urgency: 'URGENT' as const }
    const { state } = after(opened, { type: 'ticket', ticket: now }, { type: 'unchanged', job, failure })
    expect(seen(state)).toContain('Kim Park changed urgency: HIGH → URGENT')
    expect(after(state, ...keys('return')).effects).toEqual([])
    expect(after(state, ...keys('y')).effects).toMatchObject([{ do: 'change', job: { version: 2 } }])
    // It must not take the keys from somebody who writes.
    const writing = after(
      opened,
      ...keys('r'),
      { type: 'ticket', ticket: now },
      { type: 'unchanged', job, failure },
    )
    expect(writing.state.mode.kind).toBe('write')
    expect(seen(writing.state)).toContain('Not done: Kim Park set urgency to URGENT.')
  })
})

describe('the screen', () => {
  it('fits every size exactly, in every mode', () => {
    const modes = [keys(), keys('r', 'x', 'return'), keys('n'), keys('s'), keys('?'), keys('/')]
    for (const [columns, rows] of [
      [40, 10],
      [60, 15],
      [79, 20],
      [80, 24],
      [116, 30],
      [200, 60],
    ] as const) {
      for (const mode of modes) {
        const { state } = after(opened, ...mode, { type: 'resize', columns, rows })
        const cells = new Map<number, number>()
        for (const { row, width, lines } of view(state, style(true)).regions)
          lines.forEach((_, offset) => {
            cells.set(row + offset, (cells.get(row + offset) ?? 0) + width)
          })
        expect([...cells.keys()].toSorted((a, b) => a - b)).toEqual(
          Array.from({ length: rows }, (_, row) => row),
        )
        expect(new Set(cells.values())).toEqual(new Set([columns]))
      }
    }
  })

  it('sends nothing when nothing changed, and only what did', () => {
    const frame = (state: State) => view(state, style(true))
    expect(paint(frame(opened), frame({ ...opened }))).toBe('')
    const typed = after(opened, ...keys('n', 'a')).state
    const bytes = paint(frame(typed), frame(after(typed, ...keys('b')).state))
    expect(bytes).toContain('ab')
    expect(Buffer.byteLength(bytes)).toBeLessThan(200)
  })
})
