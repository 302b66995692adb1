import type { StreamEvent } from '@wardline/sdk'
import { clean } from '../../../output.ts'
import type { Other, State } from './state.ts'
import { type Step, step, tell } from './step.ts'

/** An event carries ids: what it is about is asked for again. Presence says all there is to know. */
export const onLive = (state: State, event: StreamEvent): Step => {
  switch (event.event) {
    case 'ticket.created': {
      const told = tell(state, 'plain', `New: ${event.data.ticket_number} (${event.data.urgency}).`)
      return step(told, { do: 'queue' })
    }
    case 'ticket.updated':
    case 'ticket.message':
    case 'ticket.desk_message':
    case 'ticket.overdue': {
      const { ticket_id } = event.data
      return ticket_id === state.openId
        ? step(state, { do: 'queue' }, { do: 'reload', ticketId: ticket_id })
        : step(state, { do: 'queue' })
    }
    case 'ticket.presence': {
      const { ticket_id } = event.data
      if (ticket_id !== state.openId) return step(state)
      return step(withPresence(state, event.data))
    }
    default:
      return step(state)
  }
}

type Presence = Extract<StreamEvent, { event: 'ticket.presence' }>['data']

const withPresence = (state: State, { agent_id, agent_name, state: doing }: Presence): State => {
  if (agent_id === state.me.id) return state
  const rest = state.others.filter(({ agent }) => agent.id !== agent_id)
  if (doing === 'GONE') return { ...state, others: rest }
  const at = new Date(state.now).toISOString()
  const other: Other = {
    agent: { id: agent_id, display_name: agent_name },
    state: doing,
    since: at,
    expires_at: new Date(state.now + 30_000).toISOString(),
  }
  const next = { ...state, others: [...rest, other] }
  const what = doing === 'REPLYING' ? 'is writing on this ticket' : 'has this ticket open too'
  const known = state.others.some(({ agent }) => agent.id === agent_id)
  return doing === 'REPLYING' || !known ? tell(next, 'warning', `${clean(agent_name)} ${what}.`) : next
}
