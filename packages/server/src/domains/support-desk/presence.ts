import type * as queries from './queries.ts'

/** How long somebody counts as there after having said so. */
export const PRESENCE_MS = 30_000

type PresenceRow = Awaited<ReturnType<typeof queries.listPresence>>[number]

/** Who has a ticket open, as the contract shows it. */
export const agentPresence = ({ agent_id, agent_name, state, since, seen_at }: PresenceRow) => ({
  agent: { id: agent_id, display_name: agent_name },
  state,
  since,
  expires_at: new Date(Date.parse(seen_at) + PRESENCE_MS).toISOString(),
})
