import type { Pool } from 'pg'
import { transaction } from '../db/scope.ts'
import type { Services } from '../services.ts'
import type { JobHandlers } from './queue.ts'

/** What each job does. */
export const jobHandlers = (
  pool: Pool,
  { clock, newId }: Pick<Services, 'clock' | 'newId'>,
): JobHandlers => ({
  async 'notify-account-locked'({ user_id: userId, locked_until: lockedUntil }) {
    await transaction(pool, { name: 'person', organizationId: null, userId }, 'write', async (db) => {
      // The lock's end names the lock: running twice notifies once.
      const metadata = { kind: 'account-locked', locked_until: lockedUntil }
      const before = await db
        .selectFrom('notifications')
        .select('id')
        .where('user_id', '=', userId)
        .where('metadata', '=', JSON.stringify(metadata))
        .executeTakeFirst()
      if (!before)
        await db
          .insertInto('notifications')
          .values({
            id: newId(),
            user_id: userId,
            type: 'system',
            title: 'Your account was locked',
            body: 'Too many failed sign-ins locked your account for a while. If that was not you, change your password.',
            metadata: JSON.stringify(metadata),
            created_at: clock.now(),
          })
          .execute()
      return { value: undefined, commit: true }
    })
  },
})
