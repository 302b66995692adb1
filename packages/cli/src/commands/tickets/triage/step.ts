import type { Effect, State, Told } from './state.ts'

/** The state after something happened, and what is to be done now. */
export interface Step {
  state: State
  effects: readonly Effect[]
}

export const step = (state: State, ...effects: readonly Effect[]): Step => ({ state, effects })

export const tell = (state: State, tone: Told['tone'], text: string): State => ({
  ...state,
  told: { tone, text },
})

export const browsing = (state: State): State => ({ ...state, mode: { kind: 'browse' } })

/** An action on a ticket that is not there, or not yet. */
export const noTicket = (state: State): State =>
  tell(
    state,
    'plain',
    state.openId === undefined ? 'No ticket is open.' : 'The ticket is still loading; once more, please.',
  )
