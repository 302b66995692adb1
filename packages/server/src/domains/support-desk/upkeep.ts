import type { Scope } from '../../db/scope.ts'
import type { Effects } from '../../jobs/effects.ts'
import { notify } from '../notifications/notify.ts'
import { insertTicketEvent } from '../support/queries.ts'
import { tellChange } from './act.ts'
import { PRESENCE_MS } from './presence.ts'
import * as queries from './queries.ts'

const BATCH = 100
const CLOSE_AFTER_MS = 7 * 24 * 3_600_000

/** The desk's own jobs act for nobody. */
const desk: Scope = { name: 'platform', organizationId: null, userId: null }

interface Parts {
  readonly effects: Effects
  readonly newId: () => string
}

/** Tells the desk of each clock that ran out, once, however many workers look. */
const reportOverdue = ({ effects, newId }: Parts, now: Date): Promise<number> =>
  effects(desk, async (db, { emit }) => {
    const overdue = await queries.listUnreportedOverdue(db, now, BATCH)
    for (const data of overdue)
      if (await queries.markOverdue(db, newId(), data, now))
        emit({ type: 'ticket.overdue', audience: { support: true }, data })
    return overdue.length
  })

/** Closes what has been resolved for seven days, and tells its owners. */
const closeResolved = ({ effects, newId }: Parts, now: Date): Promise<number> =>
  effects(desk, async (db, { emit, enqueue }) => {
    const closed = await queries.closeResolved(db, new Date(now.getTime() - CLOSE_AFTER_MS), BATCH)
    for (const ticket of closed) {
      const changes = [{ field: 'status', from: 'RESOLVED', to: 'CLOSED' }] as const
      const { id: ticket_id, version } = ticket
      await insertTicketEvent(db, {
        id: newId(),
        ticket_id,
        type: 'CHANGED',
        actor_id: null,
        version,
        changes,
        created_at: now,
      })
      tellChange(emit, ticket, changes, null)
      await notify(db, { emit, enqueue, newId }, [ticket.user_id], {
        organization_id: ticket.organization_id,
        type: 'system',
        title: 'Your ticket is closed',
        body: `Your ticket ${ticket.ticket_number} was resolved a week ago and is closed now.`,
        action_url: `/support/tickets/${ticket_id}`,
        created_at: now,
      })
    }
    return closed.length
  })

/** Tells the desk who has left a ticket without saying so. */
const forgetPresence = ({ effects }: Parts, now: Date): Promise<void> =>
  effects(desk, async (db, { emit }) => {
    const goneSince = new Date(now.getTime() - PRESENCE_MS)
    for (const gone of await queries.forgetPresence(db, goneSince))
      emit({ type: 'ticket.presence', audience: { support: true }, data: { ...gone, state: 'GONE' } })
  })

/** What the desk's tickets need by themselves, a batch a transaction. Replicas may all do it. */
export async function keepDesk(parts: Parts, now: Date): Promise<void> {
  while ((await reportOverdue(parts, now)) === BATCH);
  while ((await closeResolved(parts, now)) === BATCH);
  await forgetPresence(parts, now)
}
