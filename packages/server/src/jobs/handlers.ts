import type { Pool } from 'pg'
import type { Mailer } from '../adapters/mail/mail.ts'
import type { Push } from '../adapters/push/push.ts'
import { transaction, unscoped } from '../db/scope.ts'
import { notifyLocked } from '../domains/auth/locked.ts'
import { accountLockedMail, passwordResetMail } from '../domains/auth/mails.ts'
import { admitReset, openReset } from '../domains/auth/password-reset.ts'
import { syncCustomer } from '../domains/billing/sync.ts'
import { deliver } from '../domains/notifications/deliver.ts'
import type { Services } from '../services.ts'
import { buildExport } from './data-export/build.ts'
import type { documentJobs } from './documents.ts'
import type { Effects } from './effects.ts'
import { openMail } from './mail.ts'
import type { JobHandlers } from './queue.ts'

/** What each job does. */
export const jobHandlers = (
  pool: Pool,
  mailer: Mailer,
  push: Push,
  services: Pick<Services, 'billing' | 'blobs' | 'cipher' | 'clock' | 'log' | 'newId' | 'publicUrl'>,
  effects: Effects,
  documents: ReturnType<typeof documentJobs>,
): JobHandlers => {
  const { cipher, clock, newId } = services
  return {
    ...documents,

    async 'billing-sync'({ customer_id: customer }) {
      const fault = await syncCustomer({ ...services, pool, effects }, customer)
      // It is tried again.
      if (fault !== undefined) throw fault
    },

    async 'data-export'({ export_id: id, user_id: userId }) {
      const told = await buildExport(pool, services, { id, userId })
      if (told !== undefined) await deliver(pool, push, { id: told, user_id: userId })
    },

    async mail(payload) {
      await mailer.send(openMail({ cipher }, payload))
    },

    async 'push-notification'({ notifications }) {
      for (const notification of notifications) await deliver(pool, push, notification)
    },

    async 'password-reset'(payload) {
      const { email, token, publicUrl } = openReset({ cipher }, payload)
      const request = { id: payload.id, email, token, expiresAt: new Date(payload.expires_at) }
      const to = await unscoped(pool, 'write', (db) => admitReset(db, request, clock.now()))
      if (to !== undefined) await mailer.send({ id: payload.id, to, ...passwordResetMail(publicUrl, token) })
    },

    async 'notify-account-locked'({ user_id: userId, locked_until: lockedUntil }) {
      const scope = { name: 'person', organizationId: null, userId } as const
      const told = await transaction(pool, scope, 'write', async (db) => ({
        value: await notifyLocked(db, { id: newId(), userId, lockedUntil }, clock.now()),
        commit: true,
      }))
      if (told === undefined) return
      const until = new Date(lockedUntil)
      const id = `account-locked-${userId}-${until.getTime()}`
      await mailer.send({ id, to: told.email, ...accountLockedMail(until, told.timezone) })
      await deliver(pool, push, { id: told.notificationId, user_id: userId })
    },
  }
}
